//! The kinds of files: their columns, how a row is read, and how rows are written.

mod bulk;
mod codes;
mod contexts;
mod designations;
mod lists;
mod municipalities;
mod register;
mod results;
mod schools;
mod staff;
mod support_records;

use super::{ImportKind, Report, Source, no_table};
use opora_db::{Database, Origin, Result, Tx};
use opora_tables::{Column, Table};

/// The columns of a kind (`docs/files.md`); none for a kind that is no table.
pub fn columns(kind: ImportKind) -> Option<&'static [Column]> {
    Some(match kind {
        ImportKind::Municipalities => municipalities::COLUMNS,
        ImportKind::Schools => schools::COLUMNS,
        ImportKind::Contexts => contexts::COLUMNS,
        ImportKind::Results => results::COLUMNS,
        ImportKind::Lists => lists::COLUMNS,
        ImportKind::Staff => staff::COLUMNS,
        ImportKind::Designations => designations::COLUMNS,
        ImportKind::SupportRecords => support_records::COLUMNS,
        ImportKind::Plan => return None,
    })
}

/// Inside the write, after the rows: commits or undoes.
type Conclude<'a> = dyn Fn(&mut Tx) -> Result<Report> + 'a;

/// Loads `table`.
pub(super) fn load(
    database: &Database,
    origin: &Origin,
    table: Table,
    source: &Source<'_>,
    conclude: &Conclude<'_>,
) -> Result<Report> {
    match source.order.kind {
        ImportKind::Municipalities => {
            register::load::<municipalities::Loader>(database, origin, table, source, conclude)
        }
        ImportKind::Schools => register::load::<schools::Loader>(database, origin, table, source, conclude),
        ImportKind::Lists => register::load::<lists::Loader>(database, origin, table, source, conclude),
        ImportKind::Designations => {
            register::load::<designations::Loader>(database, origin, table, source, conclude)
        }
        ImportKind::Contexts => bulk::load::<contexts::Loader>(database, origin, table, source, conclude),
        ImportKind::Results => bulk::load::<results::Loader>(database, origin, table, source, conclude),
        ImportKind::Staff => bulk::load::<staff::Loader>(database, origin, table, source, conclude),
        ImportKind::SupportRecords => {
            bulk::load::<support_records::Loader>(database, origin, table, source, conclude)
        }
        ImportKind::Plan => Err(no_table()),
    }
}
