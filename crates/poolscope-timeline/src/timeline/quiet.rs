//! Stretches in which nothing happens: what a picture may draw shorter than it lasts.

use poolscope_sim::order::sorted;
use poolscope_sim::time::{SimSpan, SimTime};

use super::{BarKind, Timeline};

/// A stretch of the run in which nothing changes and nobody waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    pub from: SimTime,
    pub to: SimTime,
    /// How long it is to look.
    pub shown: SimSpan,
}

/// A stretch that takes less than one part in this many of what is shown may stay as it is.
const WORTH: u64 = 50;
/// All folds together take about one part in this many.
const SHARE: u64 = 3;
/// Folding the long pauses of a run makes the shorter ones long.
const PASSES: usize = 4;

impl Timeline {
    /// The long stretches in which nothing happens, and how long to show each of them, so that what happens has most of the room.
    pub fn quiet(&self) -> Vec<Quiet> {
        let gaps = self.gaps();
        let whole = (self.end - self.start).as_us();
        let mut is_long = vec![false; gaps.len()];
        let (mut shown, mut each) = (whole, 0);
        for _ in 0..PASSES {
            let found = |long: bool, gap: SimSpan| !long && shown / WORTH < gap.as_us() && each < gap.as_us();
            if !gaps.iter().zip(&is_long).any(|((from, to), long)| found(*long, *to - *from)) {
                break;
            }
            for ((from, to), long) in gaps.iter().zip(&mut is_long) {
                *long |= found(*long, *to - *from);
            }
            let long =
                || gaps.iter().zip(&is_long).filter(|(_, long)| **long).map(|((from, to), _)| (*to - *from).as_us());
            let (count, total) = (long().count() as u64, long().sum::<u64>());
            let busy = whole.saturating_sub(total);
            each = (busy / (SHARE - 1) / count.max(1)).max(1).min(long().min().unwrap_or(0));
            shown = busy + each * count;
        }
        let long = gaps.into_iter().zip(is_long).filter(|((from, to), long)| *long && SimSpan(each) < *to - *from);
        long.map(|((from, to), _)| Quiet { from, to, shown: SimSpan(each) }).collect()
    }

    /// Between two changes, while nobody waits for the server or the pool.
    fn gaps(&self) -> Vec<(SimTime, SimTime)> {
        // (instant, how many more wait from then on)
        let mut changes: Vec<(SimTime, i32)> = vec![(self.start, 0), (self.end, 0)];
        changes.extend(self.steps.iter().map(|step| (step.at, 0)));
        for lane in self.groups.iter().flat_map(|g| &g.lanes) {
            for bar in &lane.bars {
                let waits = matches!(
                    bar.kind,
                    BarKind::WaitForPool | BarKind::Connect | BarKind::Ping | BarKind::Query | BarKind::Command
                );
                changes.extend([(bar.from, i32::from(waits)), (bar.to, -i32::from(waits))]);
            }
            changes.extend(lane.marks.iter().map(|mark| (mark.at, 0)));
        }
        changes.extend(self.downtimes.iter().flat_map(|(from, to)| [(*from, 0), (*to, 0)]));
        let changes = sorted(changes, |(at, _)| (at.as_us(), 0));
        let mut gaps = Vec::new();
        let (mut last, mut waiting) = (self.start, 0);
        for (at, more) in changes {
            if waiting == 0 && last < at {
                gaps.push((last, at));
            }
            waiting += more;
            last = at;
        }
        gaps
    }
}
