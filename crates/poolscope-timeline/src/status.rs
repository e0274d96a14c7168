//! The counters of the server at one instant: SHOW GLOBAL STATUS, without the session that asks.

use poolscope_sim::Trace;
use poolscope_sim::trace::{EventKind, Rule};

use crate::moment::When;
use crate::processlist::client_table;

/// Too many connections.
const ER_CON_COUNT_ERROR: u16 = 1040;

/// Names and values, as the server lists them. Since its start, so that a restart sets them back.
pub fn status(trace: &Trace, when: When) -> [(&'static str, u32); 6] {
    let end = when.events(trace);
    let limit = trace.scenario.variables.max_connections;
    let mariadb = trace.scenario.server.is_mariadb();
    let (mut connected, mut most, mut tried, mut left, mut refused, mut full) = (0, 0, 0, 0, 0, 0);
    for event in trace.events.iter().take(end) {
        match event.kind {
            EventKind::ServerOpen { in_use, .. } => {
                (connected, tried) = (in_use, tried + 1);
                most = most.max(in_use);
            }
            // Turned away before the server has read who it is: MySQL counts that elsewhere.
            EventKind::ServerRefuse { in_use, .. } if limit < in_use => {
                (refused, full) = (refused + u32::from(mariadb), full + 1);
            }
            EventKind::ServerRefuse { in_use, code } => {
                (tried, refused) = (tried + 1, refused + 1);
                full += u32::from(code == ER_CON_COUNT_ERROR && !mariadb);
                most = most.max(in_use + 1);
            }
            EventKind::ServerQuit { in_use, aborted, .. } => (connected, left) = (in_use, left + u32::from(aborted)),
            EventKind::ServerTimeout { in_use, .. } => (connected, left) = (in_use, left + 1),
            EventKind::ServerKill { in_use, .. } => {
                (connected, left) = (in_use, left + u32::from(event.rule != Rule::Restart));
            }
            EventKind::ServerDown { .. } => connected = 0,
            EventKind::ServerUp => (most, tried, left, refused, full) = (0, 0, 0, 0, 0),
            _ => {}
        }
    }
    [
        ("Aborted_clients", left),
        ("Aborted_connects", refused),
        ("Connection_errors_max_connections", full),
        ("Connections", tried),
        ("Max_used_connections", most),
        ("Threads_connected", connected),
    ]
}

/// As the `mysql` client prints them: values are texts there, on the left.
pub fn status_text(trace: &Trace, when: When) -> String {
    let heads = ["Variable_name", "Value"].map(str::to_owned).to_vec();
    let counters = status(trace, when).map(|(name, value)| vec![name.to_owned(), value.to_string()]);
    let table: Vec<_> = [heads].into_iter().chain(counters).collect();
    client_table(&table, 2, &[])
}
