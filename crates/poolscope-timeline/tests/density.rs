//! More than can be seen: what is drawn stays within what a browser repaints in a frame, and no error is lost among its neighbours.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod runs;

use poolscope_sim::time::SimTime;
use poolscope_timeline::{
    Anchor, Checkpoints, Glyph, Lane, LaneKind, MarkKind, Moment, Scene, SceneOptions, Shape, Timeline, Viewport, When,
    scene,
};

/// Twelve threads on eight connections for a while: short statements, a server that is restarted, a connection that is killed, a rush.
const BUSY: &str = r#"
title = "Busy"
seed = 1
until = "24 s"
look_at = "end"
[variables]
wait_timeout = 3
[engine]
pool_size = 5
max_overflow = 3
pool_timeout = 1
pool_pre_ping = true
[[process]]
name = "app"
threads = 24
[programs.handler]
text = '''
def handler():
    with Session() as session:
        session.execute(text("SELECT 1"))
        time.sleep(0.005)
        session.execute(text("SELECT 1"))
'''
[statements]
"SELECT 1" = "5 ms"
[[traffic]]
run = "handler"
users = 12
think = "50 ms"
[[traffic]]
run = "handler"
every = "400 us"
start = "9 s"
count = 2000
[[fault]]
at = "14 s"
kind = "kill"
[[fault]]
at = "21 s"
kind = "restart"
down = "1500 ms"
[limits]
events = 10000000
"#;

fn glyphs_at(scene: &Scene, y: f32, glyph: Glyph) -> Vec<f32> {
    let found = scene.items.iter().filter_map(|item| match item.shape {
        Shape::Glyph { glyph: own, x, y: at, .. } if own == glyph && (at - y).abs() <= 1.0 => Some(x),
        _ => None,
    });
    found.collect()
}

/// Where the lanes of threads are: by the middle of each, as their labels stand.
fn middles(scene: &Scene, threads: usize) -> Vec<f32> {
    let labels = scene.items.iter().filter_map(|item| match &item.shape {
        Shape::Text { y, anchor: Anchor::End, text, .. } if item.class == "lane" && !text.starts_with("no free") => {
            Some(*y - 3.8)
        }
        _ => None,
    });
    let mut labels: Vec<f32> = labels.collect();
    labels.sort_by(f32::total_cmp);
    labels.truncate(threads);
    labels
}

#[test]
fn no_error_is_merged_away() {
    let trace = runs::run(BUSY, &[]);
    let timeline = Timeline::new(&trace);
    let threads: Vec<&Lane> = timeline.groups[0].lanes.iter().filter(|l| matches!(l.kind, LaneKind::Task(_))).collect();
    let errors = |lane: &Lane| lane.marks.iter().filter(|m| matches!(m.kind, MarkKind::Error(_))).count();
    assert!(100_000 < trace.events.len(), "{}", trace.events.len());
    assert!(threads.iter().any(|l| l.peaks.is_dense()) && 50 < threads.iter().map(|l| errors(l)).sum::<usize>());
    let whole = Viewport::fit(timeline.start, timeline.end);
    for (factor, around) in [(1.0, 0), (3.0, 14), (40.0, 14), (40.0, 21), (900.0, 21)] {
        let viewport = whole.zoom(factor, SimTime(around * 1_000_000));
        for width in [390.0, 1_000.0] {
            let scene = scene(&timeline, &viewport, &SceneOptions::new(width, "en"));
            assert!(scene.items.len() < 14_000, "{} items", scene.items.len());
            let lanes = middles(&scene, threads.len());
            assert_eq!(lanes.len(), threads.len());
            for (lane, y) in threads.iter().zip(lanes) {
                let crosses: Vec<f32> = glyphs_at(&scene, y, Glyph::Cross);
                for mark in lane.marks.iter().filter(|m| matches!(m.kind, MarkKind::Error(_))) {
                    if !scene.scale.shows(mark.at, mark.at) {
                        continue;
                    }
                    let x = scene.scale.x(mark.at);
                    assert!(crosses.iter().any(|cross| (cross - x).abs() <= 8.0), "{} at {x}, {y}", mark.at);
                }
            }
        }
    }
}

/// Close enough, every bar is drawn as itself: as in a picture of a short run, but for half a pixel.
#[test]
fn what_is_wide_enough_is_not_merged() {
    let trace = runs::run(BUSY, &[]);
    let timeline = Timeline::new(&trace);
    let viewport = Viewport::fit(timeline.start, timeline.end).show(SimTime(18_000_000), SimTime(18_050_000));
    let scene = scene(&timeline, &viewport, &SceneOptions::new(1_000.0, "en"));
    let plot = (scene.plot.left, scene.plot.right);
    for bar in timeline.groups.iter().flat_map(|g| &g.lanes).flat_map(|l| &l.bars) {
        let (left, right) = (scene.scale.x(bar.from), scene.scale.x(bar.to));
        if left < plot.0 || plot.1 < right || right - left < 8.0 {
            continue;
        }
        let drawn = scene.items.iter().any(|item| match item.shape {
            Shape::Rect { x, .. } => item.event == Some(bar.event) && (x - left).abs() <= 0.51,
            _ => false,
        });
        assert!(drawn, "{bar:?}");
    }
}

#[test]
fn a_moment_from_a_checkpoint_is_the_same_moment() {
    let trace = runs::run(BUSY, &[]);
    let mut checkpoints = Checkpoints::default();
    for second in [20, 3, 21, 22, 23, 14, 9, 24] {
        let when = When::Time(SimTime(second * 1_000_000));
        let (near, far) = (checkpoints.moment(&trace, when), Moment::at(&trace, when));
        assert_eq!(format!("{near:?}"), format!("{far:?}"));
    }
}
