//! Codes of schools as files write them: a spreadsheet loses leading zeros.

use opora_primitives::{Reason, SchoolCode};
use opora_tables::Row;

/// Length of the usual code.
pub(super) const DIGITS: usize = 6;

/// A code as it stands in a cell, and as it may be meant.
#[derive(Clone)]
pub(super) struct WrittenCode {
    exact: SchoolCode,
    /// With its leading zeros put back; the same in a record of JSON.
    padded: SchoolCode,
}

impl WrittenCode {
    /// Reads the cell `column`.
    ///
    /// # Errors
    /// As [`Row::parsed`].
    pub fn of(row: &Row<'_>, column: usize) -> Result<Option<Self>, Reason> {
        Ok(row.parsed(column)?.zip(row.padded(column, DIGITS)?).map(|(exact, padded)| Self { exact, padded }))
    }

    /// The code with its leading zeros: what a file may name once.
    pub fn padded(&self) -> &SchoolCode {
        &self.padded
    }

    /// The code that is meant: as it stands there if that one is `known`, otherwise with its leading zeros (D303).
    pub fn meant(&self, known: impl Fn(&SchoolCode) -> bool) -> &SchoolCode {
        if known(&self.exact) { &self.exact } else { &self.padded }
    }
}
