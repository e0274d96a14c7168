//! Marks as glyphs: those that matter always, the others where there is room.

use super::layout::{Easel, Layer};
use super::{Anchor, Glyph, Item, Shape, labels};
use crate::timeline::{Lane, LaneKind, Mark, MarkKind};

/// Glyph, class, and how much it matters: 0 is never left out. Checkouts and checkins are where bars begin and end.
fn look(kind: MarkKind) -> Option<(Glyph, &'static str, u8)> {
    Some(match kind {
        MarkKind::Error(_) => (Glyph::Cross, "err", 0),
        MarkKind::Refuse(_) => (Glyph::Barred, "err", 0),
        MarkKind::PingFailed => (Glyph::Cross, "pingx", 0),
        MarkKind::Timeout => (Glyph::Hourglass, "end", 0),
        MarkKind::Kill | MarkKind::Down => (Glyph::Bolt, "end", 0),
        MarkKind::Lost => (Glyph::Ring, "lost", 1),
        MarkKind::Invalidate => (Glyph::Diamond, "inv", 1),
        MarkKind::PingOk => (Glyph::Dot, "pingo", 2),
        MarkKind::Collect => (Glyph::Ring, "quiet", 2),
        MarkKind::Connect => (Glyph::Dot, "quiet", 3),
        MarkKind::Close | MarkKind::Quit => (Glyph::Stop, "quiet", 3),
        MarkKind::Up => (Glyph::Up, "quiet", 2),
        MarkKind::Checkout | MarkKind::Checkin => return None,
    })
}

pub fn place(easel: &mut Easel, lane: &Lane, y: f32, height: f32) {
    let size = (height * 0.5).clamp(6.0, 9.0);
    let middle = y + height / 2.0;
    let mut shown: Vec<(f32, u8, &Mark)> = Vec::new();
    for importance in 0..=3 {
        for mark in lane.marks.iter().filter(|m| easel.scale.shows(m.at, m.at)) {
            let Some((.., own)) = look(mark.kind).filter(|l| l.2 == importance) else { continue };
            let x = easel.scale.x(mark.at);
            // Errors stay even where they crowd, down to the pixel; the rest needs room.
            let room = if own == 0 { 2.0 } else { size + 1.0 };
            if shown.iter().all(|(other, ..)| room <= (other - x).abs()) {
                let place = shown.partition_point(|(other, ..)| *other < x);
                shown.insert(place, (x, own, mark));
            }
        }
    }
    for (x, _, mark) in &shown {
        let Some((glyph, class, _)) = look(mark.kind) else { continue };
        let shape = Shape::Glyph { glyph, x: *x, y: middle, size };
        easel.add(Layer::Mark, Item { class, shape, event: Some(mark.event), connection: mark.connection });
    }
    captions(easel, lane, &shown, middle, size);
}

/// Errors by their number, the same one only once in a row, where no other mark is in the way.
fn captions(easel: &mut Easel, lane: &Lane, shown: &[(f32, u8, &Mark)], middle: f32, size: f32) {
    /// The same caption again only after this many pixels.
    const AGAIN: f32 = 150.0;
    let mut last: Option<(String, f32)> = None;
    let mut taken = f32::MIN;
    for (i, (x, _, mark)) in shown.iter().enumerate() {
        let text = match (mark.kind, lane.kind) {
            (MarkKind::Error(key), LaneKind::Task(_)) => key.label(),
            (MarkKind::Refuse(code), _) => code.to_string(),
            _ => continue,
        };
        // Captions are set in semibold.
        let width = labels::width(&text) * 1.12 + 2.0;
        let start = x + size / 2.0 + 3.0;
        let bar_in = |left: f32, right: f32| {
            lane.bars.iter().any(|b| easel.scale.x(b.from) < right && left < easel.scale.x(b.to) + 2.0)
        };
        let free = shown.get(i + 1).is_none_or(|next| start + width < next.0 - size / 2.0)
            && start + width <= easel.plot.right
            && !bar_in(start, start + width);
        let before = x - size / 2.0 - 3.0;
        let free_before = taken < before - width
            && (i == 0 || shown[i - 1].0 + size / 2.0 < before - width)
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
