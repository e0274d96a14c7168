//! The picture in text: what `poolscope run` prints and what tests compare.
//!
//! One column is one stretch of time; each cell shows what mattered most in it, marks before bars.
//!
//! ```text
//! application  .  runs without a connection        w  waits for the pool       t  waits for a thread
//!              c  opens a connection               p  waits for the ping       =  statement under way
//!              -  holds a connection               k  request over, still holds one
//!              ~  left behind by a lost Session    !  exception                L  Session lost
//! pool         -  in the pool                      #  checked out              c  being opened
//!              o  to be replaced at next checkout  x  dead, not noticed        ~  checked out, nobody refers to it
//!              p  ping ok                          P  ping failed              I  invalidated
//!              !  cannot connect
//! server       -  Sleep                            _  Sleep in a transaction   =  Query
//!              T  wait_timeout                     K  KILL                     D  server down, U  up
//!              q  the client quit                  !  refused (1040)
//! ```
//!
//! Counts over time are digits, `+` from 10 on.

use poolscope_sim::time::{SimSpan, SimTime, proportion};

use crate::timeline::{Bar, BarKind, Condition, Lane, LaneKind, MarkKind, Run, Series, SeriesKind, Timeline, Truth};

/// The timeline in `columns` characters, a line per lane.
pub fn ascii(timeline: &Timeline, columns: usize) -> String {
    let names: Vec<Vec<String>> = timeline.groups.iter().map(|g| g.lanes.iter().map(name).collect()).collect();
    let counts = timeline.groups.iter().flat_map(|g| g.series.iter().map(count_name));
    let widest = names.iter().flatten().cloned().chain(counts).map(|n| n.chars().count()).max().unwrap_or(0);
    let label = widest.clamp(11, 40);
    let cells = columns.saturating_sub(label + 3).max(10);
    let grid = Grid { start: timeline.start, span: (timeline.end - timeline.start).as_us().max(1), cells };

    let mut out = String::new();
    line(&mut out, &timeline.title, label, grid.axis());
    for (group, names) in timeline.groups.iter().zip(&names) {
        out.push_str(match group.truth {
            Truth::Application => "APPLICATION\n",
            Truth::Pool => "POOL\n",
            Truth::Server => "SERVER\n",
        });
        for series in &group.series {
            line(&mut out, &count_name(series), label, grid.counts(series));
        }
        for (lane, name) in group.lanes.iter().zip(names) {
            for row in 0..lane.rows {
                let name = if row == 0 { name.as_str() } else { "" };
                line(&mut out, name, label, grid.lane(lane, row));
            }
        }
    }
    out
}

fn line(out: &mut String, name: &str, label: usize, cells: String) {
    let name: String = name.chars().take(label).collect();
    out.push_str(&name);
    out.push_str(&" ".repeat(label - name.chars().count()));
    out.push_str(" |");
    out.push_str(cells.trim_end());
    out.push('\n');
}

fn name(lane: &Lane) -> String {
    if lane.run == Run::Before {
        return BEFORE.to_owned();
    }
    match lane.kind {
        LaneKind::Backlog { .. } => "no free thread".to_owned(),
        LaneKind::LeftBehind { .. } => "left behind".to_owned(),
        LaneKind::Refused => "refused".to_owned(),
        LaneKind::Sessions => "Id ".to_owned() + &lane.label,
        LaneKind::Task(_) | LaneKind::Slot { .. } => lane.label.clone(),
    }
}

/// Of the run that is compared with.
const BEFORE: &str = "  before";

fn count_name(series: &Series) -> String {
    let mut text = match series.kind {
        _ if series.run == Run::Before => BEFORE.to_owned(),
        SeriesKind::CheckedOut(_) if series.label.is_empty() => "checked out".to_owned(),
        SeriesKind::CheckedOut(_) => series.label.clone() + ", checked out",
        SeriesKind::ThreadsConnected => series.label.clone(),
    };
    if let Some(limit) = series.limit {
        text.push_str(" (");
        text.push_str(&limit.to_string());
        text.push(')');
    }
    text
}

struct Grid {
    start: SimTime,
    span: u64,
    cells: usize,
}

impl Grid {
    fn cell(&self, at: SimTime) -> usize {
        let part = proportion(at.since(self.start).as_us(), self.span, self.cells as u64);
        (part as usize).min(self.cells - 1)
    }

    fn time(&self, cell: usize) -> SimTime {
        self.start + SimSpan(proportion(cell as u64, self.cells as u64, self.span))
    }

    /// Instants, each at the beginning of its text.
    fn axis(&self) -> String {
        const GAP: usize = 12;
        let scale = crate::Viewport::fit(self.start, self.start + SimSpan(self.span)).scale(0.0, self.cells as f32);
        let mut text = String::new();
        for at in scale.ticks(GAP as f32) {
            let cell = self.cell(at);
            if text.chars().count() <= cell && cell + GAP / 2 < self.cells {
                text.push_str(&" ".repeat(cell - text.chars().count()));
                text.push_str(&at.to_string());
            }
        }
        text
    }

    /// The highest count in each cell.
    fn counts(&self, series: &Series) -> String {
        let mut next = series.points.iter().peekable();
        let mut now = 0;
        (0..self.cells)
            .map(|cell| {
                let end = self.time(cell + 1);
                let mut highest = now;
                while let Some((_, value)) = next.next_if(|(at, _)| *at < end) {
                    now = *value;
                    highest = highest.max(now);
                }
                match highest {
                    ..0 => '-',
                    0 => ' ',
                    n => u32::try_from(n).ok().and_then(|n| char::from_digit(n, 10)).unwrap_or('+'),
                }
            })
            .collect()
    }

    fn lane(&self, lane: &Lane, row: u16) -> String {
        let mut cells = vec![(0_u8, ' '); self.cells];
        let mut put = |cell: usize, weight: u8, symbol: char| {
            if let Some(place) = cells.get_mut(cell).filter(|place| place.0 <= weight) {
                *place = (weight, symbol);
            }
        };
        for bar in lane.bars.iter().filter(|b| b.row == row) {
            let (weight, symbol) = bar_symbol(bar);
            // The end belongs to what follows.
            let last = self.cell(SimTime(bar.to.0.saturating_sub(1)));
            for cell in self.cell(bar.from)..=last.max(self.cell(bar.from)) {
                put(cell, weight, symbol);
            }
        }
        for mark in lane.marks.iter().filter(|m| m.row == row) {
            if let Some((weight, symbol)) = mark_symbol(mark.kind) {
                put(self.cell(mark.at), weight, symbol);
            }
        }
        cells.into_iter().map(|c| c.1).collect()
    }
}

fn bar_symbol(bar: &Bar) -> (u8, char) {
    match (bar.kind, bar.condition) {
        (BarKind::InPool, Condition::Dead) => (2, 'x'),
        (BarKind::InPool, Condition::Stale) => (1, 'o'),
        (BarKind::CheckedOut, Condition::Lost) | (BarKind::LeftBehind, _) => (2, '~'),
        (BarKind::InPool | BarKind::Sleep, _) => (1, '-'),
        (BarKind::SleepInTransaction, _) => (1, '_'),
        (BarKind::Work, _) => (2, '.'),
        (BarKind::WaitForThread, _) => (2, 't'),
        (BarKind::Hold, _) => (3, '-'),
        (BarKind::Keep, _) => (3, 'k'),
        (BarKind::CheckedOut, _) => (3, '#'),
        (BarKind::Connect, _) => (4, 'c'),
        (BarKind::Ping, _) => (5, 'p'),
        (BarKind::Query | BarKind::Command, _) => (5, '='),
        (BarKind::WaitForPool, _) => (6, 'w'),
    }
}

fn mark_symbol(mark: MarkKind) -> Option<(u8, char)> {
    Some(match mark {
        MarkKind::Error(_) | MarkKind::Refuse(_) => (9, '!'),
        MarkKind::PingFailed => (9, 'P'),
        MarkKind::Timeout => (9, 'T'),
        MarkKind::Kill => (9, 'K'),
        MarkKind::Down => (9, 'D'),
        MarkKind::Up => (8, 'U'),
        MarkKind::Lost => (8, 'L'),
        MarkKind::Invalidate => (8, 'I'),
        MarkKind::PingOk => (7, 'p'),
        MarkKind::Quit => (6, 'q'),
        MarkKind::Collect | MarkKind::Connect | MarkKind::Checkout | MarkKind::Checkin | MarkKind::Close => {
            return None;
        }
    })
}
