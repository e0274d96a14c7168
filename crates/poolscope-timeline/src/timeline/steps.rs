//! The moments worth stopping at.

use poolscope_sim::scenario::LookAt;
use poolscope_sim::trace::{EventId, EventKind, PingResult, PoolEvent, Trace, TraceEvent};

use super::{Step, StepKind};

pub fn steps(trace: &Trace) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (i, event) in trace.events.iter().enumerate() {
        let event_id = EventId(i as u32);
        if let Some(kind) = kind(trace, event) {
            steps.push(Step { at: event.at, event: event_id, kind });
        }
    }
    steps
}

/// What kind of step an event is; `None` for the many that only carry on.
pub fn kind(trace: &Trace, event: &TraceEvent) -> Option<StepKind> {
    Some(match event.kind {
        EventKind::Raise { .. } => StepKind::Error,
        // The exception that leaves the handler was raised before, unless the scenario says otherwise.
        EventKind::Finish { error: Some(_), .. } if !raised_before(trace, event) => StepKind::Error,
        EventKind::Start { .. } | EventKind::Finish { .. } => StepKind::Request,
        EventKind::Wait { .. } => StepKind::Checkout,
        EventKind::Pool { event: kind, .. } => match kind {
            PoolEvent::Connect | PoolEvent::Checkout | PoolEvent::Checkin => StepKind::Checkout,
            PoolEvent::Invalidate | PoolEvent::SoftInvalidate | PoolEvent::Close => StepKind::Invalidation,
            PoolEvent::Detach => StepKind::Invalidation,
            PoolEvent::FirstConnect | PoolEvent::Reset | PoolEvent::CloseDetached => return None,
        },
        EventKind::Pinged { result: PingResult::Failed(_), .. } => StepKind::Error,
        EventKind::Pinged { .. } => StepKind::Ping,
        EventKind::InvalidatePool { .. } | EventKind::Dispose { .. } => StepKind::Invalidation,
        EventKind::ServerRefuse { .. }
        | EventKind::ServerTimeout { .. }
        | EventKind::ServerKill { .. }
        | EventKind::ServerDown { .. }
        | EventKind::ServerUp => StepKind::Server,
        EventKind::Lost { .. } | EventKind::Collect { .. } => StepKind::Garbage,
        _ => return None,
    })
}

fn raised_before(trace: &Trace, event: &TraceEvent) -> bool {
    let cause = event.cause.and_then(|c| trace.events.get(c.0 as usize));
    cause.is_some_and(|c| matches!(c.kind, EventKind::Raise { .. }))
}

pub fn initial(trace: &Trace) -> EventId {
    let last = EventId((trace.events.len() as u32).saturating_sub(1));
    match trace.scenario.look_at {
        LookAt::End => last,
        LookAt::Time(at) => {
            let after = trace.events.partition_point(|e| e.at <= at) as u32;
            EventId(after.saturating_sub(1))
        }
        LookAt::FirstError => {
            let errors = |e: &TraceEvent| matches!(e.kind, EventKind::Raise { .. } | EventKind::Finish { error: Some(_), .. });
            trace.events.iter().position(errors).map_or(last, |i| EventId(i as u32))
        }
    }
}
