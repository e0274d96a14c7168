//! Where events are in the picture: for arrows from causes to effects.

use poolscope_sim::Trace;
use poolscope_sim::time::SimTime;
use poolscope_sim::trace::EventId;

use super::Scene;
use crate::timeline::{Lane, LaneKind, Run, Timeline};

impl Scene {
    /// The pixel of each of these events: at its mark, else at the bar that it began, else on the lane of the thread that acted. An event
    /// out of sight is at the edge; one that no lane shows is left out.
    pub fn places(&self, timeline: &Timeline, trace: &Trace, events: &[EventId]) -> Vec<(EventId, f32, f32)> {
        let mut places = Vec::new();
        for event in events {
            let Some(e) = trace.events.get(event.0 as usize) else { continue };
            let is_marked = |lane: &Lane| lane.marks_at(e.at).any(|m| m.event == *event);
            let begins = |lane: &Lane| begins_bar(lane, *event, e.at);
            let acts = |lane: &Lane| matches!(lane.kind, LaneKind::Task(task) if Some(task) == e.task);
            let found = [&is_marked as &dyn Fn(&Lane) -> bool, &begins, &acts].into_iter().find_map(|shows| {
                let lanes = timeline.groups.iter().flat_map(|g| &g.lanes).zip(&self.middles);
                lanes.filter(|(lane, _)| lane.run == Run::Now).find(|(lane, _)| shows(lane))
            });
            places.extend(found.map(|(_, y)| (*event, self.scale.x_inside(e.at), *y)));
        }
        places
    }
}

fn begins_bar(lane: &Lane, event: EventId, at: SimTime) -> bool {
    // In a lane of one row bars are by time.
    let first = if lane.rows == 1 { lane.bars.partition_point(|b| b.from < at) } else { 0 };
    let mut bars = lane.bars[first..].iter();
    if lane.rows == 1 {
        bars.take_while(|b| b.from == at).any(|b| b.event == event)
    } else {
        bars.any(|b| b.event == event)
    }
}
