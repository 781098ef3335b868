//! Writes the sample document in every format and its charts as pictures, to be looked at:
//! `cargo run --release -p opora-documents --example sample -- DIRECTORY`.

mod document;

use opora_documents::{Format, model::Block, write, write_png, write_svg};
use std::{fs::File, io::BufWriter, path::PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = PathBuf::from(std::env::args().nth(1).ok_or("name a directory")?);
    let document = document::document();
    for format in Format::ALL {
        write(&document, format, BufWriter::new(File::create(directory.join(format!("sample.{format}")))?))?;
    }
    let figures = document.blocks.iter().filter_map(|block| match block {
        Block::Figure(figure) => Some(figure),
        _ => None,
    });
    for (number, figure) in figures.enumerate() {
        let file = |ending| File::create(directory.join(format!("chart-{number}.{ending}")));
        write_svg(figure, document.language, file("svg")?)?;
        write_png(figure, document.language, file("png")?)?;
    }
    Ok(())
}
