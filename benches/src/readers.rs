//! Parallel readers: the same aggregate from one, two and four threads. Without the build settings of
//! `.cargo/config.toml`, SQLite's readers queue on one mutex.

use crate::{
    Outcome, data,
    place::Place,
    report::{self, Bound},
};
use diesel::{RunQueryDsl, sql_types::BigInt};
use opora_db::{Database, Result};
use std::{thread, time::Instant};

/// Schools of the table: 60,120 rows.
const SCHOOLS: u32 = 334;
const ROUNDS: usize = 7;
/// Queries of each reader in a round.
const QUERIES: usize = 20;

/// Runs it on both databases.
pub fn run() -> Outcome {
    report::title(
        "readers",
        "an aggregate over 60,000 rows, queries a second by several readers against one",
    );
    let cores = thread::available_parallelism().map_or(1, usize::from);
    for place in Place::all()? {
        place.fill(&(data::schools(SCHOOLS) + &data::procedures() + &data::results()), data::TABLES)?;
        let database = place.open()?;
        rate(&database, 4)?;
        for readers in [2, 4] {
            let (many, one) = report::in_turns(ROUNDS, || rate(&database, readers), || rate(&database, 1))?;
            // PostgreSQL's readers share the cores with its clients.
            let bounded = cores >= readers && place.name == "sqlite";
            let bound = if bounded { Bound::AtLeast(0.75 * readers as f64) } else { Bound::None };
            report::line(
                &format!("{}: {readers} readers on {cores} cores", place.name),
                "/s",
                many,
                one,
                bound,
            );
        }
    }
    Ok(())
}

/// Queries a second by `readers` threads.
fn rate(database: &Database, readers: usize) -> Outcome<f64> {
    let begun = Instant::now();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..readers).map(|_| scope.spawn(|| read(database))).collect();
        threads.into_iter().try_for_each(|thread| -> Outcome {
            thread.join().map_err(|_| "a reader panicked")??;
            Ok(())
        })
    })?;
    Ok((readers * QUERIES) as f64 / begun.elapsed().as_secs_f64())
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

fn read(database: &Database) -> Result<()> {
    let sql = "SELECT COUNT(*) AS rows FROM (SELECT school_id, SUM(participants) AS taken, SUM(below_minimum) AS below
        FROM results GROUP BY school_id) AS sums WHERE below <= taken";
    for _ in 0..QUERIES {
        let groups = database.read(|db| Ok(diesel::sql_query(sql).get_result::<Count>(db)?))?.rows;
        if groups != i64::from(SCHOOLS) {
            return Err(opora_db::Error::fault(format!("{groups} groups")));
        }
    }
    Ok(())
}
