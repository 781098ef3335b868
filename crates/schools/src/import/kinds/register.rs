//! Registers: small enough to hold, written record by record.

use super::{super::Report, Conclude};
use crate::import::{LineStatus, Source};
use opora_db::{Database, Error, Origin, Result, Tx};
use opora_primitives::{Flaw, Problem, ProblemCode, Reason};
use opora_tables::{RowError, RowReader, Table};
use std::{collections::HashSet, hash::Hash};

/// A kind of file whose rows become records one by one.
pub(super) trait Register {
    /// A row that has passed all checks that need no database.
    type Row;
    /// The natural key of a row.
    type Key: Hash + Eq;

    /// Reads a row.
    fn read(row: RowReader<'_>, source: &Source<'_>) -> std::result::Result<Self::Row, Vec<RowError>>;

    /// The natural key; the same key twice in a file is refused.
    fn key(row: &Self::Row) -> Self::Key;

    /// Writes the rows, each with its number in the file. Rows that refer to nothing are rejected through `source`.
    fn write(tx: &mut Tx, rows: &[(u64, Self::Row)], source: &Source<'_>) -> Result<Counts>;
}

/// What became of the rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
}

/// Rows of a register file: more than twice the schools of the country. They are held in memory, and while they are
/// written nobody else writes.
const MOST_ROWS: usize = 100_000;

fn too_many_rows() -> Error {
    let reason = Reason::TooManyRows;
    let ((en, ru), code) = (reason.messages(), reason.as_str());
    let words = (
        format!("{en} ({code}): a file of this kind holds at most {MOST_ROWS}"),
        format!("{ru} ({code}): в файле этого вида не более {MOST_ROWS} строк"),
    );
    let flaws = vec![Flaw::at("file", reason)];
    Problem { flaws, ..Problem::new(ProblemCode::InvalidFile, words) }.into()
}

pub(super) fn load<R: Register>(
    database: &Database,
    origin: &Origin,
    mut table: Table,
    source: &Source<'_>,
    conclude: &Conclude<'_>,
) -> Result<Report> {
    let mut rows: Vec<(u64, R::Row)> = Vec::new();
    let mut seen: HashSet<R::Key> = HashSet::new();
    source.each(&mut table, |row| {
        let number = row.number();
        if seen.len() == MOST_ROWS {
            return Err(too_many_rows());
        }
        Ok(R::read(row.reader(), source).and_then(|row| {
            if !seen.insert(R::key(&row)) {
                let reason = Reason::DuplicateKey;
                return Err(vec![RowError { row: number, column: None, reason }]);
            }
            rows.push((number, row));
            Ok(())
        }))
    })?;
    let read = source.tally.borrow().snapshot();
    database.write(origin, |tx| {
        source.attendant.begin(tx)?;
        // A write may be tried again: what the last try rejected is forgotten.
        source.tally.borrow_mut().restore(&read);
        let counts = R::write(tx, &rows, source)?;
        {
            let mut tally = source.tally.borrow_mut();
            (tally.created, tally.updated, tally.unchanged) =
                (counts.created, counts.updated, counts.unchanged);
        }
        conclude(tx)
    })
}

/// What happened to one record.
pub(super) enum Done {
    Created,
    Updated,
    Unchanged,
}

impl Counts {
    /// Counts what happened to the record of row `number`, which has this id; a refusal becomes rejects of that row. `columns` names the
    /// file's column for a field that is called otherwise in the API.
    pub fn note(
        &mut self,
        outcome: Result<(Done, i64)>,
        number: u64,
        columns: &[(&str, &str)],
        source: &Source<'_>,
    ) -> Result<()> {
        match outcome {
            Ok((done, id)) => {
                let (count, status) = match done {
                    Done::Created => (&mut self.created, LineStatus::Created),
                    Done::Updated => (&mut self.updated, LineStatus::Updated),
                    Done::Unchanged => (&mut self.unchanged, LineStatus::Unchanged),
                };
                *count += 1;
                source.tally.borrow_mut().settle(number, status, Some(id));
            }
            Err(Error::Problem(problem)) if !problem.flaws.is_empty() => {
                let flaws = problem.flaws.into_iter().map(|flaw| {
                    let field = flaw.pointer.trim_start_matches('/').to_owned();
                    let column =
                        columns.iter().find(|(name, _)| *name == field).map_or(field.as_str(), |(_, c)| c);
                    RowError { row: number, column: Some(column.to_owned()), reason: flaw.reason }
                });
                source.tally.borrow_mut().reject_all(flaws.collect());
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
