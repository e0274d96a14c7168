//! In Node and in the browser alike.

use poolscope_sim::scenario::Diagnostic;
use poolscope_sim::{Document, Scenario, trace};
use poolscope_wasm_tests::CASES;
use poolscope_wasm_tests::digest::digest;
use wasm_bindgen_test::wasm_bindgen_test;

/// A scenario in JSON to its trace as JSON lines.
pub fn simulate(scenario: &str) -> Result<String, Vec<Diagnostic>> {
    let scenario = Scenario::read(&Document::from_json(scenario)?, "scenario")?;
    Ok(trace::jsonl(&poolscope_sim::simulate(&scenario)))
}

#[wasm_bindgen_test]
fn traces_are_the_same_as_natively() {
    let random = CASES.iter().filter(|case| case.name.starts_with("random ")).count();
    assert!(random >= 500 && CASES.len() - random > 40, "{} cases, of which {random} are random", CASES.len());
    for case in CASES {
        let trace = simulate(case.scenario).ok();
        assert_eq!(trace.map(|t| digest(&t)), case.trace, "{}", case.name);
    }
}
