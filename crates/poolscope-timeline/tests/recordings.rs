//! A recording comes from a page, which may hold anything: whatever can be read can be shown.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use poolscope_sim::random::Random;
use poolscope_sim::trace::{EventId, Recording};
use poolscope_sim::{Document, Scenario};
use poolscope_timeline::{Checkpoints, SceneOptions, Timeline, Viewport, When, outline, scene, sentence, svg, why};

const SCENARIOS: [&str; 3] = [
    include_str!("../../../book/scenarios/server-restart.toml"),
    include_str!("../../../book/scenarios/apscheduler-own-engine.toml"),
    include_str!("../../../book/scenarios/debug-mode-reloader.toml"),
];

fn show(recording: &Recording) {
    let trace = &recording.trace;
    let timeline = Timeline::new(trace);
    let viewport = Viewport::fit(timeline.start, timeline.end);
    let _ = svg(&scene(&timeline, &viewport, &SceneOptions::new(760.0, "en")));
    let _ = outline(trace, "en");
    let mut checkpoints = Checkpoints::default();
    for n in (0..trace.events.len() as u32).step_by(7) {
        let moment = checkpoints.moment(trace, When::Event(EventId(n)));
        let _ = (moment.processlist_text(), moment.disagreement_texts("en"));
        let _ = (sentence(trace, EventId(n), "en"), why(trace, EventId(n)));
    }
}

#[test]
fn whatever_is_read_is_shown() {
    let mut random = Random::new(1, 0);
    let (mut read, mut tried) = (0, 0);
    for text in SCENARIOS {
        let scenario = Scenario::read(&Document::from_toml(text).unwrap(), "test").unwrap();
        let bytes = Recording::of(&scenario).into_bytes();
        for _ in 0..TRIES {
            let mut broken = bytes.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(broken.len() as u64) as usize;
                // Another byte, or the largest number of 32 bits.
                if random.below(3) == 0 {
                    broken.splice(at..=at, [255, 255, 255, 255, 15]);
                } else {
                    broken[at] = random.below(256) as u8;
                }
            }
            tried += 1;
            if let Some(recording) = Recording::from_bytes(&broken) {
                read += 1;
                show(&recording);
            }
        }
    }
    assert!(tried / 4 < read && read < tried, "{read} of {tried}");
}

const TRIES: usize = 1_000;
