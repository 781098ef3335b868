//! The axis of a chart.

/// From the least to the greatest tick, in steps of 1, 2 or 5 times a power of ten.
pub(super) struct Scale {
    least: i64,
    step: i64,
    greatest: i64,
}

impl Scale {
    /// Holds zero and all `values`, with at most seven ticks.
    pub(super) fn new(values: impl IntoIterator<Item = i64>) -> Self {
        // Far from the ends of the range, so that rounding up cannot overflow.
        let bound = i64::MAX / 16;
        let (least, greatest) = values.into_iter().fold((0, 0), |(least, greatest), value| {
            let value = value.clamp(-bound, bound);
            (value.min(least), value.max(greatest))
        });
        let greatest = if least == greatest { least + 1 } else { greatest };
        let steps = (0..18_u32).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_i64.pow(power)));
        let step = steps.into_iter().find(|step| (greatest - least) / step <= 6).unwrap_or(bound);
        let up = |value: i64| (value + step - 1).div_euclid(step) * step;
        Self { least: least.div_euclid(step) * step, step, greatest: up(greatest) }
    }

    /// Where lines are drawn.
    pub(super) fn ticks(&self) -> impl Iterator<Item = i64> {
        let (least, step) = (self.least, self.step);
        (0..=(self.greatest - least) / step).map(move |n| least + n * step)
    }

    /// Where `value` lies: 0 at the least tick, 1 at the greatest.
    #[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
    pub(super) fn place(&self, value: i64) -> f64 {
        let value = value.clamp(self.least, self.greatest);
        (value - self.least) as f64 / (self.greatest - self.least) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round() {
        let ticks = |values: &[i64]| Scale::new(values.iter().copied()).ticks().collect::<Vec<_>>();
        assert_eq!(ticks(&[]), [0, 1]);
        assert_eq!(ticks(&[3]), [0, 1, 2, 3]);
        assert_eq!(ticks(&[9600]), [0, 2000, 4000, 6000, 8000, 10000]);
        assert_eq!(ticks(&[-3, 7]), [-4, -2, 0, 2, 4, 6, 8]);
    }

    proptest! {
        #[test]
        fn every_value_lies_inside(values in proptest::collection::vec(any::<i64>(), 0..9)) {
            let scale = Scale::new(values.iter().copied());
            prop_assert!(scale.ticks().count() <= 9);
            for value in values {
                prop_assert!((0.0..=1.0).contains(&scale.place(value)));
            }
        }
    }
}
