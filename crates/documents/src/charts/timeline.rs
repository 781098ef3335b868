//! Spans of time in rows.

use super::canvas::{Anchor, Canvas, Fill, INK, PALE, SIZE, WIDTH, wrapped};
use super::{GAP, Mark, legend};
use crate::model::{Language, TimelineChart, Tone};
use crate::{fonts, shown};
use chrono::{Datelike, Months, NaiveDate};

const ROOM: f64 = 860.0;
const ROW: (f64, f64) = (13.0, 22.0);
const LABELS: f64 = 260.0;

/// Draws it from `top` on; answers where it ends.
pub(super) fn draw(chart: &TimelineChart, language: Language, canvas: &mut Canvas<'_>, top: f64) -> f64 {
    let entries: Vec<_> =
        chart.legend.iter().map(|entry| (Mark::Area(fill(entry.tone)), &*entry.label)).collect();
    let top = legend(canvas, &entries, top) + SIZE * 3.4;
    let count = f64::from(u32::try_from(chart.rows.len()).unwrap_or(u32::MAX).max(1));
    let row = (ROOM / count).clamp(ROW.0, ROW.1);
    let size = (row * 0.74).min(SIZE);
    let labels = chart.rows.iter().map(|row| fonts::width(&row.label, false) * size).fold(0.0, f64::max);
    let labels = labels.min(LABELS);
    let calendar = Calendar { chart, left: labels + 2.0 * GAP };
    let bottom = top + row * count;
    calendar.grid(canvas, language, (top, bottom));

    let mut y = top;
    for line in &chart.rows {
        let label = wrapped(&line.label, labels, size, 1).concat();
        canvas.text((GAP, y + row / 2.0 + size * 0.35), &label, (size, false), Anchor::Start);
        canvas.line((calendar.left, y + row), (WIDTH - 1.0, y + row), (PALE, 0.4), "");
        for span in &line.spans {
            if span.from > span.to || span.to < chart.from || span.from > chart.to {
                continue;
            }
            let (from, to) = (calendar.x(span.from), calendar.x_after(span.to));
            canvas.rect((from, y + row * 0.16), ((to - from).max(3.0), row * 0.68), fill(span.tone));
        }
        y += row;
    }
    calendar.today(canvas, language, (top, bottom));
    bottom + SIZE * 1.6
}

fn fill(tone: Tone) -> Fill {
    match tone {
        Tone::Open => Fill::White,
        Tone::Active => Fill::Stripes,
        Tone::Good => Fill::Dark,
        Tone::Fair => Fill::Middle,
        Tone::Bad => Fill::Cross,
        Tone::Muted => Fill::Dots,
    }
}

/// Days as places.
struct Calendar<'a> {
    chart: &'a TimelineChart,
    left: f64,
}

impl Calendar<'_> {
    /// Where a day begins.
    #[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
    fn x(&self, day: NaiveDate) -> f64 {
        let (from, to) = (self.chart.from, self.chart.to.max(self.chart.from));
        let days = (to - from).num_days() + 1;
        let passed = (day - from).num_days().clamp(0, days);
        self.left + (WIDTH - 1.0 - self.left) * passed as f64 / days as f64
    }

    /// Where a day ends.
    fn x_after(&self, day: NaiveDate) -> f64 {
        day.succ_opt().map_or(WIDTH - 1.0, |next| self.x(next))
    }

    /// The names of months and years above, and lines down.
    fn grid(&self, canvas: &mut Canvas<'_>, language: Language, (top, bottom): (f64, f64)) {
        let words = language.words();
        let (from, to) = (self.chart.from, self.chart.to);
        let months =
            (to.year() - from.year()) * 12 + to.month0().cast_signed() - from.month0().cast_signed() + 1;
        // As many months lie between two names as keep the names apart.
        let between = [1, 2, 3, 6, 12].into_iter().find(|step| months / step <= 12).unwrap_or(12);
        let first = from.with_day(1).unwrap_or(from);
        let starts = (0..u32::try_from(months.clamp(0, 1200)).unwrap_or(0))
            .filter_map(|month| first.checked_add_months(Months::new(month)));
        let mut year = None;
        for day in starts {
            let x = self.x(day.max(from));
            let is_year = year != Some(day.year());
            year = Some(day.year());
            let (color, rise) = if is_year { (INK, SIZE * 2.4) } else { (PALE, 3.0) };
            if is_year {
                canvas.text(
                    (x + 3.0, top - SIZE * 1.5),
                    &day.year().to_string(),
                    (SIZE, true),
                    Anchor::Start,
                );
            }
            if day.month0().cast_signed() % between == 0 {
                let name = words.months.get(day.month0() as usize).copied().unwrap_or_default();
                canvas.text((x + 3.0, top - 4.0), name, (SIZE * 0.9, false), Anchor::Start);
                canvas.line((x, top - rise), (x, bottom), (color, 0.6), "");
            }
        }
        canvas.line((self.left, top), (WIDTH - 1.0, top), (INK, 1.0), "");
    }

    fn today(&self, canvas: &mut Canvas<'_>, language: Language, (top, bottom): (f64, f64)) {
        let Some(day) = self.chart.today.filter(|day| (self.chart.from..=self.chart.to).contains(day)) else {
            return;
        };
        let x = self.x(day);
        canvas.line((x, top), (x, bottom + 4.0), (INK, 1.6), "5 3");
        let text = format!("{} {}", language.words().today, shown::date(day, language));
        let half = fonts::width(&text, true) * SIZE / 2.0;
        let place = x.clamp(self.left + half, WIDTH - half - 1.0);
        canvas.text((place, bottom + SIZE + 3.0), &text, (SIZE, true), Anchor::Middle);
    }
}
