//! SplitMix64: a tiny generator whose output is fixed by its published definition, so that the files are the
//! same on every platform and with every version of the dependencies.

use std::ops::RangeInclusive;

/// A stream of pseudo-random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// A stream of its own for every `seed` and sequence of `keys`: adding a draw to one school never shifts
    /// another.
    pub(crate) fn stream(seed: u64, keys: &[u64]) -> Self {
        keys.iter()
            .fold(Self(seed), |mut rng, key| Self(rng.next() ^ key.wrapping_mul(0xD6E8_FEB8_6659_FD93)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// A number in `range`, both ends inclusive.
    pub(crate) fn between(&mut self, range: RangeInclusive<u32>) -> u32 {
        range.start() + self.below(range.end() - range.start() + 1)
    }

    /// True `permille` times of a thousand.
    pub(crate) fn chance(&mut self, permille: u32) -> bool {
        self.below(1000) < permille
    }

    /// One of the `options`, each `(weight, value)`.
    pub(crate) fn weighted<T: Copy>(&mut self, options: &[(u32, T)], otherwise: T) -> T {
        let mut left = self.below(options.iter().map(|(weight, _)| weight).sum());
        for &(weight, value) in options {
            if left < weight {
                return value;
            }
            left -= weight;
        }
        otherwise
    }

    /// A fair order (Fisher-Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u32 + 1) as usize;
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_the_published_vector() {
        let mut rng = Rng(1_234_567);
        let drawn: Vec<u64> = (0..5).map(|_| rng.next()).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ]
        );
    }

    proptest! {
        #[test]
        fn stays_in_range(seed: u64, from in 0u32..1000, width in 0u32..1000) {
            let mut rng = Rng::stream(seed, &[1, 2]);
            for _ in 0..50 {
                prop_assert!((from..=from + width).contains(&rng.between(from..=from + width)));
            }
        }

        #[test]
        fn shuffling_loses_nothing(seed: u64, n in 0usize..50) {
            let mut items: Vec<usize> = (0..n).collect();
            Rng::stream(seed, &[]).shuffle(&mut items);
            items.sort_unstable();
            prop_assert_eq!(items, (0..n).collect::<Vec<_>>());
        }
    }
}
