//! The three truths at one instant: what the inspector shows.

use poolscope_sim::engine::error::ErrorKey;
use poolscope_sim::time::SimTime;
use poolscope_sim::trace::{EventId, PoolFigures, Trace};

use crate::processlist::ProcessRow;
use crate::timeline::{BarKind, Condition, Disagreement};

/// An instant: just after this event, or after everything that happens at this time or before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Event(EventId),
    Time(SimTime),
}

impl From<EventId> for When {
    fn from(event: EventId) -> When {
        When::Event(event)
    }
}
impl From<SimTime> for When {
    fn from(at: SimTime) -> When {
        When::Time(at)
    }
}

#[derive(Clone, Debug)]
pub struct Moment {
    pub at: SimTime,
    /// The last event that has happened; `None` before the first.
    pub event: Option<EventId>,
    /// One for each of `Trace::tasks`.
    pub tasks: Vec<TaskMoment>,
    /// One for each of `Trace::engines`.
    pub engines: Vec<EngineMoment>,
    /// What SHOW PROCESSLIST prints; empty while the server is down.
    pub processlist: Vec<ProcessRow>,
    pub server_up: bool,
    /// The last exception so far.
    pub error: Option<ErrorMoment>,
    /// Those that last at this instant.
    pub disagreements: Vec<Disagreement>,
}

#[derive(Clone, Debug)]
pub struct TaskMoment {
    pub request: Option<u32>,
    /// `None`: the thread has nothing to do.
    pub doing: Option<BarKind>,
    pub condition: Condition,
    pub since: SimTime,
    /// The line of the listing that it executes.
    pub line: Option<u16>,
    /// DBAPI connections that it holds.
    pub holds: Vec<u32>,
}

#[derive(Clone, Debug)]
pub struct EngineMoment {
    pub figures: PoolFigures,
    /// `pool.status()`.
    pub status: String,
    /// Of those checked out: how many belong to lost Sessions.
    pub lost: u32,
    /// Of those that the pool counts: how many the server has closed already.
    pub dead: u32,
    /// Threads in the pool's queue.
    pub waiting: u32,
}

#[derive(Clone, Debug)]
pub struct ErrorMoment {
    pub event: EventId,
    pub at: SimTime,
    pub task: Option<u16>,
    pub key: ErrorKey,
    /// As the user finds it in the log.
    pub traceback: String,
}

impl Moment {
    /// Folds the events up to `when`: linear, and quick enough for each step of a scrubber.
    pub fn at(trace: &Trace, when: impl Into<When>) -> Moment {
        let _ = (trace, when.into());
        Moment {
            at: SimTime::ZERO,
            event: None,
            tasks: Vec::new(),
            engines: Vec::new(),
            processlist: Vec::new(),
            server_up: true,
            error: None,
            disagreements: Vec::new(),
        }
    }

    /// What this thread does, in a few words: `waits for the pool`.
    pub fn task_text(&self, task: usize, lang: &str) -> String {
        let _ = (task, lang);
        String::new()
    }

    /// SHOW PROCESSLIST as the `mysql` client prints it.
    pub fn processlist_text(&self) -> String {
        String::new()
    }

    /// The disagreements in words, one sentence each.
    pub fn disagreement_texts(&self, lang: &str) -> Vec<String> {
        let _ = lang;
        Vec::new()
    }
}
