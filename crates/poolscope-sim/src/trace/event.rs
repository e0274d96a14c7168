//! The event vocabulary. Names are SQLAlchemy's and MySQL's own wherever they have one.

use super::{Log, Rule};
use crate::engine::error::PyError;
use crate::scenario::{Cut, PoolClass};
use crate::time::SimTime;

/// Position of an event in `Trace::events`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceEvent {
    pub at: SimTime,
    /// The event that made this one happen; `None` only for what the scenario itself starts.
    pub cause: Option<EventId>,
    pub rule: Rule,
    /// The application thread that acted; `None` when the server or a fault did.
    pub task: Option<u16>,
    pub kind: EventKind,
}

/// Small numbers are indexes into `Trace::tasks`, `Trace::engines`, the listing, or running numbers that start at 1 (connections,
/// Sessions, requests), as they appear in logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The run ends because the scenario says so.
    End,
    /// The run ends because a limit was hit.
    Truncated {
        limit: Limit,
    },

    // --- the application ---
    /// An OS process of a reloader begins.
    ProcessStart {
        process: u16,
    },
    /// It ends; its sockets close, and nothing else of it remains.
    ProcessExit {
        process: u16,
    },
    /// A request arrives at its process and waits for a free thread.
    Arrive {
        request: u32,
        process: u16,
    },
    /// A thread begins to serve it.
    Start {
        request: u32,
    },
    /// The request is over; with the exception that left the handler, if any.
    Finish {
        request: u32,
        error: Option<PyError>,
    },
    /// The thread reaches a line of the listing.
    Line {
        line: u16,
    },
    /// The thread does something that needs no database until `until`.
    Busy {
        until: SimTime,
    },
    Session {
        session: u32,
    },
    /// The Session (or a Connection of the program) takes this connection and keeps it.
    Hold {
        session: u32,
        engine: u16,
        slot: u32,
        connection: u32,
    },
    /// The Session or Connection ended its transaction or gave everything back.
    SessionEnd {
        session: u32,
        how: Ended,
    },
    /// The last reference to an unclosed Session (or Connection) is gone; only the garbage collector can still return its connection.
    Lost {
        session: u32,
    },
    /// The cyclic garbage collector ran and found this many unreachable Sessions and Connections.
    Collect {
        found: u32,
    },
    /// The last variable that referred to an engine is gone; its connections stay open until the garbage collector finds it.
    EngineLost {
        engine: u16,
    },
    /// The collector has found it: the driver's destructors close its sockets.
    EngineGone {
        engine: u16,
    },
    /// A line of the application's log that nobody may ever read.
    Log {
        log: Log,
    },
    /// A Python exception is raised in this thread.
    Raise {
        error: PyError,
    },

    // --- the pool ---
    /// Nothing free: the thread starts waiting, at most until `deadline`.
    Wait {
        engine: u16,
        deadline: Option<SimTime>,
    },
    /// The thread stops waiting and has something to try.
    Wake {
        engine: u16,
    },
    /// One of SQLAlchemy's ten pool events. `slot` numbers the pool's records, `connection` the DBAPI connections from 1;
    /// the figures are what a listener would read: `checkin`, for one, comes before the record is back in the queue.
    Pool {
        engine: u16,
        event: PoolEvent,
        slot: u32,
        connection: Option<u32>,
        figures: PoolFigures,
    },
    /// The queue or the overflow counter changed: `pool.status()` from now on.
    Status {
        engine: u16,
        figures: PoolFigures,
    },
    /// `pool_pre_ping`: the round trip starts.
    Ping {
        engine: u16,
        slot: u32,
        connection: u32,
    },
    Pinged {
        engine: u16,
        slot: u32,
        connection: u32,
        result: PingResult,
    },
    /// Every connection older than now will be replaced at its next checkout.
    InvalidatePool {
        engine: u16,
    },
    Dispose {
        engine: u16,
    },

    // --- the wire and the driver ---
    /// The driver starts to open a connection for this slot.
    Connecting {
        engine: u16,
        slot: u32,
    },
    ConnectFailed {
        engine: u16,
        slot: u32,
        error: PyError,
    },
    /// A forked process has this connection of its parent: another object, the same socket.
    Inherit {
        engine: u16,
        slot: u32,
        connection: u32,
        parent: u32,
    },
    /// Another process has asked on the same socket: this is the answer to its command, a statement or something that has no rows.
    WrongAnswer {
        connection: u32,
        statement: Option<u16>,
    },
    /// A statement leaves the client; `statement` indexes `Scenario::statements`.
    Execute {
        connection: u32,
        statement: u16,
    },
    Executed {
        connection: u32,
        error: Option<PyError>,
    },
    Commit {
        connection: u32,
    },
    Rollback {
        connection: u32,
    },

    /// A device on the way has forgotten the connection: what is sent on it from now on does not arrive, and neither end is told.
    Cut {
        connection: u32,
        how: Cut,
    },

    // --- the server ---
    /// A session exists on the server: a row in SHOW PROCESSLIST. `connection` is the client's side of it, if it is ours.
    ServerOpen {
        thread: u32,
        connection: Option<u32>,
        in_use: u32,
    },
    /// 1040, 1203 …: the server refuses a client.
    ServerRefuse {
        code: u16,
        in_use: u32,
    },
    /// The session begins to run a command (Command is no longer Sleep).
    ServerRun {
        thread: u32,
        statement: Option<u16>,
    },
    /// The session waits for its next command: Sleep, and the clock of wait_timeout starts.
    ServerSleep {
        thread: u32,
        in_transaction: bool,
    },
    /// The session is gone: the client said COM_QUIT, or just closed the socket.
    ServerQuit {
        thread: u32,
        in_use: u32,
        /// Without a goodbye: Aborted_clients counts it.
        aborted: bool,
    },
    /// The server closed an idle session after wait_timeout.
    ServerTimeout {
        thread: u32,
        in_use: u32,
    },
    ServerKill {
        thread: u32,
        in_use: u32,
    },
    /// KILL QUERY: the session lives on.
    ServerKillQuery {
        thread: u32,
    },
    ServerDown {
        lost: u32,
    },
    ServerUp,
    /// It accepts who connects, and says nothing (`network.silent_from`).
    ServerSilent,
    ServerAnswers,
}

/// What ends a run before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Events,
}

/// SQLAlchemy's pool events (`sqlalchemy/pool/events.py::PoolEvents`), by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolEvent {
    Connect,
    FirstConnect,
    Checkout,
    Checkin,
    Reset {
        /// The connection is no record's any more: after this it is closed.
        detached: bool,
    },
    Invalidate,
    SoftInvalidate,
    Close,
    Detach,
    CloseDetached,
}

/// What `pool.status()` counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolFigures {
    pub size: u32,
    pub checked_in: u32,
    /// SQLAlchemy's signed counter: starts at −pool_size.
    pub overflow: i32,
    /// Normally size − checked_in + overflow; negative after `dispose()` with connections out.
    pub checked_out: i32,
}

impl PoolFigures {
    /// `status()` of any pool class. A SingletonThreadPool also prints its `id()`, an address, which nobody can compare.
    pub fn status_of(&self, class: PoolClass) -> String {
        match class {
            PoolClass::QueuePool => self.status(),
            PoolClass::SingletonThreadPool => format!("{} size: {}", class.name(), self.size),
            _ => class.name().to_owned(),
        }
    }

    /// `QueuePool.status()`, word for word (`pool/impl.py::QueuePool.status`).
    pub fn status(&self) -> String {
        format!(
            "Pool size: {}  Connections in pool: {} Current Overflow: {} Current Checked out connections: {}",
            self.size, self.checked_in, self.overflow, self.checked_out
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PingResult {
    Alive,
    /// The driver's error was a disconnect: the connection is replaced.
    Dead(PyError),
    /// The driver's error was not a disconnect: it reaches the caller.
    Failed(PyError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Commit,
    Rollback,
    Close,
    /// `scoped_session.remove()`.
    Remove,
}

impl Limit {
    pub const fn name(self) -> &'static str {
        match self {
            Limit::Events => "events",
        }
    }
}

impl PoolEvent {
    pub const fn name(self) -> &'static str {
        match self {
            PoolEvent::Connect => "connect",
            PoolEvent::FirstConnect => "first_connect",
            PoolEvent::Checkout => "checkout",
            PoolEvent::Checkin => "checkin",
            PoolEvent::Reset { .. } => "reset",
            PoolEvent::Invalidate => "invalidate",
            PoolEvent::SoftInvalidate => "soft_invalidate",
            PoolEvent::Close => "close",
            PoolEvent::Detach => "detach",
            PoolEvent::CloseDetached => "close_detached",
        }
    }
}

impl Ended {
    pub const fn name(self) -> &'static str {
        match self {
            Ended::Commit => "commit",
            Ended::Rollback => "rollback",
            Ended::Close => "close",
            Ended::Remove => "remove",
        }
    }
}
