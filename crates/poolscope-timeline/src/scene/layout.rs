//! The vertical plan: axis, then for each truth a heading with its legend, its counts over time, and its lanes.

use poolscope_sim::text::cut_last;
use poolscope_sim::time::{SimSpan, SimTime};

use super::labels::{self, fit, parts};
use super::playhead::stretches;
use super::{Anchor, Frame, Item, Scene, SceneOptions, Shape, bars, chart, marks};
use crate::timeline::{DisagreementKind, Group, Lane, LaneKind, MarkKind, Run, Timeline, Truth};
use crate::viewport::{TimeScale, Viewport};
use crate::words::{self, Lang};

/// What is painted over what. Shapes of one layer do not overlap, so an exporter may paint those of a class together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    Ground,
    Bar,
    Gauge,
    Hatch,
    Blip,
    Link,
    Mark,
    Text,
    Playhead,
}

/// Collects placed shapes.
pub struct Easel {
    pub scale: TimeScale,
    pub plot: Frame,
    pub lang: Lang,
    /// A phone: fewer words, thinner lanes.
    pub narrow: bool,
    /// In lanes that hold more than can be seen: what is narrower than this is drawn together with its neighbours.
    pub cell: f32,
    /// What it draws belongs to a run that cannot be selected here.
    before: bool,
    bins: Vec<Bin>,
    /// That of the shape that was added last.
    last: usize,
}

/// Shapes of one layer that an exporter may write as one: sorting a few bins is quicker than sorting all shapes.
struct Bin {
    key: (Layer, u64),
    items: Vec<Item>,
}

impl Easel {
    pub fn add(&mut self, layer: Layer, mut item: Item) {
        if self.before {
            (item.event, item.connection) = (None, None);
        }
        let key = (layer, paint_order(&item));
        if self.bins.get(self.last).is_none_or(|bin| bin.key != key) {
            self.last = self.bins.partition_point(|bin| bin.key < key);
            if self.bins.get(self.last).is_none_or(|bin| bin.key != key) {
                self.bins.insert(self.last, Bin { key, items: Vec::new() });
            }
        }
        self.bins[self.last].items.push(item);
    }

    /// The shape that was added last, if it is of this layer.
    pub fn last(&mut self, layer: Layer) -> Option<&mut Item> {
        self.bins.get_mut(self.last).filter(|bin| bin.key.0 == layer)?.items.last_mut()
    }

    fn items(&self) -> impl Iterator<Item = &Item> {
        self.bins.iter().flat_map(|bin| &bin.items)
    }

    pub fn draw(&mut self, layer: Layer, class: &'static str, shape: Shape) {
        self.add(layer, Item { class, shape, event: None, connection: None });
    }

    pub fn line(&mut self, layer: Layer, class: &'static str, from: (f32, f32), to: (f32, f32)) {
        self.draw(layer, class, Shape::Line { x1: from.0, y1: from.1, x2: to.0, y2: to.1 });
    }

    pub fn text(&mut self, class: &'static str, x: f32, y: f32, anchor: Anchor, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.draw(Layer::Text, class, Shape::Text { x, y, anchor, text });
        }
    }
}

const AXIS: f32 = 25.0;
const HEADING: f32 = 26.0;
const LEGEND_LINE: f32 = 16.0;
const RIGHT: f32 = 8.0;
/// Between two entries of a legend.
const ENTRY_GAP: f32 = 14.0;
/// Between the label column and the plot.
const GUTTER: f32 = 8.0;
/// About as many shapes as a browser repaints within one frame; the cells in which neighbours are drawn together are made to fit.
const SHAPES: f32 = 8_000.0;
const CELL_MIN: f32 = 2.4;
const CELL_MAX: f32 = 8.0;
/// More lanes than this are drawn thinner.
const LANES_CALM: usize = 22;
/// More than this are lines without labels.
const LANES_MANY: usize = 70;

pub fn place(timeline: &Timeline, viewport: &Viewport, options: &SceneOptions) -> Scene {
    let width = options.width.max(200.0);
    let narrow = width < 520.0;
    let column = if narrow { 78.0 } else { 124.0 };
    let lang = Lang::of(&options.lang);
    let plot = Frame { left: column + GUTTER, top: AXIS, right: width - RIGHT, bottom: AXIS };
    let scale = viewport.scale(plot.left, plot.right);
    let lanes: usize = timeline.groups.iter().map(|g| g.lanes.len()).sum();
    let dense = timeline.groups.iter().flat_map(|g| &g.lanes).filter(|l| l.peaks.is_dense()).count();
    let cell = (dense as f32 * (plot.right - plot.left) / SHAPES).clamp(CELL_MIN, CELL_MAX);
    let mut easel = Easel { scale, plot, lang, narrow, cell, before: false, bins: Vec::new(), last: 0 };

    let mut middles = Vec::with_capacity(lanes);
    let mut y = AXIS;
    for group in &timeline.groups {
        y = heading(&mut easel, group, y);
        for series in &group.series {
            y = chart::place(&mut easel, series, group.series.len(), y);
        }
        let lanes_top = y;
        let mut owner = String::new();
        for lane in &group.lanes {
            let height = lane_height(lane, group.truth, lanes, narrow);
            label(&mut easel, lane, &mut owner, y, height);
            lane_shapes(&mut easel, lane, y, height);
            middles.push(y + height / 2.0);
            y += height;
        }
        if group.truth == Truth::Server {
            downtimes(&mut easel, timeline, lanes_top, y);
        }
        y += 6.0;
    }
    let bottom = y;
    easel.plot.bottom = bottom;
    links(&mut easel, timeline, &middles);
    axis(&mut easel, bottom);
    if let Some(at) = options.divergence {
        divergence(&mut easel, at);
    }
    if let Some(at) = options.playhead {
        playhead(&mut easel, at);
    }
    let (title, desc) = description(timeline, lang);
    let Easel { scale, plot, bins, .. } = easel;
    let items = bins.into_iter().flat_map(|bin| bin.items).collect();
    Scene { width, height: bottom + 2.0, title, desc, plot, scale, middles, items }
}

/// Shapes of a class together, and of its texts those of a column, for the sake of exporters that write them as a group.
fn paint_order(item: &Item) -> u64 {
    // Classes are short: their first seven letters tell them apart.
    let class = item.class.bytes().chain([0; 7]).take(7).fold(0, |key, byte| key << 8 | u64::from(byte));
    class << 8 | u64::from(matches!(item.shape, Shape::Text { anchor: Anchor::End, .. }))
}

fn lane_height(lane: &Lane, truth: Truth, lanes: usize, narrow: bool) -> f32 {
    /// However many rows there are, a lane is not taller than this.
    const ROWS: f32 = 72.0;
    match (lane.kind, truth) {
        (LaneKind::Backlog { .. } | LaneKind::LeftBehind { .. }, _) => {
            let row = if lane.rows > 8 { 4.0 } else { 6.0 };
            (f32::from(lane.rows) * row).clamp(8.0, ROWS) + 6.0
        }
        (LaneKind::Refused, _) => 18.0,
        (_, Truth::Application) if LANES_MANY < lanes => 9.0,
        _ if LANES_MANY < lanes => 6.0,
        // A thread that never did anything needs no room for bars.
        (LaneKind::Task(_), _) if lane.bars.is_empty() && lane.marks.is_empty() => 14.0,
        (_, Truth::Application) => 20.0,
        _ if LANES_CALM < lanes && narrow => 10.0,
        _ if LANES_CALM < lanes => 12.0,
        _ => 18.0,
    }
}

/// Instants along the top, faint lines through everything.
fn axis(easel: &mut Easel, bottom: f32) {
    let Frame { left, right, .. } = easel.plot;
    let gap = if easel.narrow { 64.0 } else { 84.0 };
    let mut taken = folds(easel, bottom);
    for at in easel.scale.ticks(gap) {
        let x = easel.scale.x(at);
        easel.line(Layer::Ground, "grid", (x, AXIS - 4.0), (x, bottom));
        let text = at.to_string();
        let width = labels::width(&text);
        // Beside folds the labels come closer to each other than `gap`.
        let (start, end) = (x - width / 2.0, x + width / 2.0);
        if taken.iter().any(|(from, to)| start < *to && *from < end) {
            continue;
        }
        // The last label gives way to the edge, not the other way round.
        let (x, anchor) = match () {
            () if right < end => (right, Anchor::End),
            () if start < left - GUTTER => (left - GUTTER, Anchor::Start),
            () => (x, Anchor::Middle),
        };
        easel.text("tick", x, AXIS - 12.0, anchor, text);
        if easel.scale.folds().next().is_some() {
            taken.push((start - 4.0, end + 4.0));
        }
    }
}

/// Idle time that is drawn shorter than it lasts: a band through everything, cut at the axis, with its length where there is room.
/// Returns the room that these texts take.
fn folds(easel: &mut Easel, bottom: f32) -> Vec<(f32, f32)> {
    let mut taken = Vec::new();
    let folds: Vec<_> = easel.scale.folds().collect();
    for (from, to, left, right) in folds {
        let shape =
            Shape::Rect { x: left, y: AXIS, width: (right - left).max(1.0), height: bottom - AXIS, radius: 0.0 };
        easel.draw(Layer::Ground, "fold", shape);
        let (middle, tooth) = ((left + right) / 2.0, ((right - left) / 4.0).clamp(1.0, 4.0));
        let zigzag = [(-2.0, 0.0), (-1.0, -3.0), (1.0, 3.0), (2.0, 0.0)];
        let points = zigzag.map(|(x, y)| (middle + x * tooth, AXIS + 1.0 + y)).to_vec();
        easel.draw(Layer::Mark, "tear", Shape::Path { points, closed: false });
        let text = roughly(to - from);
        let half = labels::width(&text) / 2.0 + 2.0;
        let free = !taken.iter().any(|(from, to)| middle - half < *to && *from < middle + half);
        if free && easel.plot.left <= middle - half && middle + half <= easel.plot.right {
            easel.text("tick", middle, AXIS - 12.0, Anchor::Middle, text);
            taken.push((middle - half - 4.0, middle + half + 4.0));
        }
    }
    taken
}

/// The length of a fold, short: `8 h`, `11.9 s`.
fn roughly(span: SimSpan) -> String {
    // Three digits say enough of a length that is not drawn to scale.
    let unit = std::iter::successors(Some(1), |unit| Some(unit * 10)).find(|unit| span.as_us() / unit < 1_000);
    let unit = unit.unwrap_or(1);
    let rounded = match span.as_us() {
        us if 3_600_000_000 <= us => us / 60_000_000 * 60_000_000,
        us if 60_000_000 <= us => us / 1_000_000 * 1_000_000,
        us => us / unit * unit,
    };
    "≈ ".to_owned() + &SimSpan(rounded).to_string()
}

/// The name of a truth and the legend of what its lanes show; returns where the lanes begin.
fn heading(easel: &mut Easel, group: &Group, y: f32) -> f32 {
    let (name, more) = match group.truth {
        Truth::Application => (words::APPLICATION, words::APPLICATION_MORE),
        Truth::Pool => (words::POOL, words::POOL_MORE),
        Truth::Server => (words::SERVER, words::SERVER_MORE),
    };
    let (name, more) = (easel.lang.word(name), easel.lang.word(more));
    let Frame { left, right, .. } = easel.plot;
    easel.line(Layer::Ground, "rule", (0.0, y + 2.5), (right, y + 2.5));
    let mut baseline = y + 18.0;
    easel.text("head", 0.0, baseline, Anchor::Start, name);
    // The heading is set in 13 px semibold.
    let after = labels::width(name) * 1.25 + 7.0;
    easel.text("sub", after, baseline, Anchor::Start, more);
    let entries = bars::legend(group);
    let total: f32 = entries.iter().map(|(_, phrase)| entry_width(easel.lang.word(*phrase))).sum();
    let start = after + labels::width(more) + 16.0;
    // The last entry needs no gap behind it.
    let total = total - ENTRY_GAP;
    let mut x = (right - total).max(start.max(left));
    if right + 4.0 < x + total {
        // Too long for the line of the heading: lines of its own.
        baseline += LEGEND_LINE;
        x = 0.0;
    }
    let first = x;
    for (class, phrase) in entries {
        let text = easel.lang.word(phrase);
        if right + 4.0 < x + entry_width(text) - ENTRY_GAP && first < x {
            x = first;
            baseline += LEGEND_LINE;
        }
        let swatch = Shape::Rect { x, y: baseline - 8.5, width: 12.0, height: 9.0, radius: 0.0 };
        easel.draw(Layer::Bar, class, swatch);
        if class == bars::DEAD {
            easel.draw(Layer::Hatch, bars::HATCH, Shape::Stroke { x1: x, x2: x + 12.0, y: baseline - 4.0, thick: 9.0 });
        }
        easel.text("key", x + 16.0, baseline, Anchor::Start, text);
        x += entry_width(text);
    }
    baseline + HEADING - 18.0
}

fn entry_width(text: &str) -> f32 {
    labels::width(text) + 16.0 + ENTRY_GAP
}

fn label(easel: &mut Easel, lane: &Lane, owner: &mut String, y: f32, height: f32) {
    let lang = easel.lang;
    let room = easel.plot.left - GUTTER;
    let baseline = (y + height / 2.0 + 3.8).round();
    let (own, name, class) = match lane.kind {
        _ if lane.run == Run::Before => ("", lang.word(words::BEFORE), "sub"),
        LaneKind::LeftBehind { .. } => ("", lang.word(words::LEFT_BEHIND), "warn"),
        LaneKind::Backlog { .. } => ("", lang.word(words::BACKLOG), "lane"),
        LaneKind::Refused => ("", lang.word(words::REFUSED), "warn"),
        // As the column is called in SHOW PROCESSLIST.
        LaneKind::Sessions => ("Id", lane.label.as_str(), "lane"),
        LaneKind::Slot { .. } | LaneKind::Task(_) => {
            let (own, name) = parts(&lane.label);
            (own, name, "lane")
        }
    };
    if height < 9.0 && (own.is_empty() || own == owner) {
        return;
    }
    if own.is_empty() || own == owner {
        let name = if own.is_empty() || !easel.narrow { name } else { short(name) };
        easel.text(class, room, baseline, Anchor::End, fit(name, room));
        return;
    }
    own.clone_into(owner);
    let taken = labels::width(own) + 6.0;
    // Beside the name of its process `2` is as clear as `thread 2`.
    let name = if !easel.narrow && taken + labels::width(name) <= room { name } else { short(name) };
    let name_width = labels::width(name) + 6.0;
    // A label of which only the ellipsis is left says nothing.
    if 2.0 * labels::SIZE < room - name_width {
        easel.text("lane", 0.0, baseline, Anchor::Start, fit(own, room - name_width));
    }
    easel.text(class, room, baseline, Anchor::End, fit(name, room));
}

/// `2` for `thread 2` and `slot 2`.
fn short(name: &str) -> &str {
    cut_last(name, " ").map_or(name, |(_, last)| last)
}

fn lane_shapes(easel: &mut Easel, lane: &Lane, y: f32, height: f32) {
    easel.before = lane.run == Run::Before;
    bars::place(easel, lane, y, height);
    marks::place(easel, lane, y, height);
    if std::mem::take(&mut easel.before) {
        let Frame { left, right, .. } = easel.plot;
        let shape = Shape::Rect { x: left, y, width: right - left, height, radius: 0.0 };
        easel.draw(Layer::Ground, "was", shape);
    }
}

/// The server is not there at all.
fn downtimes(easel: &mut Easel, timeline: &Timeline, top: f32, bottom: f32) {
    for (from, to) in &timeline.downtimes {
        if easel.scale.shows(*from, *to) {
            let (x, right) = (easel.scale.x_inside(*from), easel.scale.x_inside(*to));
            let width = (right - x).max(1.0);
            let shape = Shape::Rect { x, y: top, width, height: bottom - top, radius: 0.0 };
            easel.draw(Layer::Ground, "down", shape);
        }
    }
}

/// A thread from the instant at which two truths part to the slot about which they differ. With many of them the hatched
/// bars say enough.
fn links(easel: &mut Easel, timeline: &Timeline, middles: &[f32]) {
    const LINKS_MAX: usize = 8;
    let parts = |kind| matches!(kind, MarkKind::Lost | MarkKind::Timeout | MarkKind::Kill | MarkKind::Down);
    let mut drawn: Vec<(f32, f32, f32)> = Vec::new();
    for d in &timeline.disagreements {
        if d.kind == DisagreementKind::Forgotten || !easel.scale.shows(d.from, d.from) {
            continue;
        }
        let place = |is_it: &dyn Fn(&Lane) -> bool| {
            let lanes = timeline.groups.iter().flat_map(|g| &g.lanes).zip(middles);
            lanes.filter(|(lane, _)| lane.run == Run::Now).find(|(lane, _)| is_it(lane)).map(|(_, y)| *y)
        };
        let from = place(&|lane| lane.marks_at(d.from).any(|m| m.event == d.event && parts(m.kind)));
        let to = place(&|lane| {
            matches!(lane.kind, LaneKind::Slot { .. }) && lane.bars.iter().any(|b| b.connection == Some(d.connection))
        });
        if let (Some(from), Some(to)) = (from, to) {
            drawn.push((easel.scale.x(d.from), from, to));
        }
        if LINKS_MAX < drawn.len() {
            return;
        }
    }
    for (x, from, to) in drawn {
        easel.line(Layer::Link, "link", (x, from), (x, to));
    }
}

/// Where two runs part: a line, and its name beside it where there is room.
fn divergence(easel: &mut Easel, at: SimTime) {
    if easel.scale.shows(at, at) {
        let x = easel.scale.x(at);
        let Frame { top, bottom, left, right } = easel.plot;
        for (from, to) in stretches(easel.items(), x, top, bottom) {
            easel.line(Layer::Link, "part", (x, from), (x, to));
        }
        let text = easel.lang.word(words::FIRST_DIFFERENCE);
        let room = labels::width(text) + 4.0;
        if x + room < right {
            easel.text("sub", x + 4.0, top + 4.0, Anchor::Start, text);
        } else if left < x - room {
            easel.text("sub", x - 4.0, top + 4.0, Anchor::End, text);
        }
    }
}

fn playhead(easel: &mut Easel, at: SimTime) {
    if easel.scale.shows(at, at) {
        let x = easel.scale.x(at);
        let Frame { top, bottom, .. } = easel.plot;
        for (from, to) in stretches(easel.items(), x, top - 2.0, bottom) {
            easel.line(Layer::Playhead, "now", (x, from), (x, to));
        }
        let points = vec![(x - 5.0, top - 8.0), (x + 5.0, top - 8.0), (x, top - 1.0)];
        easel.draw(Layer::Playhead, "nowtip", Shape::Path { points, closed: true });
    }
}

fn description(timeline: &Timeline, lang: Lang) -> (String, String) {
    let title = match (lang, &timeline.title_zh_cn) {
        (Lang::ZhCn, Some(title)) => title.as_str(),
        _ => timeline.title.as_str(),
    };
    let errors = timeline.groups.iter().flat_map(|g| &g.lanes).filter(|l| matches!(l.kind, LaneKind::Task(_)));
    let errors = errors.flat_map(|l| &l.marks).filter(|m| matches!(m.kind, MarkKind::Error(_))).count();
    let of_kind = |kind| timeline.disagreements.iter().filter(|d| d.kind == kind).count().to_string();
    let names = [
        timeline.start.to_string(),
        timeline.end.to_string(),
        errors.to_string(),
        of_kind(DisagreementKind::Lost),
        of_kind(DisagreementKind::PoolKeepsDead),
    ];
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    (lang.say(words::TITLE, &[title]), lang.say(words::DESCRIPTION, &names))
}
