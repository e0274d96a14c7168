//! Bars as rectangles: their classes, their clocks, and what becomes of those that are narrower than a pixel.

use super::layout::{Easel, Layer};
use super::{Anchor, Item, Shape, labels};
use crate::timeline::{Bar, BarKind, Condition, Group, Lane, LaneKind, Truth};
use crate::words::{self, Phrase};

pub const DEAD: &str = "dead";
pub const HATCH: &str = "hatch";
const FUSE: &str = "fuse";

/// Narrower than this is a moment, not a span: it is drawn as a blip.
const TINY: f32 = 1.4;
const BLIP: f32 = 2.4;

fn class(bar: &Bar) -> &'static str {
    match (bar.kind, bar.condition) {
        (BarKind::InPool, Condition::Dead) => DEAD,
        (BarKind::CheckedOut, Condition::Lost) => "left",
        (BarKind::InPool, Condition::Stale) => "old",
        (BarKind::Work, _) => "work",
        (BarKind::WaitForThread, _) => "queue",
        (BarKind::WaitForPool, _) => "wait",
        (BarKind::Connect, _) => "conn",
        (BarKind::Ping, _) => "ping",
        (BarKind::Query | BarKind::Command, _) => "qry",
        (BarKind::Hold, _) => "hold",
        (BarKind::Keep, _) => "keep",
        (BarKind::LeftBehind, _) => "ghost",
        (BarKind::InPool, _) => "in",
        (BarKind::CheckedOut, _) => "out",
        (BarKind::Sleep, _) => "slp",
        (BarKind::SleepInTransaction, _) => "trx",
    }
}

/// The classes that a group shows, with their words, in a fixed order.
pub fn legend(group: &Group) -> Vec<(&'static str, Phrase)> {
    const ORDER: [(&str, Phrase); 14] = [
        ("work", words::KEY_WORK),
        ("wait", words::WAIT_FOR_POOL),
        ("conn", words::KEY_CONNECT),
        ("qry", words::KEY_QUERY),
        ("hold", words::KEY_HOLD),
        ("keep", words::KEY_KEEP),
        ("in", words::IN_POOL),
        ("old", words::KEY_STALE),
        ("out", words::OUT),
        ("ghost", words::KEY_LOST),
        ("left", words::KEY_LOST),
        (DEAD, words::KEY_DEAD),
        ("slp", words::SLEEP),
        ("trx", words::KEY_TRANSACTION),
    ];
    let bars = || group.lanes.iter().flat_map(|l| l.looks.iter().map(|place| &l.bars[*place as usize]));
    let mut entries: Vec<_> = ORDER.iter().copied().filter(|(name, _)| bars().any(|b| shows(b, name))).collect();
    if bars().any(|b| b.clock().is_some()) {
        entries.push((FUSE, if group.truth == Truth::Pool { words::KEY_AGE } else { words::KEY_SLEEP }));
    }
    entries
}

fn shows(bar: &Bar, name: &str) -> bool {
    class(bar) == name || name == DEAD && bar.condition == Condition::Dead
}

pub fn place(easel: &mut Easel, lane: &Lane, y: f32, height: f32) {
    let rows = f32::from(lane.rows.max(1));
    let thin = lane.rows > 1 || matches!(lane.kind, LaneKind::LeftBehind { .. } | LaneKind::Backlog { .. });
    let (top, pitch) =
        if thin { (y + 3.0, (height - 6.0) / rows) } else { (y + (height * 0.14).round(), (height * 0.72).round()) };
    let thick = if thin && 2.0 <= pitch { pitch - 1.0 } else { pitch };
    if lane.peaks.is_dense() && pitch < ROW_MIN {
        return crowd(easel, lane, top, pitch);
    }
    let cell = if lane.peaks.is_dense() { easel.cell } else { TINY };
    let mut labelled = None;
    let mut cluster: Option<Cluster> = None;
    lane.peaks.walk(lane.bars.len(), &mut |first, last, strongest| {
        let (from, to) = (&lane.bars[first], &lane.bars[last]);
        if from.row != to.row {
            return false;
        }
        let Some((left, right)) = easel.scale.part(from.from, to.to) else { return true };
        let bar = &lane.bars[strongest];
        let top = top + f32::from(bar.row) * pitch;
        if right - left < cell {
            let new = Cluster { left, right, top, bar, single: first == last };
            match &mut cluster {
                Some(c) if c.top == top && left <= c.left + cell.max(BLIP) => c.join(new),
                _ => flush(easel, cluster.replace(new), thick, lane),
            }
            return true;
        }
        if first != last {
            return false;
        }
        flush(easel, cluster.take(), thick, lane);
        let (left, right) = if lane.peaks.is_dense() { (left.round(), right.round()) } else { (left, right) };
        span(easel, bar, left, right, top, thick);
        if !thin && labelled != bar.number && number(easel, bar, left, right, top, thick) {
            labelled = bar.number;
        }
        true
    });
    flush(easel, cluster, thick, lane);
}

/// Rows thinner than this are drawn together.
const ROW_MIN: f32 = 2.0;

/// More rows than pixels: what of them is filled.
fn crowd(easel: &mut Easel, lane: &Lane, top: f32, pitch: f32) {
    let mut filled: Vec<(f32, f32, &Bar)> = Vec::new();
    let mut line = 0.0;
    let scale = easel.scale.clone();
    let mut flush = |filled: &mut Vec<(f32, f32, &Bar)>, line: f32| {
        for (left, right, bar) in filled.drain(..) {
            let shape =
                Shape::Rect { x: left, y: top + line * ROW_MIN, width: right - left, height: ROW_MIN, radius: 0.0 };
            easel.draw(Layer::Bar, class(bar), shape);
        }
    };
    for bar in &lane.bars {
        let Some((left, right)) = scale.part(bar.from, bar.to) else { continue };
        let own = (f32::from(bar.row) * pitch / ROW_MIN).floor();
        if own != line {
            flush(&mut filled, line);
            line = own;
        }
        let near = filled.iter_mut().find(|f| left <= f.1 + 1.0 && f.0 <= right + 1.0 && class(f.2) == class(bar));
        match near {
            Some(found) => (found.0, found.1) = (found.0.min(left), found.1.max(right)),
            None => filled.push((left, right, bar)),
        }
    }
    flush(&mut filled, line);
}

/// Bars that are drawn as one.
struct Cluster<'a> {
    left: f32,
    right: f32,
    top: f32,
    /// The strongest so far.
    bar: &'a Bar,
    single: bool,
}

impl<'a> Cluster<'a> {
    fn join(&mut self, other: Cluster<'a>) {
        self.right = self.right.max(other.right);
        self.single = false;
        if self.bar.kind.strength() < other.bar.kind.strength() {
            self.bar = other.bar;
        }
    }
}

fn flush(easel: &mut Easel, cluster: Option<Cluster<'_>>, height: f32, lane: &Lane) {
    let Some(Cluster { mut left, right, top, bar, single }) = cluster else { return };
    let mut width = (right - left).max(BLIP);
    let dense = lane.peaks.is_dense();
    if dense {
        // Of so many shapes nobody sees the tenths of a pixel, but each costs a frame some of its time.
        let right = (left + width).round();
        left = left.round();
        width = right - left;
    }
    if bar.kind.strength() == 0 && (!dense || right - left < BLIP) {
        return;
    }
    let class = class(bar);
    if dense
        && let Some(Item { class: same, shape: Shape::Rect { x, y, width: w, .. }, event, connection }) =
            easel.last(Layer::Blip)
        && *same == class
        && *y == top
        && left - (*x + *w) <= 1.0
    {
        // A long stretch of the same is one shape, and stands for no event of its own.
        *w = (left + width - *x).max(*w);
        (*event, *connection) = (None, None);
        return;
    }
    let shape = Shape::Rect { x: left, y: top, width, height, radius: 0.0 };
    let own = single || !dense;
    easel.add(
        Layer::Blip,
        Item { class, shape, event: own.then_some(bar.event), connection: bar.connection.filter(|_| own) },
    );
}

fn span(easel: &mut Easel, bar: &Bar, left: f32, right: f32, top: f32, height: f32) {
    // A hair of ground between neighbours, so that two requests in a row stay two.
    let right = if right - left > 4.0 { right - 0.6 } else { right };
    let shape = Shape::Rect { x: left, y: top, width: right - left, height, radius: 0.0 };
    easel.add(Layer::Bar, Item { class: class(bar), shape, event: Some(bar.event), connection: bar.connection });
    if bar.condition == Condition::Dead {
        let hatch = Shape::Stroke { x1: left, x2: right, y: top + height / 2.0, thick: height };
        easel.draw(Layer::Hatch, HATCH, hatch);
    }
    gauge(easel, bar, left, right, top, height);
}

/// The clock as a ramp: low where it starts, the whole height where its limit is reached.
fn gauge(easel: &mut Easel, bar: &Bar, left: f32, right: f32, top: f32, height: f32) {
    let Some(gauge) = bar.clock() else { return };
    let (from, to) = (gauge.from as f32, gauge.to as f32);
    let bottom = top + height;
    let points = vec![
        (left, bottom),
        (left, bottom - height * from / 1000.0),
        (right, bottom - height * to / 1000.0),
        (right, bottom),
    ];
    easel.draw(Layer::Gauge, FUSE, Shape::Path { points, closed: true });
}

/// The connection's number or the server's thread id, at the beginning of the first bar that has room for it.
fn number(easel: &mut Easel, bar: &Bar, left: f32, right: f32, top: f32, height: f32) -> bool {
    let own = matches!(bar.kind, BarKind::InPool | BarKind::CheckedOut | BarKind::Sleep | BarKind::SleepInTransaction);
    let Some(number) = bar.number.filter(|_| own && 11.0 <= height) else { return false };
    let mut text = number.to_string();
    if matches!(bar.kind, BarKind::InPool | BarKind::CheckedOut) {
        text.insert(0, '#');
    }
    if right - left < labels::width(&text) + 8.0 {
        return false;
    }
    easel.text("num", left + 4.0, top + height / 2.0 + 3.4, Anchor::Start, text);
    true
}
