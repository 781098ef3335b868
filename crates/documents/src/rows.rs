//! Tables too long to be a document.

use crate::error::DocumentError;
use crate::model::Cell;

/// Takes the rows of a table one by one; what it holds in memory does not grow with their number. [`crate::CsvRows`]
/// and [`crate::XlsxRows`] are the two; what writes an export need not know which it has.
pub trait RowsWriter {
    /// Writes a row: a cell for each column, in order. Absent ones are empty, those beyond the columns are left out.
    ///
    /// # Errors
    /// Those of the output.
    fn write_row(&mut self, cells: &[Cell]) -> Result<(), DocumentError>;
}
