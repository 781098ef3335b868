//! The bundled fonts: read once, used by PDF and by charts, so that both look alike on every machine.

use std::sync::LazyLock;
use typst::foundations::Bytes;
use typst::layout::Abs;
use typst::text::{Font, FontInstance, FontVariant, FontVariations, FontWeight};

/// The face of documents and charts; it has Cyrillic.
pub(crate) const FAMILY: &str = "Libertinus Serif";
/// Has many signs that the first does not.
pub(crate) const FALLBACK: &str = "DejaVu Sans Mono";

/// The fonts in use.
pub(crate) static FONTS: LazyLock<Vec<Font>> = LazyLock::new(|| {
    typst_assets::fonts()
        .flat_map(|file| Font::iter(Bytes::new(file)))
        .filter(|font| [FAMILY, FALLBACK].contains(&font.info().family.as_str()))
        .collect()
});

static REGULAR: LazyLock<Option<FontInstance>> = LazyLock::new(|| face(FontWeight::REGULAR));
static BOLD: LazyLock<Option<FontInstance>> = LazyLock::new(|| face(FontWeight::BOLD));

fn face(weight: FontWeight) -> Option<FontInstance> {
    let upright = FontVariant { weight, ..FontVariant::default() };
    let has_weight =
        |font: &&Font| font.info().variant.weight == weight && font.info().variant.style == upright.style;
    let font = FONTS.iter().filter(|font| font.info().family == FAMILY).find(has_weight)?;
    Some(font.clone().instantiate(upright, Abs::pt(1.0), &FontVariations::default()))
}

/// Whether a bundled font can show the character.
pub(crate) fn can_show(c: char) -> bool {
    FONTS.iter().any(|font| font.info().coverage.contains(c.into()))
}

/// How wide `text` is at a font size of 1; kerning left aside, a character without a glyph as wide as the size.
pub(crate) fn width(text: &str, bold: bool) -> f64 {
    let font = if bold { &*BOLD } else { &*REGULAR };
    let advance = |c| {
        let font = font.as_ref()?;
        let glyph = font.ttf().glyph_index(c)?;
        font.x_advance(glyph.0).map(|em| em.get())
    };
    text.chars().map(|c| advance(c).unwrap_or(1.0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faces_have_cyrillic() {
        assert!(REGULAR.is_some() && BOLD.is_some());
        assert!("Ёё №«»—−…✓\u{fffd}".chars().all(can_show));
        assert!(!can_show('\u{1f600}'));
        assert!(width("Школа", true) > 2.0 && width("Школа", false) < 4.0);
    }
}
