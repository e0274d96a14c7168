//! What holds for every run: the book's scenarios and ours, as they are and with their options turned.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod runs;

use std::fs;

use poolscope_sim::scenario::{Fault, FaultKind};
use poolscope_sim::trace::{EventId, EventKind, PingResult};
use poolscope_sim::{Document, Scenario, SimSpan, SimTime, Trace, simulate};
use poolscope_timeline::{
    Anchor, Bar, Glyph, Lane, MarkKind, Moment, SceneOptions, Shape, StepKind, Timeline, Viewport, When, ascii,
    outline, scene, sentence, status, svg, what_if, why,
};
use runs::{DEAD, LEAK, NIGHT, WAIT, run};

fn traces() -> Vec<(String, Trace)> {
    let mut traces = Vec::new();
    for (name, toml) in [("dead", DEAD), ("leak", LEAK), ("wait", WAIT)] {
        for knobs in [
            &[][..],
            &[("engine.pool_pre_ping", "true")],
            &[("engine.pool_recycle", "5"), ("driver", "mysqlclient")],
            &[("engine.max_overflow", "-1"), ("variables.max_connections", "3")],
            &[("engine.pool_use_lifo", "true"), ("variables.wait_timeout", "1")],
        ] {
            traces.push((format!("{name} {knobs:?}"), run(toml, knobs)));
        }
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../book/scenarios");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "toml") {
            traces.push((path.display().to_string(), run(&fs::read_to_string(&path).unwrap(), &[])));
        }
    }
    traces
}

/// What only a scenario has, like `count` or `startup`, tells a reader nothing.
#[test]
fn a_knob_that_is_no_option_has_a_label() {
    let mut unnamed = Vec::new();
    for (name, trace) in traces() {
        for knob in &trace.scenario.knobs {
            let name_here = knob.set.rsplit('.').next().unwrap_or_default();
            if ["count", "threads", "startup", "preload", "run", "at_idle_timeout"].contains(&name_here)
                && knob.label.en == name_here
            {
                unnamed.push(format!("{name}: {}", knob.set));
            }
        }
    }
    assert_eq!(unnamed, Vec::<String>::new());
}

fn lanes(timeline: &Timeline) -> impl Iterator<Item = &Lane> {
    timeline.groups.iter().flat_map(|g| &g.lanes)
}

#[test]
fn bars_lie_inside_the_run_and_do_not_overlap() {
    for (name, trace) in traces() {
        let timeline = Timeline::new(&trace);
        for lane in lanes(&timeline) {
            let mut last: Option<&Bar> = None;
            for bar in &lane.bars {
                assert!(timeline.start <= bar.from && bar.from < bar.to && bar.to <= timeline.end, "{name}: {bar:?}");
                assert!(bar.row < lane.rows, "{name}: {bar:?}");
                if let Some(last) = last.filter(|l| l.row == bar.row) {
                    assert!(last.to <= bar.from, "{name}, {}: {last:?} {bar:?}", lane.label);
                }
                last = Some(bar);
            }
            assert!(lane.marks.is_sorted_by_key(|m| m.at), "{name}: {}", lane.label);
        }
        for d in &timeline.disagreements {
            assert!(d.to.is_none_or(|to| d.from <= to && to <= timeline.end), "{name}: {d:?}");
        }
        assert!(timeline.steps.is_sorted_by_key(|s| s.event), "{name}");
    }
}

#[test]
fn every_error_has_a_mark_a_step_and_a_sentence() {
    for (name, trace) in traces() {
        let timeline = Timeline::new(&trace);
        let errors = trace.events.iter().enumerate().filter(|(_, e)| {
            matches!(
                e.kind,
                EventKind::ConnectFailed { .. }
                    | EventKind::Pinged { result: PingResult::Dead(_) | PingResult::Failed(_), .. }
                    | EventKind::ServerRefuse { .. }
            )
        });
        for (i, event) in errors {
            let id = EventId(i as u32);
            assert!(lanes(&timeline).any(|l| l.marks.iter().any(|m| m.event == id)), "{name}: {event:?}");
        }
        // An exception is marked where it is raised, and again only if it changes on its way up.
        for (i, event) in trace.events.iter().enumerate() {
            let (EventKind::Raise { error } | EventKind::Finish { error: Some(error), .. }) = event.kind else {
                continue;
            };
            let marked = |l: &Lane| {
                l.marks
                    .iter()
                    .any(|m| m.kind == MarkKind::Error(error.key()) && m.event.0 <= i as u32 && m.at <= event.at)
            };
            assert!(lanes(&timeline).any(marked), "{name}: {event:?}");
        }
        let steps = timeline.steps.iter().filter(|s| s.kind == StepKind::Error).count();
        assert_eq!(steps > 0, trace.events.iter().any(|e| matches!(e.kind, EventKind::Raise { .. })), "{name}");
        for i in 0..trace.events.len() as u32 {
            for lang in ["en", "zh-CN"] {
                let text = sentence(&trace, EventId(i), lang);
                assert!(!text.is_empty() && !text.contains("{0}"), "{name}: {text}");
            }
            assert!(why(&trace, EventId(i)).iter().all(|cause| cause.0 < i), "{name}");
        }
    }
}

#[test]
fn the_inspector_agrees_with_the_outcome() {
    for (name, trace) in traces() {
        let moment = Moment::at(&trace, trace.scenario.until);
        let out: i32 = moment.engines.iter().map(|e| e.figures.checked_out).sum();
        assert_eq!(out, trace.outcome.checked_out_at_end, "{name}");
        let sessions = moment.processlist.iter().filter(|r| 8 <= r.id).count();
        assert_eq!(sessions as u32, trace.outcome.threads_connected_at_end, "{name}");
        let now = &trace.outcome.status;
        let counted = status(&trace, When::Time(trace.scenario.until)).map(|(_, value)| value);
        let expected = [
            now.aborted_clients,
            now.aborted_connects,
            now.connection_errors_max_connections,
            now.connections,
            now.max_used_connections,
            trace.outcome.threads_connected_at_end,
        ];
        assert_eq!(counted, expected, "{name}");
        let held: usize = moment.tasks.iter().map(|t| t.holds.len()).sum();
        assert_eq!(held as u32, trace.outcome.held_at_end, "{name}");
        // Moments of steps are moments of their instants, and an instant before the first event has nothing in it.
        for step in Timeline::new(&trace).steps.iter().step_by(7) {
            assert_eq!(Moment::at(&trace, step.event).at, step.at);
        }
        assert!(
            trace.events.first().is_none_or(|e| e.at == SimTime::ZERO)
                || Moment::at(&trace, SimTime::ZERO).event.is_none()
        );
    }
}

#[test]
fn every_picture_is_well_formed_and_small() {
    for (name, mut trace) in traces() {
        assert!(outline(&trace, "en").len() <= 40, "{name}");
        // Whatever a name contains, it stays text.
        trace.scenario.title.en = "</title><script>alert('x')</script>&\u{1}".to_owned();
        for task in &mut trace.tasks {
            task.name = "<b>\"&\u{7}'</b>".to_owned();
        }
        let timeline = Timeline::new(&trace);
        let whole = Viewport::fit(timeline.start, timeline.end);
        for (viewport, width) in
            [(whole.clone(), 960.0), (whole.clone(), 320.0), (whole.zoom(50.0, SimTime(1_000_000)), 700.0)]
        {
            for lang in ["en", "zh-CN"] {
                let options = SceneOptions { playhead: Some(SimTime(5)), ..SceneOptions::new(width, lang) };
                let scene = scene(&timeline, &viewport, &options);
                let text = svg(&scene);
                well_formed(&text, &name);
                assert!(!text.contains("<script") && !text.contains("<b>") && !text.contains(" id="), "{name}");
                assert!(!text.contains(" style=") && !text.contains("NaN"), "{name}");
                assert!(text.len() <= 16_000, "{name}: {} bytes", text.len());
                for item in &scene.items {
                    let inside = match item.shape {
                        Shape::Rect { x, width: w, .. } => 0.0 <= x && x + w <= width + 3.0,
                        Shape::Glyph { glyph: Glyph::Cross, x, .. } => (0.0..=width).contains(&x),
                        Shape::Text { x, y, .. } => 0.0 <= x && x <= width && y <= scene.height,
                        _ => true,
                    };
                    assert!(inside, "{name}: {item:?}");
                }
            }
        }
        assert!(ascii(&timeline, 100).lines().all(|l| l.chars().count() <= 100), "{name}");
    }
}

#[test]
fn a_pointer_finds_what_it_points_at() {
    let trace = run(DEAD, &[]);
    let timeline = Timeline::new(&trace);
    let scene = scene(&timeline, &Viewport::fit(timeline.start, timeline.end), &SceneOptions::new(900.0, "en"));
    for item in scene.items.iter().filter(|i| i.event.is_some()) {
        match item.shape {
            Shape::Glyph { x, y, .. } => assert!(scene.hit(x, y).is_some(), "{item:?}"),
            Shape::Rect { x, y, width, height, .. } => {
                assert!(scene.hit(x + width / 2.0, y + height / 2.0).is_some(), "{item:?}");
            }
            _ => {}
        }
    }
    assert_eq!(scene.hit(-50.0, -50.0), None);
}

/// Elements nest, and attributes are quoted.
fn well_formed(text: &str, name: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "{name}: stray > in {}", &rest[..start]);
        let end = start + rest[start..].find('>').unwrap();
        let tag = &rest[start + 1..end];
        assert!(tag.matches('"').count().is_multiple_of(2), "{name}: {tag}");
        if let Some(closing) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closing), "{name}");
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && rest.is_empty(), "{name}: {open:?}");
}

/// A fault that is thrown in forks the future only.
#[test]
fn what_if_keeps_the_past() {
    let text = |trace: &Trace, end: SimTime| -> Vec<String> {
        trace.events.iter().take_while(|e| e.at < end).map(|e| format!("{e:?}")).collect()
    };
    for toml in [DEAD, LEAK, WAIT] {
        let plain = run(toml, &[]);
        for tenth in 1..10 {
            let at = SimTime(plain.scenario.until.as_us() / 10 * tenth + 1);
            for kind in [
                FaultKind::Kill { connection: None },
                FaultKind::Kill { connection: Some(1) },
                FaultKind::Restart { down: SimSpan::from_ms(1_500) },
            ] {
                let mut document = Document::from_toml(toml).unwrap();
                what_if::add(&mut document, &Fault { at, kind });
                let scenario = Scenario::read(&document, "test").unwrap();
                assert!(scenario.faults.contains(&Fault { at, kind }));
                assert_eq!(text(&simulate(&scenario), at), text(&plain, at), "{kind:?} at {at}");
            }
        }
    }
}

/// Folding takes nothing away: no event is inside a fold, instants stay in their order, and what happens has most of the room.
#[test]
fn only_time_in_which_nothing_happens_is_folded() {
    let night = run(NIGHT, &[]);
    let timeline = Timeline::new(&night);
    let quiet = timeline.quiet();
    assert!(quiet.iter().any(|q| SimSpan::from_secs(8 * 3_600 - 60) < q.to - q.from), "{quiet:?}");
    let folded = Viewport::fit(timeline.start, timeline.end).folded(&quiet);
    assert!(folded.span() < SimSpan::from_secs(60), "{}", folded.span());

    for (name, trace) in traces() {
        let timeline = Timeline::new(&trace);
        let quiet = timeline.quiet();
        assert!(quiet.is_sorted_by(|a, b| a.to <= b.from), "{name}");
        for q in &quiet {
            assert!(q.from < q.to && q.shown < q.to - q.from && SimSpan::ZERO < q.shown, "{name}: {q:?}");
            let inside = |at: SimTime| q.from < at && at < q.to;
            assert!(!timeline.steps.iter().any(|s| inside(s.at)), "{name}: {q:?}");
            assert!(!trace.events.iter().any(|e| inside(e.at)), "{name}: {q:?}");
        }
        let plain = Viewport::fit(timeline.start, timeline.end);
        let folded = plain.folded(&quiet);
        assert!(folded.span() <= plain.span() && folded.folded(&[]) == plain, "{name}");
        let scale = folded.scale(0.0, 1_000.0);
        let folds: f32 = scale.folds().map(|(_, _, left, right)| right - left).sum();
        assert!(folds <= 500.0, "{name}: {folds} of 1000 px are folds");
        let instants = trace.events.iter().map(|e| e.at).chain([timeline.end]);
        let mut last = 0.0;
        for at in instants {
            let x = scale.x(at);
            assert!(last <= x && x <= 1_000.0, "{name}: {at}");
            last = x;
        }
        let picture = svg(&scene(&timeline, &folded, &SceneOptions::new(760.0, "en")));
        assert_eq!(picture.matches("class=\"fold\"").count().min(1), quiet.len().min(1), "{name}");
    }
}

/// The line of the playhead leaves texts readable.
#[test]
fn the_playhead_crosses_no_text() {
    for (name, trace) in traces() {
        let timeline = Timeline::new(&trace);
        let scene = scene(&timeline, &Viewport::fit(timeline.start, timeline.end), &SceneOptions::new(700.0, "zh-CN"));
        for percent in 0..=100 {
            let at = SimTime(timeline.end.as_us() / 100 * percent);
            let (x, stretches) = scene.playhead(at).unwrap();
            assert!(
                stretches.is_sorted_by(|a, b| a.1 <= b.0) && stretches.iter().all(|s| s.0 < s.1),
                "{name}: {stretches:?}"
            );
            for item in &scene.items {
                let Shape::Text { x: left, y, anchor: Anchor::Start, .. } = item.shape else { continue };
                // The first letter is where a text begins, whatever the font.
                let crossed =
                    (left..left + 5.0).contains(&x) && stretches.iter().any(|s| s.0 < y - 3.0 && y - 3.0 < s.1);
                assert!(!crossed, "{name}: {item:?} at {at}");
            }
        }
    }
}
