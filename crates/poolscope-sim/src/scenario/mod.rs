//! One experiment, typed and complete: nothing optional is left open, every default has been filled in.

pub mod defaults;
mod diagnostic;
mod document;
mod fields;
pub(crate) mod json;
mod knob;
mod read;
mod read_knobs;
mod request;
mod stack;

pub use diagnostic::{Diagnostic, Place};
pub use document::{Document, Node, Value};
pub use knob::{Knob, KnobInput, KnobOption, KnobValue};
pub use read_knobs::current;
pub use request::{Request, options, path_of};
pub use stack::{Cut, Driver, PoolClass, ResetOnReturn, Server, SessionFactory, SqlAlchemy, Transport};

use crate::app::program::{Definitions, Program};
use crate::time::{SimSpan, SimTime};

#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The file name without its ending, or what the file says.
    pub name: String,
    pub title: Words,
    /// What breaks, in one line.
    pub summary: Words,
    pub seed: u64,
    /// The run ends here.
    pub until: SimTime,
    /// Where a reader starts.
    pub look_at: LookAt,
    pub sqlalchemy: SqlAlchemy,
    pub driver: Driver,
    pub transport: Transport,
    pub server: Server,
    pub variables: Variables,
    pub account: Account,
    pub network: Network,
    /// Sessions on the server that are not the application's (a monitoring tool, somebody's shell).
    pub other_sessions: Vec<OtherSessions>,
    pub engines: Vec<EngineOptions>,
    pub processes: Vec<Process>,
    pub programs: Vec<Program>,
    pub(crate) definitions: Definitions,
    /// Every distinct SQL text of the programs, with the time the server works on it.
    pub statements: Vec<Statement>,
    /// Index of the first of the statements that a job store sends, if there is a scheduler.
    pub(crate) jobstore_statements: u16,
    pub traffic: Vec<Traffic>,
    pub faults: Vec<Fault>,
    pub garbage: Garbage,
    pub knobs: Vec<Knob>,
    pub limits: Limits,
}

/// One sentence in the languages it was written in; English is always there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub en: String,
    pub zh_cn: Option<String>,
}

impl Words {
    /// The text for a BCP 47 tag such as `en` or `zh-CN`.
    pub fn get(&self, lang: &str) -> &str {
        match &self.zh_cn {
            Some(zh) if lang.starts_with("zh") => zh,
            _ => &self.en,
        }
    }
}

impl Scenario {
    /// Seconds after which the server closes an idle session of this engine.
    pub fn idle_timeout(&self, engine: &EngineOptions) -> u32 {
        let Variables { wait_timeout, interactive_timeout, .. } = self.variables;
        if engine.client_interactive { interactive_timeout } else { wait_timeout }
    }

    /// Whether its answer has rows.
    pub(crate) fn has_rows(&self, statement: u16) -> bool {
        self.sql(statement).trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"))
    }

    /// The statement calls SLEEP(), which an interruption ends like an answer in MySQL, and which has a State of its own.
    pub fn sleeps(&self, statement: u16) -> bool {
        crate::text::find(self.sql(statement), "SLEEP(").is_some()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookAt {
    Time(SimTime),
    /// The first exception, or the end of a run without one.
    FirstError,
    End,
}

/// MySQL's global system variables, by their names; times in whole seconds as MySQL has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variables {
    pub max_connections: u32,
    pub wait_timeout: u32,
    pub interactive_timeout: u32,
    /// For every account; 0: no limit.
    pub max_user_connections: u32,
}

/// The application's account, as `CREATE USER … WITH` limits it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Overrides the variable of the same name; 0: does not.
    pub max_user_connections: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// One round trip between application and server.
    pub rtt: SimSpan,
    /// Opening a connection takes this many round trips (TCP, greeting, authentication, SET NAMES, SET AUTOCOMMIT).
    pub connect_round_trips: u32,
    /// A device on the way cuts a connection without packets for this long; nothing is on the way to a unix socket.
    pub idle_timeout: Option<SimSpan>,
    pub at_idle_timeout: Cut,
    /// Linux's sysctl of this name: how often a packet without an answer is sent again.
    pub tcp_retries2: u32,
    /// Linux's sysctl of this name, on both machines.
    pub tcp_keepalive_time: SimSpan,
    /// From then, until then, nobody answers the SYN of a new connection: the server's queue (`back_log`) is full, or a firewall's table.
    pub syn_dropped_from: SimTime,
    pub syn_dropped_until: SimTime,
    /// From then, until then, the server accepts who connects and says nothing: it hangs, or has been stopped (SIGSTOP).
    pub silent_from: SimTime,
    pub silent_until: SimTime,
}

impl Network {
    /// After how long TCP gives up on a packet that nobody acknowledges. Linux waits 0.2 s at first, twice as long each time and two
    /// minutes at most; measured on Linux 6.18 it comes to 5 % more.
    pub fn gives_up(&self) -> SimSpan {
        let longest = SimSpan::from_secs(120);
        let mut wait = SimSpan::from_ms(210);
        let mut sum = wait;
        for _ in 0..self.tcp_retries2 {
            wait = wait.times(2).min(longest);
            sum = sum + wait;
        }
        sum
    }

    /// After how long somebody who connects now sends a SYN that is answered; `Err`: after how long TCP gives up. Linux sends ten more,
    /// five of them after a second each, then after twice as long each time; measured on Linux 6.18 it comes to 2 % more.
    pub fn syn_answered(&self, now: SimTime) -> Result<SimSpan, SimSpan> {
        let dropped = |span: SimSpan| (self.syn_dropped_from..self.syn_dropped_until).contains(&(now + span));
        let second = SimSpan::from_ms(1_020);
        let sent = [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67].map(|times| second.times(times));
        sent.into_iter().find(|span| !dropped(*span)).ok_or(second.times(131))
    }

    /// How long the server is silent yet.
    pub fn silence(&self, now: SimTime) -> SimSpan {
        if self.silent_from <= now { self.silent_until.since(now) } else { SimSpan::ZERO }
    }

    /// How long something takes that the server begins now, or once it is not silent any more. It stands still meanwhile, unless it is a clock
    /// that goes on, as that of a SLEEP().
    pub fn with_silence(&self, now: SimTime, takes: SimSpan, sleeps: bool) -> SimSpan {
        let begins = self.silent_from.max(now);
        if begins > now && now + takes <= begins {
            takes
        } else if sleeps && begins > now {
            takes.max(self.silent_until.since(now))
        } else {
            takes + self.silent_until.since(begins)
        }
    }

    /// When a keepalive probe finds out about a connection that has been cut: at once, or when nobody has answered nine of them,
    /// 75 seconds apart.
    pub fn keepalive_finds(&self, cut: Cut) -> SimSpan {
        let probes = if cut == Cut::Drop { 9 } else { 0 };
        self.tcp_keepalive_time + SimSpan::from_secs(75).times(probes)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherSessions {
    pub user: String,
    pub count: u32,
    /// Has CONNECTION_ADMIN (or SUPER): may use the extra slot beyond max_connections.
    pub admin: bool,
    pub at: SimTime,
}

/// `create_engine()`'s pool options, by their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// The Python variable: `engine`.
    pub name: String,
    pub poolclass: PoolClass,
    pub pool_size: u32,
    /// −1: no limit.
    pub max_overflow: i32,
    pub pool_timeout: SimSpan,
    /// `None` stands for −1: never.
    pub pool_recycle: Option<SimSpan>,
    pub pool_pre_ping: bool,
    /// The recipe of the time before that option: a listener of `checkout` that sends SELECT 1 and raises DisconnectionError if that fails.
    pub ping_listener: bool,
    pub pool_use_lifo: bool,
    pub pool_reset_on_return: ResetOnReturn,
    /// The client says that a person sits before it (`CLIENT_INTERACTIVE`): interactive_timeout applies.
    pub client_interactive: bool,
    /// Seconds that the driver waits for an answer; 0: no limit.
    pub read_timeout: u32,
    /// Seconds that the driver waits for TCP to connect; 0: what it does by itself.
    pub connect_timeout: u32,
    pub session: SessionFactory,
    /// Made by a program with `create_engine()`, not by every process as it starts.
    pub in_program: bool,
}

impl EngineOptions {
    /// `create_engine(url)`
    pub(crate) fn new(name: &str) -> EngineOptions {
        EngineOptions {
            name: name.to_owned(),
            poolclass: PoolClass::QueuePool,
            pool_size: defaults::POOL_SIZE,
            max_overflow: defaults::MAX_OVERFLOW,
            pool_timeout: defaults::POOL_TIMEOUT,
            pool_recycle: None,
            pool_pre_ping: false,
            ping_listener: false,
            pool_use_lifo: false,
            client_interactive: false,
            read_timeout: 0,
            connect_timeout: 0,
            pool_reset_on_return: ResetOnReturn::Rollback,
            session: SessionFactory::Sessionmaker,
            in_program: false,
        }
    }
}

/// OS processes with the same code; each creates every engine for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    pub name: String,
    pub count: u32,
    /// Threads that serve requests; each is one lane. With an event loop: coroutines.
    pub threads: u32,
    /// Its requests are coroutines of one thread.
    pub event_loop: bool,
    /// How long a thread that waits in the queue of a pool needs to go on once a connection has come back. Until then whoever asks is
    /// faster. Nothing: first come, first served.
    pub barging: SimSpan,
    /// The program that its first thread runs before it serves anybody: what a module does when it is imported.
    pub startup: Option<usize>,
    /// The program that a master runs once, before it forks the copies: `gunicorn --preload`. They inherit what its pools have.
    pub preload: Option<usize>,
    /// `app.run(debug=True)`: a parent that restarts a child, and a debugger that keeps the frames of every exception.
    pub debug: bool,
    /// When a source file changes; only the reloader minds.
    pub edited_at: Vec<SimTime>,
}

impl Process {
    /// How many OS processes the run can see of one copy: under the reloader a parent, and one child after the other.
    pub(crate) fn generations(&self) -> usize {
        if self.debug { self.edited_at.len() + 2 } else { 1 }
    }

    /// How many in all.
    pub fn processes(&self) -> usize {
        self.count as usize * self.generations() + usize::from(self.preload.is_some())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub sql: String,
    /// Server time, without the round trip.
    pub takes: SimSpan,
}

/// A stream of requests, dealt to the process copies in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Index into `Scenario::programs`.
    pub run: usize,
    /// Index into `Scenario::processes`.
    pub process: usize,
    pub arrivals: Arrivals,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrivals {
    At(Vec<SimTime>),
    Every {
        start: SimTime,
        every: SimSpan,
        count: Option<u32>,
    },
    /// Open loop with exponentially distributed gaps.
    Poisson {
        start: SimTime,
        mean: SimSpan,
        count: Option<u32>,
    },
    /// Closed loop: each user sends the next request a think time after the answer.
    Users {
        start: SimTime,
        users: u32,
        think: SimSpan,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub at: SimTime,
    pub kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// `KILL id` for the session of this DBAPI connection (counted from 1), or for every session of the application.
    Kill { connection: Option<u32> },
    /// `KILL QUERY id`: the same sessions, but only the statement that runs.
    KillQuery { connection: Option<u32> },
    /// From now on nothing passes on these connections any more, and nobody is told. New ones are not affected.
    Cut { connection: Option<u32> },
    /// The server stops, and starts again `down` later.
    Restart { down: SimSpan },
}

/// When the cyclic garbage collector runs: an explicit event, never an accident.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Garbage {
    pub at: Vec<SimTime>,
}

/// A run that hits one of these ends with `Truncated`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub events: u32,
}
