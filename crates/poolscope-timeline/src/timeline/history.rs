//! How the truths change: each phase that something goes through is a bar, each event that matters is a mark.

use poolscope_sim::engine::error::ErrorKey;
use poolscope_sim::time::{SimSpan, SimTime};
use poolscope_sim::trace::{EventId, EventKind, Log, PingResult, PoolEvent, Trace, TraceEvent};

use super::packing::{Stay, pack};
use super::{
    Bar, BarKind, Condition, Disagreement, Gauge, Group, Lane, LaneKind, Mark, MarkKind, Run, Series, SeriesKind, Step,
    Timeline, Truth, is_indirect, steps,
};
use crate::names::{other_user, owner};
use crate::truths::{Phase, Truths};

/// What one thing went through.
#[derive(Clone, Debug, Default)]
struct Track {
    open: Option<Open>,
    bars: Vec<Bar>,
    marks: Vec<Mark>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    phase: Phase,
    from: SimTime,
    event: EventId,
    clock: Option<Clock>,
}

/// What the gauge of a bar measures: time since `zero` against `limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Clock {
    zero: SimTime,
    limit: SimSpan,
    /// Past the limit the bar is stale.
    stales: bool,
}

impl Clock {
    fn at(self, at: SimTime) -> u32 {
        let limit = self.limit.as_us().max(1);
        // At most 1000, so the conversion is exact.
        (at.since(self.zero).as_us().saturating_mul(1000) / limit).min(1000) as u32
    }
}

impl Track {
    fn sync(&mut self, phase: Option<Phase>, clock: Option<Clock>, at: SimTime, event: EventId) {
        if self.open.is_some_and(|o| Some(o.phase) == phase && o.clock == clock)
            || (self.open.is_none() && phase.is_none())
        {
            return;
        }
        self.close(at);
        self.open = phase.map(|phase| Open { phase, from: at, event, clock });
    }

    fn close(&mut self, to: SimTime) {
        let Some(open) = self.open.take() else { return };
        let limit = open.clock.map(|c| c.zero + c.limit);
        match (open.clock, limit) {
            (Some(clock), Some(limit)) if clock.stales && open.phase.condition == Condition::Fine && limit < to => {
                self.push(open, open.from, limit.max(open.from), Condition::Fine);
                self.push(open, limit.max(open.from), to, Condition::Stale);
            }
            _ => self.push(open, open.from, to, open.phase.condition),
        }
    }

    fn push(&mut self, open: Open, from: SimTime, to: SimTime, condition: Condition) {
        if to <= from {
            return;
        }
        let Phase { kind, connection, number, .. } = open.phase;
        let gauge = open.clock.map(|c| Gauge { from: c.at(from), to: c.at(to) });
        self.bars.push(Bar { from, to, row: 0, kind, condition, event: open.event, connection, number, gauge });
    }

    fn mark(&mut self, at: SimTime, kind: MarkKind, event: EventId, connection: Option<u32>) {
        self.marks.push(Mark { at, row: 0, kind, event, connection });
    }

    /// From the first bar or mark to the last.
    fn stay(&self, key: Option<(u16, u32)>) -> Option<Stay> {
        let bars = self.bars.iter().flat_map(|b| [b.from, b.to]);
        let times = bars.chain(self.marks.iter().map(|m| m.at));
        let (mut from, mut to) = (None::<SimTime>, SimTime::ZERO);
        for at in times {
            from = Some(from.map_or(at, |f| f.min(at)));
            to = to.max(at);
        }
        from.map(|from| Stay { from, to, key })
    }
}

struct History<'a> {
    trace: &'a Trace,
    truths: Truths,
    tasks: Vec<Track>,
    /// By engine, then slot.
    slots: Vec<Vec<Track>>,
    /// By place in `Truths::threads`.
    threads: Vec<Track>,
    /// By connection − 1.
    left: Vec<Track>,
    left_process: Vec<u16>,
    /// Finished waits for a thread, by process.
    backlog: Vec<(u16, Bar)>,
    refused: Vec<Mark>,
    collected: Vec<Mark>,
    ups: Vec<Mark>,
    checked_out: Vec<Series>,
    connected: Series,
    /// By connection − 1: the place in `disagreements` of the one that lasts.
    parted: Vec<Option<usize>>,
    disagreements: Vec<Disagreement>,
    steps: Vec<Step>,
    downtimes: Vec<(SimTime, SimTime)>,
    down: Option<SimTime>,
}

pub fn timeline(trace: &Trace) -> Timeline {
    let truths = Truths::new(trace);
    let checked_out = trace
        .engines
        .iter()
        .enumerate()
        .map(|(e, _)| Series {
            run: Run::Now,
            kind: SeriesKind::CheckedOut(e as u16),
            label: owner(trace, e as u16),
            points: vec![(SimTime::ZERO, 0)],
            limit: truths.engines[e].limit,
        })
        .collect();
    let mut history = History {
        trace,
        tasks: vec![Track::default(); trace.tasks.len()],
        slots: vec![Vec::new(); trace.engines.len()],
        threads: Vec::new(),
        left: Vec::new(),
        left_process: Vec::new(),
        backlog: Vec::new(),
        refused: Vec::new(),
        collected: Vec::new(),
        ups: Vec::new(),
        checked_out,
        connected: Series {
            run: Run::Now,
            kind: SeriesKind::ThreadsConnected,
            label: "Threads_connected".to_owned(),
            points: vec![(SimTime::ZERO, 0)],
            limit: Some(trace.scenario.variables.max_connections),
        },
        parted: Vec::new(),
        disagreements: Vec::new(),
        steps: Vec::new(),
        downtimes: Vec::new(),
        down: None,
        truths,
    };
    for (i, event) in trace.events.iter().enumerate() {
        history.step(EventId(i as u32), event);
    }
    history.finish()
}

impl History<'_> {
    fn step(&mut self, id: EventId, event: &TraceEvent) {
        self.marks_before(id, event);
        self.truths.apply(id, event);
        if let Some(kind) = steps::kind(event, self.truths.error == Some(id)) {
            self.steps.push(Step { at: event.at, event: id, kind });
        }
        self.marks_after(id, event);
        self.sync(id, event.at);
    }

    /// Marks whose subject is gone once the event has been applied.
    fn marks_before(&mut self, id: EventId, event: &TraceEvent) {
        let (thread, kind) = match event.kind {
            EventKind::ServerQuit { thread, .. } => (thread, MarkKind::Quit),
            EventKind::ServerTimeout { thread, .. } => (thread, MarkKind::Timeout),
            EventKind::ServerKill { thread, .. } | EventKind::ServerKillQuery { thread } => (thread, MarkKind::Kill),
            EventKind::ServerDown { .. } => {
                for index in &self.truths.live {
                    let connection = self.truths.threads[*index].connection;
                    self.threads[*index].mark(event.at, MarkKind::Down, id, connection);
                }
                return;
            }
            EventKind::Start { request } => {
                if let Some((_, process, begun)) = self.truths.backlog.iter().find(|b| b.0 == request).copied() {
                    self.waited(request, process, begun, event.at);
                }
                return;
            }
            _ => return,
        };
        let found = self.truths.live.iter().copied().find(|i| self.truths.threads[*i].id == thread);
        if let Some(index) = found {
            let connection = self.truths.threads[index].connection;
            self.threads[index].mark(event.at, kind, id, connection);
        }
    }

    fn waited(&mut self, request: u32, process: u16, begun: EventId, to: SimTime) {
        let Some(from) = self.trace.events.get(begun.0 as usize).map(|e| e.at).filter(|from| *from < to) else {
            return;
        };
        let bar = Bar {
            from,
            to,
            row: 0,
            kind: BarKind::WaitForThread,
            condition: Condition::Fine,
            event: begun,
            connection: None,
            number: Some(request),
            gauge: None,
        };
        self.backlog.push((process, bar));
    }

    fn marks_after(&mut self, id: EventId, event: &TraceEvent) {
        let at = event.at;
        match event.kind {
            EventKind::Raise { error } | EventKind::Finish { error: Some(error), .. }
                if self.truths.error == Some(id) =>
            {
                self.task_mark(event, MarkKind::Error(error.key()), id);
            }
            EventKind::Log { log: Log::Missed { .. } | Log::TooMany { .. } } => {
                self.task_mark(event, MarkKind::Error(ErrorKey::MissedRun), id);
            }
            EventKind::WrongAnswer { .. } => self.task_mark(event, MarkKind::Error(ErrorKey::WrongAnswer), id),
            EventKind::Lost { .. } | EventKind::EngineLost { .. } => self.task_mark(event, MarkKind::Lost, id),
            EventKind::Collect { .. } => {
                self.collected.push(Mark { at, row: 0, kind: MarkKind::Collect, event: id, connection: None });
            }
            EventKind::Pool { engine, event: kind, slot, connection, figures } => {
                if let Some(series) = self.checked_out.get_mut(usize::from(engine)) {
                    count(series, at, figures.checked_out);
                }
                let kind = match kind {
                    PoolEvent::Connect => MarkKind::Connect,
                    PoolEvent::Checkout => MarkKind::Checkout,
                    PoolEvent::Checkin => MarkKind::Checkin,
                    PoolEvent::Invalidate => MarkKind::Invalidate,
                    // An invalidation closes as well; one mark says so.
                    PoolEvent::Close | PoolEvent::CloseDetached if !self.just_invalidated(engine, slot, at) => {
                        MarkKind::Close
                    }
                    _ => return,
                };
                self.slot(engine, slot).mark(at, kind, id, connection);
            }
            EventKind::Status { engine, figures } => {
                if let Some(series) = self.checked_out.get_mut(usize::from(engine)) {
                    count(series, at, figures.checked_out);
                }
            }
            EventKind::Pinged { engine, slot, connection, result } => {
                let kind = if result == PingResult::Alive { MarkKind::PingOk } else { MarkKind::PingFailed };
                self.slot(engine, slot).mark(at, kind, id, Some(connection));
            }
            EventKind::ConnectFailed { engine, slot, error } => {
                self.slot(engine, slot).mark(at, MarkKind::Error(error.key()), id, None);
            }
            EventKind::ServerOpen { in_use, .. }
            | EventKind::ServerQuit { in_use, .. }
            | EventKind::ServerTimeout { in_use, .. }
            | EventKind::ServerKill { in_use, .. } => {
                count(&mut self.connected, at, i32::try_from(in_use).unwrap_or(i32::MAX))
            }
            EventKind::ProcessExit { process } => {
                for (series, engine) in self.checked_out.iter_mut().zip(&self.trace.engines) {
                    if engine.process == process {
                        count(series, at, 0);
                    }
                }
            }
            EventKind::ServerDown { lost } => {
                count(&mut self.connected, at, 0);
                self.down = Some(at);
                if lost == 0 {
                    self.ups.push(Mark { at, row: 0, kind: MarkKind::Down, event: id, connection: None });
                }
            }
            EventKind::ServerUp => {
                self.downtimes.extend(self.down.take().map(|from| (from, at)));
                self.ups.push(Mark { at, row: 0, kind: MarkKind::Up, event: id, connection: None });
            }
            EventKind::ServerSilent | EventKind::ServerAnswers => {
                let kind = if event.kind == EventKind::ServerSilent { MarkKind::Down } else { MarkKind::Up };
                self.ups.push(Mark { at, row: 0, kind, event: id, connection: None });
            }
            EventKind::ServerRefuse { code, .. } => {
                self.refused.push(Mark { at, row: 0, kind: MarkKind::Refuse(code), event: id, connection: None });
            }
            _ => {}
        }
    }

    fn just_invalidated(&mut self, engine: u16, slot: u32, at: SimTime) -> bool {
        self.slot(engine, slot).marks.last().is_some_and(|m| m.at == at && m.kind == MarkKind::Invalidate)
    }

    fn task_mark(&mut self, event: &TraceEvent, kind: MarkKind, id: EventId) {
        if let Some(track) = event.task.and_then(|t| self.tasks.get_mut(usize::from(t))) {
            track.mark(event.at, kind, id, None);
        }
    }

    fn slot(&mut self, engine: u16, slot: u32) -> &mut Track {
        let engine = usize::from(engine);
        if self.slots.len() <= engine {
            self.slots.resize(engine + 1, Vec::new());
        }
        grown(&mut self.slots[engine], slot as usize)
    }

    /// Ends and begins the bars of everything that the event touched.
    fn sync(&mut self, id: EventId, at: SimTime) {
        for task in std::mem::take(&mut self.truths.touched.tasks) {
            let phase = self.truths.task_phase(task);
            if let Some(track) = self.tasks.get_mut(usize::from(task)) {
                track.sync(phase, None, at, id);
            }
        }
        for number in std::mem::take(&mut self.truths.touched.connections) {
            let phase = self.truths.left_behind(number);
            let index = number.saturating_sub(1) as usize;
            grown(&mut self.left, index).sync(phase, None, at, id);
            if phase.is_some() {
                let process =
                    self.truths.connection(number).and_then(|c| self.trace.engines.get(usize::from(c.engine)));
                if self.left_process.len() <= index {
                    self.left_process.resize(index + 1, 0);
                }
                self.left_process[index] = process.map_or(0, |e| e.process);
            }
            if let Some(thread) = self.truths.connection(number).and_then(|c| c.thread) {
                self.truths.touched.threads.push(thread);
            }
            self.sync_parted(number, id, at);
        }
        for (engine, slot) in std::mem::take(&mut self.truths.touched.slots) {
            let phase = self.truths.slot_phase(engine, slot);
            let clock = phase.and_then(|p| {
                let connection = self.truths.connection(p.connection?)?;
                let limit = self.truths.engines.get(usize::from(engine))?.recycle?;
                Some(Clock { zero: connection.born, limit, stales: true })
            });
            self.slot(engine, slot).sync(phase, clock, at, id);
        }
        let wait_timeout = SimSpan::from_secs(u64::from(self.trace.scenario.variables.wait_timeout));
        for index in std::mem::take(&mut self.truths.touched.threads) {
            let phase = self.truths.thread_phase(index);
            let sleeps = phase.is_some_and(|p| p.kind != BarKind::Command);
            let zero = self.truths.threads[index].ended;
            let clock = sleeps.then_some(Clock { zero, limit: wait_timeout, stales: false });
            grown(&mut self.threads, index).sync(phase, clock, at, id);
        }
    }

    fn sync_parted(&mut self, number: u32, id: EventId, at: SimTime) {
        let index = number.saturating_sub(1) as usize;
        if self.parted.len() <= index {
            self.parted.resize(index + 1, None);
        }
        let now = self.truths.parted(number);
        if self.parted[index].map(|place| self.disagreements[place].kind) == now.map(|n| n.0) {
            return;
        }
        if let Some(place) = self.parted[index].take() {
            self.disagreements[place].to = Some(at);
        }
        if let Some((kind, _)) = now {
            let (engine, slot) = self.truths.connection(number).map_or((0, 0), |c| (c.engine, c.slot));
            self.parted[index] = Some(self.disagreements.len());
            self.disagreements.push(Disagreement {
                kind,
                from: at,
                to: None,
                event: id,
                indirect: is_indirect(self.trace, id),
                connection: number,
                engine,
                slot,
            });
        }
    }

    fn finish(mut self) -> Timeline {
        let last = self.trace.events.last();
        let ended = last.map_or(SimTime::ZERO, |e| e.at);
        let cut = last.is_some_and(|e| matches!(e.kind, EventKind::Truncated { .. }));
        let end = if cut { ended } else { ended.max(self.trace.scenario.until) };
        for track in
            self.tasks.iter_mut().chain(self.slots.iter_mut().flatten()).chain(&mut self.threads).chain(&mut self.left)
        {
            track.close(end);
        }
        for (request, process, begun) in std::mem::take(&mut self.truths.backlog) {
            self.waited(request, process, begun, end);
        }
        self.downtimes.extend(self.down.take().map(|from| (from, end)));
        let application = Group { truth: Truth::Application, lanes: self.application_lanes(), series: Vec::new() };
        let pool =
            Group { truth: Truth::Pool, lanes: self.pool_lanes(), series: std::mem::take(&mut self.checked_out) };
        let server = Group { truth: Truth::Server, lanes: self.server_lanes(), series: vec![self.connected] };
        Timeline {
            title: self.trace.scenario.title.en.clone(),
            title_zh_cn: self.trace.scenario.title.zh_cn.clone(),
            start: SimTime::ZERO,
            end,
            groups: vec![application, pool, server],
            disagreements: self.disagreements,
            downtimes: self.downtimes,
            steps: self.steps,
        }
    }

    fn application_lanes(&mut self) -> Vec<Lane> {
        let mut lanes = Vec::new();
        let processes = self.trace.tasks.iter().map(|t| t.process.saturating_add(1)).max().unwrap_or(0);
        let collected = std::mem::take(&mut self.collected);
        for process in 0..processes {
            let waits: Vec<Bar> = self.backlog.iter().filter(|(p, _)| *p == process).map(|(_, b)| b.clone()).collect();
            lanes.extend(rows(LaneKind::Backlog { process }, waits, Vec::new()));
            for (index, task) in self.trace.tasks.iter().enumerate().filter(|(_, t)| t.process == process) {
                let Track { bars, marks, .. } = std::mem::take(&mut self.tasks[index]);
                lanes.push(Lane::new(LaneKind::Task(index as u16), task.name.clone(), 1, bars, marks));
            }
            let of_process = self.left.iter().zip(&self.left_process).filter(|(_, p)| **p == process);
            let mut left: Vec<Bar> = Vec::new();
            for bar in of_process.flat_map(|(track, _)| &track.bars) {
                // A connection that is lost twice comes out of order.
                let place = left.partition_point(|b| b.from <= bar.from);
                left.insert(place, bar.clone());
            }
            lanes.extend(rows(LaneKind::LeftBehind { process }, left, collected.clone()));
        }
        lanes
    }

    fn pool_lanes(&mut self) -> Vec<Lane> {
        let mut lanes = Vec::new();
        for (engine, slots) in self.slots.iter_mut().enumerate() {
            let used: Vec<(u32, Stay)> =
                slots.iter().enumerate().filter_map(|(n, t)| Some((n as u32, t.stay(None)?))).collect();
            let stays: Vec<Stay> = used.iter().map(|u| u.1).collect();
            let (places, count) = pack(&stays);
            let engine = engine as u16;
            let prefix = owner(self.trace, engine);
            for place in 0..count {
                let (mut label, mut numbers) = (prefix.clone(), Vec::new());
                let (mut lane_bars, mut lane_marks) = (Vec::new(), Vec::new());
                for (slot, _) in used.iter().zip(&places).filter(|(_, p)| **p == place).map(|(u, _)| u) {
                    let Track { bars, marks, .. } = std::mem::take(&mut slots[*slot as usize]);
                    numbers.push(*slot);
                    lane_bars.extend(bars);
                    lane_marks.extend(marks);
                }
                if !label.is_empty() {
                    label.push_str(", ");
                }
                label.push_str("slot");
                name(&mut label, &numbers);
                let kind = LaneKind::Slot { engine, slot: numbers.first().copied().unwrap_or(0) };
                lanes.push(Lane::new(kind, label, 1, lane_bars, lane_marks));
            }
        }
        lanes
    }

    fn server_lanes(&mut self) -> Vec<Lane> {
        let mut lanes = Vec::new();
        if !self.refused.is_empty() {
            let marks = std::mem::take(&mut self.refused);
            lanes.push(Lane::new(LaneKind::Refused, String::new(), 1, Vec::new(), marks));
        }
        let mut used = Vec::new();
        for (index, track) in self.threads.iter().enumerate() {
            let connection = self.truths.threads[index].connection.and_then(|n| self.truths.connection(n));
            if let Some(stay) = track.stay(connection.map(|c| (c.engine, c.slot))) {
                used.push((index, stay));
            }
        }
        let stays: Vec<Stay> = used.iter().map(|u| u.1).collect();
        let (places, count) = pack(&stays);
        for place in 0..count {
            let (mut label, mut ids) = (String::new(), Vec::new());
            let (mut lane_bars, mut lane_marks) = (Vec::new(), Vec::new());
            for (index, _) in used.iter().zip(&places).filter(|(_, p)| **p == place).map(|(u, _)| u) {
                let Track { bars, marks, .. } = std::mem::take(&mut self.threads[*index]);
                let thread = &self.truths.threads[*index];
                if let (Some(n), true) = (thread.other, label.is_empty()) {
                    label = other_user(&self.trace.scenario, n).to_owned();
                }
                ids.push(thread.id);
                lane_bars.extend(bars);
                lane_marks.extend(marks);
            }
            name(&mut label, &ids);
            lanes.push(Lane::new(LaneKind::Sessions, label, 1, lane_bars, lane_marks));
        }
        if let Some(first) = lanes.iter_mut().find(|l| l.kind == LaneKind::Sessions) {
            for mark in std::mem::take(&mut self.ups) {
                let place = first.marks.partition_point(|m| m.event < mark.event);
                first.marks.insert(place, mark);
            }
        }
        lanes
    }
}

/// The place of this number, made if it is not there yet.
fn grown(tracks: &mut Vec<Track>, index: usize) -> &mut Track {
    if tracks.len() <= index {
        tracks.resize(index + 1, Track::default());
    }
    &mut tracks[index]
}

/// Appends `1/3/5–9` to a lane's label.
fn name(label: &mut String, numbers: &[u32]) {
    let mut i = 0;
    while i < numbers.len() {
        let first = i;
        while i + 1 < numbers.len() && numbers[i + 1] == numbers[i] + 1 {
            i += 1;
        }
        if first > 0 {
            label.push('/');
        } else if !label.is_empty() {
            label.push(' ');
        }
        label.push_str(&numbers[first].to_string());
        if first < i {
            label.push(if i - first == 1 { '/' } else { '–' });
            label.push_str(&numbers[i].to_string());
        }
        i += 1;
    }
}

/// A lane that shows several bars at once in thin rows; none if there are no bars.
fn rows(kind: LaneKind, bars: Vec<Bar>, marks: Vec<Mark>) -> Option<Lane> {
    let stays: Vec<Stay> = bars.iter().map(|b| Stay { from: b.from, to: b.to, key: None }).collect();
    let (places, count) = pack(&stays);
    if count == 0 {
        return None;
    }
    let mut placed = Vec::with_capacity(bars.len());
    for row in 0..count {
        for (bar, _) in bars.iter().zip(&places).filter(|(_, place)| **place == row) {
            placed.push(Bar { row: row as u16, ..bar.clone() });
        }
    }
    Some(Lane::new(kind, String::new(), count as u16, placed, marks))
}

fn count(series: &mut Series, at: SimTime, value: i32) {
    match series.points.last_mut() {
        Some(last) if last.1 == value => {}
        Some(last) if last.0 == at => last.1 = value,
        _ => series.points.push((at, value)),
    }
}
