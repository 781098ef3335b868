//! A table, whatever file it came in.

use crate::chunks::Chunks;
use crate::header::{HEADER_ROWS, Search};
use crate::lines::Lines;
use crate::raw::RawRow;
use crate::sheet::Sheet;
use crate::splitter::Splitter;
use crate::{
    Column, Delimiter, Encoding, FileError, Header, Limits, Options, ReadError, Row, RowError, archive,
};
use opora_primitives::Reason;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

/// What kind of file a table came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text, a record a line.
    Csv {
        /// What stands between cells.
        delimiter: Delimiter,
        /// How characters are written.
        encoding: Encoding,
    },
    /// A sheet of an Office Open XML workbook.
    Xlsx,
    /// JSON, a record a line.
    Lines,
}

enum Source {
    Csv(Splitter),
    Xlsx(Sheet),
    Lines(Lines),
}

impl Source {
    fn next(&mut self, out: &mut RawRow) -> Result<bool, FileError> {
        match self {
            Source::Csv(splitter) => splitter.next(out),
            Source::Xlsx(sheet) => sheet.next(out),
            Source::Lines(lines) => lines.next(out),
        }
    }
}

/// The rows of a file, one at a time.
pub struct Table {
    columns: Vec<Column>,
    format: Format,
    header: Header,
    source: Source,
    /// Rows read while the header was looked for, and the failure that ended the look.
    ahead: VecDeque<RawRow>,
    failure: Option<FileError>,
    row: RawRow,
    ended: bool,
    total_bytes: u64,
    rows_read: u64,
}

/// Opens a file of either kind, told by its content, and finds its header: the rows it yields are those below. A header
/// stands in the first five rows that are not blank and may take two of them.
///
/// # Errors
/// [`FileError::Unreadable`] if the system fails; otherwise [`FileError::Refused`] with [`Reason::EmptyFile`],
/// [`Reason::NotATable`], [`Reason::UnknownEncoding`], [`Reason::LineTooLong`], [`Reason::Truncated`],
/// [`Reason::TooLarge`], [`Reason::UnknownSheet`], or every [`Reason::MissingColumn`] and [`Reason::DuplicateColumn`].
pub fn open(path: &Path, options: &Options, columns: &[Column]) -> Result<Table, FileError> {
    let mut file = File::open(path)?;
    let total_bytes = file.metadata()?.len();
    let mut head = Vec::with_capacity(4);
    file.by_ref().take(4).read_to_end(&mut head)?;
    file.rewind()?;
    let opened = if archive::is_archive(&head) {
        open_xlsx(file, options, columns)?
    } else {
        open_csv(file, options.limits, columns)?
    };
    Table::begin(opened, columns, total_bytes)
}

/// Opens a file of JSON records, one a line, whose fields are called as the columns; blank lines are passed over.
///
/// # Errors
/// [`FileError::Unreadable`] if the system fails; [`FileError::Refused`] with [`Reason::NoRecords`]. While it is read:
/// [`Reason::LineTooLong`], [`Reason::TooManyRows`].
pub fn open_lines(path: &Path, limits: &Limits, columns: &[Column]) -> Result<Table, FileError> {
    let file = File::open(path)?;
    let total_bytes = file.metadata()?.len();
    let mut lines = Lines::new(file, limits, columns);
    let mut first = RawRow::default();
    if !lines.next(&mut first)? {
        return Err(FileError::new(
            Reason::NoRecords,
            ("no line holds anything", "ни в одной строке ничего нет"),
        ));
    }
    Ok(Table {
        columns: columns.to_vec(),
        format: Format::Lines,
        header: Header::of_records(columns.len()),
        source: Source::Lines(lines),
        ahead: VecDeque::from([first]),
        failure: None,
        row: RawRow::default(),
        ended: false,
        total_bytes,
        rows_read: 0,
    })
}

/// A file whose first rows have been read.
struct Opened {
    format: Format,
    source: Source,
    search: Search,
    ahead: Vec<RawRow>,
    failure: Option<FileError>,
}

impl Opened {
    /// Reads the first rows of `source` that are not blank: those a header may take, and one more.
    fn new(format: Format, mut source: Source, columns: &[Column]) -> Self {
        let mut ahead = Vec::new();
        let mut failure = None;
        while ahead.len() <= HEADER_ROWS {
            let mut row = RawRow::default();
            match source.next(&mut row) {
                Ok(true) if row.is_blank() => {}
                Ok(true) => ahead.push(row),
                Ok(false) => break,
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        let search = Search::run(columns, &ahead);
        Self { format, source, search, ahead, failure }
    }
}

fn open_xlsx(mut file: File, options: &Options, columns: &[Column]) -> Result<Opened, FileError> {
    archive::measure(file.try_clone()?, &options.limits)?;
    file.rewind()?;
    let sheet = Sheet::start(file, options.sheet.clone())?;
    Ok(Opened::new(Format::Xlsx, Source::Xlsx(sheet), columns))
}

/// The delimiter is the one under which the header is found, or the most of it.
fn open_csv(mut file: File, limits: Limits, columns: &[Column]) -> Result<Opened, FileError> {
    let encoding = Encoding::detect(&mut file)?;
    // The handles share one position: only the last one opened may be read on.
    let attempt = |delimiter| -> Result<Opened, FileError> {
        let chunks = Chunks::new(file.try_clone()?, encoding)?;
        let source = Source::Csv(Splitter::new(chunks, delimiter, limits.line));
        Ok(Opened::new(Format::Csv { delimiter, encoding }, source, columns))
    };
    let mut best = None;
    for delimiter in Delimiter::ALL {
        let rank = attempt(delimiter)?.search.rank();
        if best.is_none_or(|(best_rank, _)| rank > best_rank) {
            best = Some((rank, delimiter));
        }
    }
    attempt(best.map(|(_, delimiter)| delimiter).unwrap_or_default())
}

impl Table {
    fn begin(opened: Opened, columns: &[Column], total_bytes: u64) -> Result<Self, FileError> {
        let Opened { format, source, search, mut ahead, failure } = opened;
        let failure = match failure {
            Some(failure) if !search.is_complete() => return Err(failure),
            failure => failure,
        };
        let (header, last) = search.finish()?;
        ahead.drain(..=last);
        Ok(Self {
            columns: columns.to_vec(),
            format,
            header,
            source,
            ahead: ahead.into(),
            failure,
            row: RawRow::default(),
            ended: false,
            total_bytes,
            rows_read: 0,
        })
    }

    /// The next row; blank ones are passed over. `None` at the end, and after [`ReadError::File`].
    pub fn next_row(&mut self) -> Option<Result<Row<'_>, ReadError>> {
        match self.advance() {
            Ok(false) => None,
            Ok(true) => match self.broken() {
                Some(reason) => {
                    Some(Err(ReadError::Row(RowError { row: self.row.number, column: None, reason })))
                }
                None => Some(Ok(Row::new(&self.row, &self.header, &self.columns))),
            },
            Err(failure) => {
                self.ended = true;
                Some(Err(failure.into()))
            }
        }
    }

    /// What the header says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What kind of file it is.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Rows given so far, broken ones too.
    pub fn rows_read(&self) -> u64 {
        self.rows_read
    }

    /// Bytes of a CSV file, or of lines, read so far, to set against [`Table::total_bytes`]; 0 for XLSX.
    pub fn bytes_read(&self) -> u64 {
        match &self.source {
            Source::Csv(splitter) => splitter.bytes_read(),
            Source::Lines(lines) => lines.bytes_read(),
            Source::Xlsx(_) => 0,
        }
    }

    /// Bytes of a CSV file, or of lines; unknown for the packed rows of XLSX.
    pub fn total_bytes(&self) -> Option<u64> {
        (!matches!(self.source, Source::Xlsx(_))).then_some(self.total_bytes)
    }

    fn advance(&mut self) -> Result<bool, FileError> {
        while !self.ended {
            if let Some(row) = self.ahead.pop_front() {
                self.row = row;
            } else if let Some(failure) = self.failure.take() {
                return Err(failure);
            } else if !self.source.next(&mut self.row)? {
                self.ended = true;
                break;
            }
            if !self.row.is_blank() {
                self.rows_read += 1;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Why the row cannot be read. Every record of a CSV file has all the cells of the header; a sheet leaves out what is
    /// empty.
    fn broken(&self) -> Option<Reason> {
        let misshapen = match self.source {
            Source::Csv(_) => self.row.width() != self.header.width,
            Source::Xlsx(_) => self.row.reaches(self.header.width),
            Source::Lines(_) => false,
        };
        self.row.broken.or(misshapen.then_some(Reason::ExtraCells))
    }
}
