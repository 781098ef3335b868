//! Files into tables. One way in for every kind of file: the HTTP API, the command line and the demonstration region all
//! come through [`run`]. Records of JSON that come by lines are files of another form: what is told of each line besides
//! is all that sets them apart.
//!
//! A file is read row by row. Registers (municipalities, schools, lists, designations) are small and are written record
//! by record, each with its audit record. Bulk kinds (contexts, results, staff, support records) go through a stage
//! ([`opora_db::Stage`]), so that memory does not grow with the file. Either way everything happens in one write, which
//! is undone for a dry run or when an atomic import has a reject.

#[cfg(test)]
mod fuzz;
mod kinds;
mod outcome;
pub mod scratch;
pub mod spool;
pub mod store;

pub use kinds::columns;
pub use outcome::{Caution, Line, LineStatus, Reject, Report, Warning};

use chrono::NaiveDate;
use opora_db::{Change, Database, Error, Operation, Origin, Result, Tx};
use opora_primitives::{AcademicYear, Area, Oktmo, Problem, ProblemCode, Reason, Words, WrittenOktmo};
use opora_tables::{Options, ReadError, Row, RowError, RowReader, Table};
use outcome::Tally;
use std::{cell::RefCell, collections::BTreeMap, path::Path};

opora_primitives::id_type!(
    /// An import: one file on its way in.
    ImportId
);
opora_primitives::word_type!(
    /// What a file holds.
    ImportKind {
        /// Municipalities.
        Municipalities = "municipalities", "муниципалитеты";
        /// Schools.
        Schools = "schools", "школы";
        /// Social contexts of schools.
        Contexts = "contexts", "социальные паспорта";
        /// Results of schools in procedures.
        Results = "results", "результаты";
        /// A list of low-result schools.
        Lists = "lists", "перечни";
        /// Staff of schools.
        Staff = "staff", "кадры";
        /// Designations by acts.
        Designations = "designations", "назначения";
        /// Methodical support of staff.
        SupportRecords = "support_records", "методическое сопровождение";
        /// A version of a plan: a document and no table, loaded by the crate that knows plans.
        Plan = "plan", "план";
    }
);
opora_primitives::word_type!(
    /// What happens to the good rows when others are bad.
    ImportMode {
        /// All rows or none.
        Atomic = "atomic", "всё или ничего";
        /// The good rows.
        BestEffort = "best_effort", "верные строки";
    }
);

impl ImportKind {
    /// Whether users whose area is a municipality may load it: only what is keyed by their own schools and people. The
    /// registers are the region's, and a staff record could be taken from another municipality by its external id.
    pub fn is_local(self) -> bool {
        matches!(self, Self::Contexts | Self::Results | Self::SupportRecords)
    }

    /// Whether its rows are merged in bulk: the audit log has one `load` record of the file.
    fn is_bulk(self) -> bool {
        matches!(self, Self::Contexts | Self::Results | Self::Staff | Self::SupportRecords)
    }

    /// What its rows are records of, by its name in the API.
    fn resource(self) -> &'static str {
        if self == Self::SupportRecords { "support-records" } else { self.as_str() }
    }

    /// Whether the good rows of a file may be written without the others. Half a plan is none, nor is half a version of a
    /// list (D184).
    pub fn is_divisible(self) -> bool {
        !matches!(self, Self::Plan | Self::Lists)
    }
}

/// What to do with a file.
#[derive(Clone, Debug)]
pub struct Order {
    /// The import's row.
    pub id: ImportId,
    /// What the file holds.
    pub kind: ImportKind,
    /// What happens to the good rows when others are bad.
    pub mode: ImportMode,
    /// Check and report, write nothing.
    pub dry_run: bool,
    /// The sheet of a workbook; the first unless said.
    pub sheet: Option<String>,
    /// The file holds records of JSON, one a line, and what became of each is told.
    pub by_line: bool,
    /// Rows about schools outside it are refused.
    pub area: Area,
    /// Whether school codes other than six digits are taken.
    pub any_school_code: bool,
    /// The day the file came: a year that had not begun by then is refused.
    pub came_on: NaiveDate,
}

/// Who waits for an import: a job, or a person at the command line.
pub trait Attendant {
    /// Told now and then: bytes (or rows) done and, where known, in all. Answers whether to go on.
    fn progress(&self, done: i64, total: Option<i64>) -> bool;

    /// Inside the write, before anything else: the place to take hold of a job's row, which signs of life would
    /// otherwise change under a long write.
    ///
    /// # Errors
    /// Undo the write.
    fn begin(&self, _tx: &mut Tx) -> Result<()> {
        Ok(())
    }

    /// Inside the write, before it is committed: the place to keep the report and to end a job. For a dry run and for a
    /// refused file it runs in a write of its own.
    ///
    /// # Errors
    /// Undo the write.
    fn finish(&self, tx: &mut Tx, report: &Report) -> Result<()>;
}

/// Reads the file at `path` and does what `order` says.
///
/// # Errors
/// [`ProblemCode::InvalidFile`] for a file that cannot be read as a table of the kind; [`ProblemCode::WrongState`] when
/// the attendant says to stop; faults of the database.
pub fn run(
    database: &Database,
    origin: &Origin,
    order: &Order,
    path: &Path,
    attendant: &dyn Attendant,
) -> Result<Report> {
    let tally = if order.by_line { Tally::by_line() } else { Tally::default() };
    let source = Source { order, attendant, tally: RefCell::new(tally), cautions: RefCell::default() };
    let columns = kinds::columns(order.kind).ok_or_else(no_table)?;
    let options = Options { sheet: order.sheet.clone(), ..Options::default() };
    let table = match order.by_line {
        true => opora_tables::open_lines(path, &options.limits, columns),
        false => opora_tables::open(path, &options, columns),
    };
    let table = table.map_err(|e| Error::Problem(e.into()))?;
    source.tally.borrow_mut().begin(&table);
    let written = kinds::load(database, origin, table, &source, &|tx| conclude(tx, &source));
    match written {
        Ok(report) => Ok(report),
        // The write was undone on purpose; what was found is told in a write of its own.
        Err(Error::Problem(p)) if p == stop() => {
            let report = source.tally.borrow().report(false);
            database.write(origin, |tx| attendant.finish(tx, &report))?;
            Ok(report)
        }
        Err(error) => Err(error),
    }
}

/// What every kind's loader needs.
struct Source<'a> {
    order: &'a Order,
    attendant: &'a dyn Attendant,
    tally: RefCell<Tally>,
    /// What looks wrong in the row that is being read.
    cautions: RefCell<Vec<Caution>>,
}

/// The cells of the natural key that a row has.
fn key_of(row: &Row<'_>) -> BTreeMap<String, String> {
    let columns = row.columns().iter().enumerate().filter(|(_, column)| column.key);
    let value = |at| row.cell(at).value().ok().flatten().map(str::to_owned);
    columns.filter_map(|(at, column)| Some((column.name.to_owned(), value(at)?))).collect()
}

/// How often the attendant is asked, in rows.
const WATCHED: u64 = 2048;

impl Source<'_> {
    /// Reads every row of `table` with `take`, noting what is refused.
    fn each(
        &self,
        table: &mut Table,
        mut take: impl FnMut(Row<'_>) -> Result<std::result::Result<(), Vec<RowError>>>,
    ) -> Result<()> {
        while let Some(row) = table.next_row() {
            match row {
                Ok(row) => {
                    {
                        let mut tally = self.tally.borrow_mut();
                        tally.rows += 1;
                        tally.line(row.number(), || key_of(&row));
                    }
                    let (number, taken) = (row.number(), take(row)?);
                    let cautions = self.cautions.take();
                    let mut tally = self.tally.borrow_mut();
                    match taken {
                        // A row that is written later, one by one, may still be refused then.
                        Ok(()) => tally.pass(number, cautions, !self.order.kind.is_bulk()),
                        Err(flaws) => tally.reject_all(flaws),
                    }
                }
                Err(ReadError::Row(flaw)) => {
                    let mut tally = self.tally.borrow_mut();
                    tally.rows += 1;
                    tally.line(flaw.row, BTreeMap::new);
                    tally.reject_all(vec![flaw]);
                }
                Err(ReadError::File(failure)) => return Err(Error::Problem(failure.into())),
            }
            if table.rows_read().is_multiple_of(WATCHED) {
                let total = table.total_bytes().map(|t| t as i64);
                let done = if total.is_some() { table.bytes_read() } else { table.rows_read() };
                self.tell(done as i64, total)?;
            }
        }
        let units = table.total_bytes().unwrap_or_else(|| table.rows_read()) as i64;
        self.tell(units, Some(units))
    }

    fn tell(&self, done: i64, total: Option<i64>) -> Result<()> {
        if self.attendant.progress(done, total) { Ok(()) } else { Err(ProblemCode::WrongState.into()) }
    }

    /// The academic year in the cell `column`. One that had not begun when the file came is a slip, and would be the newest
    /// of all.
    fn year(&self, row: &mut RowReader<'_>, column: usize) -> Option<AcademicYear> {
        let year = row.required::<AcademicYear>(column)?;
        if year.first_day() > self.order.came_on {
            row.refuse(column, Reason::OutOfRange);
            return None;
        }
        Some(year)
    }

    /// The ОКТМО in the cell `column`, its zeros put back; a control digit behind it that does not match is warned of.
    fn oktmo(&self, row: &mut RowReader<'_>, column: usize) -> Option<Oktmo> {
        row.padded(column, 8).map(|read| self.sound(read))
    }

    /// As [`Self::oktmo`], where it must be there.
    fn required_oktmo(&self, row: &mut RowReader<'_>, column: usize) -> Option<Oktmo> {
        row.required_padded(column, 8).map(|read| self.sound(read))
    }

    fn sound(&self, read: WrittenOktmo) -> Oktmo {
        if read.is_doubtful {
            self.warn(Caution::ControlDigit);
        }
        read.code
    }

    /// Notes that the row that is being read looks wrong, which counts once if the row is taken.
    fn warn(&self, code: Caution) {
        let mut cautions = self.cautions.borrow_mut();
        if !cautions.contains(&code) {
            cautions.push(code);
        }
    }

    fn reject(&self, row: u64, column: Option<&str>, reason: Reason) {
        self.tally.borrow_mut().reject_all(vec![RowError { row, column: column.map(str::to_owned), reason }]);
    }
}

/// Inside the write, when all rows are merged: commits it with its report, or undoes it.
fn conclude(tx: &mut Tx, source: &Source<'_>) -> Result<Report> {
    let order = source.order;
    let report = source.tally.borrow().report(true);
    if order.dry_run || (order.mode == ImportMode::Atomic && report.rejected > 0) {
        return Err(stop().into());
    }
    if order.kind.is_bulk() && report.created + report.updated > 0 {
        let counts = serde_json::json!({"created": report.created, "updated": report.updated});
        tx.record(Change::new(order.kind.resource(), order.id, Operation::Load).after(counts));
    }
    source.attendant.finish(tx, &report)?;
    Ok(report)
}

/// A kind that is no table came here.
fn no_table() -> Error {
    Error::fault("this kind of file is no table")
}

/// Not an error: undoes a write whose findings are wanted and whose effect is not.
fn stop() -> Problem {
    Problem::new(ProblemCode::InvalidFile, Words::same("undone"))
}
