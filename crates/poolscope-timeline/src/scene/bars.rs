//! Bars as rectangles: their classes, their clocks, and what becomes of those that are narrower than a pixel.

use super::layout::{Easel, Layer};
use super::{Anchor, Item, Shape, labels};
use crate::timeline::{Bar, BarKind, Condition, Gauge, Group, Lane, LaneKind, Truth};
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

/// What remains visible when several things happen within one pixel.
fn strength(kind: BarKind) -> u8 {
    match kind {
        BarKind::InPool | BarKind::Sleep | BarKind::SleepInTransaction => 0,
        BarKind::Work | BarKind::WaitForThread => 1,
        BarKind::Hold | BarKind::Keep | BarKind::CheckedOut | BarKind::LeftBehind => 2,
        BarKind::Connect => 3,
        BarKind::Ping => 4,
        BarKind::Query | BarKind::Command => 5,
        BarKind::WaitForPool => 6,
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
    let bars = || group.lanes.iter().flat_map(|l| &l.bars);
    let mut entries: Vec<_> = ORDER.iter().copied().filter(|(name, _)| bars().any(|b| shows(b, name))).collect();
    if bars().any(|b| clock(b).is_some()) {
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
    let mut labelled = None;
    let mut cluster: Option<Cluster> = None;
    for bar in &lane.bars {
        if !easel.scale.shows(bar.from, bar.to) {
            continue;
        }
        let top = top + f32::from(bar.row) * pitch;
        let (left, right) = (easel.scale.x_inside(bar.from), easel.scale.x_inside(bar.to));
        if right - left < TINY {
            match &mut cluster {
                Some(c) if c.top == top && left <= c.left + BLIP => c.join(bar, right),
                _ => {
                    flush(easel, cluster.take(), thick);
                    cluster = Some(Cluster { left, right, top, bar });
                }
            }
            continue;
        }
        flush(easel, cluster.take(), thick);
        span(easel, bar, left, right, top, thick);
        if !thin && labelled != bar.number && number(easel, bar, left, right, top, thick) {
            labelled = bar.number;
        }
    }
    flush(easel, cluster, thick);
}

struct Cluster<'a> {
    left: f32,
    right: f32,
    top: f32,
    /// The strongest so far.
    bar: &'a Bar,
}

impl<'a> Cluster<'a> {
    fn join(&mut self, bar: &'a Bar, right: f32) {
        self.right = self.right.max(right);
        if strength(self.bar.kind) < strength(bar.kind) {
            self.bar = bar;
        }
    }
}

fn flush(easel: &mut Easel, cluster: Option<Cluster<'_>>, height: f32) {
    let Some(Cluster { left, right, top, bar }) = cluster else { return };
    if strength(bar.kind) > 0 {
        let shape = Shape::Rect { x: left, y: top, width: (right - left).max(BLIP), height, radius: 0.0 };
        easel.add(Layer::Blip, Item { class: class(bar), shape, event: Some(bar.event), connection: bar.connection });
    }
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
    let Some(gauge) = clock(bar) else { return };
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

/// The clock of a bar, if it says something: one that hardly moves does not, nor does one that nobody looks at any more.
fn clock(bar: &Bar) -> Option<Gauge> {
    const LEAST: u32 = 30;
    bar.gauge.filter(|g| LEAST <= g.to && !matches!(bar.condition, Condition::Dead | Condition::Lost))
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
