//! Arrows from causes to effects, over the picture.

use poolscope_sim::trace::EventId;
use poolscope_timeline::{Scene, why};

use crate::experiment::Experiment;

/// Closer than this they are one place.
const NEAR: f32 = 5.0;
/// How far an arrow between two places of one lane, or of one instant, bends aside.
const BEND: f32 = 16.0;
/// Of the head.
const LENGTH: f32 = 9.0;

/// The lines, and the heads with a dot where the chain begins.
pub fn paths(scene: &Scene, experiment: &Experiment, subject: EventId) -> (String, String) {
    let chain: Vec<EventId> = std::iter::once(subject).chain(why(&experiment.trace, subject)).collect();
    let places = scene.places(&experiment.timeline, &experiment.trace, &chain);
    // From the first cause on; what cannot be told apart is passed over.
    let mut route: Vec<(f32, f32)> = Vec::new();
    for (_, x, y) in places.into_iter().rev() {
        let is_near = |last: &(f32, f32)| (last.0 - x).abs() < NEAR && (last.1 - y).abs() < NEAR;
        if !route.last().is_some_and(is_near) {
            route.push((x, y));
        }
    }
    let (mut lines, mut heads) = (String::new(), String::new());
    if let (Some((x, y)), true) = (route.first(), 1 < route.len()) {
        heads += &format!("M{} {}a4 4 0 1 1 8 0a4 4 0 1 1 -8 0z", *x as i32 - 4, *y as i32);
    }
    for pair in route.windows(2) {
        let ((x1, y1), (x2, y2)) = (pair[0], pair[1]);
        let (dx, dy) = (x2 - x1, y2 - y1);
        let length = (dx * dx + dy * dy).sqrt().max(1.0);
        // An arrow to the right bends upwards, one back downwards: there and back are two arrows.
        let bend = BEND.min(length / 3.0);
        let (cx, cy) = ((x1 + x2) / 2.0 + dy / length * bend, (y1 + y2) / 2.0 - dx / length * bend);
        lines += &format!("M{} {}Q{} {} {} {}", x1 as i32, y1 as i32, cx as i32, cy as i32, x2 as i32, y2 as i32);
        let (hx, hy) = (x2 - cx, y2 - cy);
        let along = (hx * hx + hy * hy).sqrt().max(1.0);
        let (hx, hy) = (hx / along * LENGTH, hy / along * LENGTH);
        let (left, right) = ((x2 - hx - hy / 2.0, y2 - hy + hx / 2.0), (x2 - hx + hy / 2.0, y2 - hy - hx / 2.0));
        let points = [x2, y2, left.0, left.1, right.0, right.1].map(|n| n as i32);
        heads += &format!("M{} {}L{} {} {} {}z", points[0], points[1], points[2], points[3], points[4], points[5]);
    }
    (lines, heads)
}
