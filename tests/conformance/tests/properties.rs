//! What holds in every run, whatever the workload: no Python needed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use poolscope_conformance::workload::{Kind, document};
use poolscope_sim::scenario::{PoolClass, SqlAlchemy};
use poolscope_sim::time::{SimSpan, SimTime};
use poolscope_sim::trace::{EventKind, PoolEvent, TraceEvent};
use poolscope_sim::{Document, Scenario, Trace, simulate};
use std::collections::{BTreeMap, BTreeSet};

const CASES: u64 = 80;

fn each_run(check: impl Fn(&Trace) -> Result<(), String>) {
    for &version in SqlAlchemy::ALL {
        for case in 0..CASES {
            let document = document(2_026, case, Kind { version, poolclass: None });
            let document = Document::from_json(&document.to_string()).unwrap();
            let scenario = Scenario::read(&document, "random").unwrap();
            let trace = simulate(&scenario);
            if let Err(why) = check(&trace) {
                panic!("SQLAlchemy {}, case {case}: {why}", version.name());
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Its `connect` listeners run, or a checkout tests it.
    Opened,
    Out,
    Idle,
    Detached,
    Closed,
}

#[derive(Default)]
struct Ledger {
    places: BTreeMap<u32, Place>,
    on_server: BTreeMap<u32, Option<u32>>,
    /// Whose session the server has ended, and the client still has its side.
    ended: BTreeSet<u32>,
    opened: i64,
    closed: i64,
    disposed: bool,
    /// The record is back before anybody hears that its connection has been detached.
    detaching: bool,
}

impl Ledger {
    fn count(&self, place: Place) -> i64 {
        self.places.values().filter(|p| **p == place).count() as i64
    }

    /// What the server itself counts is what it has.
    fn sessions(&self, in_use: u32) -> Result<(), String> {
        let counted = self.on_server.len();
        if counted == in_use as usize { Ok(()) } else { Err(format!("{in_use} sessions, but {counted} are open")) }
    }

    fn apply(&mut self, trace: &Trace, event: &TraceEvent) -> Result<(), String> {
        match event.kind {
            EventKind::ServerOpen { thread, connection, in_use } => {
                self.on_server.insert(thread, connection);
                self.sessions(in_use)?;
                if let Some(connection) = connection {
                    self.opened += 1;
                    self.places.insert(connection, Place::Opened);
                }
            }
            EventKind::ServerQuit { thread, in_use, .. }
            | EventKind::ServerTimeout { thread, in_use }
            | EventKind::ServerKill { thread, in_use } => {
                let known = self.on_server.remove(&thread);
                let of = known.ok_or_else(|| format!("session {thread} ends and was not there"))?;
                self.sessions(in_use)?;
                let asserts = trace.scenario.engines.iter().any(|e| e.poolclass == PoolClass::AssertionPool);
                let left = of.filter(|c| self.places.get(c).is_some_and(|place| *place != Place::Closed));
                match (event.kind, left) {
                    (EventKind::ServerQuit { .. }, Some(connection)) => {
                        match self.places.insert(connection, Place::Closed) {
                            // Failed while it was being opened: no listener has heard of it.
                            Some(Place::Opened) => {}
                            // The driver's destructor: of what is detached, in a pool that `dispose()` has replaced, or let go of by an
                            // AssertionPool that has another one.
                            Some(Place::Detached) => {}
                            Some(_) if self.disposed || asserts => {}
                            _ => return Err(format!("connection {connection} is left without being closed")),
                        }
                        self.closed += 1;
                    }
                    (_, Some(connection)) => {
                        self.ended.insert(connection);
                    }
                    _ => {}
                }
            }
            EventKind::Dispose { .. } => self.disposed = true,
            EventKind::Pool { event: kind, connection: Some(connection), figures, .. } => {
                let Some(place) = self.places.get_mut(&connection) else {
                    return Err(format!("connection {connection} was never opened"));
                };
                if *place == Place::Closed && kind == PoolEvent::Close {
                    return Err(format!("connection {connection} is closed twice"));
                }
                match kind {
                    PoolEvent::Checkout => *place = Place::Out,
                    PoolEvent::Checkin => *place = Place::Idle,
                    // A SingletonThreadPool may have closed what its holder detaches.
                    PoolEvent::Detach if *place == Place::Closed => {}
                    PoolEvent::Detach => *place = Place::Detached,
                    PoolEvent::Close | PoolEvent::CloseDetached => {
                        *place = Place::Closed;
                        self.closed += 1;
                        self.ended.remove(&connection);
                    }
                    _ => {}
                }
                let queue = trace.scenario.engines.iter().all(|e| e.poolclass == PoolClass::QueuePool);
                let one_pool = trace.engines.len() == 1 && !self.disposed && queue;
                if one_pool {
                    let records = i64::from(figures.size) + i64::from(figures.overflow);
                    let counted = i64::from(figures.checked_in) + i64::from(figures.checked_out);
                    let unlimited = figures.size == 0 && trace.scenario.sqlalchemy >= SqlAlchemy::V2_0;
                    if records != counted && !unlimited {
                        return Err(format!("{records} records, but {counted} in and out"));
                    }
                }
            }
            EventKind::Status { figures, .. } => {
                let alone = trace.engines.len() == 1 && !self.disposed;
                let queue = trace.scenario.engines.iter().all(|e| e.poolclass == PoolClass::QueuePool);
                // Records need not have a connection, so the pool may count more than there are, but never fewer.
                if alone && queue && i64::from(figures.checked_out) < self.count(Place::Out) - i64::from(self.detaching)
                {
                    let out = self.count(Place::Out);
                    return Err(format!("{out} connections are out, the pool counts {}", figures.checked_out));
                }
            }
            _ => {}
        }
        let places = [Place::Opened, Place::Out, Place::Idle, Place::Detached];
        let open: i64 = places.iter().map(|place| self.count(*place)).sum();
        let (opened, closed) = (self.opened, self.closed);
        if opened - closed != open {
            return Err(format!(
                "{opened} opened − {closed} closed, but {open} are idle, out, detached or being opened"
            ));
        }
        // The same from the server's side: what it has and what it has ended, but for what the driver is about to close.
        let ours = self.on_server.values().flatten();
        let has = ours.filter(|c| self.places.get(c) != Some(&Place::Closed)).count() as i64;
        let ended = self.ended.len() as i64;
        if has + ended != open {
            return Err(format!("{open} are open, but the server has {has} and has ended {ended}"));
        }
        // The server has no session whose client has closed it.
        let (from, until) = (trace.scenario.network.silent_from, trace.scenario.network.silent_until);
        let silent = from < until && (from..until + SimSpan::from_secs(1)).contains(&event.at);
        let ghost = self.on_server.values().flatten().find(|c| self.places.get(c) == Some(&Place::Closed));
        match ghost {
            // A silent server reads the goodbye when it goes on, or when it is done with what it was asked before.
            Some(_) if silent => Ok(()),
            // The driver closes right after the event.
            Some(connection) if !closes(&event.kind, *connection) => {
                Err(format!("connection {connection} is closed, and the server still has it"))
            }
            _ => Ok(()),
        }
    }
}

fn closes(kind: &EventKind, of: u32) -> bool {
    matches!(kind, EventKind::Pool { event: PoolEvent::Close | PoolEvent::CloseDetached, connection: Some(c), .. } if *c == of)
}

#[test]
fn connections_are_idle_out_detached_or_closed() {
    each_run(|trace| {
        // Of a session that several processes share, each has a connection of its own, which the server cannot count.
        if trace.scenario.processes.iter().any(|process| process.preload.is_some()) {
            return Ok(());
        }
        let mut ledger = Ledger::default();
        trace.events.iter().enumerate().try_for_each(|(at, event)| {
            let next = trace.events.get(at + 1).map(|next| next.kind);
            ledger.detaching = matches!(next, Some(EventKind::Pool { event: PoolEvent::Detach, .. }));
            ledger.apply(trace, event).map_err(|why| format!("at {} µs, {:?}: {why}", event.at.as_us(), event.kind))
        })
    });
}

#[test]
fn nobody_waits_longer_than_pool_timeout() {
    each_run(|trace| {
        let timeout = trace.scenario.engines.iter().map(|e| e.pool_timeout).max().unwrap_or_default();
        // Who is woken at the last moment looks so much later.
        let timeout = timeout + trace.scenario.processes.iter().map(|p| p.barging).max().unwrap_or_default();
        let mut waiting: BTreeMap<Option<u16>, SimTime> = BTreeMap::new();
        for event in &trace.events {
            match event.kind {
                EventKind::Wait { .. } => {
                    waiting.insert(event.task, event.at);
                }
                EventKind::Wake { .. } => {
                    waiting.remove(&event.task);
                }
                _ => {}
            }
            if let Some(since) = waiting.values().find(|since| event.at.since(**since) > timeout) {
                return Err(format!("since {} µs, and it is {} µs", since.as_us(), event.at.as_us()));
            }
        }
        Ok(())
    });
}

#[test]
fn every_event_has_a_cause_that_came_before() {
    each_run(|trace| {
        // What a process runs first, nobody has asked for.
        let startup = trace.scenario.processes.iter().any(|process| process.startup.or(process.preload).is_some());
        for (at, event) in trace.events.iter().enumerate() {
            let starts = startup && matches!(event.kind, EventKind::Start { .. });
            let starts = starts
                || matches!(
                    event.kind,
                    EventKind::Arrive { .. }
                        | EventKind::Collect { .. }
                        | EventKind::ServerDown { .. }
                        | EventKind::ServerUp
                        | EventKind::ServerSilent
                        | EventKind::ServerAnswers
                        | EventKind::ServerOpen { connection: None, .. }
                        | EventKind::ServerRefuse { .. }
                        | EventKind::End
                        | EventKind::Truncated { .. }
                );
            match event.cause {
                None if !starts => return Err(format!("{:?} has no cause", event.kind)),
                Some(cause) if cause.0 as usize >= at => {
                    return Err(format!("{:?} is older than its cause", event.kind));
                }
                _ => {}
            }
        }
        Ok(())
    });
}

#[test]
fn every_run_ends_and_says_why() {
    each_run(|trace| match trace.events.last() {
        Some(TraceEvent { kind: EventKind::End, at, .. }) if *at == trace.scenario.until => Ok(()),
        Some(TraceEvent { kind: EventKind::Truncated { .. }, .. }) if trace.outcome.truncated.is_some() => Ok(()),
        last => Err(format!("it ends with {last:?}")),
    });
}
