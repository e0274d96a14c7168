//! Where the reader is: just after an event, or at an instant between events.

use poolscope_sim::Trace;
use poolscope_sim::time::{SimSpan, SimTime, proportion};
use poolscope_sim::trace::EventId;
use poolscope_timeline::{Step, StepKind, Timeline, When};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playhead {
    pub when: When,
    pub at: SimTime,
}

impl Playhead {
    pub fn initial(trace: &Trace) -> Playhead {
        Playhead::event(trace, Timeline::initial(trace))
    }

    pub fn event(trace: &Trace, event: EventId) -> Playhead {
        match trace.events.get(event.0 as usize) {
            Some(e) => Playhead { when: When::Event(event), at: e.at },
            None => Playhead::time(SimTime::ZERO),
        }
    }

    pub fn time(at: SimTime) -> Playhead {
        Playhead { when: When::Time(at), at }
    }

    /// The same time in another run, and the error of that time if there still is one; all else may have moved.
    pub fn carried(self, timeline: &Timeline) -> Playhead {
        let error = timeline.steps.iter().find(|s| s.at == self.at && s.kind == StepKind::Error);
        match (self.when, error) {
            (When::Event(_), Some(step)) => Playhead { when: When::Event(step.event), at: step.at },
            _ => Playhead::time(self.at.clamp(timeline.start, timeline.end)),
        }
    }

    /// The last event that has happened.
    pub fn last_event(self, trace: &Trace) -> Option<EventId> {
        match self.when {
            When::Event(event) => Some(event),
            When::Time(at) => trace.events.partition_point(|e| e.at <= at).checked_sub(1).map(|i| EventId(i as u32)),
        }
    }

    /// What the sentence is about: the selected event, else the last step.
    pub fn subject(self, trace: &Trace, timeline: &Timeline) -> Option<EventId> {
        match self.when {
            When::Event(event) => Some(event),
            When::Time(_) => {
                let last = self.last_event(trace)?;
                let steps = &timeline.steps;
                steps.partition_point(|s| s.event <= last).checked_sub(1).map(|i| steps[i].event)
            }
        }
    }

    /// The next or previous step, of one kind or any; stays where there is none.
    pub fn step(self, trace: &Trace, timeline: &Timeline, forward: bool, kind: Option<StepKind>) -> Playhead {
        let found = match (forward, self.last_event(trace)) {
            (true, Some(last)) => timeline.next(last, kind),
            (true, None) => timeline.steps.iter().find(|s| kind.is_none_or(|k| k == s.kind)).copied(),
            // Between two steps, "back" is the step before this instant.
            (false, Some(last)) => match self.when {
                When::Event(event) => timeline.previous(event, kind),
                When::Time(_) => timeline.previous(EventId(last.0 + 1), kind),
            },
            (false, None) => None,
        };
        match found {
            Some(Step { at, event, .. }) => Playhead { when: When::Event(event), at },
            None => self,
        }
    }
}

/// Playing gives each step a moment of its own and the time between steps its share of the rest, so that bursts can be followed and idle
/// time passes quickly. Wall clock in milliseconds.
#[derive(Clone, Debug)]
pub struct Tempo {
    /// When each step is due, from the start of playing.
    due: Vec<(u64, SimTime, EventId)>,
    end: (u64, SimTime),
}

/// All idle time of a run together.
const TRAVEL_MS: u64 = 12_000;
/// One step, if there are few of them.
const STEP_MS: u64 = 450;
const STEPS_MS_MAX: u64 = 40_000;

impl Tempo {
    pub fn new(timeline: &Timeline) -> Tempo {
        let whole = (timeline.end - timeline.start).as_us().max(1);
        let step_ms = STEP_MS.min(STEPS_MS_MAX / (timeline.steps.len() as u64).max(1));
        let travel = |at: SimTime| proportion((at - timeline.start).as_us(), whole, TRAVEL_MS);
        let due = timeline.steps.iter().zip(0..).map(|(s, i)| (travel(s.at) + i * step_ms, s.at, s.event)).collect();
        Tempo { due, end: (TRAVEL_MS + timeline.steps.len() as u64 * step_ms, timeline.end) }
    }

    /// The moment of playing at which the playhead stands there.
    pub fn of(&self, playhead: Playhead) -> u64 {
        let after = match playhead.when {
            When::Event(event) => self.due.partition_point(|(_, _, e)| *e <= event),
            When::Time(at) => self.due.partition_point(|(_, t, _)| *t <= at),
        };
        let (from_ms, from) = after.checked_sub(1).map_or((0, SimTime::ZERO), |i| (self.due[i].0, self.due[i].1));
        let (to_ms, to) = self.due.get(after).map_or(self.end, |(ms, at, _)| (*ms, *at));
        from_ms + proportion(playhead.at.since(from).as_us(), (to - from).as_us(), to_ms.saturating_sub(from_ms))
    }

    /// Where the playhead stands at a moment of playing; `None` when the run is over.
    pub fn at(&self, ms: u64) -> Option<Playhead> {
        if self.end.0 <= ms {
            return None;
        }
        let after = self.due.partition_point(|(due, _, _)| *due <= ms);
        let (from_ms, from, event) = after.checked_sub(1).map_or((0, SimTime::ZERO, None), |i| {
            let (ms, at, event) = self.due[i];
            (ms, at, Some(event))
        });
        let (to_ms, to) = self.due.get(after).map_or(self.end, |(ms, at, _)| (*ms, *at));
        let at = from + SimSpan(proportion(ms - from_ms, to_ms - from_ms, (to - from).as_us()));
        match event {
            Some(event) if at == from => Some(Playhead { when: When::Event(event), at }),
            _ => Some(Playhead::time(at)),
        }
    }

    /// The step after this moment of playing, for readers who asked for less motion.
    pub fn next_step(&self, ms: u64) -> Option<u64> {
        self.due.iter().map(|(due, _, _)| *due).find(|due| ms < *due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use poolscope_sim::scenario::{Document, Scenario};

    fn run() -> (Trace, Timeline) {
        let text = include_str!("../../../book/scenarios/recycle-above-wait-timeout.toml");
        let document = Document::from_toml(text).unwrap();
        let trace = poolscope_sim::simulate(&Scenario::read(&document, "test").unwrap());
        let timeline = Timeline::new(&trace);
        (trace, timeline)
    }

    #[test]
    fn stepping_visits_every_step_there_and_back() {
        let (trace, timeline) = run();
        let mut playhead = Playhead::time(timeline.start);
        let mut there = Vec::new();
        loop {
            let next = playhead.step(&trace, &timeline, true, None);
            if next == playhead {
                break;
            }
            there.push(next);
            playhead = next;
        }
        // What happens at the very start is behind the first place already.
        let behind = timeline.steps.iter().filter(|s| s.at <= timeline.start).count();
        assert_eq!(there.len(), timeline.steps.len() - behind);
        for expected in there.iter().rev().skip(1) {
            playhead = playhead.step(&trace, &timeline, false, None);
            assert_eq!(playhead, *expected);
        }
    }

    #[test]
    fn back_from_between_two_steps_is_the_step_before() {
        let (trace, timeline) = run();
        for pair in timeline.steps.windows(2).filter(|p| p[0].at + SimSpan(2) < p[1].at) {
            let between = Playhead::time(pair[0].at + SimSpan(1));
            assert_eq!(between.step(&trace, &timeline, false, None).when, When::Event(pair[0].event));
            assert_eq!(between.step(&trace, &timeline, true, None).when, When::Event(pair[1].event));
            assert_eq!(between.subject(&trace, &timeline), Some(pair[0].event));
        }
    }

    #[test]
    fn playing_passes_every_step_in_order_and_ends() {
        let (_, timeline) = run();
        let tempo = Tempo::new(&timeline);
        let (mut ms, mut last, mut passed) = (0, SimTime::ZERO, Vec::new());
        while let Some(playhead) = tempo.at(ms) {
            assert!(last <= playhead.at);
            last = playhead.at;
            if let When::Event(event) = playhead.when {
                passed.push(event);
            }
            ms += 1;
        }
        passed.dedup();
        assert_eq!(passed, timeline.steps.iter().map(|s| s.event).collect::<Vec<_>>());
        assert!((10_000..60_000).contains(&ms), "{ms} ms");
    }

    #[test]
    fn playing_goes_on_from_where_the_reader_is() {
        let (trace, timeline) = run();
        let tempo = Tempo::new(&timeline);
        for step in &timeline.steps {
            let here = Playhead::event(&trace, step.event);
            assert_eq!(tempo.at(tempo.of(here)), Some(here));
        }
        let us = timeline.end.as_us() / 97;
        for at in (1..97).map(|n| SimTime(n * us)) {
            let again = tempo.at(tempo.of(Playhead::time(at))).unwrap();
            assert!(again.at <= at && at.since(again.at) < SimSpan::from_ms(200), "{at} {}", again.at);
        }
    }
}
