//! The simulator for JavaScript, without a view: what `web/elements/headless.js` calls.

mod run;

use poolscope_sim::scenario::{Diagnostic, Request};
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
    run::run(scenario, changes).map_err(error)
}

/// The run of a scenario for a view. `request` is a JSON object: `scenario`, `name`, `knobs`, `at`; `again` if the view has shown a run of it.
///
/// # Errors
/// As `simulate`.
#[wasm_bindgen]
pub fn record(request: &str) -> Result<Vec<u8>, JsError> {
    // What the view is told besides does not matter here.
    let request = Request::read(request, |key, _, _| key == "lang").map_err(error)?;
    Ok(request.run().map_err(error)?.into_bytes())
}

fn error(diagnostics: Vec<Diagnostic>) -> JsError {
    JsError::new(&Diagnostic::lines(&diagnostics))
}
