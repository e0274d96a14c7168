//! The part without a DOM: traces are the same bytes as natively, and wrong input is an error.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::panic, reason = "a test that cannot go on has failed")]

mod traces;

use poolscope_sim::scenario::Diagnostic;
use poolscope_wasm_tests::CASES;
use traces::simulate;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn wrong_scenarios_are_errors_that_say_where() {
    for (scenario, part) in [
        ("", "JSON"),
        ("{", "JSON"),
        ("[]", "scenario"),
        ("{}", "seed"),
        ("{\"seed\":1,\"until\":\"1 s\",\"pool_size\":5}", "pool_size"),
    ] {
        let text = match simulate(scenario) {
            Ok(trace) => panic!("{scenario} gave {trace}"),
            Err(mistakes) => mistakes.iter().map(Diagnostic::to_string).collect::<String>(),
        };
        assert!(text.contains(part), "{scenario}: {text}");
    }
}

/// Nothing that a host page can send may trap: a trap would take every widget of the page along.
#[wasm_bindgen_test]
fn damaged_scenarios_never_trap() {
    let Some(case) = CASES.first() else { return };
    let text = case.scenario;
    for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
        let _ = simulate(&text[..at]);
    }
    for (at, _) in text.match_indices(|c: char| c.is_ascii_digit()) {
        for other in ["-1", "99999999999999999999", "1e9", "null", "\"\"", "[]"] {
            let _ = simulate(&format!("{}{other}{}", &text[..at], &text[at + 1..]));
        }
    }
    let deep = "[".repeat(100_000);
    assert!(simulate(&deep).is_err());
}
