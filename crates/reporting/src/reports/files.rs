//! Files made of accepted reports, kept so that each is made once.

use super::ReportId;
use diesel::prelude::*;
use opora_db::{Db, Result, on_each, schema::report_files};

/// How papers are drawn and written. Every version of the program is an edition; a change of the bytes between two versions
/// raises the last number. A file of another edition is made anew, and has another ETag.
pub const EDITION: &str = concat!(env!("CARGO_PKG_VERSION"), ".2");

/// The file in `format` that was made of the report in this edition, if one was.
///
/// # Errors
/// Faults of the database.
pub fn kept(db: &mut Db, id: ReportId, format: &str) -> Result<Option<Vec<u8>>> {
    let found = report_files::table.find((id, format)).filter(report_files::edition.eq(EDITION));
    Ok(found.select(report_files::bytes).first(db).optional()?)
}

/// Keeps a file made of an accepted report, in place of one of another edition. Whoever made the same one meanwhile made
/// the same bytes.
///
/// # Errors
/// Faults of the database.
pub fn keep(db: &mut Db, id: ReportId, format: &str, bytes: &[u8]) -> Result<()> {
    let outdated = report_files::table.find((id, format)).filter(report_files::edition.ne(EDITION));
    diesel::delete(outdated).execute(db)?;
    let row = (
        report_files::report_id.eq(id),
        report_files::format.eq(format),
        report_files::edition.eq(EDITION),
        report_files::bytes.eq(bytes),
    );
    on_each!(db, c => diesel::insert_into(report_files::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}
