//! Whether a run still shows what a page says of it.

use poolscope_sim::{Outcome, Scenario, measure};

use crate::arguments::Expectation;
use crate::failure::Failure;

/// Runs the scenario if anything is expected of it.
pub fn check(file: &str, scenario: &Scenario, expected: &[Expectation]) -> Result<(), Failure> {
    if expected.is_empty() {
        return Ok(());
    }
    let outcome = measure(scenario);
    let unmet: Vec<String> = expected.iter().filter(|expected| !is_met(expected, &outcome)).map(wish).collect();
    if unmet.is_empty() {
        return Ok(());
    }
    Err(Failure::Unexpected { file: file.to_owned(), expected: unmet.join(" and "), found: found(&outcome) })
}

fn is_met(expected: &Expectation, outcome: &Outcome) -> bool {
    match expected {
        Expectation::Clean => outcome.is_clean(),
        Expectation::Error(wanted) => outcome.errors.iter().any(|(key, _)| {
            let label = key.label();
            label == *wanted || label.split_once(' ').is_some_and(|(first, _)| first == wanted)
        }),
    }
}

fn wish(expected: &Expectation) -> String {
    match expected {
        Expectation::Clean => "no failed request".to_owned(),
        Expectation::Error(label) => format!("a request that fails with {label}"),
    }
}

fn found(outcome: &Outcome) -> String {
    let errors: Vec<_> = outcome.errors.iter().map(|(key, n)| format!("{n} × {}", key.label())).collect();
    let mut found = format!("{} requests: {} served, {} failed", outcome.requests, outcome.served, outcome.failed);
    if !errors.is_empty() {
        found += &format!(" ({})", errors.join(", "));
    }
    if let Some(limit) = outcome.truncated {
        found += &format!(", cut short by the limit of {}", limit.name());
    }
    found
}
