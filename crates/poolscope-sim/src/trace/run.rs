//! A whole run as one JSON object, for programs: `outcome`, `tasks` and `trace`.

use super::{Trace, jsonl};
use crate::outcome::Outcome;
use crate::scenario::json::write_text;
use std::fmt::Write;

/// `outcome` has the figures, `trace` the events as `jsonl` writes them, `tasks` the names that an event's `task` is an index into.
pub fn json(trace: &Trace) -> String {
    let mut out = String::from("{\"outcome\":");
    outcome(&trace.outcome, &mut out);
    out.push_str(",\"tasks\":[");
    for (at, task) in trace.tasks.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { "," });
        write_text(&mut out, &task.name);
    }
    out.push_str("],\"trace\":[");
    for (at, line) in jsonl(trace).lines().enumerate() {
        out.push_str(if at == 0 { "" } else { "," });
        out.push_str(line);
    }
    out.push_str("]}");
    out
}

/// Times in microseconds, as in the events.
fn outcome(outcome: &Outcome, out: &mut String) {
    let Outcome { requests, served, failed, waited, pings, connects, refused, .. } = outcome;
    let _ = write!(out, "{{\"requests\":{requests},\"served\":{served},\"failed\":{failed}");
    let _ = write!(out, ",\"unfinished\":{},\"errors\":{{", outcome.unfinished());
    for (at, (key, count)) in outcome.errors.iter().enumerate() {
        let _ = write!(out, "{}\"{}\":{count}", if at == 0 { "" } else { "," }, key.label());
    }
    let _ = write!(out, "}},\"waited\":{waited},\"wait_max\":{}", outcome.wait_max.as_us());
    let _ = write!(out, ",\"wait_total\":{},\"pings\":{pings}", outcome.wait_total.as_us());
    let _ = write!(out, ",\"connects\":{connects},\"refused\":{refused}");
    let _ = write!(out, ",\"max_used_connections\":{}", outcome.max_used_connections);
    let _ = write!(out, ",\"aborted_clients\":{},\"held_at_end\":{}", outcome.aborted_clients, outcome.held_at_end);
    let _ = write!(out, ",\"checked_out_at_end\":{}", outcome.checked_out_at_end);
    let _ = write!(out, ",\"threads_connected_at_end\":{}", outcome.threads_connected_at_end);
    if let Some(limit) = outcome.truncated {
        let _ = write!(out, ",\"truncated\":\"{}\"", limit.name());
    }
    out.push('}');
}
