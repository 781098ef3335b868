//! One model of a document and every format it is written in. No format knows what the document is about.
//!
//! - [`model`]: the document as data; also the JSON format.
//! - [`write`]: a document in a [`Format`]; [`write_table`]: one of its tables as CSV.
//! - [`write_svg`], [`write_png`]: a single chart.
//! - [`RowsWriter`]: tables too long to be a document, row by row, as CSV ([`CsvRows`]) or XLSX ([`XlsxRows`]).
//!
//! The same document gives the same bytes: dates come from its title block, no clock is read, and fonts are part of
//! the binary. Text is text in every format: markup in it is shown, formulas are not computed, characters that a
//! format cannot hold become U+FFFD. Only JSON keeps them as they were.

mod canonical;
mod charts;
mod csv;
mod docx;
mod error;
mod fonts;
mod format;
mod html;
pub mod model;
mod numbering;
mod pdf;
mod rows;
mod shown;
mod text;
mod words;
mod xlsx;

#[cfg(test)]
extern crate self as opora_documents;
#[cfg(test)]
mod hostile;
#[cfg(test)]
#[path = "../examples/sample/document.rs"]
mod sample;
#[cfg(test)]
mod tests;

pub use canonical::{canonical_json, write_json};
pub use charts::{write_png, write_svg};
pub use csv::{CsvRows, write_csv, write_table};
pub use docx::write_docx;
pub use error::DocumentError;
pub use format::{Format, UnknownFormat, write};
pub use html::write_html;
pub use pdf::write_pdf;
pub use rows::RowsWriter;
pub use xlsx::{XlsxRows, write_xlsx};
