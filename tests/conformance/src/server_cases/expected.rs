//! What the simulator says that the observer of a real run will see.

use super::comparison::{self, Difference};
use super::{Rows, Variant};
use crate::rows::rows as trace_rows;
use poolscope_sim::time::SimTime;
use poolscope_sim::{measure, simulate};
use poolscope_timeline::Moment;

pub fn compare(variant: &Variant, real: &Rows) -> Vec<Difference> {
    comparison::compare(&rows(variant), real, variant.tolerance_us)
}

fn rows(variant: &Variant) -> Rows {
    let trace = simulate(&variant.scenario);
    let mut rows: Rows = trace_rows(&trace).iter().filter_map(|row| split(row)).collect();
    for at in &variant.looks {
        let moment = Moment::at(&trace, *at);
        let lane = format!("look {}", at.as_us());
        let time = at.as_us() as i64;
        if !moment.server_up {
            rows.push((time, lane, "server down".to_owned()));
            continue;
        }
        for row in &moment.processlist {
            // Not the look itself, nor the server's own threads.
            if ["root", "event_scheduler"].contains(&row.user.as_str()) {
                continue;
            }
            let text = format!(
                "conn={} user={} host={} db={} Command={} Time={} State={} Info={}",
                row.connection.map_or_else(|| "-".to_owned(), |c| c.to_string()),
                row.user,
                if row.host == "localhost" { "localhost" } else { "tcp" },
                row.db.as_deref().unwrap_or("NULL"),
                row.command,
                row.time,
                row.state,
                row.info.as_deref().unwrap_or("NULL"),
            );
            rows.push((time, lane.clone(), text));
        }
        if variant.alone {
            rows.push((time, lane, status(variant, *at)));
        }
    }
    rows
}

/// The counters of SHOW STATUS at one instant: those of a run that ends there.
fn status(variant: &Variant, at: SimTime) -> String {
    let mut scenario = variant.scenario.clone();
    scenario.until = at;
    let outcome = measure(&scenario);
    format!(
        "Threads_connected={} Max_used_connections={} Aborted_clients={} Aborted_connects={} Connections={} \
         Connection_errors_max_connections={}",
        outcome.threads_connected_at_end,
        outcome.status.max_used_connections,
        outcome.status.aborted_clients,
        outcome.status.aborted_connects,
        outcome.status.connections,
        outcome.status.connection_errors_max_connections,
    )
}

/// `1000000 0/0 start request=1`; what the server does is seen by looking at it, not in rows of its own, and the pool's log is
/// compared in virtual time.
fn split(row: &str) -> Option<(i64, String, String)> {
    let mut parts = row.splitn(3, ' ');
    let (at, lane, text) = (parts.next()?, parts.next()?, parts.next()?);
    let seen = !text.starts_with("server.") && !text.starts_with("log ");
    seen.then(|| (at.parse().unwrap_or_default(), lane.to_owned(), text.to_owned()))
}
