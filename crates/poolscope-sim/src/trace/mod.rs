//! What happened: a flat list of events in (time, sequence) order, each with its cause and the rule it follows.

mod event;
mod format;
mod log;
mod observer;
mod pool_log;
mod recording;
mod rule;
mod run;
mod wire;

pub use event::{Ended, EventId, EventKind, Limit, PingResult, PoolEvent, PoolFigures, TraceEvent};
pub use format::{event_row, jsonl, log_table};
pub use log::Log;
pub use observer::{Counts, Observer, Recorder};
pub use pool_log::{LogLine, log_lines, log_text, pool_log};
pub use recording::Recording;
pub use rule::Rule;
pub use run::json;

use crate::app::listing::Listing;
use crate::engine::error::PyError;
use crate::outcome::Outcome;
use crate::scenario::Scenario;

/// One finished run: the scenario it came from, its events, its outcome, and the names that the events refer to.
#[derive(Clone, Debug)]
pub struct Trace {
    pub scenario: Scenario,
    /// The Python text whose lines `EventKind::Line` points into.
    pub listing: Listing,
    /// Names of the OS processes, as shown on lanes: `worker 1`; an index into this is `process`.
    pub processes: Vec<String>,
    /// Application threads in lane order; an index into this is `TraceEvent::task`.
    pub tasks: Vec<TaskName>,
    /// One entry per engine object, that is per (process, engine).
    pub engines: Vec<EngineName>,
    pub events: Vec<TraceEvent>,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskName {
    /// Index of the OS process the thread belongs to.
    pub process: u16,
    /// As shown on the lane: `worker 1, thread 2`.
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineName {
    pub process: u16,
    pub name: String,
    /// Index into `Scenario::engines`.
    pub options: usize,
}

impl Trace {
    /// The exception text exactly as Python prints the last lines of a traceback.
    pub fn error_text(&self, error: &PyError) -> String {
        error.text(&self.scenario)
    }

    /// The whole traceback as the user finds it in the log.
    pub fn traceback(&self, error: &PyError, line: Option<u16>) -> String {
        self.listing.traceback(line, &self.error_text(error))
    }
}
