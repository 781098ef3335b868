//! Tables as people and programs send them: CSV, XLSX and lines of JSON read as one stream of typed rows, and CSV written. Knows no domain: a
//! domain crate describes its [`Column`]s and takes [`Row`]s.
//!
//! ```no_run
//! use opora_primitives::SchoolCode;
//! use opora_tables::{Column, Options, ReadError, open};
//!
//! const COLUMNS: &[Column] = &[
//!     Column::required("school_code", &["Код ОО"]),
//!     Column::optional("pupils", &["Численность обучающихся"]),
//! ];
//! const CODE: usize = 0;
//! const PUPILS: usize = 1;
//!
//! # fn main() -> Result<(), opora_tables::FileError> {
//! let mut table = open("contexts.csv".as_ref(), &Options::default(), COLUMNS)?;
//! while let Some(row) = table.next_row() {
//!     let mut cells = match row {
//!         Ok(row) => row.reader(),
//!         Err(ReadError::Row(_reject)) => continue,
//!         Err(ReadError::File(failure)) => return Err(failure),
//!     };
//!     let code = cells.required::<SchoolCode>(CODE);
//!     let pupils = cells.integer(PUPILS, 0..=100_000);
//!     let _school = cells.finish(|| Some((code?, pupils)));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What is held in memory does not grow with the number of rows: one row of a CSV file, a few hundred rows and the
//! shared strings of an XLSX sheet.

mod archive;
mod cell;
mod chunks;
mod encoding;
mod error;
mod header;
mod lines;
mod markup;
mod options;
mod raw;
mod reader;
mod row;
mod sheet;
mod splitter;
mod table;
mod value;
mod writer;

pub use cell::Cell;
pub use encoding::Encoding;
pub use error::{FileError, FileFlaw, ReadError, RowError};
pub use header::{Column, Header, Holds};
pub use options::{Delimiter, Limits, Options};
pub use reader::RowReader;
pub use row::Row;
pub use table::{Format, Table, open, open_lines};
pub use writer::{CsvOptions, CsvWriter};
