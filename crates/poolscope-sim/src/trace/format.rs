//! The trace as text: one JSON object a line, one aligned row a line. Both come from one list of fields per event.

use super::{EventKind, PingResult, PoolFigures, Trace, TraceEvent};
use crate::engine::error::PyError;
use crate::scenario::json;
use std::fmt::Write;

/// One JSON object per event and line; the bytes are the same natively and in wasm.
pub fn jsonl(trace: &Trace) -> String {
    let mut out = String::new();
    for event in &trace.events {
        let _ = write!(out, "{{\"at\":{}", event.at.as_us());
        if let Some(cause) = event.cause {
            let _ = write!(out, ",\"cause\":{}", cause.0);
        }
        let _ = write!(out, ",\"rule\":\"{}\"", event.rule.id());
        if let Some(task) = event.task {
            let _ = write!(out, ",\"task\":{task}");
        }
        let _ = write!(out, ",\"event\":\"{}\"", event.kind.name());
        fields(trace, &event.kind, &mut |name, value| {
            let _ = match value {
                Field::Number(n) => write!(out, ",\"{name}\":{n}"),
                Field::Text(text) => {
                    let _ = write!(out, ",\"{name}\":");
                    json::write_text(&mut out, &text);
                    Ok(())
                }
            };
        });
        out.push_str("}\n");
    }
    out
}

/// `seconds thread event details`, aligned.
pub fn log_table(trace: &Trace) -> String {
    let width = trace.tasks.iter().map(|t| t.name.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for event in &trace.events {
        let us = event.at.as_us();
        let who = event.task.and_then(|t| trace.tasks.get(usize::from(t))).map_or("", |t| t.name.as_str());
        let (name, details) = event_row(trace, event);
        let line = format!("{:>5}.{:06}  {who:width$}  {name:15} {details}", us / 1_000_000, us % 1_000_000);
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Event name and details, for a row of a table or a tooltip.
pub fn event_row(trace: &Trace, event: &TraceEvent) -> (String, String) {
    let mut details = String::new();
    fields(trace, &event.kind, &mut |name, value| {
        let gap = if details.is_empty() { "" } else { " " };
        let _ = match value {
            Field::Number(n) => write!(details, "{gap}{name}={n}"),
            Field::Text(text) => {
                write!(details, "{gap}{name}={}", text.lines().next().unwrap_or_default())
            }
        };
    });
    (event.kind.name().to_owned(), details)
}

enum Field {
    Number(i64),
    Text(String),
}

impl EventKind {
    /// The name in traces; for pool events SQLAlchemy's own.
    pub const fn name(&self) -> &'static str {
        match self {
            EventKind::End => "end",
            EventKind::Truncated { .. } => "truncated",
            EventKind::ProcessStart { .. } => "process_start",
            EventKind::ProcessExit { .. } => "process_exit",
            EventKind::Arrive { .. } => "arrive",
            EventKind::Start { .. } => "start",
            EventKind::Finish { .. } => "finish",
            EventKind::Line { .. } => "line",
            EventKind::Busy { .. } => "busy",
            EventKind::Session { .. } => "session",
            EventKind::Hold { .. } => "hold",
            EventKind::SessionEnd { .. } => "session_end",
            EventKind::Lost { .. } => "lost",
            EventKind::Collect { .. } => "gc",
            EventKind::EngineLost { .. } => "engine_lost",
            EventKind::EngineGone { .. } => "engine_gone",
            EventKind::Log { .. } => "log",
            EventKind::Raise { .. } => "raise",
            EventKind::Wait { .. } => "wait",
            EventKind::Wake { .. } => "wake",
            EventKind::Pool { event, .. } => event.name(),
            EventKind::Status { .. } => "status",
            EventKind::Ping { .. } => "ping",
            EventKind::Pinged { .. } => "pinged",
            EventKind::InvalidatePool { .. } => "invalidate_pool",
            EventKind::Dispose { .. } => "dispose",
            EventKind::Connecting { .. } => "connecting",
            EventKind::ConnectFailed { .. } => "connect_failed",
            EventKind::Inherit { .. } => "inherit",
            EventKind::WrongAnswer { .. } => "wrong_answer",
            EventKind::Execute { .. } => "execute",
            EventKind::Executed { .. } => "executed",
            EventKind::Commit { .. } => "commit",
            EventKind::Rollback { .. } => "rollback",
            EventKind::Cut { .. } => "cut",
            EventKind::ServerOpen { .. } => "server_open",
            EventKind::ServerRefuse { .. } => "server_refuse",
            EventKind::ServerRun { .. } => "server_run",
            EventKind::ServerSleep { .. } => "server_sleep",
            EventKind::ServerQuit { .. } => "server_quit",
            EventKind::ServerTimeout { .. } => "server_timeout",
            EventKind::ServerKill { .. } => "server_kill",
            EventKind::ServerKillQuery { .. } => "server_kill_query",
            EventKind::ServerDown { .. } => "server_down",
            EventKind::ServerUp => "server_up",
            EventKind::ServerSilent => "server_silent",
            EventKind::ServerAnswers => "server_answers",
        }
    }
}

/// The fields of an event in their fixed order.
fn fields(trace: &Trace, kind: &EventKind, put: &mut dyn FnMut(&'static str, Field)) {
    let mut number = |name, n: i64| put(name, Field::Number(n));
    match *kind {
        EventKind::End | EventKind::ServerUp | EventKind::ServerSilent | EventKind::ServerAnswers => {}
        EventKind::Truncated { limit } => put("limit", Field::Text(limit.name().to_owned())),
        EventKind::ProcessStart { process } | EventKind::ProcessExit { process } => {
            put("name", Field::Text(trace.processes.get(usize::from(process)).cloned().unwrap_or_default()));
        }
        EventKind::Arrive { request, process } => {
            number("request", request.into());
            number("process", process.into());
        }
        EventKind::Start { request } => number("request", request.into()),
        EventKind::Finish { request, error } => {
            number("request", request.into());
            put_error(trace, error, put);
        }
        EventKind::Line { line } => number("line", line.into()),
        EventKind::Busy { until } => number("until", until.as_us() as i64),
        EventKind::Session { session } | EventKind::Lost { session } => number("session", session.into()),
        EventKind::Hold { session, engine, slot, connection } => {
            number("session", session.into());
            put_place(engine, slot, Some(connection), put);
        }
        EventKind::SessionEnd { session, how } => {
            number("session", session.into());
            put("how", Field::Text(how.name().to_owned()));
        }
        EventKind::Collect { found } => number("found", found.into()),
        EventKind::Log { log } => {
            put("level", Field::Text(log.level().to_owned()));
            put("logger", Field::Text(log.logger().to_owned()));
            put("text", Field::Text(log.text(&trace.scenario)));
        }
        EventKind::Raise { error } => put_error(trace, Some(error), put),
        EventKind::Wait { engine, deadline } => {
            number("engine", engine.into());
            if let Some(deadline) = deadline {
                number("deadline", deadline.as_us() as i64);
            }
        }
        EventKind::Wake { engine }
        | EventKind::InvalidatePool { engine }
        | EventKind::Dispose { engine }
        | EventKind::EngineLost { engine }
        | EventKind::EngineGone { engine } => {
            number("engine", engine.into());
        }
        EventKind::Pool { engine, slot, connection, figures, .. } => {
            put_place(engine, slot, connection, put);
            put_figures(figures, put);
        }
        EventKind::Status { engine, figures } => {
            number("engine", engine.into());
            put_figures(figures, put);
        }
        EventKind::Ping { engine, slot, connection } => put_place(engine, slot, Some(connection), put),
        EventKind::Pinged { engine, slot, connection, result } => {
            put_place(engine, slot, Some(connection), put);
            match result {
                PingResult::Alive => put("result", Field::Text("alive".to_owned())),
                PingResult::Dead(error) => {
                    put("result", Field::Text("dead".to_owned()));
                    put_error(trace, Some(error), put);
                }
                PingResult::Failed(error) => {
                    put("result", Field::Text("failed".to_owned()));
                    put_error(trace, Some(error), put);
                }
            }
        }
        EventKind::Connecting { engine, slot } => put_place(engine, slot, None, put),
        EventKind::ConnectFailed { engine, slot, error } => {
            put_place(engine, slot, None, put);
            put_error(trace, Some(error), put);
        }
        EventKind::Inherit { engine, slot, connection, parent } => {
            put_place(engine, slot, Some(connection), put);
            put("parent", Field::Number(parent.into()));
        }
        EventKind::WrongAnswer { connection, statement } => {
            number("connection", connection.into());
            if let Some(statement) = statement {
                put("sql", Field::Text(trace.scenario.sql(statement).to_owned()));
            }
        }
        EventKind::Execute { connection, statement } => {
            number("connection", connection.into());
            put("sql", Field::Text(trace.scenario.sql(statement).to_owned()));
        }
        EventKind::Executed { connection, error } => {
            number("connection", connection.into());
            put_error(trace, error, put);
        }
        EventKind::Commit { connection } | EventKind::Rollback { connection } => {
            number("connection", connection.into())
        }
        EventKind::Cut { connection, how } => {
            number("connection", connection.into());
            put("how", Field::Text(how.name().to_owned()));
        }
        EventKind::ServerOpen { thread, connection, in_use } => {
            number("thread", thread.into());
            if let Some(connection) = connection {
                number("connection", connection.into());
            }
            number("in_use", in_use.into());
        }
        EventKind::ServerRefuse { code, in_use } => {
            number("code", code.into());
            number("in_use", in_use.into());
        }
        EventKind::ServerRun { thread, statement } => {
            number("thread", thread.into());
            if let Some(statement) = statement {
                put("sql", Field::Text(trace.scenario.sql(statement).to_owned()));
            }
        }
        EventKind::ServerKillQuery { thread } => number("thread", thread.into()),
        EventKind::ServerSleep { thread, in_transaction } => {
            number("thread", thread.into());
            number("in_transaction", in_transaction.into());
        }
        EventKind::ServerQuit { thread, in_use, .. }
        | EventKind::ServerTimeout { thread, in_use }
        | EventKind::ServerKill { thread, in_use } => {
            number("thread", thread.into());
            number("in_use", in_use.into());
        }
        EventKind::ServerDown { lost } => number("lost", lost.into()),
    }
}

fn put_place(engine: u16, slot: u32, connection: Option<u32>, put: &mut dyn FnMut(&'static str, Field)) {
    put("engine", Field::Number(engine.into()));
    put("slot", Field::Number(slot.into()));
    if let Some(connection) = connection {
        put("connection", Field::Number(connection.into()));
    }
}

fn put_figures(figures: PoolFigures, put: &mut dyn FnMut(&'static str, Field)) {
    put("checkedin", Field::Number(figures.checked_in.into()));
    put("overflow", Field::Number(figures.overflow.into()));
    put("checkedout", Field::Number(figures.checked_out.into()));
}

fn put_error(trace: &Trace, error: Option<PyError>, put: &mut dyn FnMut(&'static str, Field)) {
    if let Some(error) = error {
        put("error", Field::Text(trace.error_text(&error)));
    }
}
