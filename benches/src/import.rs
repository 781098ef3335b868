//! A file of results through the importer, against the fastest plain way to get the same rows into the same table:
//! prepared inserts in one transaction on SQLite, COPY on PostgreSQL. The baselines get their rows from memory; the
//! importer reads, checks and stages a file.

use crate::{
    Outcome,
    data::{self, PROCEDURES, ResultRow},
    place::Place,
    report::{self, Bound},
};
use diesel::{
    connection::SimpleConnection,
    pg::{CopyFormat, PgConnection},
    prelude::*,
};
use opora_db::{BackEnd, Database, Db, Error, Origin, Tx, schema::results};
use opora_primitives::{Area, Moment};
use opora_schools::import::{self, Attendant, ImportId, ImportKind, ImportMode, Order, Report};
use std::{path::Path, time::Instant};

/// Schools of the file: 180,000 rows.
const SCHOOLS: u32 = 1000;
const ROWS: u32 = SCHOOLS * PROCEDURES;
const ROUNDS: usize = 5;

/// Runs it on both databases.
pub fn run() -> Outcome {
    report::title(
        "import",
        "180,000 results into an empty table, in rows a second, against prepared inserts or COPY",
    );
    for place in Place::all()? {
        place.fill(&(data::schools(SCHOOLS) + &data::procedures()), data::TABLES)?;
        let file = place.folder().join("results.csv");
        data::write_results(&file, SCHOOLS)?;
        let database = place.open()?;
        let (ours, baseline) = report::in_turns(
            ROUNDS,
            || timed(&database, || load(&database, &file)),
            || match database.back_end() {
                BackEnd::Sqlite(path) => timed(&database, || insert(path)),
                BackEnd::Postgres(_) => timed(&database, || copy(&database)),
            },
        )?;
        report::line(&format!("{}: 180,000 rows", place.name), "/s", ours, baseline, Bound::AtLeast(0.4));
    }
    Ok(())
}

/// Rows a second of `work`, which fills the emptied table.
fn timed(database: &Database, work: impl FnOnce() -> Outcome) -> Outcome<f64> {
    database.session(|session| {
        let empty = match &session.db {
            Db::Sqlite(_) => "DELETE FROM results; PRAGMA wal_checkpoint(TRUNCATE)",
            Db::Postgres(_) => "TRUNCATE results; CHECKPOINT",
        };
        Ok(session.db.batch_execute(empty)?)
    })?;
    let begun = Instant::now();
    work()?;
    let seconds = begun.elapsed().as_secs_f64();
    let there: i64 = database.read(|db| Ok(results::table.count().get_result(db)?))?;
    if there != i64::from(ROWS) {
        return Err(format!("{there} rows arrived").into());
    }
    Ok(f64::from(ROWS) / seconds)
}

/// Nobody waits for the imports here.
struct Nobody;

impl Attendant for Nobody {
    fn progress(&self, _: i64, _: Option<i64>) -> bool {
        true
    }

    fn finish(&self, _: &mut Tx, _: &Report) -> opora_db::Result<()> {
        Ok(())
    }
}

/// Imports the file of results at `path`.
pub fn load(database: &Database, path: &Path) -> Outcome {
    let order = Order {
        id: ImportId(1),
        kind: ImportKind::Results,
        mode: ImportMode::Atomic,
        dry_run: false,
        sheet: None,
        by_line: false,
        area: Area::Region,
        any_school_code: false,
        came_on: Moment::now().date(),
    };
    let report = import::run(database, &Origin::system("bench"), &order, path, &Nobody)?;
    if report.applied { Ok(()) } else { Err(format!("{:?}", report.rejects.first()).into()) }
}

/// One prepared statement, a row at a time, in one transaction, with the settings the server uses.
fn insert(path: &Path) -> Outcome {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA busy_timeout = 15000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -16384; PRAGMA mmap_size = 2147418112;",
    )?;
    let transaction = connection.transaction()?;
    let mut statement = transaction.prepare(
        "INSERT INTO results (school_id, procedure_id, attempt, programme_grade, participants, below_minimum, mean_score,
            mark2, mark3, mark4, mark5, import_id) VALUES (?, ?, 'main', NULL, ?, ?, ?, ?, ?, ?, ?, 1)",
    )?;
    for row in data::result_rows(SCHOOLS) {
        let ResultRow { school, procedure, participants, marks: [two, three, four, five], mean } = row;
        statement.execute((school, procedure, participants, two, mean, two, three, four, five))?;
    }
    drop(statement);
    Ok(transaction.commit()?)
}

fn copy(database: &Database) -> Outcome {
    Ok(database.session(|session| match session.db {
        Db::Postgres(c) => copy_rows(c),
        Db::Sqlite(_) => Err(Error::fault("COPY is PostgreSQL's")),
    })?)
}

/// One COPY straight into the table, text format.
fn copy_rows(c: &mut PgConnection) -> opora_db::Result<()> {
    let columns = (
        results::school_id,
        results::procedure_id,
        results::attempt,
        results::participants,
        results::below_minimum,
        results::mean_score,
        results::mark2,
        results::mark3,
        results::mark4,
        results::mark5,
        results::import_id,
    );
    diesel::copy_from(results::table)
        .from_raw_data(columns, |out| {
            for row in data::result_rows(SCHOOLS) {
                let ResultRow { school, procedure, participants, marks: [two, three, four, five], mean } = row;
                writeln!(
                    out,
                    "{school}\t{procedure}\tmain\t{participants}\t{two}\t{mean}\t{two}\t{three}\t{four}\t{five}\t1"
                )
                .map_err(|_| diesel::result::Error::RollbackTransaction)?;
            }
            diesel::QueryResult::Ok(())
        })
        .with_format(CopyFormat::Text)
        .execute(c)?;
    Ok(())
}
