//! `tests/node.rs`: the simulator gives the same bytes in wasm as it gave natively when this was built. `tests/browser.rs`: the widget.
//!
//! Run both with `cargo xtask test wasm`, or with wasm-pack: `wasm-pack test --node -- --test node`.

pub mod digest;

/// A scenario, turned in one way, with what it came to natively.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// `recycle-above-wait-timeout engine.pool_recycle=60`
    pub name: &'static str,
    /// The scenario as it travels in attributes.
    pub scenario: &'static str,
    /// The digest of the trace, or `None` if the scenario was refused.
    pub trace: Option<u64>,
}

include!(concat!(env!("OUT_DIR"), "/cases.rs"));
