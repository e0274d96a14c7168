//! Which part of the run is seen, and the only arithmetic between time and pixels.

use poolscope_sim::time::{SimSpan, SimTime};

/// No closer than this many microseconds across the whole width.
const SPAN_MIN_US: u64 = 100;

/// A window on the run, always inside it. In time only; `scale` makes it pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewport {
    start: SimTime,
    end: SimTime,
    from: SimTime,
    to: SimTime,
}

impl Viewport {
    /// The whole run.
    pub fn fit(start: SimTime, end: SimTime) -> Viewport {
        let end = end.max(start + SimSpan::from_us(SPAN_MIN_US));
        Viewport { start, end, from: start, to: end }
    }

    pub fn from(&self) -> SimTime {
        self.from
    }
    pub fn to(&self) -> SimTime {
        self.to
    }
    pub fn span(&self) -> SimSpan {
        self.to - self.from
    }
    pub fn is_fit(&self) -> bool {
        self.from == self.start && self.to == self.end
    }

    /// This part of the run, clamped to it; at least 100 µs of it.
    pub fn show(&self, from: SimTime, to: SimTime) -> Viewport {
        let whole = (self.end - self.start).as_us();
        let span = to.since(from).as_us().clamp(SPAN_MIN_US.min(whole), whole);
        let latest = SimTime(self.end.0 - span);
        let from = from.clamp(self.start, latest);
        Viewport { from, to: from + SimSpan(span), ..*self }
    }

    /// `factor` above 1 looks closer; the instant `around` keeps its place.
    pub fn zoom(&self, factor: f32, around: SimTime) -> Viewport {
        if !factor.is_finite() || factor <= 0.0 {
            return *self;
        }
        let whole = (self.end - self.start).as_us();
        let old = self.span().as_us();
        let new = ((old as f64 / f64::from(factor)) as u64).clamp(SPAN_MIN_US.min(whole), whole);
        let around = around.clamp(self.from, self.to);
        let before = (around.since(self.from).as_us() as f64 * (new as f64 / old as f64)) as u64;
        let from = SimTime(around.0.saturating_sub(before));
        self.show(from, from + SimSpan(new))
    }

    /// Later by this many thousandths of what is seen; earlier if negative.
    pub fn pan(&self, thousandths: i32) -> Viewport {
        let by = SimSpan(self.span().as_us() / 1000).times(u64::from(thousandths.unsigned_abs()));
        let from = if thousandths < 0 { SimTime(self.from.0.saturating_sub(by.as_us())) } else { self.from + by };
        self.show(from, from + self.span())
    }

    /// Moves as little as needed to have this instant in sight.
    pub fn reveal(&self, at: SimTime) -> Viewport {
        let margin = SimSpan(self.span().as_us() / 10);
        if at < self.from {
            let from = SimTime(at.0.saturating_sub(margin.as_us()));
            self.show(from, from + self.span())
        } else if self.to < at {
            let to = at + margin;
            let from = SimTime(to.0.saturating_sub(self.span().as_us()));
            self.show(from, from + self.span())
        } else {
            *self
        }
    }

    /// This window drawn between two horizontal pixel positions.
    pub fn scale(&self, left: f32, right: f32) -> TimeScale {
        TimeScale { from: self.from, to: self.to, left, right: right.max(left + 1.0) }
    }
}

/// Time ↔ px. Linear now; the compression of idle hours will live here and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeScale {
    from: SimTime,
    to: SimTime,
    left: f32,
    right: f32,
}

impl TimeScale {
    /// The pixel of an instant; outside the window it is outside `left..right`.
    pub fn x(&self, at: SimTime) -> f32 {
        let span = (self.to - self.from).as_us().max(1) as f64;
        let offset = at.0 as f64 - self.from.0 as f64;
        self.left + (offset / span * f64::from(self.right - self.left)) as f32
    }

    /// The pixel of an instant, kept inside the window.
    pub fn x_inside(&self, at: SimTime) -> f32 {
        self.x(at.clamp(self.from, self.to))
    }

    /// The instant at a pixel, kept inside the window.
    pub fn time(&self, x: f32) -> SimTime {
        let part = f64::from(((x - self.left) / (self.right - self.left)).clamp(0.0, 1.0));
        self.from + SimSpan((part * (self.to - self.from).as_us() as f64) as u64)
    }

    pub fn shows(&self, from: SimTime, to: SimTime) -> bool {
        from <= self.to && self.from <= to
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
        let span = (self.to - self.from).as_us().max(1);
        let us_per_px = span as f64 / f64::from(self.right - self.left);
        let least = us_per_px * f64::from(gap);
        let step = STEPS_US.iter().copied().find(|s| least <= *s as f64).unwrap_or(604_800_000_000);
        let step = step.max(span / 1000).max(1);
        let first = self.from.0.div_ceil(step);
        let last = self.to.0 / step;
        (first..=last).map(|n| SimTime(n * step)).collect()
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
}
