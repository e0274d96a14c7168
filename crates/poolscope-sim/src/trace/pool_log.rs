//! What SQLAlchemy's pool logs with `echo_pool="debug"`, word for word, read off the trace. INFO and above is what `echo_pool=True` shows.

use super::{EventId, EventKind, PingResult, PoolEvent, PoolFigures, Rule, Trace, TraceEvent};
use crate::engine::error::{DbapiClass, DbapiError, PyError};
use crate::scenario::{Driver, EngineOptions, PoolClass, ResetOnReturn, SqlAlchemy};

/// One record of the logger of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The event beside which it was written, and on which side.
    pub event: EventId,
    pub before: bool,
    /// `None`: the garbage collector.
    pub task: Option<u16>,
    /// Python's name of it: DEBUG, INFO, ERROR.
    pub level: &'static str,
    pub text: String,
}

/// The lines in the order in which they are written.
pub fn pool_log(trace: &Trace) -> Vec<LogLine> {
    let threads = vec![Thread::default(); trace.tasks.len() + 1];
    let mut log = Log { trace, lines: Vec::new(), threads, closed: Vec::new(), at: 0, before: false };
    for (at, event) in trace.events.iter().enumerate() {
        log.at = at;
        log.event(event);
    }
    log.lines
}

/// `pool_log` as a log file shows it; in place of the date, the time of the simulation.
pub fn log_text(trace: &Trace) -> String {
    let lines: Vec<String> = log_lines(trace).into_iter().map(|(_, line)| line).collect();
    lines.concat()
}

/// Each line of it, with the event beside which it was written.
pub fn log_lines(trace: &Trace) -> Vec<(EventId, String)> {
    let mut out = Vec::new();
    for line in pool_log(trace) {
        let Some(event) = trace.events.get(line.event.0 as usize) else { continue };
        let us = event.at.as_us();
        let class =
            engine_of(&event.kind).and_then(|e| options(trace, e)).map_or(PoolClass::QueuePool, |o| o.poolclass);
        let module =
            if trace.scenario.sqlalchemy < SqlAlchemy::V1_3 { "sqlalchemy.pool" } else { "sqlalchemy.pool.impl" };
        let (whole, part) = (us / 1_000_000, us % 1_000_000);
        let text = format!("{whole:>5}.{part:06} {} {module}.{} {}\n", line.level, class.name(), line.text);
        out.push((line.event, text));
    }
    out
}

struct Log<'t> {
    trace: &'t Trace,
    lines: Vec<LogLine>,
    /// By task; the first is the garbage collector.
    threads: Vec<Thread>,
    closed: Vec<u32>,
    at: usize,
    before: bool,
}

/// What a thread is in the middle of.
#[derive(Clone, Default)]
struct Thread {
    /// A connection whose `connect` listeners have not run yet.
    opened: Option<u32>,
    checking_out: bool,
    pinged: Option<u32>,
    /// The connection that is being reset, and whether through a Transaction.
    resetting: Option<(u32, bool)>,
    reset_failed: bool,
    failed: Option<Failed>,
    /// The error after which a Connection rolls back by itself: if that finds it dead, the first error is the reason.
    first: Option<Failed>,
}

/// Why the next invalidation happens.
#[derive(Clone, Copy)]
enum Failed {
    Ping,
    Listener,
    Driver(DbapiError),
    /// The same as SQLAlchemy raises it.
    Wrapped(PyError),
}

impl Log<'_> {
    fn event(&mut self, event: &TraceEvent) {
        let version = self.trace.scenario.sqlalchemy;
        let task = match event.kind {
            EventKind::ServerOpen { connection: Some(connection), .. } => {
                let cause = event.cause.and_then(|cause| self.trace.events.get(cause.0 as usize));
                let task = cause.and_then(|cause| cause.task);
                self.thread(task).opened = Some(connection);
                return self.after(task, "DEBUG", format!("Created new connection {}", self.name(connection)));
            }
            EventKind::ServerQuit { .. } => {
                let cause = event.cause.and_then(|cause| self.trace.events.get(cause.0 as usize));
                self.close_stranded(cause.and_then(|cause| cause.task));
                return;
            }
            EventKind::Status { .. } | EventKind::InvalidatePool { .. } => {
                self.close_stranded(event.task);
                return;
            }
            kind if of_application(&kind) => event.task,
            _ => return,
        };
        if !matches!(event.kind, EventKind::Pool { event: PoolEvent::FirstConnect | PoolEvent::Connect, .. }) {
            self.close_stranded(task);
        }
        let failed = self.thread(task).failed.take();
        if !matches!(
            event.kind,
            EventKind::Pool { .. } | EventKind::Rollback { .. } | EventKind::Commit { .. } | EventKind::Executed { .. }
        ) {
            self.thread(task).resetting = None;
        }
        match event.kind {
            EventKind::ConnectFailed { error: PyError::Dbapi { error, .. }, .. } => {
                let error = error.shown(&self.trace.scenario);
                self.after(task, "DEBUG", format!("Error on connect(): {error}"));
                // Only a record that is shared has a connection to lose now.
                if let EventKind::ConnectFailed { error, .. } = event.kind {
                    self.thread(task).failed = driver_error(error);
                }
            }
            EventKind::Ping { engine, connection, .. } => {
                self.checked_out(task, connection);
                if event.rule == Rule::PrePing {
                    self.before(task, "DEBUG", format!("Pool pre-ping on connection {}", self.name(connection)));
                } else {
                    self.not_pinged(task, engine, connection);
                }
                let thread = self.thread(task);
                (thread.checking_out, thread.pinged) = (true, Some(connection));
            }
            EventKind::Pinged { connection, result, .. } => match result {
                PingResult::Alive => {}
                PingResult::Dead(_) if event.rule == Rule::PingListener => {
                    let what = "Disconnection detected on checkout";
                    let text = match version {
                        SqlAlchemy::V1_1 => format!("{what}: "),
                        _ => {
                            let name = self.name(connection);
                            format!("{what}, invalidating individual connection {name} (reason: DisconnectionError())")
                        }
                    };
                    self.after(task, "INFO", text);
                    self.thread(task).failed = Some(Failed::Listener);
                }
                PingResult::Dead(_) => {
                    let name = self.name(connection);
                    self.after(
                        task,
                        "DEBUG",
                        format!("Pool pre-ping on connection {name} failed, will invalidate pool"),
                    );
                    let why = "invalidating all pooled connections prior to current timestamp";
                    let text = format!("Disconnection detected on checkout, {why} (reason: InvalidatePoolError())");
                    self.after(task, "INFO", text);
                    self.thread(task).failed = Some(Failed::Ping);
                }
                PingResult::Failed(error) => self.thread(task).failed = driver_error(error),
            },
            EventKind::Raise {
                error: error @ PyError::Dbapi { error: DbapiError { class: DbapiClass::TypeError, .. }, .. },
            } => {
                self.thread(task).failed = driver_error(error);
            }
            EventKind::Rollback { .. } if self.thread(task).resetting.is_none() => self.thread(task).first = failed,
            EventKind::Executed { error: None, .. } => self.thread(task).first = None,
            EventKind::Executed { connection, error: Some(error) } => {
                let disconnect = matches!(error, PyError::Dbapi { disconnect: true, .. });
                let thread = self.thread(task);
                thread.failed = thread.first.take().or_else(|| driver_error(error));
                if let Some((_, agent)) = self.thread(task).resetting.filter(|(c, _)| *c == connection) {
                    // Through a Transaction, the Connection invalidates before the pool hears of it.
                    if agent && !disconnect {
                        self.thread(task).failed = Some(Failed::Wrapped(error));
                    }
                    let more =
                        [PoolEvent::Invalidate, PoolEvent::Checkin].iter().any(|event| self.is_next(task, *event));
                    if agent && disconnect && more {
                        self.thread(task).reset_failed = true;
                    } else {
                        self.after(task, "ERROR", "Exception during reset or similar".to_owned());
                    }
                }
            }
            EventKind::Dispose { engine } => {
                if let Some(options) = options(self.trace, engine)
                    .filter(|o| o.poolclass == PoolClass::QueuePool && event.rule == Rule::Dispose)
                {
                    let size = options.pool_size;
                    let overflow = if size == 0 { 0 } else { -(size as i32) };
                    let status = PoolFigures { size, checked_in: 0, overflow, checked_out: 0 }.status();
                    self.before(task, "INFO", format!("Pool disposed. {status}"));
                }
                self.before(task, "INFO", "Pool recreating".to_owned());
            }
            EventKind::Raise { .. } => self.thread(task).checking_out = false,
            EventKind::Pool { engine, event: kind, connection: Some(connection), .. } => {
                let name = self.name(connection);
                match kind {
                    PoolEvent::Connect => self.thread(task).opened = None,
                    PoolEvent::Checkout => {
                        self.checked_out(task, connection);
                        self.not_pinged(task, engine, connection);
                        let thread = self.thread(task);
                        (thread.checking_out, thread.pinged) = (false, None);
                    }
                    PoolEvent::Reset { detached } => self.reset(task, engine, (connection, detached), event.rule),
                    PoolEvent::Checkin => self.checked_in(task),
                    PoolEvent::Detach | PoolEvent::FirstConnect => {}
                    PoolEvent::Close | PoolEvent::CloseDetached => {
                        let why = match event.rule {
                            Rule::Recycle => "exceeded timeout; recycling",
                            Rule::PoolInvalidated => "invalidated due to pool invalidation; recycling",
                            Rule::SoftInvalidated => "invalidated due to local soft invalidation; recycling",
                            _ => "",
                        };
                        if !why.is_empty() {
                            self.before(task, "INFO", format!("Connection {name} {why}"));
                        }
                        let collected = event.rule == Rule::GarbageAsync;
                        let hard = !why.is_empty() || collected || event.rule == Rule::Disconnect;
                        let hard = hard && version >= SqlAlchemy::V1_4;
                        let how = if hard { "Hard-closing" } else { "Closing" };
                        self.after(task, "DEBUG", format!("{how} connection {name}"));
                        let driver = self.trace.scenario.driver;
                        let complains = !driver.is_async() && !driver.is_connector();
                        if complains && self.closed.contains(&connection) {
                            self.after(task, "ERROR", format!("Exception closing connection {name}"));
                        }
                        self.closed.push(connection);
                        if collected {
                            self.collected(task, &name);
                        }
                        if !self.is_next(task, PoolEvent::Checkin)
                            && std::mem::take(&mut self.thread(task).reset_failed)
                        {
                            self.after_quit(task, "Exception during reset or similar".to_owned());
                        }
                    }
                    PoolEvent::Invalidate => {
                        let reason = match failed {
                            None => String::new(),
                            Some(Failed::Ping) => " (reason: InvalidatePoolError:())".to_owned(),
                            Some(Failed::Listener) if version == SqlAlchemy::V1_1 => {
                                " (reason: DisconnectionError:)".to_owned()
                            }
                            Some(Failed::Listener) => " (reason: DisconnectionError:())".to_owned(),
                            Some(Failed::Wrapped(error)) => {
                                let text = error.text(&self.trace.scenario);
                                let text = text.trim_start_matches("sqlalchemy.exc.").replacen(": ", ":", 1);
                                format!(" (reason: {text})")
                            }
                            Some(Failed::Driver(error)) => {
                                format!(" (reason: {}:{})", error.class.name(), error.shown(&self.trace.scenario))
                            }
                        };
                        if self.thread(task).checking_out && failed.is_none() {
                            self.before(task, "INFO", "Reconnection attempts exhausted on checkout".to_owned());
                        }
                        self.after(task, "INFO", format!("Invalidate connection {name}{reason}"));
                    }
                    PoolEvent::SoftInvalidate => {
                        self.after(task, "INFO", format!("Soft Invalidate connection {name}"));
                    }
                }
            }
            EventKind::Pool { event: PoolEvent::Checkin, .. } => self.checked_in(task),
            _ => {}
        }
    }

    fn checked_out(&mut self, task: Option<u16>, connection: u32) {
        if !self.thread(task).checking_out {
            self.before(task, "DEBUG", format!("Connection {} checked out from pool", self.name(connection)));
        }
    }

    /// The pool has left out its ping.
    fn not_pinged(&mut self, task: Option<u16>, engine: u16, connection: u32) {
        let pings = options(self.trace, engine).is_some_and(|o| o.pool_pre_ping);
        let says = pings && self.trace.scenario.sqlalchemy >= SqlAlchemy::V1_4;
        if says && self.thread(task).pinged != Some(connection) {
            let name = self.name(connection);
            self.before(task, "DEBUG", format!("Connection {name} is fresh, skipping pre-ping"));
        }
    }

    fn checked_in(&mut self, task: Option<u16>) {
        let thread = self.thread(task);
        (thread.checking_out, thread.resetting) = (false, None);
        if std::mem::take(&mut thread.reset_failed) {
            self.after(task, "ERROR", "Exception during reset or similar".to_owned());
        }
    }

    /// `_finalize_fairy` complains when the connection has been closed.
    fn collected(&mut self, task: Option<u16>, name: &str) {
        let text = format!(
            "The garbage collector is trying to clean up non-checked-in connection {name}, which will be terminated.  \
             Please ensure that SQLAlchemy pooled connections are returned to the pool explicitly, either by calling \
             ``close()`` or by using appropriate context managers to manage their lifecycle."
        );
        self.after_quit(task, text);
    }

    /// An error that is logged when the driver has closed the connection.
    fn after_quit(&mut self, task: Option<u16>, text: String) {
        let closing = self.at;
        // A silent server hears of it later.
        let events = &self.trace.events;
        if let (Some(close), Some(next)) = (events.get(closing), events.get(closing + 1))
            && matches!(next.kind, EventKind::ServerQuit { .. })
            && next.at == close.at
        {
            self.at += 1;
        }
        self.after(task, "ERROR", text);
        self.at = closing;
    }

    /// What the thread does next.
    fn next(&self, task: Option<u16>) -> Option<EventKind> {
        let rest = self.trace.events.get(self.at + 1..).unwrap_or_default();
        rest.iter().find(|e| e.task == task && of_application(&e.kind)).map(|e| e.kind)
    }

    /// Whether it still has a connection to invalidate, or to return: another thread that shares it may have been faster.
    fn is_next(&self, task: Option<u16>, expected: PoolEvent) -> bool {
        matches!(self.next(task), Some(EventKind::Pool { event, .. }) if event == expected)
    }

    /// What the reset will do shows in what the thread does next.
    fn reset(&mut self, task: Option<u16>, engine: u16, (connection, detached): (u32, bool), rule: Rule) {
        let name = self.name(connection);
        let agent = rule == Rule::ResetAgent;
        if !detached {
            self.before(task, "DEBUG", format!("Connection {name} being returned to pool"));
        }
        let mode = options(self.trace, engine).map(|o| o.pool_reset_on_return);
        let next = self.next(task);
        let via = if agent { ", via agent" } else { "" };
        let what = match next {
            Some(EventKind::Rollback { connection: c }) if c == connection => format!("rollback-on-return{via}"),
            Some(EventKind::Commit { connection: c }) if c == connection => format!("commit-on-return{via}"),
            _ if rule == Rule::GarbageAsync => String::new(),
            _ if mode == Some(ResetOnReturn::Rollback) => "reset, transaction already reset".to_owned(),
            _ => String::new(),
        };
        if !what.is_empty() {
            self.after(task, "DEBUG", format!("Connection {name} {what}"));
        }
        self.thread(task).resetting = Some((connection, agent));
    }

    /// A connection whose `connect` listeners failed: closed without an event since 2.0.53.
    fn close_stranded(&mut self, task: Option<u16>) {
        if let Some(connection) = self.thread(task).opened.take()
            && self.trace.scenario.sqlalchemy >= SqlAlchemy::V2_0
        {
            self.before(task, "DEBUG", format!("Hard-closing connection {}", self.name(connection)));
        }
    }

    fn before(&mut self, task: Option<u16>, level: &'static str, text: String) {
        self.before = true;
        self.after(task, level, text);
        self.before = false;
    }

    fn after(&mut self, task: Option<u16>, level: &'static str, text: String) {
        self.lines.push(LogLine { event: EventId(self.at as u32), before: self.before, task, level, text });
    }

    fn thread(&mut self, task: Option<u16>) -> &mut Thread {
        let at = task.map_or(0, |task| usize::from(task) + 1).min(self.threads.len() - 1);
        &mut self.threads[at]
    }

    /// `repr()` of the driver's connection; its address is made of its number.
    fn name(&self, connection: u32) -> String {
        let address = format!("0x7f5c{:08x}", u64::from(connection) * 16);
        let driver = self.trace.scenario.driver;
        let what = match driver {
            Driver::PyMySql => "pymysql.connections.Connection object",
            Driver::AioMySql => "AdaptedConnection <aiomysql.connection.Connection object",
            Driver::MysqlConnectorPure => "mysql.connector.connection.MySQLConnection object",
            Driver::MysqlConnector => "mysql.connector.connection_cext.CMySQLConnection object",
            _ if self.closed.contains(&connection) => "_mysql.connection closed",
            _ => "_mysql.connection open to 'db'",
        };
        format!("<{what} at {address}>{}", if driver == Driver::AioMySql { ">" } else { "" })
    }
}

/// Of a thread of the application or of the garbage collector, not of the server or of the scenario.
fn of_application(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Line { .. }
            | EventKind::Raise { .. }
            | EventKind::Finish { .. }
            | EventKind::Pool { .. }
            | EventKind::Ping { .. }
            | EventKind::Pinged { .. }
            | EventKind::Dispose { .. }
            | EventKind::Connecting { .. }
            | EventKind::ConnectFailed { .. }
            | EventKind::Execute { .. }
            | EventKind::Executed { .. }
            | EventKind::Commit { .. }
            | EventKind::Rollback { .. }
    )
}

fn driver_error(error: PyError) -> Option<Failed> {
    match error {
        PyError::Dbapi { error, .. } => Some(Failed::Driver(error)),
        _ => None,
    }
}

fn engine_of(kind: &EventKind) -> Option<u16> {
    match *kind {
        EventKind::Pool { engine, .. }
        | EventKind::Ping { engine, .. }
        | EventKind::Pinged { engine, .. }
        | EventKind::Dispose { engine }
        | EventKind::Connecting { engine, .. }
        | EventKind::ConnectFailed { engine, .. } => Some(engine),
        _ => None,
    }
}

fn options(trace: &Trace, engine: u16) -> Option<&EngineOptions> {
    trace.scenario.engines.get(trace.engines.get(usize::from(engine))?.options)
}
