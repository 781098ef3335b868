//! Charts as pictures: SVG drawn here, PNG made from it with the same bundled fonts.
//!
//! Values are told apart by lightness and hatching, so that a grey print or a reader who does not see colours loses
//! nothing, and the numbers are written beside the marks.

mod bars;
mod canvas;
mod categories;
mod lines;
mod png;
mod scale;
mod timeline;

#[cfg(test)]
mod tests;

pub use png::write_png;
pub(crate) use png::{Picture, rendered};

use crate::model::{Chart, Figure, Language};
use canvas::{Anchor, Canvas, Fill, SIZE, WIDTH, wrapped};
use std::io::{self, Write};

/// The space between a mark and its text.
const GAP: f64 = 6.0;

/// Writes the figure as an SVG document, its caption above the chart.
///
/// # Errors
/// Those of `out`.
pub fn write_svg(figure: &Figure, language: Language, mut out: impl Write) -> io::Result<()> {
    out.write_all(drawn(figure, language, &Placing { id: "", captioned: true }).svg.as_bytes())
}

/// Where a chart is put.
pub(crate) struct Placing<'a> {
    /// What the names inside the picture begin with.
    pub id: &'a str,
    /// Whether the caption is part of the picture.
    pub captioned: bool,
}

/// A picture.
pub(crate) struct Drawing {
    pub svg: String,
    /// Its height divided by its width.
    pub slenderness: f64,
}

/// The figure as SVG.
pub(crate) fn drawn(figure: &Figure, language: Language, placing: &Placing<'_>) -> Drawing {
    let mut canvas = Canvas::new(placing.id);
    let mut top = GAP;
    if placing.captioned {
        for line in wrapped(&figure.caption, WIDTH * 0.9, SIZE * 1.2, 3) {
            top += SIZE * 1.5;
            canvas.text((WIDTH / 2.0, top), &line, (SIZE * 1.2, true), Anchor::Middle);
        }
        top += SIZE;
    }
    let height = match &figure.chart {
        Chart::Bars(chart) => bars::draw(chart, language, &mut canvas, top),
        Chart::Categories(chart) => categories::draw(chart, language, &mut canvas, top),
        Chart::Timeline(chart) => timeline::draw(chart, language, &mut canvas, top),
        Chart::Lines(chart) => lines::draw(chart, language, &mut canvas, top),
    };
    Drawing { svg: canvas.finish(height, &figure.caption), slenderness: height / WIDTH }
}

/// A mark of a legend.
enum Mark<'a> {
    Area(Fill),
    /// A line with its dashes and its sign.
    Line(&'a str, Option<lines::Sign>),
}

/// Draws a legend from `top` on; answers where it ends.
fn legend(canvas: &mut Canvas<'_>, entries: &[(Mark<'_>, &str)], top: f64) -> f64 {
    const MARK: f64 = 26.0;
    let (mut x, mut y) = (GAP, top + SIZE);
    for (mark, label) in entries {
        let label = wrapped(label, WIDTH - MARK - 3.0 * GAP, SIZE, 1).concat();
        let width = MARK + GAP + crate::fonts::width(&label, false) * SIZE;
        if x > GAP && x + width > WIDTH {
            (x, y) = (GAP, y + SIZE * 1.5);
        }
        let middle = y - SIZE * 0.35;
        match mark {
            Mark::Area(fill) => canvas.rect((x, middle - 5.5), (MARK, 11.0), *fill),
            Mark::Line(dashes, sign) => {
                canvas.line((x, middle), (x + MARK, middle), (canvas::INK, 1.8), dashes);
                if let Some(sign) = sign {
                    sign.draw(canvas, (x + MARK / 2.0, middle));
                }
            }
        }
        canvas.text((x + MARK + GAP, y), &label, (SIZE, false), Anchor::Start);
        x += width + 3.0 * GAP;
    }
    y + SIZE
}
