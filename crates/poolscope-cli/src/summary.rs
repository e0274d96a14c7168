//! A run for people: figures, the timeline in characters, and the first error as the log would show it.

use poolscope_sim::Trace;
use poolscope_sim::engine::error::PyError;
use poolscope_sim::time::SimTime;
use poolscope_sim::trace::EventKind;
use poolscope_timeline::{Lang, Timeline, ascii};

const COLUMNS: usize = 100;

pub fn summary(trace: &Trace) -> String {
    let scenario = &trace.scenario;
    let mut text = format!("{}: {}\n\n", scenario.name, scenario.summary.en);
    for (name, value) in figures(trace) {
        text += &format!("{name:<18} {value}\n");
    }
    text += &format!("\n{}\n", ascii(&Timeline::new(trace), COLUMNS).trim_end());
    if let Some((at, traceback)) = first_error(trace) {
        text += &format!("\nThe first error, at {at}:\n{}\n", traceback.trim_end());
    }
    text
}

fn figures(trace: &Trace) -> Vec<(&'static str, String)> {
    let outcome = &trace.outcome;
    let mut figures = vec![("outcome", poolscope_timeline::outcome(outcome, Lang::En))];
    figures.push(("waits", format!("{}, the longest {}", outcome.waited, outcome.wait_max)));
    figures.push((
        "connections",
        format!("{} opened, {} refused, {} pings", outcome.connects, outcome.refused, outcome.pings),
    ));
    figures.push((
        "at the end",
        format!(
            "application holds {}, pool counts {} checked out, server has {}",
            outcome.held_at_end, outcome.checked_out_at_end, outcome.threads_connected_at_end
        ),
    ));
    figures.push((
        "server counters",
        format!("Max_used_connections {}, Aborted_clients {}", outcome.max_used_connections, outcome.aborted_clients),
    ));
    figures
}

fn first_error(trace: &Trace) -> Option<(SimTime, String)> {
    let (at, event, error) = trace.events.iter().enumerate().find_map(|(at, event)| {
        let error: PyError = match event.kind {
            EventKind::Raise { error } | EventKind::Finish { error: Some(error), .. } => error,
            _ => return None,
        };
        Some((at, event, error))
    })?;
    let line = trace.events[..at].iter().rev().find_map(|earlier| match earlier.kind {
        EventKind::Line { line } if earlier.task == event.task => Some(line),
        _ => None,
    });
    Some((event.at, trace.traceback(&error, line)))
}
