//! PNG made from SVG.

use super::{Placing, drawn};
use crate::error::DocumentError;
use crate::fonts::{FAMILY, FONTS};
use crate::model::{Figure, Language};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};
use std::io::Write;
use std::sync::{Arc, LazyLock};

/// Pixels for a unit of the drawing: about 210 dots an inch on paper.
const SCALE: u16 = 2;

static DATABASE: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut database = fontdb::Database::new();
    for font in FONTS.iter() {
        database.load_font_source(fontdb::Source::Binary(Arc::new(font.data().clone())));
    }
    database.set_serif_family(FAMILY);
    Arc::new(database)
});

/// Writes the figure as a PNG picture, its caption above the chart.
///
/// # Errors
/// Those of `out`; a picture too large to be drawn.
pub fn write_png(figure: &Figure, language: Language, mut out: impl Write) -> Result<(), DocumentError> {
    let picture = rendered(&drawn(figure, language, &Placing { id: "", captioned: true }).svg)?;
    Ok(out.write_all(&picture.png)?)
}

/// A picture of `width` by `height` pixels.
pub(crate) struct Picture {
    pub png: Vec<u8>,
    pub width: u32,
    pub height: u32,
}

/// The SVG as a picture.
pub(crate) fn rendered(svg: &str) -> Result<Picture, DocumentError> {
    let options =
        Options { fontdb: Arc::clone(&DATABASE), font_family: FAMILY.to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| DocumentError::Picture(error.to_string()))?;
    let size = tree.size().to_int_size();
    let (width, height) = (size.width() * u32::from(SCALE), size.height() * u32::from(SCALE));
    let mut pixels = Pixmap::new(width, height)
        .ok_or_else(|| DocumentError::Picture(format!("{width} by {height} pixels are too many")))?;
    let scale = f32::from(SCALE);
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    let png = pixels.encode_png().map_err(|error| DocumentError::Picture(error.to_string()))?;
    Ok(Picture { png, width, height })
}
