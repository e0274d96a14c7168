//! Which part of the run is seen, and the only arithmetic between time and pixels.

use std::rc::Rc;

use poolscope_sim::time::{SimSpan, SimTime, proportion};

use crate::timeline::Quiet;

/// No closer than this many microseconds across the whole width.
const SPAN_MIN_US: u64 = 100;

/// Stretches of the run that are drawn shorter than they last, in order of time. Without any, shown time is time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Folds(Rc<[Fold]>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fold {
    from: SimTime,
    to: SimTime,
    /// Shown time at which it begins, and how much of it the fold takes.
    place: u64,
    shown: u64,
}

impl Folds {
    /// Time → shown time.
    fn place(&self, at: SimTime) -> u64 {
        if self.0.is_empty() {
            return at.0;
        }
        let after = self.0.partition_point(|fold| fold.from <= at);
        let Some(fold) = after.checked_sub(1).and_then(|i| self.0.get(i)) else { return at.0 };
        if fold.to <= at {
            return fold.place + fold.shown + (at - fold.to).as_us();
        }
        fold.place + proportion((at - fold.from).as_us(), (fold.to - fold.from).as_us(), fold.shown)
    }

    /// Shown time → time.
    fn instant(&self, place: u64) -> SimTime {
        let after = self.0.partition_point(|fold| fold.place <= place);
        let Some(fold) = after.checked_sub(1).and_then(|i| self.0.get(i)) else { return SimTime(place) };
        let inside = place - fold.place;
        if fold.shown <= inside {
            return fold.to + SimSpan(inside - fold.shown);
        }
        fold.from + SimSpan(proportion(inside, fold.shown, (fold.to - fold.from).as_us()))
    }
}

/// A window on the run, always inside it. In shown time, which is time but where idle time is folded; `scale` makes it pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewport {
    folds: Folds,
    start: u64,
    end: u64,
    from: u64,
    to: u64,
}

impl Viewport {
    /// The whole run.
    pub fn fit(start: SimTime, end: SimTime) -> Viewport {
        let (start, end) = (start.0, end.0.max(start.0 + SPAN_MIN_US));
        Viewport { folds: Folds::default(), start, end, from: start, to: end }
    }

    /// The same window with these stretches folded, each to the given length, as `Timeline::quiet` finds them: in order, apart from each
    /// other, and shorter than before. None of them: unfolded.
    pub fn folded(&self, quiet: &[Quiet]) -> Viewport {
        let mut folds = Vec::with_capacity(quiet.len());
        let (mut place, mut last) = (0, SimTime::ZERO);
        for Quiet { from, to, shown } in quiet.iter().filter(|q| q.from < q.to) {
            place += (*from - last).as_us();
            folds.push(Fold { from: *from, to: *to, place, shown: shown.as_us() });
            place += shown.as_us();
            last = *to;
        }
        let old = &self.folds;
        let folds = Folds(folds.into());
        let again = |place: u64| folds.place(old.instant(place));
        let (start, end) = (again(self.start), again(self.end));
        let whole = Viewport { start, end: end.max(start + SPAN_MIN_US), from: start, to: end, folds: folds.clone() };
        if self.is_fit() { whole.window(start, end) } else { whole.window(again(self.from), again(self.to)) }
    }

    pub fn is_folded(&self) -> bool {
        !self.folds.0.is_empty()
    }

    pub fn from(&self) -> SimTime {
        self.folds.instant(self.from)
    }
    pub fn to(&self) -> SimTime {
        self.folds.instant(self.to)
    }
    /// How much time is shown; a fold counts as what is left of it.
    pub fn span(&self) -> SimSpan {
        SimSpan(self.to - self.from)
    }
    pub fn is_fit(&self) -> bool {
        self.from == self.start && self.to == self.end
    }

    /// Where the window lies in the run as it is shown, in thousandths.
    pub fn part(&self) -> (u32, u32) {
        let part = |place: u64| proportion(place - self.start, self.end - self.start, 1000) as u32;
        (part(self.from), part(self.to))
    }

    /// The whole run, folded as it is.
    pub fn whole(&self) -> Viewport {
        self.window(self.start, self.end)
    }

    /// This part of the run, clamped to it; at least 100 µs of it.
    pub fn show(&self, from: SimTime, to: SimTime) -> Viewport {
        self.window(self.folds.place(from), self.folds.place(to))
    }

    fn window(&self, from: u64, to: u64) -> Viewport {
        let whole = self.end - self.start;
        let span = to.saturating_sub(from).clamp(SPAN_MIN_US.min(whole), whole);
        let from = from.clamp(self.start, self.end - span);
        Viewport { from, to: from + span, ..self.clone() }
    }

    /// `factor` above 1 looks closer; the instant `around` keeps its place.
    pub fn zoom(&self, factor: f32, around: SimTime) -> Viewport {
        if !factor.is_finite() || factor <= 0.0 {
            return self.clone();
        }
        let whole = self.end - self.start;
        let old = self.to - self.from;
        let new = ((old as f64 / f64::from(factor)) as u64).clamp(SPAN_MIN_US.min(whole), whole);
        let around = self.folds.place(around).clamp(self.from, self.to);
        let before = ((around - self.from) as f64 * (new as f64 / old as f64)) as u64;
        let from = around.saturating_sub(before);
        self.window(from, from + new)
    }

    /// Later by this many thousandths of what is seen; earlier if negative.
    pub fn pan(&self, thousandths: i32) -> Viewport {
        let span = self.to - self.from;
        let by = proportion(u64::from(thousandths.unsigned_abs()), 1000, span).min(self.end);
        let from = if thousandths < 0 { self.from.saturating_sub(by) } else { self.from + by };
        self.window(from, from + span)
    }

    /// Moves as little as needed to have this instant in sight.
    pub fn reveal(&self, at: SimTime) -> Viewport {
        let span = self.to - self.from;
        let margin = span / 10;
        let at = self.folds.place(at);
        if at < self.from {
            let from = at.saturating_sub(margin);
            self.window(from, from + span)
        } else if self.to < at {
            let from = (at + margin).saturating_sub(span);
            self.window(from, from + span)
        } else {
            self.clone()
        }
    }

    /// This window drawn between two horizontal pixel positions.
    pub fn scale(&self, left: f32, right: f32) -> TimeScale {
        let right = right.max(left + 1.0);
        let px_per_us = f64::from(right - left) / (self.to - self.from).max(1) as f64;
        TimeScale { folds: self.folds.clone(), from: self.from, to: self.to, left, right, px_per_us }
    }
}

/// Time ↔ px.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeScale {
    folds: Folds,
    from: u64,
    to: u64,
    left: f32,
    right: f32,
    px_per_us: f64,
}

impl TimeScale {
    /// The pixel of an instant; outside the window it is outside `left..right`.
    pub fn x(&self, at: SimTime) -> f32 {
        self.pixel(self.folds.place(at))
    }

    fn pixel(&self, place: u64) -> f32 {
        self.left + ((place as f64 - self.from as f64) * self.px_per_us) as f32
    }

    /// The pixel of an instant, kept inside the window.
    pub fn x_inside(&self, at: SimTime) -> f32 {
        self.pixel(self.folds.place(at).clamp(self.from, self.to))
    }

    /// The pixels between which a span of time is seen; nothing if it is out of sight.
    pub fn part(&self, from: SimTime, to: SimTime) -> Option<(f32, f32)> {
        let (from, to) = (self.folds.place(from), self.folds.place(to));
        let seen = from <= self.to && self.from <= to;
        seen.then(|| (self.pixel(from.max(self.from)), self.pixel(to.min(self.to))))
    }

    /// The instant at a pixel, kept inside the window.
    pub fn time(&self, x: f32) -> SimTime {
        let part = f64::from(((x - self.left) / (self.right - self.left)).clamp(0.0, 1.0));
        self.folds.instant(self.from + (part * (self.to - self.from) as f64) as u64)
    }

    pub fn shows(&self, from: SimTime, to: SimTime) -> bool {
        self.folds.place(from) <= self.to && self.from <= self.folds.place(to)
    }

    /// The folds in sight: from, to, and the pixels between which they are drawn.
    pub fn folds(&self) -> impl Iterator<Item = (SimTime, SimTime, f32, f32)> + '_ {
        let seen = |fold: &&Fold| fold.place < self.to && self.from < fold.place + fold.shown;
        self.folds.0.iter().filter(seen).map(|f| (f.from, f.to, self.x_inside(f.from), self.x_inside(f.to)))
    }

    /// Round instants for the axis, at least `gap` pixels apart.
    pub fn ticks(&self, gap: f32) -> Vec<SimTime> {
        const STEPS_US: [u64; 33] = [
            10,
            20,
            50,
            100,
            200,
            500,
            1_000,
            2_000,
            5_000,
            10_000,
            20_000,
            50_000,
            100_000,
            200_000,
            500_000,
            1_000_000,
            2_000_000,
            5_000_000,
            10_000_000,
            15_000_000,
            30_000_000,
            60_000_000,
            120_000_000,
            300_000_000,
            600_000_000,
            900_000_000,
            1_800_000_000,
            3_600_000_000,
            7_200_000_000,
            14_400_000_000,
            21_600_000_000,
            43_200_000_000,
            86_400_000_000,
        ];
        let span = (self.to - self.from).max(1);
        let us_per_px = span as f64 / f64::from(self.right - self.left);
        let least = us_per_px * f64::from(gap);
        let step = STEPS_US.iter().copied().find(|s| least <= *s as f64).unwrap_or(604_800_000_000);
        let step = step.max(span / 1000).max(1);
        // Each stretch between two folds has its own.
        let mut ticks = Vec::new();
        let mut from = self.folds.instant(self.from);
        let to = self.folds.instant(self.to);
        for fold in self.folds.0.iter() {
            if fold.to <= from || to <= fold.from {
                continue;
            }
            ticks.extend((from.0.div_ceil(step)..=fold.from.0 / step).map(|n| SimTime(n * step)));
            from = fold.to;
        }
        ticks.extend((from.0.div_ceil(step)..=to.0 / step).map(|n| SimTime(n * step)));
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: SimTime = SimTime(60_000_000);

    #[test]
    fn a_window_stays_inside_the_run() {
        let whole = Viewport::fit(SimTime::ZERO, MINUTE);
        assert!(whole.is_fit() && whole.zoom(0.5, MINUTE).is_fit() && whole.pan(5000).is_fit());
        let near = whole.zoom(4.0, SimTime(30_000_000));
        assert_eq!((near.from(), near.to()), (SimTime(22_500_000), SimTime(37_500_000)));
        assert_eq!(near.pan(10_000).to(), MINUTE);
        assert_eq!(near.pan(-10_000).from(), SimTime::ZERO);
        assert_eq!(near.zoom(1e9, near.from()).span(), SimSpan(SPAN_MIN_US));
        assert_eq!(near.zoom(f32::NAN, MINUTE), near);
        let later = near.reveal(SimTime(50_000_000));
        assert!(
            later.span() == near.span() && later.from() <= SimTime(50_000_000) && SimTime(50_000_000) <= later.to()
        );
        assert_eq!(near.reveal(SimTime(30_000_000)), near);
        assert_eq!(Viewport::fit(SimTime::ZERO, SimTime::ZERO).span(), SimSpan(SPAN_MIN_US));
    }

    #[test]
    fn pixels_and_instants_correspond() {
        let scale = Viewport::fit(SimTime::ZERO, MINUTE).scale(100.0, 700.0);
        assert_eq!(scale.x(SimTime(30_000_000)), 400.0);
        assert_eq!(scale.time(400.0), SimTime(30_000_000));
        assert_eq!((scale.time(-9.0), scale.time(9e9)), (SimTime::ZERO, MINUTE));
        assert_eq!(scale.x_inside(SimTime(90_000_000)), 700.0);
        let ticks: Vec<String> = scale.ticks(90.0).iter().map(ToString::to_string).collect();
        assert_eq!(ticks, ["0 s", "10 s", "20 s", "30 s", "40 s", "50 s", "1 min"]);
    }
    #[test]
    fn folded_time_takes_the_place_it_is_given() {
        let second = |n: u64| SimTime(n * 1_000_000);
        let quiet = [
            Quiet { from: second(10), to: second(28_800), shown: SimSpan::from_secs(1) },
            Quiet { from: second(28_805), to: second(28_900), shown: SimSpan::from_secs(4) },
        ];
        let plain = Viewport::fit(SimTime::ZERO, second(28_910));
        let folded = plain.folded(&quiet);
        assert_eq!(folded.span(), SimSpan::from_secs(30));
        assert!(folded.is_fit() && folded.is_folded() && folded.folded(&[]) == plain);
        let scale = folded.scale(0.0, 300.0);
        let places = [0, 10, 14_405, 28_800, 28_805, 28_900, 28_910].map(|s| scale.x(second(s)));
        assert_eq!(places, [0.0, 100.0, 105.0, 110.0, 160.0, 200.0, 300.0]);
        for x in [0.0, 55.0, 100.0, 120.0, 199.0, 200.0, 300.0] {
            assert!((scale.x(scale.time(x)) - x).abs() < 0.01, "{x}");
        }
        let ticks: Vec<String> = scale.ticks(40.0).iter().map(ToString::to_string).collect();
        assert_eq!(
            ticks,
            ["0 s", "5 s", "10 s", "8 h", "8 h 5 s", "8 h 1 min 40 s", "8 h 1 min 45 s", "8 h 1 min 50 s"]
        );
        let near = folded.zoom(3.0, second(28_802));
        assert_eq!(near.span(), SimSpan::from_secs(10));
        assert!((near.scale(0.0, 300.0).x(second(28_802)) - scale.x(second(28_802))).abs() < 0.1);
        assert_eq!(near.folded(&[]).folded(&quiet).from(), near.from());
    }
}
