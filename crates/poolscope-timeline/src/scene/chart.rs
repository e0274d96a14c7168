//! A count over time, as steps, with its limit.

use super::layout::{Easel, Layer};
use super::{Anchor, Frame, Shape, labels};
use crate::timeline::{Run, Series, SeriesKind};
use crate::words;

/// The limit is drawn if the count comes within this factor of it.
const NEAR: u32 = 4;

pub fn place(easel: &mut Easel, series: &Series, siblings: usize, y: f32) -> f32 {
    let height = if siblings > 2 { 32.0 } else { 40.0 };
    let (top, bottom) = (y + 14.0, y + height - 4.0);
    let Frame { left, right, .. } = easel.plot;
    let peak = series.points.iter().map(|p| p.1).max().unwrap_or(0).max(1);
    let peak = peak.unsigned_abs();
    let limit = series.limit.filter(|limit| *limit <= peak.saturating_mul(NEAR));
    let highest = limit.unwrap_or(0).max(peak) as f32;
    let level = |value: i32| (bottom - (bottom - top) * (value.max(0) as f32) / highest).round();

    // What is out of sight is left out, but for the count at the left edge.
    let begin = easel.scale.time(left);
    let first = series.points.partition_point(|p| p.0 <= begin).saturating_sub(1);
    let seen = series.points.get(first..).unwrap_or_default();
    // Where there are more changes than pixels, whole pixels are fine enough.
    let fine = if seen.len() < (right - left) as usize { 0.5 } else { 1.0 };
    let mut steps = Steps { points: Vec::new(), x: left, peak: bottom, last: bottom, fine };
    for (at, value) in seen {
        let (x, y) = (easel.scale.x(*at), level(*value));
        if right < x {
            break;
        }
        steps.go(if fine < 1.0 { x } else { x.round() }.max(left), y);
    }
    let steps = steps.end(right);
    let mut area = steps.clone();
    area.push((right, bottom));
    area.push((left, bottom));
    easel.draw(Layer::Ground, "area", Shape::Path { points: area, closed: true });
    easel.draw(Layer::Link, "count", Shape::Path { points: steps, closed: false });

    // In a narrow column there is no room for the name beside the chart.
    let inside = easel.narrow || siblings > 1;
    let what = match series.kind {
        SeriesKind::CheckedOut(_) => easel.lang.word(words::CHECKED_OUT),
        SeriesKind::ThreadsConnected => series.label.as_str(),
    };
    let mut caption = if inside { what.to_owned() } else { String::new() };
    if let Some(limit) = series.limit {
        if inside {
            caption.push_str(" · ");
        }
        let phrase = if limit == peak { words::LIMIT } else { words::LIMIT_AND_PEAK };
        caption.push_str(&easel.lang.say(phrase, &[&limit.to_string(), &peak.to_string()]));
    }
    let line = limit.map_or(top, |l| level(i32::try_from(l).unwrap_or(i32::MAX)));
    if limit.is_some() {
        easel.line(Layer::Link, "limit", (left, line), (right, line));
    }
    easel.text(if limit.is_some() { "limits" } else { "tick" }, left + 3.0, line - 4.0, Anchor::Start, caption);

    let beside = match series.kind {
        _ if series.run == Run::Before => easel.lang.word(words::BEFORE),
        SeriesKind::CheckedOut(_) if siblings > 1 => series.label.as_str(),
        _ if inside => "",
        _ => what,
    };
    let room = left - 8.0;
    easel.text("lane", room, bottom, Anchor::End, labels::fit(beside, room));
    y + height
}

/// A line of steps. Within one stretch of `fine` px the highest count remains visible.
struct Steps {
    points: Vec<(f32, f32)>,
    /// The stretch that is being drawn: where it begins, its highest level, and the level at its end.
    x: f32,
    peak: f32,
    last: f32,
    fine: f32,
}

impl Steps {
    fn go(&mut self, x: f32, y: f32) {
        if x < self.x + self.fine {
            self.peak = self.peak.min(y);
        } else {
            self.draw();
            (self.x, self.peak) = (x, y);
        }
        self.last = y;
    }

    fn draw(&mut self) {
        let came = self.points.last().map_or(self.peak, |last| last.1);
        for point in [(self.x, came), (self.x, self.peak), (self.x + self.fine, self.peak)] {
            if self.points.last() != Some(&point) && (point.0 == self.x || self.last != self.peak) {
                self.points.push(point);
            }
        }
        if self.last != self.peak {
            self.points.push((self.x + self.fine, self.last));
        }
    }

    fn end(mut self, right: f32) -> Vec<(f32, f32)> {
        self.draw();
        self.points.push((right, self.last));
        self.points
    }
}
