//! The line at the instant that is looked at: through everything but texts, which stay readable.

use poolscope_sim::time::SimTime;

use super::{Anchor, Item, Scene, Shape, labels};

/// Between the line and a text, and from a legend's text over its swatch.
const AIR: f32 = 2.0;
const SWATCH: f32 = 18.0;

impl Scene {
    /// Where the playhead of this instant is: its x, and the stretches from top to bottom that no text is in the way of; nothing if the
    /// instant is out of sight.
    pub fn playhead(&self, at: SimTime) -> Option<(f32, Vec<(f32, f32)>)> {
        if !self.scale.shows(at, at) {
            return None;
        }
        let x = self.scale.x(at);
        Some((x, stretches(&self.items, x, self.plot.top, self.plot.bottom)))
    }
}

pub fn stretches<'a>(items: impl IntoIterator<Item = &'a Item>, x: f32, top: f32, bottom: f32) -> Vec<(f32, f32)> {
    let mut free = vec![(top, bottom)];
    for item in items {
        let Shape::Text { x: left, y, anchor, text } = &item.shape else { continue };
        // Headings and errors are set larger or bolder than the rest.
        let width = labels::width(text) * if matches!(item.class, "head" | "errs") { 1.25 } else { 1.0 };
        let left = match anchor {
            Anchor::Start => *left,
            Anchor::Middle => left - width / 2.0,
            Anchor::End => left - width,
        };
        let swatch = if item.class == "key" { SWATCH } else { 0.0 };
        if x < left - swatch - AIR || left + width + AIR < x {
            continue;
        }
        let (from, to) = (y - labels::SIZE, y + AIR + 1.0);
        free = free
            .into_iter()
            .flat_map(|(a, b)| [(a, b.min(from)), (a.max(to), b)].into_iter().filter(|(a, b)| a < b))
            .fold(Vec::new(), |mut all, part| {
                // A stretch that the text does not touch comes out twice.
                if all.last() != Some(&part) {
                    all.push(part);
                }
                all
            });
    }
    free
}
