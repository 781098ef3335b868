//! What the tests share: a small set of columns and files made in place.

use opora_primitives::{Reason, SchoolCode};
use opora_tables::{Column, FileError, Limits, Options, ReadError, Table, open};
use std::io::Write;
use tempfile::NamedTempFile;

pub const CODE: usize = 0;
pub const NAME: usize = 1;
pub const PUPILS: usize = 2;
pub const MEAN: usize = 3;
pub const DAY: usize = 4;

pub const COLUMNS: &[Column] = &[
    Column::required("school_code", &["Код ОО", "Код учреждения"]),
    Column::required("name", &["Наименование", "Полное наименование учёта"]),
    Column::optional("pupils", &["Численность", "Обучающиеся всего"]),
    Column::optional("mean_score", &["Средний балл"]),
    Column::optional("day", &["Дата"]),
];

/// A row as the tests see it.
#[derive(Debug, PartialEq)]
pub struct Seen {
    pub row: u64,
    pub cells: [String; 5],
}

pub fn file(bytes: impl AsRef<[u8]>) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes.as_ref()).unwrap();
    file
}

pub fn options(limits: Limits) -> Options {
    Options { sheet: None, limits }
}

pub fn table(bytes: impl AsRef<[u8]>) -> Result<Table, FileError> {
    open(file(bytes).path(), &Options::default(), COLUMNS)
}

/// All rows; a broken row or a broken file ends as its reason.
pub fn read_all(mut table: Table) -> Vec<Result<Seen, Reason>> {
    let mut seen = Vec::new();
    while let Some(row) = table.next_row() {
        seen.push(match row {
            Ok(row) => {
                let text = |column| row.text(column, 1000).unwrap().unwrap_or_default().to_owned();
                Ok(Seen { row: row.number(), cells: [CODE, NAME, PUPILS, MEAN, DAY].map(text) })
            }
            Err(ReadError::Row(error)) => Err(error.reason),
            Err(ReadError::File(error)) => Err(error.reason().unwrap()),
        });
    }
    seen
}

/// The first reason a file is refused for, at opening or later.
pub fn refusal(bytes: impl AsRef<[u8]>, limits: Limits) -> Option<Reason> {
    let file = file(bytes);
    let mut table = match open(file.path(), &options(limits), COLUMNS) {
        Ok(table) => table,
        Err(error) => return error.reason(),
    };
    loop {
        match table.next_row()? {
            Err(ReadError::File(error)) => return error.reason(),
            Ok(_) | Err(ReadError::Row(_)) => {}
        }
    }
}

/// Reads every cell in every way there is, to see that nothing panics.
pub fn exercise(bytes: &[u8], limits: Limits) {
    let file = file(bytes);
    let Ok(mut table) = open(file.path(), &options(limits), COLUMNS) else { return };
    while let Some(row) = table.next_row() {
        let Ok(row) = row else { continue };
        let mut cells = row.reader();
        for column in [CODE, NAME, PUPILS, MEAN, DAY, 99] {
            cells.required_padded::<SchoolCode>(column, 6);
            cells.text(column, 10);
            cells.integer(column, 0..=9);
            cells.hundredths(column, 0..=900);
            cells.date(column);
        }
        let _ = cells.finish(|| Some(()));
    }
}
