//! Shares that are compared exactly.

use serde::{Deserialize, Serialize};

/// A share kept as two counts. Comparisons multiply integers, so a school at exactly the threshold is on the right side
/// of it every time; the percentage is for people to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Share {
    /// How many of the whole.
    #[schema(minimum = 0, example = 9)]
    pub numerator: i64,
    /// The whole; zero means that there is nothing to take a share of.
    #[schema(minimum = 0, example = 30)]
    pub denominator: i64,
}

impl Share {
    /// `numerator` of `denominator`.
    pub const fn new(numerator: i64, denominator: i64) -> Self {
        Self { numerator, denominator }
    }

    /// Whether the share is at least `percent`. A share of nothing reaches no threshold.
    pub const fn at_least(self, percent: i64) -> bool {
        self.denominator > 0 && 100 * self.numerator >= percent * self.denominator
    }

    /// Exact order of two shares; `None` when either is a share of nothing.
    pub fn compare(self, other: Self) -> Option<std::cmp::Ordering> {
        (self.denominator > 0 && other.denominator > 0).then(|| {
            (i128::from(self.numerator) * i128::from(other.denominator))
                .cmp(&(i128::from(other.numerator) * i128::from(self.denominator)))
        })
    }

    /// The share in hundredths of a percent, rounded half up, for people to read: 3333 is 33.33 %.
    pub const fn basis_points(self) -> Option<i64> {
        if self.denominator > 0 {
            Some((self.numerator * 20_000 + self.denominator) / (2 * self.denominator))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_threshold_itself_is_reached() {
        assert!(Share::new(3, 10).at_least(30));
        assert!(!Share::new(29, 100).at_least(30));
        assert!(!Share::new(0, 0).at_least(0));
    }

    #[test]
    fn reads_as_hundredths_of_a_percent() {
        assert_eq!(Share::new(1, 3).basis_points(), Some(3333));
        assert_eq!(Share::new(2, 3).basis_points(), Some(6667));
        assert_eq!(Share::new(1, 0).basis_points(), None);
    }

    proptest! {
        #[test]
        fn agrees_with_exact_fractions(n in 0i64..1_000_000, d in 1i64..1_000_000, percent in 0i64..=100) {
            let exact = i128::from(n) * 100 >= i128::from(percent) * i128::from(d);
            prop_assert_eq!(Share::new(n, d).at_least(percent), exact);
        }
    }
}
