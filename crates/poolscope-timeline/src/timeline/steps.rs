//! The moments worth stopping at.

use poolscope_sim::scenario::LookAt;
use poolscope_sim::trace::{EventId, EventKind, PingResult, PoolEvent, Rule, Trace, TraceEvent};

use super::StepKind;

/// What kind of step an event is; `None` for the many that only carry on. `error`: it brings an exception that has not been
/// seen before.
pub fn kind(event: &TraceEvent, error: bool) -> Option<StepKind> {
    Some(match event.kind {
        EventKind::Raise { .. } | EventKind::Finish { .. } if error => StepKind::Error,
        EventKind::Log { .. } | EventKind::WrongAnswer { .. } => StepKind::Error,
        EventKind::ProcessStart { .. } | EventKind::ProcessExit { .. } => StepKind::Request,
        EventKind::Start { .. } | EventKind::Finish { .. } => StepKind::Request,
        EventKind::Wait { .. } => StepKind::Checkout,
        EventKind::Pool { event: kind, .. } => match kind {
            PoolEvent::Connect | PoolEvent::Checkout | PoolEvent::Checkin => StepKind::Checkout,
            PoolEvent::Invalidate | PoolEvent::SoftInvalidate | PoolEvent::Close => StepKind::Invalidation,
            PoolEvent::Detach => StepKind::Invalidation,
            PoolEvent::FirstConnect | PoolEvent::Reset { .. } | PoolEvent::CloseDetached => return None,
        },
        EventKind::Pinged { result: PingResult::Failed(_), .. } => StepKind::Error,
        EventKind::Pinged { .. } => StepKind::Ping,
        EventKind::InvalidatePool { .. } | EventKind::Dispose { .. } => StepKind::Invalidation,
        // A server that goes down takes its sessions along; that is one step.
        EventKind::ServerKill { .. } if event.rule == Rule::Restart => return None,
        EventKind::ServerRefuse { .. }
        | EventKind::ServerTimeout { .. }
        | EventKind::ServerKill { .. }
        | EventKind::ServerKillQuery { .. }
        | EventKind::ServerDown { .. }
        | EventKind::Cut { .. }
        | EventKind::ServerUp
        | EventKind::ServerSilent
        | EventKind::ServerAnswers => StepKind::Server,
        EventKind::Lost { .. } | EventKind::EngineLost { .. } | EventKind::Collect { .. } => StepKind::Garbage,
        _ => return None,
    })
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
            let errors =
                |e: &TraceEvent| matches!(e.kind, EventKind::Raise { .. } | EventKind::Finish { error: Some(_), .. });
            trace.events.iter().position(errors).map_or(last, |i| EventId(i as u32))
        }
    }
}
