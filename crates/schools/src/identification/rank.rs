//! Nearest ranks: which of the sorted values is the boundary of a percentile.
//!
//! The boundary of the lowest `percent` of `count` values is the value at rank ⌈count · percent / 100⌉ from the bottom
//! (at least the first); of the highest `percent`, the value at the same rank from the top. A value equal to the
//! boundary belongs to the part.

/// Position, in ascending order, of the boundary of the lowest `percent` of `count` values; `None` of no values.
pub(super) fn lowest(count: usize, percent: u8) -> Option<usize> {
    (count > 0).then(|| (count * usize::from(percent.min(100))).div_ceil(100).max(1) - 1)
}

/// Position, in ascending order, of the boundary of the highest `percent` of `count` values; `None` of no values.
pub(super) fn highest(count: usize, percent: u8) -> Option<usize> {
    lowest(count, percent).map(|position| count - 1 - position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_four_is_one() {
        assert_eq!((lowest(4, 25), highest(4, 25)), (Some(0), Some(3)));
        // 5 * 25 / 100 = 1.25, so two of five.
        assert_eq!((lowest(5, 25), highest(5, 25)), (Some(1), Some(3)));
        assert_eq!((lowest(1, 25), highest(1, 25)), (Some(0), Some(0)));
        assert_eq!((lowest(0, 25), highest(0, 25)), (None, None));
        assert_eq!((lowest(7, 100), highest(7, 100)), (Some(6), Some(0)));
    }
}
