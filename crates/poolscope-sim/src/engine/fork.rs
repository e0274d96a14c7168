//! Sockets that several processes have: the pool of a forked process is a copy of its parent's, down to the file descriptors.
//!
//! Measured with two processes and PyMySQL 1.2.4: the server answers in the order of the commands; the process that began to wait last
//! reads the first answer most of the time (the operating system decides).

use super::dbapi::{DbapiConnection, Transaction};
use super::error::DbapiError;
use crate::server::{Death, Sent};
use crate::state::State;
use crate::time::{SimSpan, SimTime};
use crate::trace::{EventId, EventKind, Observer, Rule};

/// A command on a shared socket, and the process that waits there since it has sent it.
#[derive(Debug)]
pub(crate) struct Outstanding {
    thread: u32,
    connection: u32,
    /// An answer arrives then, to this command: a statement, or something that has no rows.
    until: SimTime,
    answer: Option<u16>,
    /// It has read this one.
    given: Option<Option<u16>>,
}

impl<O: Observer> State<'_, O> {
    /// The pool of a new process: what is free in its parent's, with connections of its own on the same sockets.
    pub(crate) fn inherit(&mut self, from: u16, engine: u16, process: u16) {
        let (from, to) = (usize::from(from), usize::from(engine));
        self.engines[to].asked = self.engines[from].asked;
        let parent = self.engines[from].pool;
        let pool = self.new_pool(self.engines[to].options, engine);
        self.engines[to].pool = pool;
        let (known, new) = self.pools.split_at_mut(pool);
        let slots = new[0].inherit(&known[parent]);
        for (slot, parent) in slots {
            let Some(parent) = parent else { continue };
            let Some(&DbapiConnection { thread, death, cut, passed, read_timeout, failed, .. }) =
                self.dbapi.get(parent)
            else {
                continue;
            };
            let connection = self.next_dbapi;
            self.next_dbapi += 1;
            let mut copy = DbapiConnection::of(process, thread, passed, read_timeout);
            (copy.death, copy.cut, copy.failed) = (death, cut, failed);
            self.dbapi.insert(connection, copy);
            if let Some(record) = self.pools[pool].records.get_mut(slot) {
                record.connection = Some(connection);
            }
            self.emit(Rule::Fork, EventKind::Inherit { engine, slot, connection, parent });
        }
        self.status(pool, Rule::Fork);
    }

    /// A command on a socket that others may have sent something on: the server begins with it when it is done with theirs.
    pub(crate) fn send_on_shared(&mut self, connection: u32, thread: u32, answer: Option<u16>, takes: SimSpan) -> Sent {
        let at = self.now;
        let before = self.outstanding.iter().filter(|o| o.thread == thread).map(|o| o.until).max();
        let work = SimSpan::from_us(takes.as_us().saturating_sub(self.scenario.network.rtt.as_us()));
        let until = before.map_or(at + takes, |before| (before + work).max(at + takes));
        self.outstanding.push(Outstanding { thread, connection, until, answer, given: None });
        if let Some(task) = self.current_task() {
            task.no_rows = false;
        }
        if before.is_none() {
            self.server_runs(thread, answer, until);
        }
        Sent { at, takes: SimSpan::ZERO, waits: until.since(at), cut: false }
    }

    fn server_runs(&mut self, thread: u32, statement: Option<u16>, until: SimTime) {
        let cause = self.last_event();
        let id = self.emit_outside(cause, Rule::ServerCommand, EventKind::ServerRun { thread, statement });
        if let Some(t) = self.server.threads.get_mut(thread) {
            (t.idle_since, t.until, t.last) = (None, until, Some(id));
        }
    }

    /// An answer has arrived, if a command is outstanding on this connection: how long it waits on if another process has read it.
    pub(crate) fn waits_on(&mut self, connection: u32) -> Option<SimSpan> {
        let own = self.outstanding.iter().position(|o| o.connection == connection)?;
        let dead = self.dbapi.get(connection).is_none_or(|d| d.death.is_some());
        let Outstanding { thread, answer, given, .. } = self.outstanding[own];
        let last = self.outstanding.iter().rposition(|o| o.thread == thread && o.given.is_none());
        let got = given.or((last == Some(own)).then_some(answer));
        let (Some(last), None, false) = (last, got, dead) else {
            self.outstanding.remove(own);
            if let Some(dbapi) = self.dbapi.get_mut(connection) {
                dbapi.got = got;
            }
            return None;
        };
        // It reads what has come for this one, which waits for what comes for it.
        let other = &mut self.outstanding[last];
        other.given = Some(answer);
        let (until, answer, reader) = (other.until, other.answer, other.connection);
        let own = &mut self.outstanding[own];
        (own.until, own.answer) = (until, answer);
        if let Some(task) = self.dbapi.get(reader).and_then(|d| d.busy) {
            self.answer(task);
        }
        Some(until.since(self.now))
    }

    /// What a process makes of the answer it has read.
    pub(crate) fn read_from_shared(
        &mut self,
        connection: u32,
        asked: Option<u16>,
        transaction: Transaction,
        got: Option<u16>,
    ) -> Result<(), DbapiError> {
        let wrong = got != asked;
        let of_other = if got.is_some() { Transaction::Begins } else { Transaction::Ends };
        let Some(thread) = self.dbapi.get(connection).map(|d| d.thread) else { return Ok(()) };
        self.server_sleeps(thread, if wrong { of_other } else { transaction });
        let next = self.outstanding.iter().filter(|o| o.thread == thread && o.given.is_none()).min_by_key(|o| o.until);
        if let Some((answer, until)) = next.map(|o| (o.answer, o.until)) {
            self.server_runs(thread, answer, until);
        }
        if !wrong {
            return Ok(());
        }
        self.emit(Rule::SharedSocket, EventKind::WrongAnswer { connection, statement: got });
        let rows = |statement: Option<u16>| statement.is_some_and(|s| self.scenario.has_rows(s));
        let (expected, came) = (rows(asked), rows(got));
        // `Connection._read_ok_packet`
        if asked.is_none() && came {
            return Err(DbapiError::operational(2014));
        }
        if let Some(task) = self.current_task() {
            task.no_rows = expected && !came;
        }
        Ok(())
    }

    /// A session has ended: for whoever else has its socket too.
    pub(crate) fn ends_for_others(&mut self, thread: u32, death: Death, event: EventId) {
        if !self.forked {
            return;
        }
        let mut waiting = Vec::new();
        self.dbapi.for_each(|other| {
            if other.thread == thread && other.death.is_none() {
                other.death = Some((death, event));
                waiting.extend(other.busy.take());
            }
        });
        for task in waiting {
            self.answer(task);
        }
    }
}
