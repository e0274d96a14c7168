//! Where a chain of causes ends: at the settings that a rule obeys, and at the line of the program that a thread was executing.

use poolscope_sim::Trace;
use poolscope_sim::trace::{EventId, EventKind, Rule};

/// The settings that decide what this rule does, by the paths that set them; the first engine's, for a reader turns no others.
pub const fn settings(rule: Rule) -> &'static [&'static str] {
    match rule {
        Rule::QueueWait | Rule::Overflow => &["engine.pool_size", "engine.max_overflow"],
        Rule::QueueTimeout => &["engine.pool_timeout"],
        Rule::QueueFull => &["engine.pool_size"],
        Rule::Recycle | Rule::QueueGet => &["engine.pool_recycle", "engine.pool_pre_ping"],
        Rule::PrePing => &["engine.pool_pre_ping"],
        Rule::PingListener => &["engine.ping_listener"],
        Rule::ResetOnReturn | Rule::ResetFails => &["engine.pool_reset_on_return"],
        Rule::MaxConnections => &["variables.max_connections"],
        Rule::WaitTimeout => &["variables.wait_timeout"],
        Rule::DeadSocket => &["driver", "transport", "server"],
        Rule::Thread => &["process.0.threads"],
        _ => &[],
    }
}

/// Every moment at which a line of the listing ran, in order.
pub fn runs_of(trace: &Trace, line: u16) -> Vec<EventId> {
    let runs = trace.events.iter().zip(0..).filter(|(e, _)| matches!(e.kind, EventKind::Line { line: l } if l == line));
    runs.map(|(_, n)| EventId(n)).collect()
}

/// The line that the thread of this event was executing: the last that it had reached.
pub fn line_of(trace: &Trace, event: EventId) -> Option<u16> {
    let task = trace.events.get(event.0 as usize)?.task?;
    trace.events[..=event.0 as usize].iter().rev().filter(|e| e.task == Some(task)).find_map(|e| match e.kind {
        EventKind::Line { line } => Some(Some(line)),
        // Between two requests a thread executes none.
        EventKind::Start { .. } => Some(None),
        _ => None,
    })?
}
