//! Who watches a run is decided at compile time: `Counts` costs nothing per event, `Recorder` keeps everything.

use super::{EventId, TraceEvent};

pub trait Observer {
    /// With `false` the simulator does not even build the event.
    const RECORDS: bool;
    fn record(&mut self, event: TraceEvent) -> EventId;
}

/// Keeps nothing; the outcome's counters are kept by the simulator itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts;

#[derive(Clone, Debug, Default)]
pub struct Recorder {
    pub events: Vec<TraceEvent>,
}

impl Observer for Counts {
    const RECORDS: bool = false;
    fn record(&mut self, _: TraceEvent) -> EventId {
        EventId(0)
    }
}

impl Observer for Recorder {
    const RECORDS: bool = true;
    fn record(&mut self, event: TraceEvent) -> EventId {
        let id = EventId(self.events.len() as u32);
        self.events.push(event);
        id
    }
}
