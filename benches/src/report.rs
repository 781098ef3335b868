//! Medians, and the table that is printed.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// How many ratios fell short of their bounds so far.
static SHORT: AtomicUsize = AtomicUsize::new(0);

/// What a ratio of ours to the baseline has to keep.
#[derive(Clone, Copy)]
pub enum Bound {
    /// At least so much.
    AtLeast(f64),
    /// At most so much.
    AtMost(f64),
    /// Nothing: the line is for information.
    None,
}

/// Prints the heading of a table.
pub fn title(name: &str, about: &str) {
    println!("\n{name}: {about}");
    println!("{:44} {:>14} {:>14} {:>7}  bound", "", "ours", "baseline", "ratio");
}

/// Prints a line: what was measured, ours and the baseline in `unit`, and whether their ratio keeps the bound.
pub fn line(what: &str, unit: &str, ours: f64, baseline: f64, bound: Bound) {
    let ratio = ours / baseline;
    let kept = bound.keeps(ratio);
    if !kept {
        SHORT.fetch_add(1, Ordering::Relaxed);
    }
    let verdict = if kept { "ok" } else { "SHORT" };
    let judged = match bound {
        Bound::AtLeast(least) => format!(">= {least}  {verdict}"),
        Bound::AtMost(most) => format!("<= {most}  {verdict}"),
        Bound::None => String::new(),
    };
    let shown = |value: f64| format!("{} {unit}", digits(value));
    println!("{what:44} {:>14} {:>14} {ratio:>7.2}  {judged}", shown(ours), shown(baseline));
}

/// How many lines so far were short of their bounds.
pub fn short() -> usize {
    SHORT.load(Ordering::Relaxed)
}

impl Bound {
    /// Whether `ratio` keeps it; what could not be measured keeps nothing.
    fn keeps(self, ratio: f64) -> bool {
        match self {
            Self::AtLeast(least) => ratio >= least,
            Self::AtMost(most) => ratio <= most,
            Self::None => true,
        }
    }
}

/// Three significant digits, or all of the whole part.
fn digits(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

/// The middle one; of an even number, the upper of the two.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Runs `ours` and `baseline` in turns, each `rounds` times; answers the medians of what they measured.
///
/// # Errors
/// Those of either.
pub fn in_turns(
    rounds: usize,
    mut ours: impl FnMut() -> crate::Outcome<f64>,
    mut baseline: impl FnMut() -> crate::Outcome<f64>,
) -> crate::Outcome<(f64, f64)> {
    let (mut of_ours, mut of_baseline) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        of_ours.push(ours()?);
        of_baseline.push(baseline()?);
    }
    Ok((median(of_ours), median(of_baseline)))
}

/// Milliseconds.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_beyond_its_bound_is_counted() {
        line("kept", "ms", 1.0, 2.0, Bound::AtMost(0.5));
        line("for information", "ms", 9.0, 1.0, Bound::None);
        assert_eq!(short(), 0);
        line("too slow", "ms", 1.1, 2.0, Bound::AtMost(0.5));
        line("too few", "/s", 1.0, 2.0, Bound::AtLeast(0.6));
        line("nothing to compare with", "ms", 0.0, 0.0, Bound::AtMost(1.0));
        assert_eq!(short(), 3);
    }
}
