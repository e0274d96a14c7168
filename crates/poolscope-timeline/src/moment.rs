//! The three truths at one instant: what the inspector shows.

use poolscope_sim::engine::error::ErrorKey;
use poolscope_sim::time::SimTime;
use poolscope_sim::trace::{EventId, EventKind, PoolFigures, Trace};

use crate::processlist::{self, ProcessRow};
use crate::timeline::{BarKind, Condition, DENSE, Disagreement, DisagreementKind};
use crate::truths::Truths;
use crate::words::{self, Lang};

/// An instant: just after this event, or after everything that happens at this time or before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Event(EventId),
    Time(SimTime),
}

impl When {
    /// How many events have happened.
    pub fn events(self, trace: &Trace) -> usize {
        match self {
            When::Event(last) => (last.0 as usize + 1).min(trace.events.len()),
            When::Time(at) => trace.events.partition_point(|e| e.at <= at),
        }
    }
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
    /// False for one of several that the program makes as it runs, until its pool is asked for the first time.
    pub made: bool,
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

/// States along a long run, so that a late moment of it is found as quickly as an early one. They are kept as the run is looked at.
#[derive(Debug, Default)]
pub struct Checkpoints {
    /// After each so many events.
    states: Vec<Truths>,
    /// Connections and server sessions in all of them: what they take to keep.
    kept: usize,
}

impl Checkpoints {
    /// Events between two of them: what can be gone through within a part of a frame.
    const APART: usize = 16_384;
    /// A run that opens a connection for each request has states too large to keep many of them.
    const KEPT_MAX: usize = 200_000;

    /// Folds the events up to `when`, from the nearest state before.
    pub fn moment(&mut self, trace: &Trace, when: When) -> Moment {
        let end = when.events(trace);
        let nearest = if DENSE { (end / Self::APART).min(self.states.len()) } else { 0 };
        let state = nearest.checked_sub(1).and_then(|n| self.states.get(n));
        let mut truths = match state {
            Some(state) if DENSE => state.clone(),
            _ => Truths::new(trace),
        };
        for (i, event) in trace.events.iter().enumerate().take(end).skip(nearest * Self::APART) {
            truths.apply(EventId(i as u32), event);
            if !DENSE {
                continue;
            }
            let size = truths.connections.len() + truths.threads.len();
            if i + 1 == (self.states.len() + 1) * Self::APART && self.kept + size <= Self::KEPT_MAX {
                self.kept += size;
                self.states.push(truths.clone());
            }
        }
        let at = match when {
            When::Event(_) => truths.now,
            When::Time(at) => at,
        };
        moment(trace, &truths, at)
    }
}

impl Moment {
    /// Folds the events up to `when`.
    pub fn at(trace: &Trace, when: impl Into<When>) -> Moment {
        Checkpoints::default().moment(trace, when.into())
    }

    /// What this thread does, in a few words: `waits for the pool`.
    pub fn task_text(&self, task: usize, lang: &str) -> String {
        let lang = Lang::of(lang);
        let Some(task) = self.tasks.get(task) else { return String::new() };
        let mut text = lang.word(task.doing.map_or(words::IDLE, words::doing)).to_owned();
        if words::is_dead(task.condition) {
            text.push_str(if lang == Lang::En { ", " } else { "，" });
            text.push_str(lang.word(words::DEAD));
        }
        text
    }

    /// SHOW PROCESSLIST as the `mysql` client prints it.
    pub fn processlist_text(&self) -> String {
        processlist::text(&self.processlist)
    }

    /// The disagreements in words, one sentence for each kind of them.
    pub fn disagreement_texts(&self, lang: &str) -> Vec<String> {
        let lang = Lang::of(lang);
        let kinds = [
            DisagreementKind::PoolKeepsDead,
            DisagreementKind::ApplicationHoldsDead,
            DisagreementKind::Lost,
            DisagreementKind::Forgotten,
        ];
        let mut texts = Vec::new();
        for kind in kinds {
            let of_kind: Vec<_> = self.disagreements.iter().filter(|d| d.kind == kind).collect();
            let Some(last) = of_kind.iter().map(|d| d.from).max() else { continue };
            let (one, many) = words::parted(kind, of_kind.iter().all(|d| d.indirect));
            let numbers: Vec<String> = of_kind.iter().map(|d| d.connection.to_string()).collect();
            let numbers = numbers.join(if lang == Lang::En { ", " } else { "、" });
            texts.push(lang.say(if of_kind.len() == 1 { one } else { many }, &[&numbers, &last.to_string()]));
        }
        texts
    }
}

fn moment(trace: &Trace, truths: &Truths, at: SimTime) -> Moment {
    let disagreements = truths.disagreements(trace);
    let tasks = truths.tasks.iter().enumerate().map(|(i, task)| {
        let phase = truths.task_phase(i as u16);
        TaskMoment {
            request: task.request,
            doing: phase.map(|p| p.kind),
            condition: phase.map_or(Condition::Fine, |p| p.condition),
            since: task.since,
            line: task.line,
            holds: task.holds.clone(),
        }
    });
    let engines = truths.engines.iter().enumerate().map(|(i, engine)| {
        let of_engine = |kinds: &[DisagreementKind]| {
            disagreements.iter().filter(|d| usize::from(d.engine) == i && kinds.contains(&d.kind)).count() as u32
        };
        let own = &trace.engines[i];
        let made_anew = trace.engines.iter().filter(|e| e.name == own.name && e.process == own.process).count() > 1;
        EngineMoment {
            made: !made_anew || !engine.slots.is_empty(),
            figures: engine.figures,
            // sqlalchemy: pool/impl.py::NullPool.status
            status: if engine.null_pool { "NullPool".to_owned() } else { engine.figures.status() },
            lost: of_engine(&[DisagreementKind::Lost]),
            dead: of_engine(&[DisagreementKind::PoolKeepsDead, DisagreementKind::ApplicationHoldsDead]),
            waiting: engine.waiting,
        }
    });
    Moment {
        at,
        event: truths.event,
        tasks: tasks.collect(),
        engines: engines.collect(),
        processlist: processlist::rows(trace, truths, at),
        server_up: truths.server_up_since.is_some(),
        error: error(trace, truths),
        disagreements,
    }
}

fn error(trace: &Trace, truths: &Truths) -> Option<ErrorMoment> {
    let id = truths.error?;
    let event = trace.events.get(id.0 as usize)?;
    let (EventKind::Raise { error } | EventKind::Finish { error: Some(error), .. }) = event.kind else { return None };
    let traceback = trace.traceback(&error, truths.error_line);
    Some(ErrorMoment { event: id, at: event.at, task: event.task, key: error.key(), traceback })
}
