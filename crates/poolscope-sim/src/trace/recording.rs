//! A run as bytes, for a view that has no simulator. Only the release that wrote them reads them: they are for a page and what it loads, not
//! for files that are kept.

use super::wire::{Reader, Wire};
use super::{EventId, Trace};
use crate::outcome::Outcome;
use crate::scenario::{Knob, KnobValue, Scenario};
use crate::time::SimTime;
use crate::world::simulate;

/// What a view knows of a scenario and its run. The programs are compiled no more, and what the run did not need is left out.
#[derive(Clone, Debug)]
pub struct Recording {
    /// With the scenario's own values. Empty in an answer to somebody who has them.
    pub knobs: Vec<Knob>,
    /// The knobs that are not as the scenario has them, by their paths, in the order of turning.
    pub turned: Vec<(String, KnobValue)>,
    /// What the scenario comes to when nobody turns anything; likewise.
    pub plain: Option<Outcome>,
    pub trace: Trace,
}

/// Before everything else: who wrote it.
const RELEASE: &[u8] = concat!("poolscope ", env!("CARGO_PKG_VERSION"), "\n").as_bytes();

impl Recording {
    /// The run of a scenario as it is.
    pub fn of(scenario: &Scenario) -> Recording {
        let trace = simulate(scenario);
        Recording { knobs: scenario.knobs.clone(), turned: Vec::new(), plain: Some(trace.outcome.clone()), trace }
    }

    /// Times and causes become the distances from the last event and from the effect: small numbers, which are short and look alike.
    pub fn into_bytes(mut self) -> Vec<u8> {
        let mut last = SimTime::ZERO;
        for (event, n) in self.trace.events.iter_mut().zip(0..) {
            let at = event.at;
            event.at = SimTime(at.since(last).as_us());
            event.cause = event.cause.map(|EventId(cause)| EventId(n - cause));
            last = at;
        }
        let mut bytes = RELEASE.to_vec();
        self.put(&mut bytes);
        bytes
    }

    /// `None` for what this release has not written.
    pub fn from_bytes(bytes: &[u8]) -> Option<Recording> {
        let mut reader = Reader::new(bytes.strip_prefix(RELEASE)?);
        let mut recording = Recording::take(&mut reader);
        let mut at = SimTime::ZERO;
        for (event, n) in recording.trace.events.iter_mut().zip(0u32..) {
            at = SimTime(at.as_us().checked_add(event.at.as_us())?);
            event.at = at;
            event.cause = match event.cause {
                Some(EventId(distance)) => Some(EventId(n.checked_sub(distance)?)),
                None => None,
            };
        }
        reader.is_done().then_some(recording)
    }
}
