//! Marks as glyphs: those that matter always, the others where there is room.

use super::layout::{Easel, Layer};
use super::{Anchor, Glyph, Item, Shape, labels};
use crate::timeline::{Lane, LaneKind, Mark, MarkKind};

fn look(kind: MarkKind) -> Option<(Glyph, &'static str)> {
    Some(match kind {
        MarkKind::Error(_) => (Glyph::Cross, "err"),
        MarkKind::Refuse(_) => (Glyph::Barred, "err"),
        MarkKind::PingFailed => (Glyph::Cross, "pingx"),
        MarkKind::Timeout => (Glyph::Hourglass, "end"),
        MarkKind::Kill | MarkKind::Down => (Glyph::Bolt, "end"),
        MarkKind::Lost => (Glyph::Ring, "lost"),
        MarkKind::Invalidate => (Glyph::Diamond, "inv"),
        MarkKind::PingOk => (Glyph::Dot, "pingo"),
        MarkKind::Collect => (Glyph::Ring, "quiet"),
        MarkKind::Connect => (Glyph::Dot, "quiet"),
        MarkKind::Close | MarkKind::Quit => (Glyph::Stop, "quiet"),
        MarkKind::Up => (Glyph::Up, "quiet"),
        MarkKind::Checkout | MarkKind::Checkin => return None,
    })
}

/// A mark and its pixel.
type Spot<'a> = (f32, &'a Mark);

pub fn place(easel: &mut Easel, lane: &Lane, y: f32, height: f32) {
    let dense = lane.mark_peaks.is_dense();
    // Where there are many, sizes and places that come out in whole pixels.
    let size = (height * 0.5).clamp(if dense { 6.25 } else { 6.0 }, 9.0);
    let middle = y + height / 2.0;
    let mut seen: Vec<Spot> = Vec::new();
    lane.mark_peaks.walk(lane.marks.len(), &mut |first, last, strongest| {
        let (from, to, mark) = (&lane.marks[first], &lane.marks[last], &lane.marks[strongest]);
        if !easel.scale.shows(from.at, to.at) {
            return true;
        }
        // Beside its strongest there is no room for the others.
        if first != last && easel.cell <= easel.scale.x(to.at) - easel.scale.x(from.at) {
            return false;
        }
        if easel.scale.shows(mark.at, mark.at) && look(mark.kind).is_some() {
            seen.push((easel.scale.x(mark.at), mark));
        }
        first == last || easel.scale.shows(from.at, from.at) && easel.scale.shows(to.at, to.at)
    });
    let mut shown: Vec<Spot> = Vec::new();
    for importance in 0..=3 {
        // Errors stay even where they crowd, down to the pixel; the rest needs room.
        let room = match importance {
            0 if dense => easel.cell,
            0 => 2.0,
            2.. if dense => 3.0 * easel.cell.max(size),
            _ => size + 1.0,
        };
        for found in seen.iter().filter(|found| found.1.kind.importance() == importance) {
            let x = found.0;
            let place = shown.partition_point(|(other, _)| *other < x);
            let near = |other: Option<&Spot>| other.is_some_and(|(other, _)| (other - x).abs() < room);
            if !near(shown.get(place)) && !near(place.checked_sub(1).and_then(|before| shown.get(before))) {
                shown.insert(place, *found);
            }
        }
    }
    for (x, mark) in &shown {
        let Some((glyph, class)) = look(mark.kind) else { continue };
        let (glyph, x) = match glyph {
            Glyph::Dot if dense => (Glyph::Speck, x.floor() + 0.5),
            glyph if dense => (glyph, x.floor() + 0.5),
            glyph => (glyph, *x),
        };
        let shape = Shape::Glyph { glyph, x, y: middle, size };
        easel.add(Layer::Mark, Item { class, shape, event: Some(mark.event), connection: mark.connection });
    }
    captions(easel, lane, &shown, middle, size);
}

/// Errors by their number, the same one only once in a row, where no other mark is in the way.
fn captions(easel: &mut Easel, lane: &Lane, shown: &[Spot], middle: f32, size: f32) {
    /// The same caption again only after this many pixels.
    const AGAIN: f32 = 150.0;
    let mut last: Option<(String, f32)> = None;
    let mut taken = f32::MIN;
    for (i, (x, mark)) in shown.iter().enumerate() {
        let text = match (mark.kind, lane.kind) {
            (MarkKind::Error(key), LaneKind::Task(_)) => key.label(),
            (MarkKind::Refuse(code), _) => code.to_string(),
            _ => continue,
        };
        // Captions are set in semibold.
        let width = labels::width(&text) * 1.12 + 2.0;
        let start = x + size / 2.0 + 3.0;
        let bar_in = |left: f32, right: f32| {
            // Lanes with captions have one row, so the bars are by time.
            let first = lane.bars.partition_point(|b| easel.scale.x(b.to) + 2.0 <= left);
            lane.bars.get(first).is_some_and(|b| easel.scale.x(b.from) < right)
        };
        let free = shown.get(i + 1).is_none_or(|next| start + width < next.0 - size)
            && start + width <= easel.plot.right
            && !bar_in(start, start + width);
        let before = x - size / 2.0 - 3.0;
        let free_before = taken < before - width
            && (i == 0 || shown[i - 1].0 + size < before - width)
            && easel.plot.left <= before - width
            && !bar_in(before - width, before);
        if last.as_ref().is_some_and(|(same, at)| *same == text && x - at < AGAIN) {
            continue;
        }
        if free {
            easel.text("errs", start, (middle + 3.8).round(), Anchor::Start, text.as_str());
            taken = start + width;
        } else if free_before {
            easel.text("errs", before, (middle + 3.8).round(), Anchor::End, text.as_str());
        } else {
            continue;
        }
        last = Some((text, *x));
    }
}
