//! What engines, and sessions that are not the application's, are called.

use poolscope_sim::scenario::Scenario;
use poolscope_sim::time::SimTime;
use poolscope_sim::trace::Trace;

/// The user of the n-th session that is not the application's, in the order in which they come.
pub fn other_user(scenario: &Scenario, n: u32) -> &str {
    // They come by time, and groups of the same time in the order in which they are written.
    let mut left = n;
    let mut last: Option<(SimTime, usize)> = None;
    loop {
        let groups = scenario.other_sessions.iter().enumerate().map(|(i, g)| (g.at, i));
        let Some(next) = groups.filter(|g| last.is_none_or(|l| l < *g)).min() else { return "other" };
        let group = &scenario.other_sessions[next.1];
        if left < group.count {
            return &group.user;
        }
        left -= group.count;
        last = Some(next);
    }
}

/// What tells an engine from the others: its process, its name, or both; nothing if it is the only one.
pub fn owner(trace: &Trace, engine: u16) -> String {
    let all = &trace.engines;
    let Some(own) = all.get(usize::from(engine)).filter(|_| 1 < all.len()) else { return String::new() };
    let many_processes = all.iter().any(|e| e.process != own.process);
    let many_names = all.iter().any(|e| e.name != own.name);
    let mut text = String::new();
    if many_processes && let Some(name) = trace.processes.get(usize::from(own.process)) {
        text.push_str(name);
    }
    if many_names {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&own.name);
    }
    text
}
