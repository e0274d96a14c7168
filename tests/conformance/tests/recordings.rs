//! The simulator against what the real SQLAlchemy did when the cases were recorded.

use poolscope_conformance::recording::Case;

#[test]
fn every_recorded_case_agrees() {
    let mut failures = String::new();
    for case in Case::all().unwrap() {
        let comparison = case.check().unwrap();
        if comparison.difference().is_some() {
            failures += &format!("{}:\n{}\n", case.path.display(), comparison.around_difference());
        }
    }
    assert!(failures.is_empty(), "{failures}");
}
