//! The JavaScript that wasm-bindgen writes, as a function: each call makes an instance with a state of its own, and the exports of the
//! module pass through the caller's hands, who can so see every trap.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Rewrites the glue in `file`, as it is written for pages without modules, to `export default (guard) => …`.
pub fn make_factory(file: &Path) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let text = factory(&text).with_context(|| format!("{} is not what wasm-bindgen used to write", file.display()))?;
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

fn factory(glue: &str) -> Result<String> {
    let [before, body] = split(glue, "(function(exports) {")?;
    if before != "let wasm_bindgen = " {
        bail!("it begins with `{before}`");
    }
    let [body, after] = split(body, "})({ __proto__: null });")?;
    if !after.trim().is_empty() {
        bail!("it ends with `{after}`");
    }
    let [head, tail] = split(body, "wasm = instance.exports;")?;
    let head = format!("export default (guard) => {{\nconst exports = {{ __proto__: null }};\n{head}");
    Ok(format!("{head}wasm = guard(instance.exports);{tail}}};\n"))
}

/// Around the only occurrence of `mark`.
fn split<'t>(text: &'t str, mark: &str) -> Result<[&'t str; 2]> {
    match text.split_once(mark) {
        Some((before, after)) if !after.contains(mark) => Ok([before, after]),
        _ => bail!("`{mark}` does not occur exactly once"),
    }
}

#[cfg(test)]
mod tests {
    use super::factory;

    #[test]
    fn the_state_moves_into_a_function() {
        let glue = "let wasm_bindgen = (function(exports) {\n    wasm = instance.exports;\n    return exports;\n})({ __proto__: null });\n";
        assert_eq!(
            factory(glue).unwrap(),
            "export default (guard) => {\nconst exports = { __proto__: null };\n\n    wasm = guard(instance.exports);\n    \
             return exports;\n};\n"
        );
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(factory("export function mount() {}").is_err());
        let twice = "let wasm_bindgen = (function(exports) {wasm = instance.exports;wasm = instance.exports;})({ __proto__: null });";
        assert!(factory(twice).is_err());
    }
}
