//! The simulator against what the real SQLAlchemy did when the cases were recorded.

use poolscope_conformance::recording::Case;
use poolscope_conformance::server_cases;
use poolscope_sim::scenario::Server;

#[test]
fn every_recorded_run_on_a_server_agrees() {
    let recorded = [Server::MySql97];
    for server in recorded {
        let tally = server_cases::replay(server, &[]).unwrap();
        assert!(tally.cases >= 25, "{tally}");
        assert_eq!(tally.differences, 0, "{tally}; see what is printed above");
    }
}

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
