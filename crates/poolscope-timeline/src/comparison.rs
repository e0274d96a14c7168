//! Two runs of one scenario, with one setting (or several) changed between them: where they part, and what each comes to.

use poolscope_sim::Trace;
use poolscope_sim::engine::error::ErrorKey;
use poolscope_sim::scenario::{Document, KnobValue, Scenario, current};
use poolscope_sim::time::{SimSpan, SimTime};
use poolscope_sim::trace::{EventId, EventKind, TraceEvent};

use crate::timeline::{Group, Lane, Run, Series, Timeline};
use crate::words::{self, Lang};

#[derive(Clone, Debug)]
pub struct Comparison {
    /// `None`: the same happens in both, to the end.
    pub divergence: Option<Divergence>,
    pub rows: Vec<ComparisonRow>,
}

/// The first thing that happens in one run and not in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The earlier of the two events.
    pub at: SimTime,
    /// `None`: this run is over already.
    pub before: Option<EventId>,
    pub now: Option<EventId>,
}

/// One figure of both runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparisonRow {
    pub name: String,
    pub before: String,
    pub now: String,
    /// The figure is better in the run as it is now, or worse, where that can be said.
    pub better: Option<bool>,
}

impl Comparison {
    /// `before` is the run that the reader started from, `now` the one with the changes.
    pub fn new(before: &Trace, now: &Trace, lang: Lang) -> Comparison {
        Comparison { divergence: divergence(before, now), rows: rows(before, now, lang) }
    }

    /// The table in text.
    pub fn text(&self) -> String {
        let width = |cell: fn(&ComparisonRow) -> &str| {
            self.rows.iter().map(|r| cell(r).chars().count()).max().unwrap_or(0).max(6)
        };
        let (name, before, now) = (width(|r| &r.name), width(|r| &r.before), width(|r| &r.now));
        let mut out = String::new();
        for row in &self.rows {
            let sign = match row.better {
                Some(true) => "  better",
                Some(false) => "  worse",
                None => "",
            };
            let line = format!("{:name$}  {:>before$}  {:>now$}{sign}", row.name, row.before, row.now);
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

/// The settings in which two runs of a scenario differ, by path; what neither run sets is the scenario's own.
pub fn settings(
    document: &Document,
    scenario: &Scenario,
    before: &[(String, KnobValue)],
    now: &[(String, KnobValue)],
) -> Vec<ComparisonRow> {
    let value = |set: &[(String, KnobValue)], path: &str| {
        let set = set.iter().rev().find(|s| s.0 == path).map(|s| s.1.clone());
        set.or_else(|| current(path, document, scenario)).map_or_else(String::new, |value| value.to_string())
    };
    let mut rows: Vec<ComparisonRow> = Vec::new();
    for (path, _) in now.iter().chain(before) {
        let (before, now) = (value(before, path), value(now, path));
        if before != now && !rows.iter().any(|row| row.name == *path) {
            rows.push(ComparisonRow { name: path.clone(), before, now, better: None });
        }
    }
    rows
}

/// What follows from a setting, such as the size in a pool's figures or one line more in the listing, does not make an event another one.
fn is_same(before: &Trace, a: &TraceEvent, now: &Trace, b: &TraceEvent) -> bool {
    let kind = match (a.kind, b.kind) {
        (EventKind::Line { line: a }, EventKind::Line { line: b }) => before.listing.line(a) == now.listing.line(b),
        (
            EventKind::Pool { engine, event, slot, connection, .. },
            EventKind::Pool { engine: e, event: v, slot: s, connection: c, .. },
        ) => (engine, event, slot, connection) == (e, v, s, c),
        (EventKind::Status { engine, .. }, EventKind::Status { engine: e, .. })
        | (EventKind::Wait { engine, .. }, EventKind::Wait { engine: e, .. }) => engine == e,
        (a, b) => a == b,
    };
    kind && (a.at, a.task) == (b.at, b.task)
}

fn divergence(before: &Trace, now: &Trace) -> Option<Divergence> {
    // With more threads the same thread may have another number, but then it is another run from its first event on.
    let same = before.events.iter().zip(&now.events).take_while(|(a, b)| is_same(before, a, now, b)).count();
    let event = |trace: &Trace| trace.events.get(same).map(|e| (e.at, EventId(same as u32)));
    let (a, b) = (event(before), event(now));
    let at = [a, b].into_iter().flatten().map(|e| e.0).min()?;
    Some(Divergence { at, before: a.map(|e| e.1), now: b.map(|e| e.1) })
}

fn rows(before: &Trace, now: &Trace, lang: Lang) -> Vec<ComparisonRow> {
    let (a, b) = (&before.outcome, &now.outcome);
    let mut rows = Vec::new();
    let mut count = |name: String, before: u64, now: u64, more_is_better: Option<bool>| {
        let better = more_is_better.filter(|_| before != now).map(|more| (before < now) == more);
        rows.push(ComparisonRow { name, before: before.to_string(), now: now.to_string(), better });
    };
    let word = |phrase| lang.word(phrase).to_owned();
    count(word(words::ROW_REQUESTS), a.requests.into(), b.requests.into(), None);
    count(word(words::ROW_SERVED), a.served.into(), b.served.into(), Some(true));
    let mut keys: Vec<ErrorKey> = Vec::new();
    for (key, _) in a.errors.iter().chain(&b.errors) {
        if let Err(place) = keys.binary_search(key) {
            keys.insert(place, *key);
        }
    }
    if keys.is_empty() {
        count(word(words::ROW_FAILED), 0, 0, Some(false));
    }
    for key in keys {
        let name = lang.say(words::ROW_FAILED_BY, &[&key.label()]);
        count(name, a.count(key).into(), b.count(key).into(), Some(false));
    }
    if a.unfinished() + b.unfinished() > 0 {
        count(word(words::ROW_UNFINISHED), a.unfinished().into(), b.unfinished().into(), Some(false));
    }
    count(word(words::ROW_WAITED), a.waited.into(), b.waited.into(), Some(false));
    let (wa, wb) = (waits(before), waits(now));
    for (phrase, percent) in [(words::ROW_WAIT_P50, 50), (words::ROW_WAIT_P95, 95), (words::ROW_WAIT_MAX, 100)] {
        let (a, b) = (percentile(&wa, percent), percentile(&wb, percent));
        let text = |span: Option<SimSpan>| span.map_or_else(|| "–".to_owned(), |s| s.to_string());
        let better = (a != b).then(|| b.unwrap_or_default() < a.unwrap_or_default());
        rows.push(ComparisonRow { name: word(phrase), before: text(a), now: text(b), better });
    }
    let mut count = |phrase, before: u32, now: u32, more_is_better: Option<bool>| {
        let better = more_is_better.filter(|_| before != now).map(|more| (before < now) == more);
        let name = lang.word(phrase).to_owned();
        rows.push(ComparisonRow { name, before: before.to_string(), now: now.to_string(), better });
    };
    count(words::ROW_PINGS, a.pings, b.pings, None);
    count(words::ROW_CONNECTS, a.connects, b.connects, None);
    count(words::ROW_PEAK, a.max_used_connections, b.max_used_connections, None);
    if a.refused + b.refused > 0 {
        count(words::ROW_REFUSED, a.refused, b.refused, Some(false));
    }
    count(words::ROW_ABORTED, a.aborted_clients, b.aborted_clients, None);
    rows
}

/// How long each wait for a connection took, the shortest first; one that lasts to the end counts as long as it lasted.
fn waits(trace: &Trace) -> Vec<SimSpan> {
    let mut since: Vec<Option<SimTime>> = vec![None; trace.tasks.len()];
    let mut waits = Vec::new();
    let mut end = SimTime::ZERO;
    for event in &trace.events {
        end = event.at;
        let Some(begun) = event.task.and_then(|t| since.get_mut(usize::from(t))) else { continue };
        match event.kind {
            // A thread that finds nothing after it woke goes on waiting.
            EventKind::Wait { .. } => *begun = begun.or(Some(event.at)),
            EventKind::Pool { .. } | EventKind::Connecting { .. } | EventKind::Raise { .. } => {
                waits.extend(begun.take().map(|begun| event.at.since(begun)));
            }
            _ => {}
        }
    }
    waits.extend(since.into_iter().flatten().map(|begun| end.since(begun)));
    poolscope_sim::order::sorted(waits, |wait| (wait.as_us(), 0))
}

/// The nearest rank.
fn percentile(sorted: &[SimSpan], percent: usize) -> Option<SimSpan> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

impl Timeline {
    /// Both runs on one time axis: under each lane of this run the same lane of the other one.
    pub fn beside(&self, before: &Timeline) -> Timeline {
        let groups = self.groups.iter().map(|own| {
            let empty = Group { truth: own.truth, lanes: Vec::new(), series: Vec::new() };
            let other = before.groups.iter().find(|g| g.truth == own.truth).unwrap_or(&empty);
            Group { truth: own.truth, lanes: lanes(own, other), series: series(own, other) }
        });
        Timeline {
            groups: groups.collect(),
            start: self.start.min(before.start),
            end: self.end.max(before.end),
            ..self.clone()
        }
    }
}

fn lanes(now: &Group, before: &Group) -> Vec<Lane> {
    let mut left: Vec<Option<&Lane>> = before.lanes.iter().map(Some).collect();
    let mut lanes = Vec::new();
    let was = |lane: &Lane| Lane { run: Run::Before, ..lane.clone() };
    for lane in &now.lanes {
        lanes.push(lane.clone());
        // The same lane by its kind; sessions have none of their own, and follow in their order.
        let same = left.iter_mut().find(|other| other.is_some_and(|other| other.kind == lane.kind));
        lanes.extend(same.and_then(Option::take).map(was));
    }
    lanes.extend(left.into_iter().flatten().map(was));
    lanes
}

fn series(now: &Group, before: &Group) -> Vec<Series> {
    let mut all = Vec::new();
    for series in &now.series {
        all.push(series.clone());
        let same = before.series.iter().find(|other| other.kind == series.kind);
        all.extend(same.map(|other| Series { run: Run::Before, ..other.clone() }));
    }
    all
}
