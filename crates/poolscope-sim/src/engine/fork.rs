//! Sockets that several processes have: the pool of a forked process is a copy of its parent's, down to the file descriptors.
//!
//! Measured with two processes and PyMySQL 1.2.4: the server answers in the order of the commands; the process that began to wait last
//! reads the first answer most of the time (the operating system decides).

use super::dbapi::{DbapiConnection, Transaction};
use super::error::DbapiError;
use crate::scenario::defaults::PING;
use crate::server::{Death, Sent};
use crate::state::State;
use crate::time::{SimSpan, SimTime};
use crate::trace::{EventId, EventKind, Observer, Rule};

/// What has been sent on sockets that several processes may share, and is not answered yet.
#[derive(Debug, Default)]
pub(crate) struct SharedSockets(Vec<Outstanding>);

/// A command, and the process that waits on the socket since it has sent it.
#[derive(Clone, Copy, Debug)]
struct Outstanding {
    thread: u32,
    connection: u32,
    /// An answer arrives then, to this command: a statement, or something that has no rows.
    until: SimTime,
    answer: Option<u16>,
    /// It has read this one.
    given: Option<Option<u16>>,
}

/// Who reads an answer that has arrived.
enum Reads {
    /// Whoever waited for it, or nobody: the answer to which command.
    This(Option<Option<u16>>),
    /// Another one reads it; what this one waits for now comes so much later.
    Other { connection: u32, until: SimTime },
}

impl SharedSockets {
    /// When the answer will arrive, and whether the server begins at once.
    fn send(&mut self, new: Outstanding, work: SimSpan) -> (SimTime, bool) {
        let before = self.0.iter().filter(|o| o.thread == new.thread).map(|o| o.until).max();
        let until = before.map_or(new.until, |before| (before + work).max(new.until));
        self.0.push(Outstanding { until, ..new });
        (until, before.is_none())
    }

    /// `None` if nothing is outstanding on this connection.
    fn arrives(&mut self, connection: u32, dead: bool) -> Option<Reads> {
        let own = self.0.iter().position(|o| o.connection == connection)?;
        let Outstanding { thread, answer, given, .. } = self.0[own];
        let last = self.0.iter().rposition(|o| o.thread == thread && o.given.is_none()).unwrap_or(own);
        if dead || given.is_some() || last == own {
            self.0.remove(own);
            return Some(Reads::This(given.or((!dead).then_some(answer))));
        }
        // It reads what has come for this one, which waits for what comes for it.
        let Outstanding { connection, until, answer: later, .. } = self.0[last];
        self.0[last].given = Some(answer);
        (self.0[own].until, self.0[own].answer) = (until, later);
        Some(Reads::Other { connection, until })
    }

    /// The connections with something outstanding on this session, in the order of sending.
    fn sent_on(&self, thread: u32) -> Vec<u32> {
        self.0.iter().filter(|o| o.thread == thread).map(|o| o.connection).collect()
    }

    /// What the server does next on this session.
    fn next(&self, thread: u32) -> Option<Outstanding> {
        self.0.iter().filter(|o| o.thread == thread && o.given.is_none()).min_by_key(|o| o.until).copied()
    }
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
        let work = SimSpan::from_us(takes.as_us().saturating_sub(self.scenario.network.rtt.as_us()));
        let new = Outstanding { thread, connection, until: at + takes, answer, given: None };
        let (until, alone) = self.shared.send(new, work);
        if let Some(task) = self.current_task() {
            task.no_rows = false;
        }
        if alone {
            self.server_runs(thread, answer, until);
        }
        Sent { at, takes: SimSpan::ZERO, waits: until.since(at), cut: false, lost: false }
    }

    /// The server begins with a command.
    pub(crate) fn server_runs(&mut self, thread: u32, statement: Option<u16>, until: SimTime) {
        let cause = self.last_event();
        let id = self.emit_outside(cause, Rule::ServerCommand, EventKind::ServerRun { thread, statement });
        if let Some(t) = self.server.threads.get_mut(thread) {
            (t.idle_since, t.until, t.last) = (None, until, Some(id));
        }
    }

    /// An answer has arrived, if a command is outstanding on this connection: how long it waits on if another process has read it.
    pub(crate) fn waits_on(&mut self, connection: u32) -> Option<SimSpan> {
        if !self.forked {
            return None;
        }
        let dead = self.dbapi.get(connection).is_none_or(|d| d.death.is_some());
        let (reader, until) = match self.shared.arrives(connection, dead)? {
            Reads::Other { connection, until } => (connection, until),
            Reads::This(got) => {
                if let Some(dbapi) = self.dbapi.get_mut(connection) {
                    dbapi.got = got;
                }
                return None;
            }
        };
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
        // Whose SELECT 1 it was, a ping's or the application's, nobody can tell.
        let text = |statement: Option<u16>| statement.map(|s| self.scenario.sql(s));
        let pings = got == Some(PING) || asked == Some(PING);
        let wrong = got != asked && !(pings && text(got) == text(asked));
        let of_other = if got.is_some() { Transaction::Begins } else { Transaction::Ends };
        let Some(thread) = self.dbapi.get(connection).map(|d| d.thread) else { return Ok(()) };
        self.server_sleeps(thread, if wrong { of_other } else { transaction });
        if let Some(Outstanding { answer, until, .. }) = self.shared.next(thread) {
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
            task.misled |= asked.is_some_and(|asked| asked != PING);
        }
        Ok(())
    }

    /// A session has ended: for whoever else has its socket too.
    pub(crate) fn ends_for_others(&mut self, thread: u32, death: Death, event: EventId) {
        if !self.forked {
            return;
        }
        // Whoever sent first is the first to hear of it.
        let mut waiting = Vec::new();
        for connection in self.shared.sent_on(thread) {
            if let Some(other) = self.dbapi.get_mut(connection).filter(|other| other.death.is_none()) {
                waiting.extend(other.busy.take());
            }
        }
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
