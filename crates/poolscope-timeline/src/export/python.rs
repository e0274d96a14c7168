//! The run as a program: the same requests at the same times, with the real SQLAlchemy against a real server.

use std::fmt::Write;

use poolscope_sim::Trace;
use poolscope_sim::scenario::{FaultKind, SqlAlchemy};
use poolscope_sim::time::{SimSpan, SimTime};
use poolscope_sim::trace::EventKind;

use crate::outcome::outcome;
use crate::words::Lang;

const TEMPLATE: &str = include_str!("reproduction.py");

/// `None` if a program is not one that a script of threads could run (a coroutine), if processes fork, or if a fault is not one that SQL can cause (a restart).
pub fn python(trace: &Trace) -> Option<String> {
    let scenario = &trace.scenario;
    if trace.listing.lines.iter().any(|line| line.trim_start().starts_with("async ") || line.contains("await ")) {
        return None;
    }
    if scenario.processes.iter().any(|process| process.preload.is_some()) {
        return None;
    }
    let mut kills = String::from("[");
    for fault in &scenario.faults {
        #[allow(unreachable_patterns, reason = "The simulator may learn a fault that no script can cause.")]
        match fault.kind {
            FaultKind::Kill { connection } => {
                let connection = connection.map_or_else(|| "None".to_owned(), |n| n.to_string());
                let _ = write!(kills, "({}, {connection}), ", instant(fault.at));
            }
            _ => return None,
        }
    }
    kills.push(']');

    // The listing has an address of its own; the script's is given to it.
    let is_address = |line: &str| line.trim_start().starts_with("\"mysql+");
    let application: Vec<&str> =
        trace.listing.lines.iter().map(|line| if is_address(line) { "    URL," } else { line }).collect();
    let application = application.join("\n").replace('\\', "\\\\").replace("'''", "\\'\\'\\'");

    let mut statements = String::from("{");
    for statement in &scenario.statements {
        let _ = write!(statements, "{}: {}, ", quoted(&statement.sql), seconds(statement.takes));
    }
    statements.push('}');
    let mut others = String::from("[");
    for group in &scenario.other_sessions {
        for _ in 0..group.count {
            let _ = write!(others, "({}, {}), ", instant(group.at), quoted(&group.user));
        }
    }
    others.push(']');
    let collect: Vec<String> = scenario.garbage.at.iter().map(|at| instant(*at)).collect();
    let variables = scenario.variables;
    let variables =
        format!("{{\"max_connections\": {}, \"wait_timeout\": {}}}", variables.max_connections, variables.wait_timeout);
    let told = outcome(&trace.outcome, Lang::En);

    // Later ones have dropped names of their library that 1.1 needs.
    let python = if scenario.sqlalchemy == SqlAlchemy::V1_1 { " # with Python 3.9 or older" } else { "" };
    let values = [
        ("title", one_line(&scenario.title.en)),
        ("summary", one_line(&scenario.summary.en)),
        ("outcome", told.clone()),
        ("until", scenario.until.to_string()),
        (
            "requirements",
            format!("\"sqlalchemy=={}.*\" {}{python}", scenario.sqlalchemy.name(), package(scenario.driver.dialect())),
        ),
        ("dialect", scenario.driver.dialect().to_owned()),
        ("application", application),
        ("statements", statements),
        ("variables", variables),
        ("others", others),
        ("processes", processes(trace)),
        ("kills", kills),
        ("collect", format!("[{}]", collect.join(", "))),
        ("unfinished", trace.outcome.unfinished().to_string()),
        ("seconds", instant(scenario.until)),
        ("outcome_text", quoted(&told)),
    ];
    let mut out = String::new();
    let mut rest = TEMPLATE;
    // What is put in is not looked at again, whatever it holds.
    while let Some((before, after)) = rest.split_once('@') {
        out.push_str(before);
        let found = after.split_once('@').and_then(|(name, after)| Some((values.iter().find(|v| v.0 == name)?, after)));
        match found {
            Some(((_, value), after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push('@');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Some(out)
}

/// `[(threads, [(seconds, "function"), …]), …]`, a process in each line.
fn processes(trace: &Trace) -> String {
    let count = trace.tasks.iter().map(|t| t.process + 1).max().unwrap_or(0);
    let mut out = String::from("[\n");
    for process in 0..count {
        let threads = trace.tasks.iter().filter(|t| t.process == process).count();
        let _ = write!(out, "    ({threads}, [");
        for event in &trace.events {
            if let EventKind::Arrive { request, process: own } = event.kind
                && own == process
            {
                let _ = write!(out, "({}, {}), ", instant(event.at), quoted(function_of(trace, request)));
            }
        }
        out.push_str("]),\n");
    }
    out.push(']');
    out
}

/// What serves this request: the function of the first line that its thread reaches. A request that nobody began could be any.
fn function_of(trace: &Trace, request: u32) -> &str {
    let start = trace.events.iter().position(|e| matches!(e.kind, EventKind::Start { request: r } if r == request));
    let lines = start.and_then(|start| {
        let task = trace.events[start].task;
        trace.events[start..].iter().filter(|e| e.task == task).find_map(|e| match e.kind {
            EventKind::Line { line } => Some(line),
            _ => None,
        })
    });
    let functions = &trace.listing.functions;
    let found = lines.and_then(|line| functions.iter().filter(|f| f.first <= line).max_by_key(|f| f.first));
    found.or(functions.first()).map_or("", |f| f.name.as_str())
}

fn package(dialect: &str) -> &'static str {
    match dialect {
        "mysqldb" => "mysqlclient",
        "mysqlconnector" => "mysql-connector-python",
        _ => "pymysql",
    }
}

fn instant(at: SimTime) -> String {
    seconds(at.since(SimTime::ZERO))
}

fn seconds(span: SimSpan) -> String {
    let us = span.as_us();
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000).trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A Python string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
