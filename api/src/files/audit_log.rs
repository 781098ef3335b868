//! The audit log as a file: for people (CSV) or for programs (a line of JSON for each entry), read part by part.

use crate::http::accept::Offer;
use opora_db::{
    Database, Error, Result,
    audit::{AuditEntry, Filter, part},
};
use opora_documents::{
    CsvRows, RowsWriter,
    model::{Cell, Column, ColumnKind, Language},
};
use std::{fmt, io::Write, str::FromStr};

/// A format of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A table as spreadsheets open it.
    Csv,
    /// A JSON object on each line, with the fields of the API.
    Ndjson,
}

impl LogFormat {
    /// Both; the first is the one to answer with when any will do.
    pub const ALL: [Self; 2] = [Self::Csv, Self::Ndjson];

    /// What `Content-Type` says.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => self.media_type(),
        }
    }
}

impl Offer for LogFormat {
    fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        let known = Self::ALL.into_iter().find(|format| format.name() == name);
        known.ok_or_else(|| "the formats are csv and ndjson".into())
    }
}

/// Entries that are held in memory at a time.
const PART: i64 = 500;

/// Writes the entries that are wanted, up to the id `upto`, the oldest first. No connection is held while `out` waits.
///
/// # Errors
/// Those of the database and of `out`.
pub fn write(
    database: &Database,
    filter: &Filter,
    upto: i64,
    format: LogFormat,
    out: &mut impl Write,
) -> Result<()> {
    match format {
        LogFormat::Ndjson => each(database, filter, upto, |entry| {
            serde_json::to_writer(&mut *out, entry).map_err(Error::fault)?;
            out.write_all(b"\n").map_err(Error::fault)
        }),
        LogFormat::Csv => {
            let mut rows = CsvRows::new(&columns(), Language::Ru, out).map_err(Error::fault)?;
            each(database, filter, upto, |entry| rows.write_row(&cells(entry)).map_err(Error::fault))?;
            rows.finish().map(drop).map_err(Error::fault)
        }
    }
}

fn each(
    database: &Database,
    filter: &Filter,
    upto: i64,
    mut take: impl FnMut(&AuditEntry) -> Result<()>,
) -> Result<()> {
    let mut after = i64::MIN;
    loop {
        let entries = database.read(|db| part(db, filter, after, upto, PART))?;
        let Some(last) = entries.last() else { return Ok(()) };
        after = last.id.0;
        entries.iter().try_for_each(&mut take)?;
    }
}

/// The columns, in the order of [`cells`].
fn columns() -> Vec<Column> {
    const COLUMNS: [(&str, &str); 11] = [
        ("id", "Запись"),
        ("at", "Время (UTC)"),
        ("actor_kind", "Вид участника"),
        ("actor_id", "Номер участника"),
        ("actor", "Участник"),
        ("request_id", "Запрос"),
        ("action", "Действие"),
        ("resource", "Ресурс"),
        ("key", "Ключ"),
        ("before", "Было"),
        ("after", "Стало"),
    ];
    let column = |(key, title): (&str, &str)| {
        let kind = if matches!(key, "id" | "actor_id") { ColumnKind::Integer } else { ColumnKind::Text };
        Column { key: key.to_owned(), title: title.to_owned(), kind, align: None, width: 1 }
    };
    COLUMNS.map(column).into()
}

fn cells(entry: &AuditEntry) -> [Cell; 11] {
    [
        entry.id.0.into(),
        entry.at.to_string().into(),
        entry.actor_kind.as_str().into(),
        entry.actor_id.into(),
        entry.actor.as_str().into(),
        entry.request_id.as_str().into(),
        entry.action.as_str().into(),
        entry.resource.as_str().into(),
        entry.key.as_str().into(),
        entry.before.as_deref().into(),
        entry.after.as_deref().into(),
    ]
}
