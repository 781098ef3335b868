//! Values over time.

use super::canvas::{Anchor, Canvas, INK, PALE, SIZE, WIDTH, wrapped};
use super::{GAP, Mark, legend, scale::Scale};
use crate::model::{Language, LinesChart, Series};
use crate::{fonts, shown};
use std::fmt::Write;

const HEIGHT: f64 = 240.0;
/// The dashes of lines, each with its own sign.
const LOOKS: [(&str, Sign); 6] = [
    ("", Sign::Disc),
    ("7 4", Sign::Square),
    ("9 3 2 3", Sign::Triangle),
    ("4 2", Sign::Ring),
    ("12 5", Sign::Frame),
    ("9 3 2 3 2 3", Sign::Cross),
];
const TARGET: &str = "1 3";

/// The mark of a value.
#[derive(Clone, Copy)]
pub(super) enum Sign {
    Disc,
    Square,
    Triangle,
    Ring,
    Frame,
    Cross,
}

impl Sign {
    /// Draws it around a place.
    pub(super) fn draw(self, canvas: &mut Canvas<'_>, (x, y): (f64, f64)) {
        let at = |path: &str| format!("M{x:.1} {y:.1}{path}");
        let (path, paint) = match self {
            Self::Disc => (at("m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z"), ("#1f4e79", INK)),
            Self::Ring => (at("m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z"), ("#ffffff", INK)),
            Self::Square => (at("m-4-4h8v8h-8z"), ("#9dbbd9", INK)),
            Self::Frame => (at("m-4-4h8v8h-8z"), ("#ffffff", INK)),
            Self::Triangle => (at("m0-5l5 9h-10z"), ("#a02c1c", INK)),
            Self::Cross => (at("m-4-4l8 8m0-8l-8 8"), ("none", INK)),
        };
        canvas.shape(&path, paint);
    }
}

/// Draws it from `top` on; answers where it ends.
pub(super) fn draw(chart: &LinesChart, language: Language, canvas: &mut Canvas<'_>, top: f64) -> f64 {
    let looks = || LOOKS.iter().cycle();
    let mut entries: Vec<_> = looks()
        .zip(&chart.series)
        .map(|((dashes, sign), series)| (Mark::Line(dashes, Some(*sign)), &*series.label))
        .collect();
    if let (Some(_), Some(name)) = (chart.target, &chart.target_name) {
        entries.push((Mark::Line(TARGET, None), name));
    }
    let top = legend(canvas, &entries, top) + SIZE * 1.4;
    let values = chart.series.iter().flat_map(|series| series.values.iter().copied().flatten());
    let scale = Scale::new(values.chain(chart.target));
    let number = |value| shown::measure(value, chart.unit, language);
    let widest = scale.ticks().map(|tick| fonts::width(&number(tick), false) * SIZE).fold(0.0, f64::max);
    let left = widest + 2.0 * GAP;
    let y = |value| top + HEIGHT * (1.0 - scale.place(value));
    for tick in scale.ticks() {
        canvas.line((left, y(tick)), (WIDTH, y(tick)), (PALE, 0.8), "");
        canvas.text((left - GAP, y(tick) + SIZE * 0.35), &number(tick), (SIZE, false), Anchor::End);
    }

    let width = (WIDTH - left) / f64::from(u32::try_from(chart.points.len()).unwrap_or(u32::MAX).max(1));
    let places: Vec<f64> = std::iter::successors(Some(left + width / 2.0), |x| Some(x + width))
        .take(chart.points.len())
        .collect();
    let below = names(canvas, chart, &places, (top + HEIGHT, width));
    if let Some(target) = chart.target {
        canvas.line((left, y(target)), (WIDTH, y(target)), (INK, 2.0), TARGET);
    }
    for ((dashes, sign), series) in looks().zip(&chart.series) {
        draw_line(canvas, series, &places, (dashes, *sign), &y);
    }
    // Numbers of many lines would lie on each other; the table beside the chart has them.
    if let [series] = &*chart.series {
        for (x, value) in known(series, &places) {
            canvas.text((x, y(value) - 9.0), &number(value), (SIZE, true), Anchor::Middle);
        }
    }
    canvas.line((left, y(0)), (WIDTH, y(0)), (INK, 1.2), "");
    below + SIZE
}

/// The names of the moments, as many as do not touch each other; answers where they end.
fn names(canvas: &mut Canvas<'_>, chart: &LinesChart, places: &[f64], (bottom, width): (f64, f64)) -> f64 {
    let widest =
        chart.points.iter().map(|name| fonts::width(name, false) * SIZE).fold(1.0, f64::max).min(90.0);
    let every = places.len().div_ceil((width * f64_of(places.len()) / (widest + GAP)).max(1.0) as usize);
    let mut below = bottom;
    for (x, name) in places.iter().zip(&chart.points).step_by(every.max(1)) {
        let mut base = bottom + SIZE * 1.5;
        for line in wrapped(name, widest, SIZE, 2) {
            canvas.text((*x, base), &line, (SIZE, false), Anchor::Middle);
            below = below.max(base);
            base += SIZE * 1.2;
        }
    }
    below
}

fn f64_of(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The values that are known, with their places.
fn known<'a>(series: &'a Series, places: &'a [f64]) -> impl Iterator<Item = (f64, i64)> + 'a {
    places.iter().zip(&series.values).filter_map(|(x, value)| value.map(|value| (*x, value)))
}

fn draw_line(
    canvas: &mut Canvas<'_>,
    series: &Series,
    places: &[f64],
    (dashes, sign): (&str, Sign),
    y: &impl Fn(i64) -> f64,
) {
    let (mut path, mut begun) = (String::new(), false);
    for (x, value) in places.iter().zip(&series.values) {
        if let Some(value) = value {
            let command = if begun { 'L' } else { 'M' };
            // Writing to a string does not fail.
            let _ = write!(path, "{command}{x:.1} {:.1}", y(*value));
        }
        begun = value.is_some();
    }
    if !path.is_empty() {
        canvas.path(&path, (INK, 1.8), dashes);
    }
    for (x, value) in known(series, places) {
        sign.draw(canvas, (x, y(value)));
    }
}
