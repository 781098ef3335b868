//! An SVG picture being drawn.

use crate::fonts;
use crate::text::Escaped;
use std::fmt::{Display, Write};

/// The width of every chart; its height follows from what it shows. A unit is about 0.24 mm on an A4 page.
pub(super) const WIDTH: f64 = 720.0;
/// The size of ordinary text.
pub(super) const SIZE: f64 = 13.0;

/// The colour of text and outlines.
pub(super) const INK: &str = "#1a1a1a";
/// The colour of what stays in the background.
pub(super) const PALE: &str = "#c8c8c8";

/// What areas are filled with. Each differs from the others without colour: by its lightness or its pattern.
#[derive(Clone, Copy)]
pub(super) enum Fill {
    Dark,
    Middle,
    White,
    Stripes,
    Cross,
    Dots,
}

impl Fill {
    const PATTERNS: [Self; 3] = [Self::Stripes, Self::Cross, Self::Dots];

    fn name(self) -> &'static str {
        match self {
            Self::Dark => "#1f4e79",
            Self::Middle => "#9dbbd9",
            Self::White => "#ffffff",
            Self::Stripes => "stripes",
            Self::Cross => "cross",
            Self::Dots => "dots",
        }
    }

    /// The tile of a pattern, 6 by 6, and its size.
    fn tile(self) -> &'static str {
        match self {
            Self::Stripes => {
                r##"<rect width="6" height="6" fill="#ffffff"/><path d="M-1 1l2-2M0 6l6-6M5 7l2-2" stroke="#1f4e79" stroke-width="1.2"/>"##
            }
            Self::Cross => {
                r##"<rect width="6" height="6" fill="#f6dcd8"/><path d="M0 0l6 6M0 6l6-6" stroke="#a02c1c" stroke-width="1.3"/>"##
            }
            Self::Dots => {
                r##"<rect width="6" height="6" fill="#ffffff"/><circle cx="3" cy="3" r="1" fill="#6b6b6b"/>"##
            }
            Self::Dark | Self::Middle | Self::White => "",
        }
    }
}

/// Where text begins, ends or has its middle.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture being drawn. Its patterns are named after `id`, so that several pictures may stand in one page.
pub(super) struct Canvas<'a> {
    id: &'a str,
    body: String,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(id: &'a str) -> Self {
        Self { id, body: String::new() }
    }

    fn add(&mut self, element: impl Display) {
        // Writing to a string does not fail.
        let _ = write!(self.body, "{element}");
    }

    pub(super) fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), fill: Fill) {
        let name = fill.name();
        let paint = if name.starts_with('#') { name.to_owned() } else { format!("url(#{}{name})", self.id) };
        // Nothing has no area; an empty rectangle is no SVG.
        if width < 0.05 || height < 0.05 {
            return;
        }
        self.add(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{paint}" stroke="{INK}" stroke-width="0.8"/>"#
        ));
    }

    /// A line; `dashes` as SVG's `stroke-dasharray`, empty for none.
    pub(super) fn line(
        &mut self,
        from: (f64, f64),
        to: (f64, f64),
        (color, width): (&str, f64),
        dashes: &str,
    ) {
        self.path(&format!("M{:.1} {:.1}L{:.1} {:.1}", from.0, from.1, to.0, to.1), (color, width), dashes);
    }

    pub(super) fn path(&mut self, path: &str, (color, width): (&str, f64), dashes: &str) {
        self.add(format_args!(r#"<path d="{path}" fill="none" stroke="{color}" stroke-width="{width}""#));
        if !dashes.is_empty() {
            self.add(format_args!(r#" stroke-dasharray="{dashes}""#));
        }
        self.add("/>");
    }

    /// A filled or hollow shape.
    pub(super) fn shape(&mut self, path: &str, (fill, stroke): (&str, &str)) {
        self.add(format_args!(r#"<path d="{path}" fill="{fill}" stroke="{stroke}" stroke-width="1.4"/>"#));
    }

    /// One line of text with its base line at `y`.
    pub(super) fn text(&mut self, (x, y): (f64, f64), text: &str, (size, bold): (f64, bool), anchor: Anchor) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let weight = if bold { r#" font-weight="bold""# } else { "" };
        let shown = Escaped(text);
        self.add(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{size:.1}"{weight}{anchor}>{shown}</text>"#
        ));
    }

    /// The whole picture, `height` high, with `title` for those who do not see it.
    pub(super) fn finish(self, height: f64, title: &str) -> String {
        let mut patterns = String::new();
        for fill in Fill::PATTERNS {
            let (id, name, tile) = (self.id, fill.name(), fill.tile());
            let _ = write!(
                patterns,
                r#"<pattern id="{id}{name}" width="6" height="6" patternUnits="userSpaceOnUse">{tile}</pattern>"#
            );
        }
        let (title, body) = (Escaped(title), self.body);
        let family = fonts::FAMILY;
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0}" width="{WIDTH}" height="{height:.0}" role="img" font-family="{family}, 'Times New Roman', serif" fill="{INK}"><title>{title}</title><defs>{patterns}</defs><rect width="{WIDTH}" height="{height:.0}" fill="#ffffff"/>{body}</svg>"##
        )
    }
}

/// `text` in at most `most` lines no wider than `width` at `size`; what does not fit ends in an ellipsis.
pub(super) fn wrapped(text: &str, width: f64, size: f64, most: usize) -> Vec<String> {
    let clean = crate::text::clean(text);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in clean.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if line.is_empty() || fonts::width(&longer, false) * size <= width {
            line = longer;
        } else {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        }
    }
    lines.push(line);
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    lines.into_iter().map(|line| shortened(line, width, size)).collect()
}

/// `line`, cut where it becomes wider than `width`.
fn shortened(line: String, width: f64, size: f64) -> String {
    if fonts::width(&line, false) * size <= width {
        return line;
    }
    let mut room = width / size - fonts::width("…", false);
    let fits = |c: &char| {
        room -= fonts::width(c.encode_utf8(&mut [0; 4]), false);
        room >= 0.0
    };
    let kept: String = line.trim_end_matches('…').chars().take_while(fits).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_and_cut_where_it_must() {
        assert_eq!(wrapped("один два", 1000.0, 10.0, 2), ["один два"]);
        assert_eq!(wrapped("один два три", 45.0, 10.0, 9), ["один два", "три"]);
        let cut = wrapped("один два три четыре", 45.0, 10.0, 1);
        assert_eq!(cut.len(), 1);
        assert!(cut[0].ends_with('…'));
        let word = wrapped(&"щ".repeat(100), 50.0, 10.0, 2);
        assert!(fonts::width(&word[0], false) * 10.0 <= 50.0, "{word:?}");
    }
}
