//! Bulk kinds: read into a stage, merged in one write.

use super::{Conclude, codes::DIGITS};
use crate::{
    import::{LineStatus, Source, outcome::Tally},
    registry,
};
use diesel::prelude::*;
use opora_db::{
    Cells, Database, Db, Fate, Merge, Origin, Result, Stage, Telling, Tx, dialect, schema::schools,
};
use opora_primitives::{Area, Reason, SchoolId};
use opora_tables::{RowError, RowReader, Table};
use std::collections::HashMap;

use super::super::Report;

/// A kind of row that is merged in bulk.
pub(super) trait Bulk: Sized {
    /// How staged cells become columns.
    const MERGE: Merge;
    /// How the change journal names the rows.
    const TELLING: Telling;

    /// Begins to read; rows about what lies outside `area` will be refused.
    fn begin(db: &mut Db, area: Area) -> Result<Self>;

    /// Reads a row into `cells`, in the order of [`Self::MERGE`]. Answers the refused cells.
    fn read(
        &mut self,
        row: RowReader<'_>,
        cells: &mut Cells,
        source: &Source<'_>,
    ) -> std::result::Result<(), Vec<RowError>>;

    /// Inside the write, before the merge: gives provisional values their final ones, and tells what goes along with the rows.
    fn settle(&self, _tx: &mut Tx, _stage: &Stage) -> Result<()> {
        Ok(())
    }
}

/// How a [`Telling`] says that rows have no id.
const NO_ID: &str = "NULL";

/// Notes what became of each line that was staged.
fn note_lines(tally: &mut Tally, fates: Vec<(u64, Fate)>, ids: Vec<(u64, i64)>) {
    let ids: HashMap<u64, i64> = ids.into_iter().collect();
    for (number, fate) in fates {
        let status = match fate {
            Fate::Created => LineStatus::Created,
            Fate::Updated => LineStatus::Updated,
            Fate::Unchanged => LineStatus::Unchanged,
        };
        tally.settle(number, status, ids.get(&number).copied());
    }
}

/// Duplicate keys named in a report; more are only counted.
const MOST_NAMED: i64 = 1000;

pub(super) fn load<B: Bulk>(
    database: &Database,
    origin: &Origin,
    mut table: Table,
    source: &Source<'_>,
    conclude: &Conclude<'_>,
) -> Result<Report> {
    database.session(|session| {
        let mut loader = B::begin(session.db, source.order.area)?;
        let mut cells = Cells::default();
        let mut stage = Stage::fill(session.db, B::MERGE, |sink| {
            source.each(&mut table, |row| {
                cells.clear();
                let number = row.number();
                match loader.read(row.reader(), &mut cells, source) {
                    Ok(()) => sink(number, &cells).map(Ok),
                    Err(flaws) => Ok(Err(flaws)),
                }
            })
        })?;
        let most = if source.order.by_line { i64::MAX } else { MOST_NAMED };
        let named = stage.duplicates(session.db, most)?;
        for row in &named {
            source.reject(*row as u64, None, Reason::DuplicateKey);
        }
        if !named.is_empty() {
            let dropped = stage.drop_duplicates(session.db)?;
            source.tally.borrow_mut().reject_more(dropped - named.len() as u64);
        }
        let report = session.write(origin, |tx| {
            source.attendant.begin(tx)?;
            loader.settle(tx, &stage)?;
            let by_line = source.order.by_line;
            let fates = if by_line { stage.fates(tx)? } else { Vec::new() };
            let at = tx.at;
            stage.tell_leaving(tx, &B::TELLING, at)?;
            let merged = stage.merge(tx, source.order.id.0, at)?;
            stage.tell_changed(tx, &B::TELLING, source.order.id.0, at)?;
            let ids = if by_line && B::TELLING.id != NO_ID { stage.ids(tx)? } else { Vec::new() };
            note_lines(&mut source.tally.borrow_mut(), fates, ids);
            {
                let mut tally = source.tally.borrow_mut();
                (tally.created, tally.updated) = (merged.created, merged.updated);
                tally.unchanged = stage.rows - merged.created - merged.updated;
            }
            let report = conclude(tx)?;
            stage.publish(tx)?;
            Ok(report)
        })?;
        dialect::analyze(session.db, B::MERGE.table)?;
        Ok(report)
    })
}

/// The schools a sender may write about, by code.
pub(super) struct Schools(HashMap<String, SchoolId>);

impl Schools {
    pub fn load(db: &mut Db, area: Area) -> Result<Self> {
        let mut query = schools::table.select((schools::code, schools::id)).into_boxed();
        if let Some((municipality, school)) = registry::bounds(area) {
            query = query.filter(schools::id.eq_any(registry::visible_schools(municipality, school)));
        }
        Ok(Self(query.load::<(String, SchoolId)>(db)?.into_iter().collect()))
    }

    /// The school in the cell `column`; refuses an unknown one. A code that lost its leading zeros is found, unless there is
    /// a school whose code is as it stands there (D303).
    pub fn cell(&self, row: &mut RowReader<'_>, column: usize) -> Option<SchoolId> {
        let code = row.must(column, |row| row.cell(column).value())?;
        let padded = || row.row().padded_text(column, DIGITS).ok().flatten();
        let found = self.0.get(code).or_else(|| self.0.get(padded()?.as_ref())).copied();
        if found.is_none() {
            row.refuse(column, Reason::UnknownReference);
        }
        found
    }
}
