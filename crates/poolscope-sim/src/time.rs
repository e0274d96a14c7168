//! Simulated time: whole microseconds, so that native and wasm agree to the last digit.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// An instant, in microseconds since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(pub u64);

/// A length of time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimSpan(pub u64);

impl SimTime {
    pub const ZERO: SimTime = SimTime(0);
    pub const MAX: SimTime = SimTime(u64::MAX);

    pub fn as_us(self) -> u64 {
        self.0
    }

    /// Time elapsed since `earlier`; zero if `earlier` is in the future.
    pub fn since(self, earlier: SimTime) -> SimSpan {
        SimSpan(self.0.saturating_sub(earlier.0))
    }
}

impl SimSpan {
    pub const ZERO: SimSpan = SimSpan(0);

    pub const fn from_us(us: u64) -> SimSpan {
        SimSpan(us)
    }
    pub const fn from_ms(ms: u64) -> SimSpan {
        SimSpan(ms.saturating_mul(1_000))
    }
    pub const fn from_secs(secs: u64) -> SimSpan {
        SimSpan(secs.saturating_mul(1_000_000))
    }
    pub const fn as_us(self) -> u64 {
        self.0
    }
    /// Whole seconds, rounded down: what `SHOW PROCESSLIST` prints.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000
    }
    pub const fn times(self, n: u64) -> SimSpan {
        SimSpan(self.0.saturating_mul(n))
    }

    /// Reads `"250 ms"`, `"1.5 s"`, `"8h"`, `"40us"`; a number without a unit is seconds.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<SimSpan, String> {
        let text = text.trim();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || !c.is_ascii());
        let unit = text[digits.len()..].trim();
        let scale: u64 = match unit {
            "us" | "µs" => 1,
            "ms" => 1_000,
            "" | "s" => 1_000_000,
            "min" | "m" => 60_000_000,
            "h" => 3_600_000_000,
            "d" => 86_400_000_000,
            other => {
                return Err(format!("`{other}` is not a unit of time; use us, ms, s, min, h or d"));
            }
        };
        scaled_decimal(digits.trim(), scale)
            .map(SimSpan)
            .ok_or_else(|| format!("`{text}` is not a length of time such as \"250 ms\" or \"8 h\""))
    }
}

/// `part` of `whole`, as so much of `of`: without floating point and without overflow; nothing of nothing.
pub fn proportion(part: u64, whole: u64, of: u64) -> u64 {
    let whole = whole.max(1);
    if 64 <= part.leading_zeros() + of.leading_zeros() {
        return part * of / whole;
    }
    // Bit by bit, for a page would load the division of 128 bits for this alone. No time is as long as a quarter of a u64.
    let (mut result, mut rest) = (0u64, 0u64);
    for bit in (0..64).rev() {
        let part = if of >> bit & 1 == 1 { part } else { 0 };
        let sum = rest.wrapping_mul(2).wrapping_add(part % whole);
        result = result.wrapping_mul(2).wrapping_add(part / whole).wrapping_add(sum / whole);
        rest = sum % whole;
    }
    result
}

/// `digits` (a plain non-negative decimal) times `scale`, without floating point; cut, not rounded, below one unit.
pub(crate) fn scaled_decimal(digits: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { crate::text::whole(whole)? };
    let mut value = whole.checked_mul(scale)?;
    let mut place = scale;
    for digit in fraction.bytes() {
        place /= 10;
        value = value.checked_add(u64::from(digit - b'0').checked_mul(place)?)?;
    }
    Some(value)
}

impl Add<SimSpan> for SimTime {
    type Output = SimTime;
    fn add(self, span: SimSpan) -> SimTime {
        SimTime(self.0.saturating_add(span.0))
    }
}
impl AddAssign<SimSpan> for SimTime {
    fn add_assign(&mut self, span: SimSpan) {
        *self = *self + span;
    }
}
impl Sub<SimTime> for SimTime {
    type Output = SimSpan;
    fn sub(self, other: SimTime) -> SimSpan {
        self.since(other)
    }
}
impl Add for SimSpan {
    type Output = SimSpan;
    fn add(self, other: SimSpan) -> SimSpan {
        SimSpan(self.0.saturating_add(other.0))
    }
}

/// What the application's clock shows when the run begins, in seconds since 1970: 2026-01-01 00:00:00 UTC.
pub const EPOCH: u64 = 1_767_225_600;

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimSpan(self.0).fmt(f)
    }
}

/// The shortest exact form in the largest unit up to seconds that needs at most three decimals: `7 s`, `1.25 s`, `40 ms`, `120 us`; hours and
/// minutes are spelled `8 h`, `1 h 30 min`, `2 min 5 s`.
impl fmt::Display for SimSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = self.0;
        if us < 1_000 && us > 0 {
            return write!(f, "{us} us");
        }
        if us < 1_000_000 && us > 0 {
            return write!(f, "{} ms", Decimal(us, 1_000));
        }
        let (hours, minutes) = (us / 3_600_000_000, us / 60_000_000 % 60);
        let seconds_us = us % 60_000_000;
        let mut gap = "";
        for (amount, unit) in [(hours, "h"), (minutes, "min")] {
            if amount > 0 {
                write!(f, "{gap}{amount} {unit}")?;
                gap = " ";
            }
        }
        if seconds_us > 0 || us < 60_000_000 {
            write!(f, "{gap}{} s", Decimal(seconds_us, 1_000_000))?;
        }
        Ok(())
    }
}

/// `0` divided by `1` (a power of ten) as a decimal without trailing zeros.
pub struct Decimal(pub u64, pub u64);

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Decimal(value, scale) = *self;
        write!(f, "{}", value / scale)?;
        let (mut rest, mut place) = (value % scale, scale / 10);
        if rest > 0 {
            f.write_str(".")?;
        }
        while rest > 0 && place > 0 {
            write!(f, "{}", rest / place)?;
            rest %= place;
            place /= 10;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proportions_are_exact() {
        let numbers = [0, 1, 7, 999, 1_000, 12_345_678_901, 28_800_000_000, 1 << 40, (1 << 61) - 1];
        for (part, whole, of) in
            numbers.iter().flat_map(|a| numbers.iter().flat_map(move |b| numbers.map(|c| (*a, *b, c))))
        {
            let exact = (u128::from(part) * u128::from(of) / u128::from(whole.max(1))) as u64;
            assert_eq!(proportion(part, whole, of), exact, "{part} of {whole} as {of}");
        }
    }

    #[test]
    fn spans_read_and_print() {
        for (text, us, printed) in [
            ("250 ms", 250_000, "250 ms"),
            ("1.5s", 1_500_000, "1.5 s"),
            ("8h", 28_800_000_000, "8 h"),
            ("90 min", 5_400_000_000, "1 h 30 min"),
            ("125", 125_000_000, "2 min 5 s"),
            ("0.0005 s", 500, "500 us"),
            ("1.25 ms", 1_250, "1.25 ms"),
            ("0", 0, "0 s"),
        ] {
            assert_eq!(SimSpan::parse(text), Ok(SimSpan(us)), "{text}");
            assert_eq!(SimSpan(us).to_string(), printed);
        }
        for bad in ["", "s", "-1 s", "1..2", "five", "3 weeks", "99999999999999999999 h"] {
            assert!(SimSpan::parse(bad).is_err(), "{bad}");
        }
    }
}
