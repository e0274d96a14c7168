//! What scenarios and runs look like as JSON, for editors and for programs that read them.

/// A scenario is described by the schema itself; `$defs` has `run`, what `run --format json` and the JavaScript API give.
pub const TEXT: &str = include_str!("schema.json");
