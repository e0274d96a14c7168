//! The run as a table of its notable steps: for readers without JavaScript, screen readers and search engines.

use poolscope_sim::time::SimTime;
use poolscope_sim::trace::{EventId, Trace};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlineRow {
    pub at: SimTime,
    pub event: EventId,
    /// The thread, the pool or the server.
    pub who: String,
    /// A plain sentence; for errors with the whole text of the exception after a newline.
    pub what: String,
    /// The rule that it follows, in a sentence; empty where the scenario simply says so.
    pub why: String,
    /// It is an error.
    pub error: bool,
}

/// The notable steps, with repetitions merged.
pub fn outline(trace: &Trace, lang: &str) -> Vec<OutlineRow> {
    let _ = (trace, lang);
    Vec::new()
}
