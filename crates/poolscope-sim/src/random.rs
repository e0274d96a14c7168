//! The only source of chance: SplitMix64 from the scenario's seed, integers only.

use crate::time::SimSpan;

#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// An independent stream for `(seed, stream)`; equal pairs give equal streams.
    pub fn new(seed: u64, stream: u64) -> Random {
        let mut random = Random { state: seed };
        let base = random.next_u64();
        Random { state: base ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15) }
    }

    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..n`; 0 if `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// An exponentially distributed span with the given mean, capped at 16 times the mean.
    ///
    /// Computed as mean × ln 2 × (k + fraction): the integer part counts leading zero bits (a geometric draw), the
    /// fraction comes from a table of −log2, so that no floating point is needed.
    pub fn exponential(&mut self, mean: SimSpan) -> SimSpan {
        // −log2 of the middle of each 32nd of the half-open interval 0.5..1, in 65536ths.
        const FRACTION: [u64; 32] = [
            64_070, 61_205, 58_424, 55_722, 53_096, 50_540, 48_052, 45_627, 43_264, 40_957, 38_706, 36_507, 34_358,
            32_257, 30_202, 28_190, 26_220, 24_290, 22_399, 20_546, 18_727, 16_943, 15_192, 13_473, 11_785, 10_126,
            8_496, 6_893, 5_317, 3_767, 2_242, 742,
        ];
        let bits = self.next_u64();
        let whole = u64::from(bits.leading_zeros().min(22));
        let mantissa = (self.next_u64() >> 59) as usize;
        let log2 = u128::from(whole * 65_536 + FRACTION[mantissa]);
        // ln 2 = 45426 / 65536.
        let span = u128::from(mean.as_us()) * log2 * 45_426 / (65_536 * 65_536);
        SimSpan(span.min(u128::from(mean.times(16).as_us())) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_the_exponential_is_right() {
        let mut random = Random::new(1, 2);
        let n = 200_000;
        let sum: u64 = (0..n).map(|_| random.exponential(SimSpan(1_000_000)).as_us()).sum();
        let mean = sum / n;
        assert!((985_000..1_015_000).contains(&mean), "{mean}");
    }

    #[test]
    fn streams_differ_and_repeat() {
        let draw = |seed, stream| Random::new(seed, stream).next_u64();
        assert_eq!(draw(1, 1), draw(1, 1));
        assert_ne!(draw(1, 1), draw(1, 2));
        assert_ne!(draw(1, 1), draw(2, 1));
        assert!((0..1000).all(|i| Random::new(i, 0).below(7) < 7));
    }
}
