//! A row and its typed cells.

use crate::raw::RawRow;
use crate::{Cell, Column, Header, RowReader, value};
use chrono::NaiveDate;
use opora_primitives::Reason;
use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A row of a table. Its cells are addressed by the index of their column among the columns the table was opened
/// with; a column the file does not have is empty.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    raw: &'a RawRow,
    header: &'a Header,
    columns: &'a [Column],
}

impl<'a> Row<'a> {
    pub(crate) fn new(raw: &'a RawRow, header: &'a Header, columns: &'a [Column]) -> Self {
        Self { raw, header, columns }
    }

    /// The 1-based number of the row, as a spreadsheet shows it.
    pub fn number(&self) -> u64 {
        self.raw.number
    }

    /// The columns the table was opened with.
    pub fn columns(&self) -> &'a [Column] {
        self.columns
    }

    /// Fields of a JSON record that are no columns.
    pub(crate) fn strange(&self) -> &'a [String] {
        &self.raw.strange
    }

    /// The cell of a column.
    pub fn cell(&self, column: usize) -> Cell<'a> {
        match self.header.positions.get(column).copied().flatten() {
            Some(position) => Cell::new(self.raw.cell(position), self.raw.flaw(position)),
            None => Cell::new("", None),
        }
    }

    /// Begins to read the row, collecting everything wrong with it.
    pub fn reader(self) -> RowReader<'a> {
        RowReader::new(self)
    }

    /// Text of at most `max_len` characters.
    ///
    /// # Errors
    /// As [`Cell::value`]; [`Reason::WrongLength`].
    pub fn text(&self, column: usize, max_len: usize) -> Result<Option<&'a str>, Reason> {
        match self.cell(column).value()? {
            Some(text) if text.len() > max_len && text.chars().count() > max_len => Err(Reason::WrongLength),
            value => Ok(value),
        }
    }

    /// A whole number within `range`; no-break and other spaces may separate its thousands.
    ///
    /// # Errors
    /// As [`Cell::value`]; [`Reason::WrongFormat`], also for a decimal part; [`Reason::OutOfRange`].
    pub fn integer(&self, column: usize, range: RangeInclusive<i64>) -> Result<Option<i64>, Reason> {
        self.number_with(column, range, value::integer)
    }

    /// Hundredths of a number with a decimal comma or point (`4,35` is 435), within `range` (in hundredths); digits
    /// beyond the second are rounded, a half away from zero.
    ///
    /// # Errors
    /// As [`Row::integer`].
    pub fn hundredths(&self, column: usize, range: RangeInclusive<i64>) -> Result<Option<i64>, Reason> {
        self.number_with(column, range, value::hundredths)
    }

    /// A date as `DD.MM.YYYY` or `YYYY-MM-DD`.
    ///
    /// # Errors
    /// As [`Cell::value`]; [`Reason::WrongFormat`].
    pub fn date(&self, column: usize) -> Result<Option<NaiveDate>, Reason> {
        self.cell(column).value()?.map(value::date).transpose()
    }

    /// Anything that is read from text: a code, a word of a closed list, an academic year.
    ///
    /// # Errors
    /// As [`Cell::value`]; what `T` refuses.
    pub fn parsed<T: FromStr<Err = Reason>>(&self, column: usize) -> Result<Option<T>, Reason> {
        self.cell(column).value()?.map(T::from_str).transpose()
    }

    /// The value of a code that may have lost its leading zeros in a spreadsheet: if it is all digits, zeros are put before
    /// it up to `width`. Records of JSON have lost none (D182).
    ///
    /// # Errors
    /// As [`Cell::value`].
    pub fn padded_text(&self, column: usize, width: usize) -> Result<Option<Cow<'a, str>>, Reason> {
        let cell = self.cell(column);
        if self.header.strict { Ok(cell.value()?.map(Cow::Borrowed)) } else { cell.padded(width) }
    }

    /// As [`Row::parsed`], after the leading zeros are put back as [`Row::padded_text`] does.
    ///
    /// # Errors
    /// As [`Row::parsed`].
    pub fn padded<T: FromStr<Err = Reason>>(&self, column: usize, width: usize) -> Result<Option<T>, Reason> {
        self.padded_text(column, width)?.map(|text| text.parse()).transpose()
    }

    fn number_with(
        &self,
        column: usize,
        range: RangeInclusive<i64>,
        parse: fn(&str) -> Result<i64, Reason>,
    ) -> Result<Option<i64>, Reason> {
        match self.cell(column).value()?.map(parse).transpose()? {
            Some(number) if !range.contains(&number) => Err(Reason::OutOfRange),
            number => Ok(number),
        }
    }
}
