//! Reading a row with everything that is wrong with it reported at once.

use crate::{Row, RowError};
use chrono::NaiveDate;
use opora_primitives::Reason;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Reads the cells of one row and remembers every refusal, one for each column. A getter gives `None` both for no
/// value and for a refused one; [`RowReader::finish`] tells them apart.
///
/// ```no_run
/// # use opora_primitives::{AcademicYear, SchoolCode};
/// # use opora_tables::{Row, RowError};
/// # const CODE: usize = 0;
/// # const YEAR: usize = 1;
/// # const PUPILS: usize = 2;
/// # fn context(row: Row<'_>) -> Result<(SchoolCode, AcademicYear, Option<i64>), Vec<RowError>> {
/// let mut cells = row.reader();
/// let code = cells.required::<SchoolCode>(CODE);
/// let year = cells.required::<AcademicYear>(YEAR);
/// let pupils = cells.integer(PUPILS, 0..=100_000);
/// cells.finish(|| Some((code?, year?, pupils)))
/// # }
/// ```
#[derive(Debug)]
pub struct RowReader<'a> {
    row: Row<'a>,
    refused: Vec<(Option<usize>, Reason)>,
}

impl<'a> RowReader<'a> {
    pub(crate) fn new(row: Row<'a>) -> Self {
        Self { row, refused: Vec::new() }
    }

    /// The row being read.
    pub fn row(&self) -> Row<'a> {
        self.row
    }

    /// A value that must be there, read from text: a code, a word of a closed list, an academic year.
    pub fn required<T: FromStr<Err = Reason>>(&mut self, column: usize) -> Option<T> {
        self.must(column, |row| row.parsed(column))
    }

    /// A value that may be missing, read from text.
    pub fn optional<T: FromStr<Err = Reason>>(&mut self, column: usize) -> Option<T> {
        self.may(column, |row| row.parsed(column))
    }

    /// A code that must be there, with the leading zeros put back as [`Row::padded_text`] does.
    pub fn required_padded<T: FromStr<Err = Reason>>(&mut self, column: usize, width: usize) -> Option<T> {
        self.must(column, |row| row.padded(column, width))
    }

    /// A code that may be missing, with its leading zeros put back likewise.
    pub fn padded<T: FromStr<Err = Reason>>(&mut self, column: usize, width: usize) -> Option<T> {
        self.may(column, |row| row.padded(column, width))
    }

    /// Text that must be there, of at most `max_len` characters.
    pub fn required_text(&mut self, column: usize, max_len: usize) -> Option<&'a str> {
        self.must(column, |row| row.text(column, max_len))
    }

    /// Text that may be missing, of at most `max_len` characters.
    pub fn text(&mut self, column: usize, max_len: usize) -> Option<&'a str> {
        self.may(column, |row| row.text(column, max_len))
    }

    /// A whole number that must be there, within `range`.
    pub fn required_integer(&mut self, column: usize, range: RangeInclusive<i64>) -> Option<i64> {
        self.must(column, |row| row.integer(column, range))
    }

    /// A whole number that may be missing, within `range`.
    pub fn integer(&mut self, column: usize, range: RangeInclusive<i64>) -> Option<i64> {
        self.may(column, |row| row.integer(column, range))
    }

    /// Hundredths that may be missing, within `range` (in hundredths).
    pub fn hundredths(&mut self, column: usize, range: RangeInclusive<i64>) -> Option<i64> {
        self.may(column, |row| row.hundredths(column, range))
    }

    /// A date that must be there.
    pub fn required_date(&mut self, column: usize) -> Option<NaiveDate> {
        self.must(column, |row| row.date(column))
    }

    /// A date that may be missing.
    pub fn date(&mut self, column: usize) -> Option<NaiveDate> {
        self.may(column, |row| row.date(column))
    }

    /// What any getter of the row gives, as a value that must be there.
    pub fn must<T>(
        &mut self,
        column: usize,
        get: impl FnOnce(&Row<'a>) -> Result<Option<T>, Reason>,
    ) -> Option<T> {
        self.may(column, |row| get(row)?.ok_or(Reason::Required).map(Some))
    }

    /// What any getter of the row gives, as a value that may be missing.
    pub fn may<T>(
        &mut self,
        column: usize,
        get: impl FnOnce(&Row<'a>) -> Result<Option<T>, Reason>,
    ) -> Option<T> {
        get(&self.row).unwrap_or_else(|reason| {
            self.refuse(column, reason);
            None
        })
    }

    /// Refuses a cell for a reason of the domain. The first refusal of a column stands.
    pub fn refuse(&mut self, column: usize, reason: Reason) {
        self.add(Some(column), reason);
    }

    /// Refuses the row as a whole for a reason of the domain.
    pub fn refuse_row(&mut self, reason: Reason) {
        self.add(None, reason);
    }

    /// Whether nothing has been refused so far.
    pub fn is_good(&self) -> bool {
        self.refused.is_empty()
    }

    /// What `build` makes of the values read, if nothing was refused.
    ///
    /// # Errors
    /// Every refusal, by column. A formula in a known column refuses the row even if nobody read the cell.
    pub fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<T, Vec<RowError>> {
        for column in 0..self.row.columns().len() {
            if self.row.cell(column).flaw() == Some(Reason::Formula) {
                self.refuse(column, Reason::Formula);
            }
        }
        if self.is_good() && self.row.strange().is_empty() {
            if let Some(built) = build() {
                return Ok(built);
            }
            self.refuse_row(Reason::Required);
        }
        Err(self.errors())
    }

    fn add(&mut self, column: Option<usize>, reason: Reason) {
        if self.refused.iter().all(|(other, _)| *other != column) {
            self.refused.push((column, reason));
        }
    }

    fn errors(mut self) -> Vec<RowError> {
        self.refused.sort_unstable();
        let name = |index: usize| self.row.columns().get(index).map(|column| column.name.to_owned());
        let error = |&(column, reason): &(Option<usize>, Reason)| RowError {
            row: self.row.number(),
            column: column.and_then(name),
            reason,
        };
        let strange = self.row.strange().iter().map(|name| RowError {
            row: self.row.number(),
            column: Some(name.clone()),
            reason: Reason::UnknownField,
        });
        self.refused.iter().map(error).chain(strange).collect()
    }
}
