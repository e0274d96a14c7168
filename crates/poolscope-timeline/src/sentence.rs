//! One plain sentence for each event, and the chain of its causes.

use poolscope_sim::trace::{EventId, Trace};

/// What happened, in one sentence: for the live region and tooltips.
pub fn sentence(trace: &Trace, event: EventId, lang: &str) -> String {
    let _ = (trace, event, lang);
    String::new()
}

/// The causes of an event, nearest first.
pub fn why(trace: &Trace, event: EventId) -> Vec<EventId> {
    let mut chain = Vec::new();
    let mut at = event;
    while let Some(cause) = trace.events.get(at.0 as usize).and_then(|e| e.cause) {
        // A cause comes before its effect; anything else would be a loop.
        if at <= cause {
            break;
        }
        chain.push(cause);
        at = cause;
    }
    chain
}
