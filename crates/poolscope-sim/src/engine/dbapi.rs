//! The driver: DBAPI connections and their round trips to the server.

use super::connector::{not_available, of_server, untranslated};
use super::dialect::is_disconnect;
use super::error::{DbapiClass, DbapiError, NO_GREETING, PyError, TCP_TIMED_OUT, TIMED_OUT};
use crate::agenda::Target;
use crate::pool::Pool;
use crate::scenario::defaults::PYMYSQL_CONNECT_TIMEOUT;
use crate::scenario::{Cut, Driver, Scenario, SqlAlchemy};
use crate::server::{APPLICATION, Client, Death, NOBODY, Sent, gone, refused};
use crate::state::State;
use crate::time::{SimSpan, SimTime};
use crate::trace::{EventId, EventKind, Observer, Rule};
use crate::world::{World, Yield};
use std::collections::VecDeque;

#[derive(Debug)]
pub(crate) struct DbapiConnection {
    /// The OS process that has its socket.
    pub process: u16,
    /// The session on the server.
    pub thread: u32,
    /// How that session ended behind our back, and the event.
    pub death: Option<(Death, EventId)>,
    /// How the way to that session was cut, and the event.
    pub cut: Option<(Cut, EventId)>,
    /// When the last packet passed.
    pub passed: SimTime,
    pub read_timeout: SimSpan,
    /// It has failed before: the driver knows that the socket is dead.
    pub failed: bool,
    /// The task that waits for an answer on it.
    pub busy: Option<u16>,
    /// KILL QUERY has ended what runs on it.
    interrupted: bool,
    /// What it has read from a socket that it shares: the answer to which command.
    pub got: Option<Option<u16>>,
    /// aiomysql: answers to commands whose coroutine has not waited for them, and when they arrive.
    pub late: VecDeque<(SimTime, Option<u16>)>,
}

impl DbapiConnection {
    pub fn of(process: u16, thread: u32, passed: SimTime, read_timeout: SimSpan) -> DbapiConnection {
        DbapiConnection {
            process,
            thread,
            death: None,
            cut: None,
            passed,
            read_timeout,
            failed: false,
            busy: None,
            interrupted: false,
            got: None,
            late: VecDeque::new(),
        }
    }
}

/// Any use of a connection that the driver has closed: mysqlclient says 2006 without words.
fn closed(driver: Driver) -> DbapiError {
    match driver {
        Driver::PyMySql | Driver::AioMySql => DbapiError { class: DbapiClass::InterfaceError, code: 0, os: 0 },
        Driver::MysqlConnector => DbapiError::operational(2006),
        Driver::MysqlConnectorPure => DbapiError::operational(2055),
        _ => DbapiError::with_os(2006, u16::MAX),
    }
}

/// A command while another thread waits for its answer on the same connection.
fn out_of_sync(driver: Driver) -> DbapiError {
    let pymysql = driver == Driver::PyMySql;
    if driver.is_async() {
        return DbapiError::of_python(DbapiClass::RuntimeError);
    }
    let class = if pymysql { DbapiClass::OperationalError } else { DbapiClass::ProgrammingError };
    DbapiError { class, code: 2014, os: 0 }
}

/// A driver error as SQLAlchemy raises it.
pub(crate) fn wrap(scenario: &Scenario, error: DbapiError, statement: Option<u16>) -> PyError {
    PyError::Dbapi { error, statement, disconnect: is_disconnect(&error, scenario) }
}

impl<O: Observer> World<'_, O> {
    /// Opens a DBAPI connection. What the server needs max_connections for happens at the end of the handshake.
    pub(crate) async fn open(&self, engine: u16) -> Result<u32, DbapiError> {
        let network = self.scenario.network;
        let (driver, transport) = (self.scenario.driver, self.scenario.transport);
        let (late, in_vain) = self.state().syn(engine);
        self.wire(late).await;
        if let Some(error) = in_vain {
            return Err(error);
        }
        // A server that is down refuses with its first packet.
        if !self.state().server.up {
            self.wire(network.rtt).await;
            return Err(refused(driver, transport));
        }
        let (handshake, in_vain) = self.state().handshake(engine);
        self.wire(handshake).await;
        if let Some(error) = in_vain {
            return Err(error);
        }
        let mut state = self.state();
        if !state.server.up {
            return Err(refused(driver, transport));
        }
        let number = state.next_dbapi;
        let process = state.current_task().map_or(0, |t| t.process);
        let now = state.now;
        let cause = state.last_event();
        let options = &self.scenario.engines[state.engines[usize::from(engine)].options];
        let idle_timeout = self.scenario.idle_timeout(options);
        let client = Client { connection: Some(number), account: APPLICATION, admin: false, idle_timeout };
        let thread = match state.server.accept(client, now) {
            Ok(thread) => thread,
            Err(refusal) => {
                let (code, in_use) = (refusal.code(), state.server.in_use());
                let event = state.emit_outside(cause, refusal.rule(), EventKind::ServerRefuse { code, in_use });
                // What the client hears is caused by the refusal.
                if let Some(task) = state.current_task() {
                    task.last = Some(event);
                }
                return Err(of_server(driver, code));
            }
        };
        state.next_dbapi += 1;
        state.outcome.connects += 1;
        let read_timeout = match options.read_timeout {
            0 => SimSpan::from_us(u64::MAX),
            seconds => SimSpan::from_secs(u64::from(seconds)),
        };
        let new = DbapiConnection::of(process, thread, now, read_timeout);
        state.dbapi.insert(number, new);
        state.watch_path(number);
        let in_use = state.server.in_use();
        let opened = EventKind::ServerOpen { thread, connection: Some(number), in_use };
        let id = state.emit_outside(cause, Rule::ServerAccepts, opened);
        state.was_last(thread, id);
        state.check_idle(thread);
        Ok(number)
    }

    /// Waits for the server; with an asyncio driver the other coroutines go on meanwhile.
    fn wire(&self, span: SimSpan) -> Yield {
        if span == SimSpan::ZERO {
            Yield::NOT
        } else if self.scenario.driver.is_async() {
            self.state().answer_after(span);
            self.wait_in_loop()
        } else {
            self.pause(span)
        }
    }

    /// Sends a command; the future waits for the answer.
    pub(crate) fn round_trip(
        &self,
        connection: u32,
        command: Command,
    ) -> impl Future<Output = Result<(), DbapiError>> + '_ {
        let sending = self.state().send_command(connection, command);
        self.answer_to(connection, sending)
    }

    /// Waits for the answer to a command that has been sent.
    pub(crate) async fn answer_to(&self, connection: u32, mut sending: Sending) -> Result<(), DbapiError> {
        loop {
            match sending {
                Sending::Done(done) => return done,
                Sending::Waits(command, sent) => {
                    self.wire(sent.waits).await;
                    sending = self.state().hear(connection, command, sent);
                }
            }
        }
    }
}

/// How far a command has come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sending {
    Waits(Command, Sent),
    Done(Result<(), DbapiError>),
}

/// What a driver sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// A statement of the program.
    Execute(u16),
    Commit,
    Rollback,
    /// `COM_PING`, or the statement that is sent instead.
    Ping(Option<u16>),
    /// A question of the dialect's, and the ROLLBACK that ends them: no event tells of those.
    Ask(u16),
    EndQuestions,
    /// The ping of MySQL Connector/Python before it makes the cursor for a statement, and for a question.
    Cursor(u16),
    CursorToAsk(u16),
    /// The same for a statement that SQLAlchemy then refuses.
    CursorInVain(u16),
}

/// What a command does to the server's transaction (autocommit is off on the wire).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transaction {
    Begins,
    Ends,
    Stays,
}

impl Command {
    fn statement(self) -> Option<u16> {
        match self {
            Command::Execute(statement) | Command::Ask(statement) => Some(statement),
            Command::Ping(statement) => statement,
            Command::Commit | Command::Rollback | Command::EndQuestions => None,
            Command::Cursor(_) | Command::CursorToAsk(_) | Command::CursorInVain(_) => None,
        }
    }

    fn transaction(self) -> Transaction {
        match self {
            Command::Execute(_) | Command::Ask(_) => Transaction::Begins,
            Command::Commit | Command::Rollback | Command::EndQuestions => Transaction::Ends,
            Command::Ping(_) | Command::Cursor(_) | Command::CursorToAsk(_) | Command::CursorInVain(_) => {
                Transaction::Stays
            }
        }
    }

    /// The event that it is, if it is one; `Executed` follows.
    fn event(self, connection: u32) -> Option<EventKind> {
        match self {
            Command::Execute(statement) | Command::Cursor(statement) | Command::CursorInVain(statement) => {
                Some(EventKind::Execute { connection, statement })
            }
            Command::Commit => Some(EventKind::Commit { connection }),
            Command::Rollback => Some(EventKind::Rollback { connection }),
            Command::Ping(_) | Command::Ask(_) | Command::EndQuestions | Command::CursorToAsk(_) => None,
        }
    }

    /// What MySQL Connector/Python raises when this command fails.
    fn raises(self, driver: Driver, error: DbapiError) -> DbapiError {
        match self {
            Command::Ping(_) => not_available(DbapiClass::InterfaceError),
            Command::Cursor(_) | Command::CursorToAsk(_) | Command::CursorInVain(_) => {
                not_available(DbapiClass::OperationalError)
            }
            Command::Commit | Command::Rollback | Command::EndQuestions => untranslated(driver, error),
            Command::Execute(_) | Command::Ask(_) => error,
        }
    }
}

impl<O: Observer> State<'_, O> {
    /// How long it takes until somebody answers who connects now, or until the driver gives up, or TCP does.
    fn syn(&self, engine: u16) -> (SimSpan, Option<DbapiError>) {
        let Scenario { network, driver, transport, ref engines, .. } = *self.scenario;
        let limit = match engines[self.engines[usize::from(engine)].options].connect_timeout {
            0 if driver == Driver::PyMySql => PYMYSQL_CONNECT_TIMEOUT,
            0 => u32::MAX,
            seconds => seconds,
        };
        let (answered, limit) = (network.syn_answered(self.now), SimSpan::from_secs(u64::from(limit)));
        let (Ok(late) | Err(late)) = answered;
        if late == SimSpan::ZERO {
            return (late, None);
        }
        let too_late = limit < late + network.rtt;
        let os = if too_late { TIMED_OUT } else { TCP_TIMED_OUT };
        let error = DbapiError { os, ..refused(driver, transport) };
        (if too_late { limit } else { late }, Some(error).filter(|_| too_late || answered.is_err()))
    }

    /// How long the handshake takes, or until the driver gives up because the server says nothing. Connector/C waits for the greeting for
    /// connect_timeout; PyMySQL has connected by then, and waits for read_timeout.
    fn handshake(&mut self, engine: u16) -> (SimSpan, Option<DbapiError>) {
        let now = self.now;
        let Scenario { network, driver, ref engines, .. } = *self.scenario;
        let options = &engines[self.engines[usize::from(engine)].options];
        let limit = if driver == Driver::PyMySql { options.read_timeout } else { options.connect_timeout };
        let takes = network.rtt.times(u64::from(network.connect_round_trips));
        let late = network.with_silence(now, takes, false);
        let gives_up = network.rtt.max(network.silent_from.since(now)) + SimSpan::from_secs(u64::from(limit));
        if late == takes || limit == 0 || late <= gives_up {
            return (late, None);
        }
        let boot = self.server.boot;
        self.agenda.add(network.silent_until, Target::Unheard { thread: NOBODY, boot });
        (gives_up, Some(DbapiError::with_os(2013, NO_GREETING)))
    }

    /// A command leaves the client. What the server said or did when it closed is in the client's buffer already: the error comes at once.
    /// So does an answer that takes no time.
    pub(crate) fn send_command(&mut self, connection: u32, command: Command) -> Sending {
        if let Some(event) = command.event(connection) {
            self.emit(Rule::Wire, event);
        }
        match command {
            Command::Execute(statement) if self.scenario.driver.is_connector() => {
                self.put_on_wire(connection, Command::Cursor(statement))
            }
            Command::Ask(statement) if self.scenario.driver.is_connector() => {
                self.put_on_wire(connection, Command::CursorToAsk(statement))
            }
            _ => self.put_on_wire(connection, command),
        }
    }

    fn put_on_wire(&mut self, connection: u32, command: Command) -> Sending {
        let work = match command {
            Command::Execute(statement) => self.scenario.statements.get(usize::from(statement)),
            _ => None,
        };
        let takes = self.scenario.network.rtt + work.map_or(SimSpan::ZERO, |statement| statement.takes);
        match self.send_on(connection, command.statement(), takes) {
            Ok(sent) if sent.waits == SimSpan::ZERO => self.hear(connection, command, sent),
            Ok(sent) => Sending::Waits(command, sent),
            Err(error) => Sending::Done(self.executed(connection, command, Err(error))),
        }
    }

    fn send_on(&mut self, connection: u32, statement: Option<u16>, takes: SimSpan) -> Result<Sent, DbapiError> {
        let (now, current) = (self.now, self.current());
        let (driver, transport, server) = (self.scenario.driver, self.scenario.transport, self.scenario.server);
        let takes = match &self.scenario.network {
            network if now < network.silent_until => {
                let sleeps = statement.is_some_and(|statement| self.scenario.sleeps(statement));
                network.with_silence(now, takes, sleeps)
            }
            _ => takes,
        };
        // Somebody who shares it may have closed it.
        let dbapi = self.dbapi.get_mut(connection).ok_or_else(|| closed(driver))?;
        if let Some((death, _)) = dbapi.death {
            let again = std::mem::replace(&mut dbapi.failed, true);
            return Err(gone(driver, transport, server, death, again));
        }
        if dbapi.busy.is_some() {
            // aiomysql has sent the command already: nobody waits for its answer.
            if driver.is_async() {
                self.answers_late(connection, statement, takes);
            }
            return Err(out_of_sync(driver));
        }
        if let Some((how, _)) = dbapi.cut {
            return self.sent_in_vain(connection, how);
        }
        (dbapi.busy, dbapi.passed) = (Some(current), now);
        let (thread, mut waits, late) = (dbapi.thread, takes.min(dbapi.read_timeout), !dbapi.late.is_empty());
        dbapi.got = None;
        // The first answer in the buffer is another one's; this command's comes after all of them.
        if late {
            self.answers_late(connection, statement, takes);
            if let Some(dbapi) = self.dbapi.get_mut(connection) {
                dbapi.got = dbapi.late.pop_front().map(|(at, answer)| {
                    waits = at.since(now);
                    answer
                });
            }
        }
        if driver.is_async()
            && let Some(task) = self.current_task()
        {
            task.no_rows = false;
        }
        if self.forked {
            return Ok(self.send_on_shared(connection, thread, statement, takes));
        }
        self.server_runs(thread, statement, now + takes);
        let takes = if late { SimSpan::ZERO } else { takes };
        Ok(Sent { at: now, takes, waits, cut: false, lost: false })
    }

    /// The client has waited: what came of its command, or nothing yet.
    fn hear(&mut self, connection: u32, command: Command, mut sent: Sent) -> Sending {
        if let Some(span) = self.waits_on(connection) {
            sent.waits = span;
            return Sending::Waits(command, sent);
        }
        let done = match self.answered(connection, command, sent) {
            Ok(Some(more)) => {
                (sent.waits, sent.lost) = (more, true);
                return Sending::Waits(command, sent);
            }
            done => done.map(|_| ()),
        };
        match command {
            Command::Cursor(statement) if done.is_ok() => self.put_on_wire(connection, Command::Execute(statement)),
            Command::CursorToAsk(statement) if done.is_ok() => self.put_on_wire(connection, Command::Ask(statement)),
            _ => Sending::Done(self.executed(connection, command, done)),
        }
    }

    /// The server works on a command when it is done with those before it.
    fn answers_late(&mut self, connection: u32, statement: Option<u16>, takes: SimSpan) {
        let now = self.now;
        let work = SimSpan::from_us(takes.as_us().saturating_sub(self.scenario.network.rtt.as_us()));
        let Some(dbapi) = self.dbapi.get_mut(connection) else { return };
        let running = self.server.threads.get(dbapi.thread).map_or(now, |t| t.until);
        let before = dbapi.late.back().map_or(running, |(at, _)| *at).max(running);
        dbapi.late.push_back(((before + work).max(now + takes), statement));
    }

    /// The answer to a command, or what happened to it: the end of the session or KILL QUERY has interrupted it, or it got lost and the
    /// client waits on.
    fn answered(&mut self, connection: u32, command: Command, sent: Sent) -> Result<Option<SimSpan>, DbapiError> {
        if sent.lost {
            return Err(self.nothing_came(connection, sent));
        }
        let (now, statement, transaction) = (self.now, command.statement(), command.transaction());
        let driver = self.scenario.driver;
        let dbapi = self.dbapi.get_mut(connection).ok_or_else(|| of_server(driver, 2013))?;
        dbapi.busy = None;
        let mariadb = self.scenario.server.is_mariadb();
        // At the very end of read_timeout nobody reads any more.
        let waited = now.since(sent.at);
        let interrupted =
            std::mem::take(&mut dbapi.interrupted) && (waited < dbapi.read_timeout || sent.takes <= waited);
        if let Some((death, _)) = dbapi.death {
            // MySQL says goodbye to a statement that a shutdown interrupts; it is the next use that finds the socket closed.
            let goodbye = statement.filter(|_| death == Death::Restart && !mariadb);
            match goodbye.map(|statement| self.scenario.sleeps(statement)) {
                Some(true) => {}
                Some(false) => return Err(of_server(driver, 1053)),
                None => {
                    dbapi.failed = true;
                    return Err(of_server(driver, 2013));
                }
            }
        } else if !interrupted && (dbapi.cut.is_some() || waited < sent.takes) {
            return self.unanswered(connection, sent);
        }
        dbapi.passed = now;
        let (thread, got) = (dbapi.thread, dbapi.got.take());
        if let Some(got) = got {
            return self.read_from_shared(connection, statement, transaction, got).map(|()| None);
        }
        self.server_sleeps(thread, transaction);
        // In MySQL, SLEEP() takes KILL QUERY for the end of its sleep.
        let quietly = || !mariadb && statement.is_some_and(|s| self.scenario.sleeps(s));
        if interrupted && !quietly() { Err(of_server(driver, 1317)) } else { Ok(None) }
    }

    pub(crate) fn server_sleeps(&mut self, thread: u32, transaction: Transaction) {
        let now = self.now;
        if let Some(t) = self.server.threads.get_mut(thread) {
            t.idle_since = Some(now);
            match transaction {
                Transaction::Begins => t.in_transaction = true,
                Transaction::Ends => t.in_transaction = false,
                Transaction::Stays => {}
            }
            let (in_transaction, cause) = (t.in_transaction, t.last);
            let slept = EventKind::ServerSleep { thread, in_transaction };
            let id = self.emit_outside(cause, Rule::ServerCommand, slept);
            self.was_last(thread, id);
        }
    }

    /// SQLAlchemy lets one coroutine at a time execute on a connection (`AsyncAdapt_dbapi_connection._execute_mutex`); COMMIT, ROLLBACK and
    /// pings do not ask. True if this one must wait until it is handed over.
    pub(crate) fn must_queue(&mut self, connection: u32) -> bool {
        let task = self.current();
        match self.executing.iter_mut().find(|(of, _)| *of == connection) {
            Some((_, queue)) => queue.push_back(task),
            None => {
                self.executing.push((connection, VecDeque::new()));
                return false;
            }
        }
        true
    }

    pub(crate) fn leave_queue(&mut self, connection: u32) {
        let Some(at) = self.executing.iter().position(|(of, _)| *of == connection) else { return };
        match self.executing[at].1.pop_front() {
            Some(next) => self.call_soon(next),
            None => {
                self.executing.swap_remove(at);
            }
        }
    }

    /// What ended the session of this connection, or the way to it.
    pub(crate) fn ended_by(&self, connection: u32) -> Option<EventId> {
        let dbapi = self.dbapi.get(connection)?;
        dbapi.cut.map(|(_, event)| event).or(dbapi.death.map(|(_, event)| event))
    }

    /// KILL QUERY: a session that runs nothing does not notice.
    pub(crate) fn interrupt(&mut self, thread: u32) {
        let Some(t) = self.server.threads.get(thread) else { return };
        let (connection, cause) = (t.connection, t.last);
        let id = self.emit_outside(cause, Rule::KillQuery, EventKind::ServerKillQuery { thread });
        self.was_last(thread, id);
        let Some(dbapi) = connection.and_then(|c| self.dbapi.get_mut(c)) else { return };
        if let Some(task) = dbapi.busy.filter(|_| dbapi.cut.is_none() && !self.forked) {
            dbapi.interrupted = true;
            self.answer(task);
        }
    }

    /// The end of a command.
    fn executed(&mut self, connection: u32, command: Command, done: Result<(), DbapiError>) -> Result<(), DbapiError> {
        let driver = self.scenario.driver;
        let done = done.map_err(|error| if driver.is_connector() { command.raises(driver, error) } else { error });
        if command.event(connection).is_none() {
            return done;
        }
        let statement = match command {
            Command::Cursor(statement) | Command::CursorInVain(statement) => Some(statement),
            _ => command.statement(),
        };
        let error = done.err().map(|e| wrap(self.scenario, e, statement));
        // A failure is caused by what ended the session, not by the statement that found out.
        match done.err().and_then(|e| Some((e.os, self.ended_by(connection)?))) {
            Some((os, cause)) => {
                let rule = match os {
                    TIMED_OUT => Rule::ReadTimeout,
                    TCP_TIMED_OUT => Rule::TcpGivesUp,
                    _ => Rule::DeadSocket,
                };
                self.emit_from(Some(cause), rule, EventKind::Executed { connection, error })
            }
            None => self.emit(Rule::Wire, EventKind::Executed { connection, error }),
        };
        if command == Command::Commit || command == Command::Rollback {
            return done.map_err(|error| self.looked_at(connection, error));
        }
        done
    }

    /// `MySQLDialect.do_commit` and `.do_rollback` of 1.2: MySQL before 3.23.15 had neither.
    fn looked_at(&mut self, connection: u32, error: DbapiError) -> DbapiError {
        if self.scenario.sqlalchemy >= SqlAlchemy::V1_3 {
            return error;
        }
        let has = |pool: &Pool| pool.records.iter().any(|(_, record)| record.connection == Some(connection));
        let engine = self.pools.iter().find(|pool| has(pool)).map(|pool| usize::from(pool.engine));
        if engine.is_none_or(|engine| !self.engines[engine].versionless) {
            return error;
        }
        let error = DbapiError::of_python(DbapiClass::TypeError);
        let raised = wrap(self.scenario, error, None);
        self.emit(Rule::Propagate, EventKind::Raise { error: raised });
        error
    }

    /// The driver closes its side; on a dead connection nothing happens and nobody is told.
    pub(crate) fn dbapi_close(&mut self, connection: u32) {
        let Some(dbapi) = self.dbapi.remove(connection) else {
            return;
        };
        let connected = dbapi.death.is_none() && dbapi.cut.is_none();
        if connected && self.is_silent() {
            self.client_leaves(dbapi.thread, None, false);
            if let Some(task) = dbapi.busy {
                self.wake(task);
            }
        } else if connected && self.server.threads.remove(dbapi.thread).is_some() {
            let in_use = self.server.in_use();
            let cause = self.last_event();
            let quit = EventKind::ServerQuit { thread: dbapi.thread, in_use, aborted: false };
            let event = self.emit_outside(cause, Rule::ClientQuits, quit);
            // Whoever waits on it for an answer, in another thread, gets none.
            if let Some(task) = dbapi.busy {
                self.wake(task);
            }
            self.ends_for_others(dbapi.thread, Death::Kill, event);
        }
    }

    /// The socket closes because its process ends, or because nothing refers to the connection any more. mysqlclient and
    /// MySQL Connector's C extension say COM_QUIT all the same, the others do not.
    pub(crate) fn dbapi_lost(&mut self, connection: u32, cause: Option<EventId>) {
        let Some(dbapi) = self.dbapi.remove(connection) else { return };
        // Another process has the socket too: without a goodbye the server notices nothing.
        if self.forked && self.dbapi.iter().any(|(_, other)| other.death.is_none() && other.thread == dbapi.thread) {
            return;
        }
        let (connected, aborted) = (dbapi.death.is_none() && dbapi.cut.is_none(), !self.scenario.driver.says_goodbye());
        if connected && self.is_silent() {
            self.client_leaves(dbapi.thread, cause, aborted);
        } else if connected && self.server.threads.remove(dbapi.thread).is_some() {
            self.server.status.aborted_clients += u32::from(aborted);
            let in_use = self.server.in_use();
            let quit = EventKind::ServerQuit { thread: dbapi.thread, in_use, aborted };
            self.emit_outside(cause, Rule::ClientQuits, quit);
        }
    }

    /// The server ends a session; its client finds out when it next uses the connection, or now if it is waiting.
    pub(crate) fn server_ends(
        &mut self,
        thread: u32,
        death: Death,
        event: impl Fn(u32) -> EventKind,
        cause: Option<EventId>,
    ) {
        let Some(gone) = self.server.threads.remove(thread) else {
            return;
        };
        let rule = match death {
            Death::Timeout => Rule::WaitTimeout,
            Death::Kill => Rule::Kill,
            Death::Restart => Rule::Restart,
        };
        let id = self.emit_outside(cause.or(gone.last), rule, event(self.server.in_use()));
        if death != Death::Restart {
            self.server.status.aborted_clients += 1;
        }
        self.ends_for_others(thread, death, id);
        // Nor does what the server says arrive on a way that is cut.
        let dbapi = gone.connection.and_then(|c| self.dbapi.get_mut(c));
        let Some(dbapi) = dbapi.filter(|d| d.cut.is_none() && d.death.is_none()) else {
            return;
        };
        dbapi.death = Some((death, id));
        if let Some(task) = dbapi.busy.take() {
            self.answer(task);
        }
    }
}
