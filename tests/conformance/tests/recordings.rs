//! The simulator against what the real SQLAlchemy did when the cases were recorded.

use poolscope_conformance::recording::Case;

#[test]
fn every_recorded_case_agrees() {
    let mut failures = String::new();
    for case in Case::all().unwrap() {
        if let Some(complaint) = case.complaint().unwrap() {
            failures += &format!("{complaint}\n");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}
