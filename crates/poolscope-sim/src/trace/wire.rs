//! Values as bytes and back. What a field or a variant is called costs nothing, small numbers one byte; whoever reads must be of the same
//! release as whoever wrote. Every type is listed field by field, so that the compiler notices a new one.

use super::{
    Ended, EngineName, EventId, EventKind, Limit, Log, PingResult, PoolEvent, PoolFigures, Recording, Rule, TaskName,
    Trace, TraceEvent,
};
use crate::app::listing::{Function, Listing};
use crate::app::program::{Job, Program};
use crate::engine::error::{Assertion, DbapiClass, DbapiError, ErrorKey, Method, PyError};
use crate::outcome::{Outcome, Status};
use crate::scenario::{
    Account, Cut, Driver, EngineOptions, Knob, KnobInput, KnobOption, KnobValue, Limits, LookAt, Network,
    OtherSessions, PoolClass, Process, ResetOnReturn, Scenario, Server, SessionFactory, SqlAlchemy, Statement,
    Transport, Variables, Words,
};
use crate::time::{SimSpan, SimTime};

pub(super) trait Wire: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut Reader) -> Self;
}

/// Reads on after a mistake, and gives zeros: one question at the end costs less than one after every byte.
#[derive(Debug)]
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    failed: bool,
    /// In an event no number is greater: whoever is counted has events, and those have bytes.
    most: u64,
    in_event: bool,
}

impl<'b> Reader<'b> {
    pub fn new(bytes: &'b [u8]) -> Reader<'b> {
        Reader { bytes, failed: false, most: 1 << 16 | bytes.len() as u64, in_event: false }
    }

    /// Everything was read, and nothing was wrong.
    pub fn is_done(&self) -> bool {
        self.bytes.is_empty() && !self.failed
    }

    fn byte(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((first, rest)) => {
                self.bytes = rest;
                *first
            }
            None => self.fail(),
        }
    }

    fn fail(&mut self) -> u8 {
        (self.bytes, self.failed) = (&[], true);
        0
    }

    /// Seven bits to a byte, the lowest first.
    fn number(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 127) << shift;
            shift += 7;
            if byte < 128 {
                return number;
            }
            if 63 < shift {
                self.fail();
                return 0;
            }
        }
    }

    /// How many things follow, each of which takes a byte at least.
    fn count(&mut self) -> usize {
        let count = self.number() as usize;
        if self.bytes.len() < count {
            self.fail();
            return 0;
        }
        count
    }
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while 127 < number {
        out.push(number as u8 | 128);
        number >>= 7;
    }
    out.push(number as u8);
}

macro_rules! numbers {
    ($($type:ident),*) => { $(
        impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                put_number(out, *self as u64);
            }
            fn take(from: &mut Reader) -> $type {
                from.number() as $type
            }
        }
    )* };
}
numbers! { u8, u16, u64, usize }

impl Wire for u32 {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(out, u64::from(*self));
    }
    fn take(from: &mut Reader) -> u32 {
        let number = from.number();
        if from.in_event && from.most < number {
            from.fail();
        }
        number as u32
    }
}

impl Wire for TraceEvent {
    fn put(&self, out: &mut Vec<u8>) {
        let TraceEvent { at, cause, rule, task, kind } = self;
        at.put(out);
        cause.put(out);
        rule.put(out);
        task.put(out);
        kind.put(out);
    }
    fn take(from: &mut Reader) -> TraceEvent {
        from.in_event = true;
        let (at, cause, rule, task) = (Wire::take(from), Wire::take(from), Wire::take(from), Wire::take(from));
        let kind = Wire::take(from);
        from.in_event = false;
        TraceEvent { at, cause, rule, task, kind }
    }
}

/// The sign in the lowest bit.
impl Wire for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(out, (*self << 1 ^ *self >> 63) as u64);
    }
    fn take(from: &mut Reader) -> i64 {
        let number = from.number();
        (number >> 1) as i64 ^ -((number & 1) as i64)
    }
}

impl Wire for i32 {
    fn put(&self, out: &mut Vec<u8>) {
        i64::from(*self).put(out);
    }
    fn take(from: &mut Reader) -> i32 {
        i64::take(from) as i32
    }
}

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn take(from: &mut Reader) -> bool {
        from.byte() != 0
    }
}

impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        out.extend_from_slice(self.as_bytes());
    }
    fn take(from: &mut Reader) -> String {
        let length = from.count();
        let (text, rest) = from.bytes.split_at(length);
        from.bytes = rest;
        String::from_utf8(text.to_vec()).unwrap_or_else(|_| {
            from.fail();
            String::new()
        })
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        for item in self {
            item.put(out);
        }
    }
    fn take(from: &mut Reader) -> Vec<T> {
        (0..from.count()).map(|_| T::take(from)).collect()
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(item) = self {
            item.put(out);
        }
    }
    fn take(from: &mut Reader) -> Option<T> {
        bool::take(from).then(|| T::take(from))
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }
    fn take(from: &mut Reader) -> (A, B) {
        (A::take(from), B::take(from))
    }
}

/// What stands after `but` is left out, and empty when it is read.
macro_rules! fields {
    ($($type:ident { $($field:ident),* $(; but $($out:ident),*)? })*) => { $(
        impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                let $type { $($field,)* $($($out: _,)*)? } = self;
                $($field.put(out);)*
            }
            fn take(from: &mut Reader) -> $type {
                $type { $($field: Wire::take(from),)* $($($out: Default::default(),)*)? }
            }
        }
    )* };
}

/// One of several: which, in a byte, then its fields.
macro_rules! variants {
    ($($type:ident { $($variant:ident $(($($item:ident),*))? $({ $($field:ident),* })?),* })*) => { $(
        impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                #[allow(clippy::enum_variant_names)]
                enum Tag { $($variant),* }
                match self {
                    $($type::$variant $(($($item),*))? $({ $($field),* })? => {
                        out.push(Tag::$variant as u8);
                        $($($item.put(out);)*)?
                        $($($field.put(out);)*)?
                    })*
                }
            }
            #[allow(non_upper_case_globals)]
            fn take(from: &mut Reader) -> $type {
                #[allow(clippy::enum_variant_names)]
                enum Tag { $($variant),* }
                $(const $variant: u8 = Tag::$variant as u8;)*
                loop {
                    match from.byte() {
                        $($variant => {
                            $($(let $item = Wire::take(from);)*)?
                            return $type::$variant $(($($item),*))? $({ $($field: Wire::take(from)),* })?;
                        })*
                        // The next byte is a zero, which every one of these types knows.
                        _ => _ = from.fail(),
                    }
                }
            }
        }
    )* };
}

fields! {
    Recording { knobs, turned, plain, trace }
    Trace { scenario, listing, processes, tasks, engines, events, outcome }
    TaskName { process, name }
    EngineName { process, name, options }
    Listing { lines, programs, functions }
    Function { name, first }
    PoolFigures { size, checked_in, overflow, checked_out }
    DbapiError { class, code, os }
    Outcome {
        requests, served, failed, errors, waited, wait_max, wait_total, pings, connects, refused, max_used_connections,
        aborted_clients, status, held_at_end, checked_out_at_end, threads_connected_at_end, truncated
    }
    Status { max_used_connections, aborted_clients, aborted_connects, connections, connection_errors_max_connections }
    Knob { set, label, help, input, value }
    KnobOption { value, label }
    Words { en, zh_cn }
    Scenario {
        name, title, summary, seed, until, look_at, sqlalchemy, driver, transport, server, variables, account, network,
        other_sessions, engines, processes, programs, statements, limits;
        but definitions, jobstore_statements, traffic, faults, garbage, knobs
    }
    Variables { max_connections, wait_timeout, interactive_timeout, max_user_connections }
    Account { max_user_connections }
    Network {
        at_idle_timeout;
        but rtt, connect_round_trips, idle_timeout, tcp_retries2, tcp_keepalive_time, syn_dropped_from, syn_dropped_until, silent_from,
        silent_until
    }
    OtherSessions { user, count, admin, at }
    EngineOptions {
        name, poolclass, pool_size, max_overflow, pool_timeout, pool_recycle, pool_pre_ping, ping_listener,
        pool_use_lifo, pool_reset_on_return, session;
        but client_interactive, read_timeout, connect_timeout, in_program
    }
    Process { name, count, threads, event_loop, startup, preload, debug; but barging, edited_at }
    Statement { sql, takes }
    Limits { events }
    Program { name, label, raises, jobs, defines_session, first_engine; but text, handlers, teardowns, own_engines }
    Job { function, line, program, every, misfire_grace_time }
}

macro_rules! wrapped {
    ($($type:ident),*) => { $(
        impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                self.0.put(out);
            }
            fn take(from: &mut Reader) -> $type {
                $type(Wire::take(from))
            }
        }
    )* };
}
wrapped! { SimTime, SimSpan, EventId }

variants! {
    EventKind {
        End, Truncated { limit }, ProcessStart { process }, ProcessExit { process }, Arrive { request, process },
        Start { request }, Finish { request, error }, Line { line }, Busy { until }, Session { session },
        Hold { session, engine, slot, connection }, SessionEnd { session, how }, Lost { session }, Collect { found },
        EngineLost { engine }, EngineGone { engine }, Log { log }, Raise { error }, Wait { engine, deadline },
        Wake { engine }, Pool { engine, event, slot, connection, figures }, Status { engine, figures },
        Ping { engine, slot, connection }, Pinged { engine, slot, connection, result }, InvalidatePool { engine },
        Dispose { engine }, Connecting { engine, slot }, ConnectFailed { engine, slot, error },
        Inherit { engine, slot, connection, parent }, WrongAnswer { connection, statement },
        Execute { connection, statement }, Executed { connection, error }, Commit { connection },
        Rollback { connection }, Cut { connection, how }, ServerOpen { thread, connection, in_use },
        ServerRefuse { code, in_use }, ServerRun { thread, statement }, ServerSleep { thread, in_transaction },
        ServerQuit { thread, in_use, aborted }, ServerTimeout { thread, in_use }, ServerKill { thread, in_use },
        ServerKillQuery { thread }, ServerDown { lost }, ServerUp, ServerSilent, ServerAnswers
    }
    Limit { Events }
    Rule {
        Scenario, Listing, Thread, Await, SessionLazy, SessionAutobegin, SessionKeeps, SessionGivesBack,
        RegistryPerThread, RegistryRemove, Garbage, GarbageAsync, GarbageEngine, Served, Propagate,
        PendingRollback, QueueGet, QueueWait, QueueWake, QueueTimeout, Overflow, QueueReturn, QueueFull, Connect,
        FirstConnect, ConnectFails, Recycle, PoolInvalidated, SoftInvalidated, PrePing, PingListener, ResetOnReturn, ResetAgent,
        ResetFails, Disconnect, Detach, Dispose, Wire, MaxConnections, MaxUserConnections, ServerAccepts,
        ServerCommand, WaitTimeout, Kill, KillQuery, Restart, ClientQuits, DeadSocket, IdleCut, TcpGivesUp,
        Keepalive, ReadTimeout, Reloader, Fork, SharedSocket, Job, DueJobs, Misfire, MaxInstances, SchedulerDies, Limit
    }
    PoolEvent {
        Connect, FirstConnect, Checkout, Checkin, Reset { detached }, Invalidate, SoftInvalidate, Close, Detach,
        CloseDetached
    }
    PingResult { Alive, Dead(error), Failed(error) }
    Ended { Commit, Rollback, Close, Remove }
    Log {
        DueJobs { error, now }, Missed { program, job, next, late }, TooMany { program, job, next },
        Raised { program, job, next }
    }
    PyError {
        Dbapi { error, statement, disconnect }, PoolTimeout { options, overflow, statement },
        Assertion { what, statement }, RecordClosed { statement }, InvalidTransaction { statement, session },
        StatementClosed { statement }, DetachInvalidated, PendingRollback { commit, savepoint, inactive }, Detached, Prepared,
        Provisioning, IllegalStateChange { method, running }, InactiveTransaction, NotOnList, ConnectionClosed, NoRows, EndedInContext, AlreadyBegun, Raised { program, raise }
    }
    Method { Connection, Commit, Rollback, Close }
    Assertion { AlreadyCheckedOut, NotCheckedOut, Bare, NoCursor, NoCursorOfSession, NoCommit, NoConnection, NoSession, NoSnapshot }
    DbapiClass { OperationalError, InterfaceError, ProgrammingError, RuntimeError, TypeError, DatabaseError, MySqlInterfaceError }
    ErrorKey {
        MySql(code), PoolTimeout, PendingRollback, Detached, InvalidRequest, IllegalStateChange, ConnectionClosed,
        Application, MissedRun, WrongAnswer
    }
    KnobInput { Number { min, max, step, unit }, Switch, Choice(options) }
    KnobValue { Number(number), Switch(on), Text(text) }
    LookAt { Time(at), FirstError, End }
}

/// Types whose variants are known as a list.
macro_rules! listed {
    ($($type:ident),*) => { $(
        impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                out.push(*self as u8);
            }
            fn take(from: &mut Reader) -> $type {
                let at = usize::from(from.byte());
                $type::ALL.get(at).copied().unwrap_or_else(|| {
                    from.fail();
                    $type::ALL[0]
                })
            }
        }
    )* };
}
listed! { SqlAlchemy, Driver, Cut, Transport, Server, PoolClass, ResetOnReturn, SessionFactory }
