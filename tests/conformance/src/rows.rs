//! A trace as the harness prints its run: the events that the real SQLAlchemy, driver and server show to an observer.

use poolscope_sim::engine::error::PyError;
use poolscope_sim::scenario::PoolClass;
use poolscope_sim::trace::{EventKind, PingResult, PoolFigures, TraceEvent, pool_log};
use poolscope_sim::{Scenario, Trace};
use std::collections::{BTreeMap, BTreeSet};

/// One row per event: microseconds, process/thread, event, details.
pub fn rows(trace: &Trace) -> Vec<String> {
    let mut rows = Rows { trace, names: task_names(trace), clients: BTreeMap::new(), cursors: BTreeSet::new() };
    let mut log = pool_log(trace).into_iter().peekable();
    let mut all = Vec::new();
    for (at, event) in trace.events.iter().enumerate() {
        // What the pool logs stands before or after the event it belongs to.
        for before in [true, false] {
            if !before {
                all.extend(rows.row(event));
            }
            while let Some(line) = log.next_if(|line| line.event.0 as usize == at && line.before == before) {
                let name = line.task.and_then(|task| rows.names.get(usize::from(task))).map_or("-", String::as_str);
                let (level, text) = (quoted(line.level), quoted(&line.text));
                all.push(format!("{} {name} log level={level} text={text}", event.at.as_us()));
            }
        }
    }
    all
}

/// `2/0`: the first thread of the third process.
fn task_names(trace: &Trace) -> Vec<String> {
    let mut threads: BTreeMap<u16, u32> = BTreeMap::new();
    trace
        .tasks
        .iter()
        .map(|task| {
            let thread = threads.entry(task.process).or_default();
            *thread += 1;
            format!("{}/{}", task.process, *thread - 1)
        })
        .collect()
}

struct Rows<'t> {
    trace: &'t Trace,
    names: Vec<String>,
    /// The client's number of a server session, for rows that know only the server's.
    clients: BTreeMap<u32, Option<u32>>,
    /// Connections of MySQL Connector that have made a cursor and have executed nothing with it.
    cursors: BTreeSet<u32>,
}

impl Rows<'_> {
    fn row(&mut self, event: &TraceEvent) -> Option<String> {
        let text = self.text(&event.kind)?;
        let server = text.starts_with("server.") || text.starts_with("arrive ") || text == "gc";
        let name = event.task.and_then(|task| self.names.get(usize::from(task)));
        let name = name.filter(|_| !server).map_or("-", String::as_str);
        Some(format!("{} {name} {text}", event.at.as_us()))
    }

    fn text(&mut self, kind: &EventKind) -> Option<String> {
        let scenario = &self.trace.scenario;
        Some(match kind {
            EventKind::Arrive { request, .. } => format!("arrive request={request}"),
            EventKind::Start { request } => format!("start request={request}"),
            EventKind::Finish { request, error } => {
                let error = error.map(|e| self.trace.error_text(&e));
                format!(
                    "finish request={request}{}",
                    error.map_or_else(String::new, |e| format!(" error={}", quoted(&e)))
                )
            }
            EventKind::ProcessStart { process } => format!("process_start process={process}"),
            EventKind::ProcessExit { process } => format!("process_exit process={process}"),
            EventKind::Log { log } => format!(
                "log level={} logger={} text={}",
                quoted(log.level()),
                quoted(log.logger()),
                quoted(&log.text(scenario))
            ),
            EventKind::Collect { .. } => "gc".to_owned(),
            EventKind::Dispose { engine } => format!("dispose engine={engine}"),
            EventKind::Pool { engine, event, connection, figures, .. } => {
                let figures = self.figures(*engine, figures);
                format!("{} engine={engine} conn={} pool={figures}", event.name(), number(*connection))
            }
            EventKind::Ping { connection, .. } => format!("ping conn={connection}"),
            EventKind::Pinged { connection, result, .. } => {
                let error = match result {
                    PingResult::Alive => None,
                    PingResult::Dead(error) | PingResult::Failed(error) => Some(error),
                };
                format!("pinged conn={connection}{}", driver_error(error, scenario))
            }
            EventKind::Connecting { engine, .. } => format!("connecting engine={engine}"),
            EventKind::ConnectFailed { engine, error, .. } => {
                format!("connect_failed engine={engine}{}", driver_error(Some(error), scenario))
            }
            EventKind::Inherit { engine, connection, parent, .. } => {
                format!("inherit engine={engine} conn={connection} parent={parent}")
            }
            EventKind::WrongAnswer { connection, statement } => {
                let sql = statement.map_or_else(String::new, |s| format!(" sql={}", quoted(scenario.sql(s))));
                format!("wrong_answer conn={connection}{sql}")
            }
            // The cursor is what may fail, before there is a statement.
            EventKind::Execute { connection, .. } if scenario.driver.is_connector() => {
                self.cursors.insert(*connection);
                format!("cursor conn={connection}")
            }
            EventKind::Execute { connection, statement } => {
                format!("execute conn={connection} sql={}", quoted(scenario.sql(*statement)))
            }
            EventKind::ServerRun { thread, statement: Some(_) } => {
                if let Some(Some(client)) = self.clients.get(thread) {
                    self.cursors.remove(client);
                }
                return None;
            }
            // SQLAlchemy has refused the statement: nothing tells when the cursor was there.
            EventKind::Executed { connection, error: None } if self.cursors.remove(connection) => return None,
            EventKind::Executed { connection, error } => {
                self.cursors.remove(connection);
                format!("executed conn={connection}{}", driver_error(error.as_ref(), scenario))
            }
            EventKind::Commit { connection } => format!("commit conn={connection}"),
            EventKind::Rollback { connection } => format!("rollback conn={connection}"),
            EventKind::ServerOpen { thread, connection, in_use } => {
                self.clients.insert(*thread, *connection);
                format!("server.open conn={} in_use={in_use}", number(*connection))
            }
            EventKind::ServerRefuse { code, in_use } => format!("server.refuse code={code} in_use={in_use}"),
            EventKind::ServerQuit { thread, in_use, .. } => self.server("quit", *thread, *in_use),
            EventKind::ServerTimeout { thread, in_use } => self.server("timeout", *thread, *in_use),
            EventKind::ServerKill { thread, in_use } => self.server("kill", *thread, *in_use),
            EventKind::ServerKillQuery { .. } => return None,
            EventKind::ServerDown { lost } => format!("server.down lost={lost}"),
            EventKind::ServerUp => "server.up".to_owned(),
            EventKind::Cut { connection, how } => format!("server.cut conn={connection} how={}", quoted(how.name())),
            // What only the simulator knows: lines, waits, Sessions, its own bookkeeping.
            EventKind::End
            | EventKind::Truncated { .. }
            | EventKind::Line { .. }
            | EventKind::Busy { .. }
            | EventKind::Session { .. }
            | EventKind::SessionEnd { .. }
            | EventKind::Lost { .. }
            | EventKind::Raise { .. }
            | EventKind::Hold { .. }
            | EventKind::EngineLost { .. }
            | EventKind::EngineGone { .. }
            | EventKind::Wait { .. }
            | EventKind::Wake { .. }
            | EventKind::Status { .. }
            | EventKind::InvalidatePool { .. }
            | EventKind::ServerRun { .. }
            | EventKind::ServerSilent
            | EventKind::ServerAnswers
            | EventKind::ServerSleep { .. } => return None,
        })
    }

    fn server(&self, event: &str, thread: u32, in_use: u32) -> String {
        format!("server.{event} conn={} in_use={in_use}", number(self.clients.get(&thread).copied().flatten()))
    }

    /// `pool.size()/checkedin()/overflow()/checkedout()`; of the pools that count nothing, `status()`.
    fn figures(&self, engine: u16, figures: &PoolFigures) -> String {
        let options = self.trace.engines.get(usize::from(engine)).map(|e| &self.trace.scenario.engines[e.options]);
        match options.map(|o| o.poolclass) {
            Some(PoolClass::QueuePool) | None => {}
            Some(class) => return quoted(&figures.status_of(class)),
        }
        format!("{}/{}/{}/{}", figures.size, figures.checked_in, figures.overflow, figures.checked_out)
    }
}

fn number(connection: Option<u32>) -> String {
    connection.map_or_else(|| "-".to_owned(), |c| c.to_string())
}

/// The driver's own exception, before SQLAlchemy wraps it.
fn driver_error(error: Option<&PyError>, scenario: &Scenario) -> String {
    match error {
        None => String::new(),
        Some(PyError::Dbapi { error, .. }) => {
            let arguments = error.args(scenario);
            // Of one argument Python prints a tuple all the same.
            let arguments = match arguments.starts_with('(') {
                // aiomysql writes the pair into a text.
                true if scenario.driver.is_async() && error.code == 0 => format!("(\"{arguments}\",)"),
                true => arguments,
                false => format!("('{arguments}',)"),
            };
            format!(" error={}", quoted(&format!("{}{arguments}", error.class.name())))
        }
        Some(other) => format!(" error={}", quoted(&other.text(scenario))),
    }
}

/// One line, whatever is in the text.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
