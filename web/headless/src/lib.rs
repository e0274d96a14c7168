//! The simulator for JavaScript, without a view: what `web/elements/headless.js` calls.

mod run;

use poolscope_sim::scenario::Diagnostic;
use wasm_bindgen::prelude::*;

/// Smaller than the standard allocator, and no slower.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// The run of a scenario in JSON, as JSON: `outcome`, `tasks`, `trace`. `changes` is a JSON object of values by their paths.
///
/// # Errors
/// The diagnostics' text if the scenario, or a change of it, is wrong.
#[wasm_bindgen]
pub fn simulate(scenario: &str, changes: &str) -> Result<String, JsError> {
    run::run(scenario, changes).map_err(|diagnostics| {
        let lines: Vec<String> = diagnostics.iter().map(Diagnostic::to_string).collect();
        JsError::new(&lines.join("\n"))
    })
}
