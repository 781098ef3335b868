//! Values beside their targets.

use super::canvas::{Anchor, Canvas, Fill, INK, PALE, SIZE, WIDTH, wrapped};
use super::{GAP, Mark, legend, scale::Scale};
use crate::model::{Bar, BarsChart, Language};
use crate::shown;

const HEIGHT: f64 = 220.0;
const WIDEST: f64 = 56.0;

/// The middle of a column of the chart and its width.
struct Slot {
    middle: f64,
    width: f64,
}

/// Draws it from `top` on; answers where it ends.
pub(super) fn draw(chart: &BarsChart, language: Language, canvas: &mut Canvas<'_>, top: f64) -> f64 {
    let entries =
        [(Mark::Area(Fill::Dark), &*chart.value_name), (Mark::Area(Fill::Stripes), &*chart.target_name)];
    let top = legend(canvas, &entries, top) + SIZE;
    let scale = Scale::new(chart.bars.iter().flat_map(|bar| [bar.value, bar.target]).flatten());
    let y = |value| top + HEIGHT * (1.0 - scale.place(value));

    let names: Vec<_> =
        scale.ticks().map(|tick| (tick, shown::measure(tick, chart.unit, language))).collect();
    let widest = names.iter().map(|(_, name)| crate::fonts::width(name, false) * SIZE).fold(0.0, f64::max);
    let left = widest + 2.0 * GAP;
    for (tick, name) in &names {
        canvas.line((left, y(*tick)), (WIDTH, y(*tick)), (PALE, 0.8), "");
        canvas.text((left - GAP, y(*tick) + SIZE * 0.35), name, (SIZE, false), Anchor::End);
    }

    let mut below = top + HEIGHT;
    let width = (WIDTH - left) / f64::from(u32::try_from(chart.bars.len()).unwrap_or(u32::MAX).max(1));
    let mut middle = left + width / 2.0;
    for bar in &chart.bars {
        let slot = Slot { middle, width };
        pair(canvas, chart, bar, &slot, language, &y);
        let mut base = top + HEIGHT + SIZE * 1.4;
        for line in wrapped(&bar.label, width - 2.0 * GAP, SIZE, 4) {
            canvas.text((middle, base), &line, (SIZE, false), Anchor::Middle);
            below = below.max(base);
            base += SIZE * 1.2;
        }
        middle += width;
    }
    canvas.line((left, y(0)), (WIDTH, y(0)), (INK, 1.2), "");
    below + SIZE
}

/// A value and its target, each with its number above it.
fn pair(
    canvas: &mut Canvas<'_>,
    chart: &BarsChart,
    bar: &Bar,
    slot: &Slot,
    language: Language,
    y: &impl Fn(i64) -> f64,
) {
    let width = (slot.width * 0.36).min(WIDEST);
    let sides = [(slot.middle - width, bar.value, Fill::Dark), (slot.middle, bar.target, Fill::Stripes)];
    for (x, number, fill) in sides {
        let Some(number) = number else { continue };
        let (high, low) = (y(number.max(0)), y(number.min(0)));
        canvas.rect((x, high), (width, low - high), fill);
        let base = if number < 0 { low + SIZE * 1.1 } else { high - 4.0 };
        let label = shown::measure(number, chart.unit, language);
        canvas.text((x + width / 2.0, base), &label, (SIZE, true), Anchor::Middle);
    }
    if bar.value.is_none() {
        let text = language.words().no_data;
        let place = if bar.target.is_some() { slot.middle - width / 2.0 - GAP } else { slot.middle };
        canvas.text((place, y(0) - 4.0), text, (SIZE * 0.9, false), Anchor::Middle);
    }
}
