//! Horizontal bars, one for each category.

use super::canvas::{Anchor, Canvas, Fill, INK, PALE, SIZE, WIDTH, wrapped};
use super::{GAP, Mark, legend, scale::Scale};
use crate::model::{Bar, CategoriesChart, Language};
use crate::{fonts, shown};

/// What the rows may take together before they are drawn closer.
const ROOM: f64 = 900.0;
const ROW: (f64, f64) = (14.0, 24.0);
/// The most that labels may take.
const LABELS: f64 = 250.0;

/// Draws it from `top` on; answers where it ends.
pub(super) fn draw(chart: &CategoriesChart, language: Language, canvas: &mut Canvas<'_>, top: f64) -> f64 {
    let mut entries = vec![(Mark::Area(Fill::Dark), &*chart.value_name)];
    if chart.bars.iter().any(misses) {
        entries.push((Mark::Area(Fill::Stripes), language.words().below_target));
    }
    if let Some(name) = &chart.target_name {
        entries.push((Mark::Line("", None), name));
    }
    let top = legend(canvas, &entries, top) + SIZE * 1.6;
    let count = f64::from(u32::try_from(chart.bars.len()).unwrap_or(u32::MAX).max(1));
    let row = (ROOM / count).clamp(ROW.0, ROW.1);
    let size = (row * 0.72).min(SIZE);

    let number = |value| shown::measure(value, chart.unit, language);
    let width_of = |text: &str| fonts::width(text, false) * size;
    let labels = chart.bars.iter().map(|bar| width_of(&bar.label)).fold(0.0, f64::max).min(LABELS);
    let values = chart.bars.iter().filter_map(|bar| bar.value).map(|value| width_of(&number(value)));
    let (left, right) = (labels + 2.0 * GAP, WIDTH - values.fold(0.0, f64::max) * 1.15 - 2.0 * GAP);
    let scale = Scale::new(chart.bars.iter().flat_map(|bar| [bar.value, bar.target]).flatten());
    let x = |value| left + (right - left) * scale.place(value);

    let bottom = top + row * count;
    for tick in scale.ticks() {
        canvas.line((x(tick), top - 2.0), (x(tick), bottom), (PALE, 0.8), "");
        canvas.text((x(tick), top - GAP), &number(tick), (SIZE * 0.9, false), Anchor::Middle);
    }
    let mut y = top;
    for bar in &chart.bars {
        let base = y + row / 2.0 + size * 0.35;
        canvas.text(
            (left - GAP, base),
            &wrapped(&bar.label, labels, size, 1).concat(),
            (size, false),
            Anchor::End,
        );
        draw_bar(canvas, bar, (y, row), &x);
        let (place, label) = match bar.value {
            Some(value) => (x(value.max(0)).max(bar.target.map_or(0.0, &x)), number(value)),
            None => (x(0), language.words().no_data.to_owned()),
        };
        canvas.text((place + GAP, base), &label, (size, bar.value.is_some()), Anchor::Start);
        y += row;
    }
    canvas.line((x(0), top), (x(0), bottom), (INK, 1.2), "");
    bottom + SIZE
}

/// The bar, hatched where it misses its target, and the mark of the target.
fn draw_bar(canvas: &mut Canvas<'_>, bar: &Bar, (y, row): (f64, f64), x: &impl Fn(i64) -> f64) {
    if let Some(value) = bar.value {
        let fill = if misses(bar) { Fill::Stripes } else { Fill::Dark };
        let (low, high) = (x(value.min(0)), x(value.max(0)));
        canvas.rect((low, y + row * 0.16), (high - low, row * 0.68), fill);
    }
    if let Some(target) = bar.target {
        // Seen on a dark bar too.
        for look in [("#ffffff", 5.0), (INK, 2.4)] {
            canvas.line((x(target), y + 1.0), (x(target), y + row - 1.0), look, "");
        }
    }
}

/// Whether a value is below its target.
fn misses(bar: &Bar) -> bool {
    matches!((bar.value, bar.target), (Some(value), Some(target)) if value < target)
}
