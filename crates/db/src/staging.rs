//! Bulk loads: rows go into a temporary table first, outside any transaction and at the full speed of the database
//! (COPY on PostgreSQL), are checked there in a few statements, and are then merged into their table in one write.

use crate::{Db, Error, Result, dialect};
use diesel::{
    connection::SimpleConnection,
    pg::{CopyFormat, PgConnection},
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{BigInt, Nullable, Text},
    sqlite::{Sqlite, SqliteConnection},
};
use std::{
    cell::Cell,
    fmt::{Display, Write},
    io,
    sync::mpsc::sync_channel,
};

diesel::table! {
    /// The temporary table: a number for each row, and as many columns as the widest load needs. Their types are those
    /// of the [`Merge`]; here only the names matter.
    staged (row_number) {
        row_number -> BigInt,
        c1 -> Nullable<Text>, c2 -> Nullable<Text>, c3 -> Nullable<Text>, c4 -> Nullable<Text>, c5 -> Nullable<Text>,
        c6 -> Nullable<Text>, c7 -> Nullable<Text>, c8 -> Nullable<Text>, c9 -> Nullable<Text>, c10 -> Nullable<Text>,
        c11 -> Nullable<Text>, c12 -> Nullable<Text>, c13 -> Nullable<Text>, c14 -> Nullable<Text>,
    }
}

/// Columns that can be staged.
const WIDTH: usize = 14;

/// Rows of one SQLite insert. Large enough to hide the cost of a statement, small enough for its limit on values.
const ROWS: usize = 64;

/// Inserts of SQLite that may wait while the file is read on.
const CHUNKS: usize = 8;

/// How staged rows become rows of a table: `c1`, `c2`... stand for the key columns and then for the others.
#[derive(Clone, Copy, Debug)]
pub struct Merge {
    /// The table.
    pub table: &'static str,
    /// Its natural key, each column with its SQL type.
    pub key: &'static [(&'static str, &'static str)],
    /// The other columns, each with its SQL type.
    pub data: &'static [(&'static str, &'static str)],
    /// Whether it has a column `updated_at`.
    pub stamped: bool,
}

/// What a merge did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// New rows.
    pub created: u64,
    /// Rows with other contents than before.
    pub updated: u64,
}

/// Takes one row into the stage: its number in the file and its cells in the order of the [`Merge`].
pub type Sink<'a> = dyn FnMut(u64, &Cells) -> Result<()> + 'a;

/// Cells of one row or of many, in buffers that are used again.
#[derive(Default)]
pub struct Cells {
    text: String,
    cells: Vec<Kept>,
}

/// A cell as it is kept: a number, or the end of its part of the text.
#[derive(Clone, Copy)]
enum Kept {
    Whole(Option<i64>),
    Text(Option<(usize, usize)>),
}

/// A cell. In one column all are of one type, absent ones too: then all chunks are one statement.
#[derive(PartialEq, PartialOrd)]
enum Datum<'a> {
    Whole(Option<i64>),
    Text(Option<&'a str>),
}

impl Cells {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
    }

    /// Adds a whole number, or that there is none.
    pub fn whole(&mut self, number: impl Into<Option<i64>>) {
        self.cells.push(Kept::Whole(number.into()));
    }

    /// Adds a text, or anything else that is no number, as it is written.
    pub fn text(&mut self, value: impl Display) {
        self.maybe_text(Some(value));
    }

    /// As [`Self::text`], or adds that there is none.
    pub fn maybe_text(&mut self, value: Option<impl Display>) {
        let ends = value.map(|value| {
            let start = self.text.len();
            // Writing into a String does not fail.
            let _ = write!(self.text, "{value}");
            (start, self.text.len())
        });
        self.cells.push(Kept::Text(ends));
    }

    fn iter(&self) -> impl Iterator<Item = Datum<'_>> {
        self.cells.iter().map(|kept| match *kept {
            Kept::Whole(number) => Datum::Whole(number),
            Kept::Text(ends) => Datum::Text(ends.map(|(start, end)| &self.text[start..end])),
        })
    }

    /// Adds the first `most` cells of others.
    fn append(&mut self, others: &Self, most: usize) {
        let shift = self.text.len();
        self.text.push_str(&others.text);
        let moved = |kept: &Kept| match *kept {
            Kept::Text(Some((start, end))) => Kept::Text(Some((start + shift, end + shift))),
            kept => kept,
        };
        self.cells.extend(others.cells.iter().take(most).map(moved));
    }
}

/// A filled stage.
pub struct Stage {
    pub(crate) merge: Merge,
    /// Rows in it.
    pub rows: u64,
    /// Whether they came in the order of their keys, none twice.
    ordered: bool,
}

/// Looks whether each key is greater than the one before. Most files are sorted: then no search for keys that stand twice
/// and no sorting is needed, which is a seventh of a load.
struct Ascent {
    /// Cells of the key.
    width: usize,
    last: Cells,
    holds: bool,
}

impl Ascent {
    fn over(merge: &Merge) -> Self {
        Self { width: merge.key.len(), last: Cells::default(), holds: true }
    }

    fn note(&mut self, cells: &Cells) {
        if self.holds {
            self.holds = cells.iter().take(self.width).gt(self.last.iter());
            self.last.clear();
            self.last.append(cells, self.width);
        }
    }
}

impl Stage {
    /// Makes the stage anew and lets `source` fill it.
    ///
    /// # Errors
    /// What `source` answers; faults of the database.
    pub fn fill(db: &mut Db, merge: Merge, source: impl FnOnce(&mut Sink<'_>) -> Result<()>) -> Result<Self> {
        let columns: Vec<String> = (1..=WIDTH)
            .map(|n| format!("c{n} {}", merge.columns().nth(n - 1).map_or("TEXT", |(_, sql_type)| sql_type)))
            .collect();
        db.batch_execute(&format!(
            "DROP TABLE IF EXISTS staged; CREATE TEMP TABLE staged (row_number BIGINT NOT NULL, {})",
            columns.join(", ")
        ))?;
        let (mut rows, mut ascent) = (0, Ascent::over(&merge));
        let source = |sink: &mut Sink<'_>| {
            source(&mut |number, cells| {
                ascent.note(cells);
                sink(number, cells)
            })
        };
        match db {
            Db::Sqlite(c) => fill_sqlite(c, &mut rows, source)?,
            Db::Postgres(c) => fill_postgres(c, &mut rows, source)?,
        }
        if let Db::Postgres(c) = db {
            c.batch_execute("ANALYZE staged")?;
        }
        Ok(Self { merge, rows, ordered: ascent.holds })
    }

    /// The rows whose key stands in an earlier row, at most `most` of them, by number.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn duplicates(&self, db: &mut Db, most: i64) -> Result<Vec<i64>> {
        if self.ordered {
            return Ok(Vec::new());
        }
        // Grouping costs a third of numbering, and most files repeat nothing.
        let key = numbered(1, self.merge.key.len());
        let any = format!(
            "SELECT MIN(row_number) AS row_number FROM staged GROUP BY {key} HAVING COUNT(*) > 1 LIMIT 1"
        );
        if diesel::sql_query(any).load::<Number>(db)?.is_empty() {
            return Ok(Vec::new());
        }
        let repeated = self.repeated();
        let sql = format!("{repeated} ORDER BY row_number LIMIT {most}");
        Ok(diesel::sql_query(sql).load::<Number>(db)?.into_iter().map(|n| n.row_number).collect())
    }

    /// Takes the rows out whose key stands in an earlier row; answers how many.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn drop_duplicates(&mut self, db: &mut Db) -> Result<u64> {
        let sql = format!("DELETE FROM staged WHERE row_number IN ({})", self.repeated());
        let dropped = diesel::sql_query(sql).execute(db)? as u64;
        self.rows -= dropped;
        Ok(dropped)
    }

    fn repeated(&self) -> String {
        let key = numbered(1, self.merge.key.len());
        format!(
            "SELECT row_number FROM (SELECT row_number, \
             ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY row_number) AS nth FROM staged) AS d WHERE nth > 1"
        )
    }

    /// Replaces the provisional values of a column by final ones: `pairs` of (provisional, final).
    ///
    /// # Errors
    /// Faults of the database.
    pub fn settle(&self, db: &mut Db, column: &str, pairs: &[(i64, i64)]) -> Result<()> {
        let Some(n) = self.merge.columns().position(|(name, _)| name == column) else {
            return Err(Error::fault(format!("no staged column {column}")));
        };
        if pairs.is_empty() {
            return Ok(());
        }
        let c = format!("c{}", n + 1);
        let values: Vec<String> = pairs.iter().map(|(from, to)| format!("({from}, {to})")).collect();
        db.batch_execute(&format!(
            "DROP TABLE IF EXISTS settled; CREATE TEMP TABLE settled (provisional BIGINT PRIMARY KEY, final BIGINT NOT NULL);
             INSERT INTO settled VALUES {};
             UPDATE staged SET {c} = (SELECT final FROM settled WHERE provisional = {c}) WHERE {c} < 0",
            values.join(", ")
        ))?;
        Ok(())
    }

    /// Merges the rows into the table; `import_id` marks every row that is new or changed. Part of a write.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn merge(&self, db: &mut Db, import_id: i64, at: opora_primitives::Moment) -> Result<Merged> {
        let Merge { table, key, data, stamped } = self.merge;
        let stamp = stamped.then(|| at.sql());
        let numbers = key.len() + 1..;
        let set: Vec<String> =
            data.iter().zip(numbers.clone()).map(|((d, _), n)| format!("{d} = s.c{n}")).collect();
        let differs: Vec<String> = data
            .iter()
            .zip(numbers)
            .map(|((d, _), n)| format!("{table}.{d} IS DISTINCT FROM s.c{n}"))
            .collect();
        let touch = stamp.as_ref().map(|at| format!(", updated_at = '{at}'")).unwrap_or_default();
        let update = format!(
            "UPDATE {table} SET {}, version = {table}.version + 1, import_id = {import_id}{touch} FROM staged AS s WHERE {} AND ({})",
            set.join(", "),
            self.merge.same_key(table),
            differs.join(" OR ")
        );
        let names: Vec<&str> = self.merge.columns().map(|(name, _)| name).collect();
        let (stamp_name, stamp_value) = stamp
            .map(|at| (", updated_at", format!(", CAST('{at}' AS {})", dialect::timestamp_type(db))))
            .unwrap_or_default();
        let order = if self.ordered { String::new() } else { format!("ORDER BY {}", numbered(1, key.len())) };
        let insert = format!(
            "INSERT INTO {table} ({}, import_id{stamp_name}) SELECT {}, {import_id}{stamp_value} FROM staged WHERE TRUE {order} \
             ON CONFLICT DO NOTHING",
            names.join(", "),
            numbered(1, names.len()),
        );
        let updated = diesel::sql_query(update).execute(db)? as u64;
        let created = diesel::sql_query(insert).execute(db)? as u64;
        Ok(Merged { created, updated })
    }
}

/// What a merge would do with a staged row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// There is no row with its key yet.
    Created,
    /// The row with its key has other contents.
    Updated,
    /// The row with its key says the same.
    Unchanged,
}

impl Stage {
    /// Before the merge: what it will do with each row, by number. For loads of few rows.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn fates(&self, db: &mut Db) -> Result<Vec<(u64, Fate)>> {
        let Merge { table, key, data, .. } = self.merge;
        let differs: Vec<String> = data
            .iter()
            .zip(key.len() + 1..)
            .map(|((name, _), n)| format!("t.{name} IS DISTINCT FROM s.c{n}"))
            .collect();
        let sql = format!(
            "SELECT s.row_number, CAST(CASE WHEN t.{} IS NULL THEN 0 WHEN {} THEN 1 ELSE 2 END AS BIGINT) AS value \
             FROM staged AS s LEFT JOIN {table} AS t ON {}",
            key[0].0,
            differs.join(" OR "),
            self.merge.same_key("t")
        );
        let fate = |pair: Pair| match pair.value {
            0 => (pair.row_number as u64, Fate::Created),
            1 => (pair.row_number as u64, Fate::Updated),
            _ => (pair.row_number as u64, Fate::Unchanged),
        };
        Ok(diesel::sql_query(sql).load::<Pair>(db)?.into_iter().map(fate).collect())
    }

    /// After the merge: the id of the record of each row, by number, of a table whose rows have one.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn ids(&self, db: &mut Db) -> Result<Vec<(u64, i64)>> {
        let sql = format!(
            "SELECT s.row_number, t.id AS value FROM staged AS s JOIN {} AS t ON {}",
            self.merge.table,
            self.merge.same_key("t")
        );
        let pair = |pair: Pair| (pair.row_number as u64, pair.value);
        Ok(diesel::sql_query(sql).load::<Pair>(db)?.into_iter().map(pair).collect())
    }
}

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = BigInt)]
    row_number: i64,
    #[diesel(sql_type = BigInt)]
    value: i64,
}

impl Merge {
    fn columns(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.key.iter().chain(self.data).copied()
    }

    /// The rows of the table called `table` that the staged rows `s` stand for.
    pub(crate) fn same_key(&self, table: &str) -> String {
        let same = self.key.iter().zip(1..).map(|((name, _), n)| format!("{table}.{name} = s.c{n}"));
        same.collect::<Vec<_>>().join(" AND ")
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    row_number: i64,
}

fn numbered(from: usize, to: usize) -> String {
    (from..=to).map(|n| format!("c{n}")).collect::<Vec<_>>().join(", ")
}

/// Rows are read here and inserted by a thread of their own: each takes about half the time.
fn fill_sqlite(
    c: &mut SqliteConnection,
    rows: &mut u64,
    source: impl FnOnce(&mut Sink<'_>) -> Result<()>,
) -> Result<()> {
    c.batch_execute("SAVEPOINT filling")?;
    let (send, receive) = sync_channel::<Chunk>(CHUNKS);
    let outcome = std::thread::scope(|scope| {
        let inserter = scope.spawn(|| receive.into_iter().try_for_each(|chunk| chunk.insert(c)));
        // Refused only when the inserter has ended with an error, which is told below.
        let pass_on = |chunk| send.send(chunk).map_err(|_| Error::fault("rows could not be staged"));
        let mut chunk = Chunk::default();
        let read = source(&mut |number, cells| {
            *rows += 1;
            chunk.push(number, cells);
            if chunk.numbers.len() == ROWS { pass_on(std::mem::take(&mut chunk)) } else { Ok(()) }
        })
        .and_then(|()| pass_on(chunk));
        drop(send);
        let inserted = inserter.join().map_err(|_| Error::fault("staging panicked"))?;
        inserted.and(read)
    });
    c.batch_execute("RELEASE filling")?;
    outcome
}

/// Rows on their way into SQLite.
#[derive(Default)]
struct Chunk {
    numbers: Vec<i64>,
    cells: Cells,
}

impl Chunk {
    fn push(&mut self, number: u64, cells: &Cells) {
        self.numbers.push(number as i64);
        self.cells.append(cells, cells.cells.len());
    }

    fn insert(&self, c: &mut SqliteConnection) -> Result<()> {
        if self.numbers.is_empty() {
            return Ok(());
        }
        let cells: Vec<_> = self.cells.iter().collect();
        let width = cells.len() / self.numbers.len();
        Insert { columns: numbered(1, width), width, numbers: &self.numbers, cells: &cells }.execute(c)?;
        Ok(())
    }
}

/// The insert of a chunk. Unlike a query of text it is prepared once, which is worth a fifth of the load; that numbers are
/// bound as such, another tenth.
struct Insert<'a> {
    columns: String,
    width: usize,
    numbers: &'a [i64],
    /// Of all rows, `width` to each.
    cells: &'a [Datum<'a>],
}

impl QueryId for Insert<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> RunQueryDsl<C> for Insert<'_> {}

impl QueryFragment<Sqlite> for Insert<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        // The last chunk of a file has a length of its own.
        if self.numbers.len() < ROWS {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql("INSERT INTO staged (row_number, ");
        out.push_sql(&self.columns);
        out.push_sql(") VALUES ");
        for (n, (number, cells)) in self.numbers.iter().zip(self.cells.chunks(self.width)).enumerate() {
            out.push_sql(if n == 0 { "(" } else { ", (" });
            out.push_bind_param::<BigInt, _>(number)?;
            for cell in cells {
                out.push_sql(", ");
                match cell {
                    Datum::Whole(number) => out.push_bind_param::<Nullable<BigInt>, _>(number)?,
                    Datum::Text(text) => out.push_bind_param::<Nullable<Text>, _>(text)?,
                }
            }
            out.push_sql(")");
        }
        Ok(())
    }
}

fn fill_postgres(
    c: &mut PgConnection,
    rows: &mut u64,
    source: impl FnOnce(&mut Sink<'_>) -> Result<()>,
) -> Result<()> {
    // diesel asks for a closure that could run twice; this one runs once.
    let (source, failure, count) = (Cell::new(Some(source)), Cell::new(None), Cell::new(0));
    let copied = diesel::copy_from(staged::table)
        .from_raw_data(staged::table, |out| {
            let mut lines = csv::WriterBuilder::new().from_writer(out);
            let Some(source) = source.take() else { return Err(diesel::result::Error::RollbackTransaction) };
            let outcome = source(&mut |number, cells| {
                count.set(count.get() + 1);
                write_line(&mut lines, number, cells).map_err(Error::fault)
            });
            outcome.and_then(|()| lines.flush().map_err(Error::fault)).map_err(|error| {
                failure.set(Some(error));
                diesel::result::Error::RollbackTransaction
            })
        })
        .with_format(CopyFormat::Csv)
        .with_null(NULL)
        .execute(c);
    *rows = count.get();
    match (failure.take(), copied) {
        (Some(error), _) => Err(error),
        (None, copied) => copied.map(drop).map_err(Into::into),
    }
}

/// Stands for an absent value. Cells never hold it: control characters are refused at the door.
const NULL: &str = "\u{1}";

fn write_line(lines: &mut csv::Writer<impl io::Write>, number: u64, cells: &Cells) -> csv::Result<()> {
    let mut digits = String::new();
    let mut write_whole = |lines: &mut csv::Writer<_>, number: i64| {
        digits.clear();
        let _ = write!(digits, "{number}");
        lines.write_field(&digits)
    };
    write_whole(lines, number as i64)?;
    for datum in cells.iter() {
        match datum {
            Datum::Whole(Some(number)) => write_whole(lines, number)?,
            Datum::Text(Some(text)) => lines.write_field(text)?,
            Datum::Whole(None) | Datum::Text(None) => lines.write_field(NULL)?,
        }
    }
    for _ in cells.cells.len()..WIDTH {
        lines.write_field(NULL)?;
    }
    lines.write_record(None::<&[u8]>)
}
