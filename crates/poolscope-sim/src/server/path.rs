//! What lies between a client and its session: a device that cuts connections, and what both ends find out about that, and when.
//!
//! Measured on Linux 6.18 with two network namespaces whose packets get lost, MariaDB 10.11.19, PyMySQL 1.2.4 and mysqlclient 2.3.1:
//! both drivers and the server switch TCP keepalive on.

use super::gone::SSL_EOF;
use super::{Death, NOBODY};
use crate::agenda::Target;
use crate::engine::dbapi::Transaction;
use crate::engine::error::{CONNECTION_RESET, DbapiError, TCP_TIMED_OUT, TIMED_OUT};
use crate::scenario::{Cut, Driver};
use crate::state::State;
use crate::time::{SimSpan, SimTime};
use crate::trace::{EventId, EventKind, Observer, Rule};

/// What has been sent to the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub at: SimTime,
    /// When the answer would be there.
    pub takes: SimSpan,
    /// How long the client waits.
    pub waits: SimSpan,
    /// It does not arrive.
    pub cut: bool,
    /// The answer has not arrived either.
    pub lost: bool,
}

impl<O: Observer> State<'_, O> {
    /// From now on the device on the way counts how long the connection is idle.
    pub(crate) fn watch_path(&mut self, connection: u32) {
        let network = self.scenario.network;
        let Some(idle_timeout) = network.idle_timeout else { return };
        // A probe is a packet too; a proxy does not see it.
        if network.at_idle_timeout == Cut::Close || idle_timeout <= network.tcp_keepalive_time {
            self.agenda.add(self.now + idle_timeout, Target::PathCheck { connection });
        }
    }

    pub(crate) fn check_path(&mut self, connection: u32) {
        let network = self.scenario.network;
        let Some(passed) = self.dbapi.get(connection).map(|d| d.passed) else { return };
        let due = passed + network.idle_timeout.unwrap_or_default();
        if due > self.now {
            self.agenda.add(due, Target::PathCheck { connection });
        } else {
            self.cut(connection, network.at_idle_timeout, Rule::IdleCut);
        }
    }

    pub(crate) fn cut(&mut self, connection: u32, how: Cut, rule: Rule) {
        let Some(dbapi) = self.dbapi.get(connection).filter(|d| d.death.is_none() && d.cut.is_none()) else { return };
        let (thread, passed) = (dbapi.thread, dbapi.passed);
        let cause = self.server.threads.get(thread).and_then(|t| t.last);
        let event = self.emit_outside(cause, rule, EventKind::Cut { connection, how });
        let Some(dbapi) = self.dbapi.get_mut(connection) else { return };
        if how == Cut::Close {
            dbapi.death = Some((Death::Kill, event));
            if let Some(task) = dbapi.busy.take() {
                self.answer(task);
            }
            return self.client_leaves(thread, Some(event), true);
        }
        dbapi.cut = Some((how, event));
        self.server_gives_up(thread, how, passed + self.scenario.network.keepalive_finds(how));
    }

    /// The server's side of a cut connection lives on until then, or until wait_timeout.
    fn server_gives_up(&mut self, thread: u32, how: Cut, at: SimTime) {
        let boot = self.server.boot;
        if let Some(t) = self.server.threads.get_mut(thread) {
            t.cut = Some((how, at));
            self.agenda.add(at, Target::IdleCheck { thread, boot });
        }
    }

    /// TCP on the server's side has noticed: what the server reads is an error.
    pub(crate) fn server_finds_cut(&mut self, thread: u32) {
        let cause = self.server.threads.get(thread).and_then(|t| t.last);
        self.server.threads.remove(thread);
        self.server.status.aborted_clients += 1;
        let in_use = self.server.in_use();
        self.emit_outside(cause, Rule::Keepalive, EventKind::ServerQuit { thread, in_use, aborted: true });
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.scenario.network.silence(self.now) > SimSpan::ZERO
    }

    /// The client's socket is closed, perhaps without COM_QUIT: an idle session ends, one that runs a statement looks when that is over, and a
    /// silent server when it goes on.
    pub(crate) fn client_leaves(&mut self, thread: u32, cause: Option<EventId>, aborted: bool) {
        let (boot, silence) = (self.server.boot, self.scenario.network.silence(self.now));
        let Some(t) = self.server.threads.get_mut(thread) else { return };
        if silence > SimSpan::ZERO && t.idle_since.take().is_some() {
            t.until = self.now + silence;
        }
        if t.idle_since.is_none() && t.until > self.now {
            t.left = Some(aborted);
            return self.agenda.add(t.until, Target::Unheard { thread, boot });
        }
        self.server.threads.remove(thread);
        self.server.status.aborted_clients += u32::from(aborted);
        let in_use = self.server.in_use();
        self.emit_outside(cause, Rule::ClientQuits, EventKind::ServerQuit { thread, in_use, aborted });
    }

    /// A statement that its client has not waited for is over.
    pub(crate) fn unheard(&mut self, thread: u32) {
        if thread == NOBODY {
            let in_use = self.server.in_use();
            let status = &mut self.server.status;
            status.connections += 1;
            status.aborted_connects += 1;
            status.max_used_connections = status.max_used_connections.max(in_use + 1);
        }
        let Some(t) = self.server.threads.get_mut(thread) else { return };
        let Some(aborted) = t.left else { return };
        t.idle_since = Some(self.now);
        let (cut, cause) = (t.cut, t.last);
        match cut {
            Some((Cut::Drop, _)) => {
                self.server_gives_up(thread, Cut::Drop, self.now + self.scenario.network.gives_up());
            }
            _ => self.client_leaves(thread, cause, aborted),
        }
    }

    /// The client sends on a way that is cut. TCP may have found out already; otherwise it takes its time.
    pub(crate) fn sent_in_vain(&mut self, connection: u32, how: Cut) -> Result<Sent, DbapiError> {
        let (at, network, task) = (self.now, self.scenario.network, self.current());
        let mut sent = Sent { at, takes: SimSpan::ZERO, waits: SimSpan::ZERO, cut: true, lost: false };
        let Some(dbapi) = self.dbapi.get_mut(connection) else { return Ok(sent) };
        if at.since(dbapi.passed) < network.keepalive_finds(how) {
            let end = if how == Cut::Drop { network.gives_up() } else { network.rtt };
            sent.waits = end.min(dbapi.read_timeout);
            (dbapi.busy, dbapi.passed) = (Some(task), at);
            return Ok(sent);
        }
        let error = self.gives_up(connection, end_of(how));
        if error.code == 2055 {
            return Err(error);
        }
        let at_once = matches!(self.scenario.driver, Driver::PyMySql | Driver::MysqlClientMariaDb);
        Err(DbapiError { code: if at_once { 2006 } else { 2013 }, ..error })
    }

    /// No answer when the client has waited: it gives up now, or the answer got lost and it waits so much longer.
    pub(crate) fn unanswered(&mut self, connection: u32, sent: Sent) -> Result<Option<SimSpan>, DbapiError> {
        let (now, task, network) = (self.now, self.current(), self.scenario.network);
        let Some(dbapi) = self.dbapi.get_mut(connection) else { return Ok(None) };
        let (limit, thread, waited) = (dbapi.read_timeout, dbapi.thread, now.since(sent.at));
        let Some((how, _)) = dbapi.cut else {
            let error = self.gives_up(connection, TIMED_OUT);
            let cause = self.last_event();
            self.client_leaves(thread, cause, true);
            return Err(error);
        };
        if sent.cut || waited >= limit {
            if !sent.cut {
                self.client_leaves(thread, None, true);
            }
            return Err(self.gives_up(connection, if waited >= limit { TIMED_OUT } else { end_of(how) }));
        }
        dbapi.busy = Some(task);
        let more = network.keepalive_finds(how).min(limit);
        if how == Cut::Drop {
            self.server_sleeps(thread, Transaction::Stays);
            self.server_gives_up(thread, how, now + network.gives_up());
        } else {
            self.client_leaves(thread, None, true);
        }
        Ok(Some(SimSpan::from_us(more.as_us().saturating_sub(waited.as_us()))))
    }

    /// The end of a wait for an answer that got lost.
    pub(crate) fn nothing_came(&mut self, connection: u32, sent: Sent) -> DbapiError {
        let Some(dbapi) = self.dbapi.get(connection) else { return DbapiError::operational(2013) };
        let limit = dbapi.read_timeout;
        let end = dbapi.cut.map_or(TCP_TIMED_OUT, |(how, _)| end_of(how));
        let os = if self.now.since(sent.at) >= limit { TIMED_OUT } else { end };
        self.gives_up(connection, os)
    }

    /// The driver closes its socket; whatever comes of that on the way to the server.
    fn gives_up(&mut self, connection: u32, os: u16) -> DbapiError {
        let last = self.last_event().unwrap_or(EventId(0));
        if let Some(dbapi) = self.dbapi.get_mut(connection) {
            let event = dbapi.cut.map_or(last, |(_, event)| event);
            (dbapi.death, dbapi.failed, dbapi.busy) = (Some((Death::Kill, event)), true, None);
        }
        match self.scenario.driver {
            // With TLS it hears of the end from OpenSSL.
            Driver::MysqlConnectorPure if !self.scenario.server.is_mariadb() => DbapiError::with_os(2055, SSL_EOF),
            Driver::MysqlConnectorPure => DbapiError::with_os(2055, os),
            _ => DbapiError::with_os(2013, os),
        }
    }
}

/// What TCP says in the end.
const fn end_of(how: Cut) -> u16 {
    match how {
        Cut::Drop => TCP_TIMED_OUT,
        _ => CONNECTION_RESET,
    }
}
