//! The run as data: lanes of bars and marks, in units of time. Nothing here knows about pixels or colours.

mod history;
mod packing;
mod peaks;
mod quiet;
mod steps;

pub use peaks::{DENSE, Peaks};
pub use quiet::Quiet;

use poolscope_sim::engine::error::ErrorKey;
use poolscope_sim::scenario::Cut;
use poolscope_sim::time::SimTime;
use poolscope_sim::trace::{EventId, EventKind, Trace};

/// A whole run: three groups of lanes on one time axis, and the steps through it.
#[derive(Clone, Debug)]
pub struct Timeline {
    pub title: String,
    pub title_zh_cn: Option<String>,
    pub start: SimTime,
    pub end: SimTime,
    /// Application, pool, server, in this order.
    pub groups: Vec<Group>,
    /// In order of their beginning.
    pub disagreements: Vec<Disagreement>,
    /// When the server was down.
    pub downtimes: Vec<(SimTime, SimTime)>,
    /// The moments worth stopping at, in order of their events.
    pub steps: Vec<Step>,
}

/// One of the three truths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// What the application holds.
    Application,
    /// What the pools count.
    Pool,
    /// What the server has.
    Server,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub truth: Truth,
    pub lanes: Vec<Lane>,
    /// Counts over time with their limits: checked out per pool, Threads_connected.
    pub series: Vec<Series>,
}

/// One horizontal strip. Bars of the same lane and row never overlap.
#[derive(Clone, Debug)]
pub struct Lane {
    pub run: Run,
    pub kind: LaneKind,
    /// A name from the scenario (`app, thread 1`) or numbers (`slot 1`, `8, 10`); not translated.
    pub label: String,
    /// Thin sub-rows, for lanes that hold several things at once; at least 1.
    pub rows: u16,
    /// By row, then by time.
    pub bars: Vec<Bar>,
    /// By time.
    pub marks: Vec<Mark>,
    /// The bars, and the marks, that remain visible where many of them share a pixel.
    pub peaks: Peaks,
    pub mark_peaks: Peaks,
    /// A bar of each look that the lane has, by place: what its legend explains.
    pub looks: Vec<u32>,
}

/// Whose lane it is, where two runs are drawn beside each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Run {
    #[default]
    Now,
    /// The one that is compared with. Its events are of another trace and cannot be selected here.
    Before,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneKind {
    /// An application thread: index into `Trace::tasks`.
    Task(u16),
    /// Requests of this process that wait for a free thread, one row each.
    Backlog { process: u16 },
    /// Connections of this process that a lost Session still has, one row each.
    LeftBehind { process: u16 },
    /// A record of a pool.
    Slot { engine: u16, slot: u32 },
    /// Server sessions that followed each other.
    Sessions,
    /// Clients that the server turned away.
    Refused,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    pub from: SimTime,
    pub to: SimTime,
    pub row: u16,
    pub kind: BarKind,
    pub condition: Condition,
    /// The event that began it.
    pub event: EventId,
    /// The DBAPI connection that it is about: the same number in all three groups.
    pub connection: Option<u32>,
    /// What is written on it: the request, the connection or the server's thread id.
    pub number: Option<u32>,
    pub gauge: Option<Gauge>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarKind {
    // the application
    /// A request waits for a free thread.
    WaitForThread,
    /// A request runs and holds no connection.
    Work,
    /// The thread waits in the pool's queue.
    WaitForPool,
    /// The thread opens a connection.
    Connect,
    /// The thread waits for the answer to `pool_pre_ping`.
    Ping,
    /// A statement, COMMIT or ROLLBACK is under way.
    Query,
    /// The thread holds a connection and does something else.
    Hold,
    /// The request is over; the thread's Session still holds a connection.
    Keep,
    /// A lost Session's connection: nobody can give it back.
    LeftBehind,
    // the pool
    InPool,
    CheckedOut,
    // the server
    Sleep,
    /// Sleep inside an open transaction.
    SleepInTransaction,
    Command,
}

impl BarKind {
    /// What remains visible when several things happen within one pixel.
    pub fn strength(self) -> u8 {
        match self {
            BarKind::InPool | BarKind::Sleep | BarKind::SleepInTransaction => 0,
            BarKind::Work | BarKind::WaitForThread => 1,
            BarKind::Hold | BarKind::Keep | BarKind::CheckedOut | BarKind::LeftBehind => 2,
            BarKind::Connect => 3,
            BarKind::Ping => 4,
            BarKind::Query | BarKind::Command => 5,
            BarKind::WaitForPool => 6,
        }
    }
}

/// How sound the connection under a bar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Fine,
    /// Older than pool_recycle: replaced at its next checkout.
    Stale,
    /// The server's side is gone, and this side does not know.
    Dead,
    /// Nothing in the application refers to it any more.
    Lost,
}

/// A clock burning down along a bar, in thousandths of its limit (1000: reached): the age against `pool_recycle`, the sleep against
/// `wait_timeout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gauge {
    pub from: u32,
    pub to: u32,
}

impl Bar {
    /// The clock of a bar, if it says something: one that hardly moves does not, nor does one that nobody looks at any more.
    pub fn clock(&self) -> Option<Gauge> {
        const LEAST: u32 = 30;
        self.gauge.filter(|g| LEAST <= g.to && !matches!(self.condition, Condition::Dead | Condition::Lost))
    }
}

impl Lane {
    pub fn new(kind: LaneKind, label: String, rows: u16, bars: Vec<Bar>, marks: Vec<Mark>) -> Lane {
        let peaks = Peaks::new(bars.len(), &|a, b| bars[b as usize].kind.strength() < bars[a as usize].kind.strength());
        let mark_peaks =
            Peaks::new(marks.len(), &|a, b| marks[a as usize].kind.importance() < marks[b as usize].kind.importance());
        let mut looks: Vec<u32> = Vec::new();
        let look = |bar: &Bar| (bar.kind, bar.condition, bar.clock().is_some());
        for (bar, place) in bars.iter().zip(0..) {
            if !looks.iter().any(|known| look(&bars[*known as usize]) == look(bar)) {
                looks.push(place);
            }
        }
        Lane { run: Run::Now, kind, label, rows, bars, marks, peaks, mark_peaks, looks }
    }

    /// The marks of one instant.
    pub fn marks_at(&self, at: SimTime) -> impl Iterator<Item = &Mark> {
        let first = self.marks.partition_point(|m| m.at < at);
        self.marks[first..].iter().take_while(move |m| m.at == at)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub at: SimTime,
    pub row: u16,
    pub kind: MarkKind,
    pub event: EventId,
    pub connection: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// An exception in an application thread; written as `ErrorKey::label`.
    Error(ErrorKey),
    /// The last reference to a Session that was not closed is gone.
    Lost,
    /// The garbage collector ran.
    Collect,
    Connect,
    Checkout,
    Checkin,
    PingOk,
    PingFailed,
    Invalidate,
    Close,
    /// The client ended the server session.
    Quit,
    /// wait_timeout.
    Timeout,
    Kill,
    /// The server went down.
    Down,
    Up,
    /// 1040 and its like.
    Refuse(u16),
}

impl MarkKind {
    /// How much it matters: 0 is never left out. Checkouts and checkins (4) are where bars begin and end, and have no mark.
    pub fn importance(self) -> u8 {
        match self {
            MarkKind::Error(_) | MarkKind::Refuse(_) | MarkKind::PingFailed => 0,
            MarkKind::Timeout | MarkKind::Kill | MarkKind::Down => 0,
            MarkKind::Lost | MarkKind::Invalidate => 1,
            MarkKind::PingOk | MarkKind::Collect | MarkKind::Up => 2,
            MarkKind::Connect | MarkKind::Close | MarkKind::Quit => 3,
            MarkKind::Checkout | MarkKind::Checkin => 4,
        }
    }
}

/// Two truths part here, and are at one again at `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disagreement {
    pub kind: DisagreementKind,
    pub from: SimTime,
    /// `None`: they still disagree when the run ends.
    pub to: Option<SimTime>,
    /// The event at which they part.
    pub event: EventId,
    /// It is not the connection itself that ended: a device on the way has cut it, or its engine is lost.
    pub indirect: bool,
    pub connection: u32,
    pub engine: u16,
    pub slot: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisagreementKind {
    /// It has ended on the server; the pool still keeps it. Whether it would be handed out is for `pool_recycle`, the ping and an invalidation to say.
    PoolKeepsDead,
    /// The server has closed it; the application still holds it.
    ApplicationHoldsDead,
    /// The pool counts it as checked out; nothing in the application refers to it.
    Lost,
    /// The application holds it; after `dispose()` the pool no longer counts it.
    Forgotten,
}

/// A count that changes in steps.
#[derive(Clone, Debug)]
pub struct Series {
    pub run: Run,
    pub kind: SeriesKind,
    /// The engine's name, or the server's variable.
    pub label: String,
    /// The count from this instant on; the first point is the start of the run.
    pub points: Vec<(SimTime, i32)>,
    /// pool_size + max_overflow, or max_connections; `None`: no limit.
    pub limit: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesKind {
    /// Connections checked out of this engine's pool.
    CheckedOut(u16),
    ThreadsConnected,
}

/// A stop for "step forward" and "step back".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub at: SimTime,
    pub event: EventId,
    pub kind: StepKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    Error,
    Ping,
    /// Wait, connect, checkout, checkin.
    Checkout,
    /// Invalidate, recycle, dispose.
    Invalidation,
    Server,
    Request,
    /// A Session is lost, or collected.
    Garbage,
}

impl Timeline {
    pub fn new(trace: &Trace) -> Timeline {
        history::timeline(trace)
    }

    /// Where a reader starts: the event that `scenario.look_at` names. An empty run has event 0 all the same.
    pub fn initial(trace: &Trace) -> EventId {
        steps::initial(trace)
    }

    /// The next stop after this event, of one kind or of any.
    pub fn next(&self, after: EventId, kind: Option<StepKind>) -> Option<Step> {
        let later = self.steps.partition_point(|s| s.event <= after);
        self.steps[later..].iter().find(|s| kind.is_none_or(|k| k == s.kind)).copied()
    }

    /// The last stop before this event, of one kind or of any.
    pub fn previous(&self, before: EventId, kind: Option<StepKind>) -> Option<Step> {
        let earlier = self.steps.partition_point(|s| s.event < before);
        self.steps[..earlier].iter().rev().find(|s| kind.is_none_or(|k| k == s.kind)).copied()
    }
}

/// It is not the connection itself that ended: a device on the way has forgotten it, or its engine is lost.
pub(crate) fn is_indirect(trace: &Trace, event: EventId) -> bool {
    let kind = trace.events.get(event.0 as usize).map(|e| e.kind);
    matches!(kind, Some(EventKind::Cut { how: Cut::Drop | Cut::Reset, .. } | EventKind::EngineLost { .. }))
}
