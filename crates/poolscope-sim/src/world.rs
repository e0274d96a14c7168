//! The loop: one run of one scenario.

use crate::outcome::Outcome;
use crate::scenario::Scenario;
use crate::trace::Trace;

/// Runs the scenario and keeps everything that happened.
pub fn simulate(scenario: &Scenario) -> Trace {
    Trace {
        scenario: scenario.clone(),
        listing: crate::app::listing::Listing::default(),
        tasks: Vec::new(),
        engines: Vec::new(),
        events: Vec::new(),
        outcome: measure(scenario),
    }
}

/// Runs the scenario and keeps only the figures: for sweeps and benchmarks.
pub fn measure(_: &Scenario) -> Outcome {
    Outcome::default()
}
