//! Writes that come to a table and get no further, so that a server can be killed in the middle of one.

use super::storage::Storage;
use diesel::connection::SimpleConnection;
use opora_db::Db;
use std::time::{Duration, Instant};

/// A table that writes do not get through, until it is freed.
pub struct Stuck<'a> {
    storage: &'a Storage,
    table: &'static str,
    held: Option<Db>,
}

impl<'a> Stuck<'a> {
    /// Holds up writes into `table`: on PostgreSQL by a lock, on SQLite, where a write that has begun waits for nobody, by
    /// a trigger that keeps an `event` ("INSERT", "UPDATE") busy for minutes.
    pub fn at(storage: &'a Storage, event: &str, table: &'static str) -> Self {
        let mut db = storage.connect();
        let held = if storage.url.starts_with("sqlite:") {
            let slow = format!(
                "CREATE VIEW long AS WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n LIMIT 10000000000)
                    SELECT count(*) AS n FROM n;
                CREATE TRIGGER slow AFTER {event} ON {table} BEGIN SELECT n FROM long; END"
            );
            db.batch_execute(&slow).unwrap();
            None
        } else {
            db.batch_execute(&format!("BEGIN; LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")).unwrap();
            Some(db)
        };
        Self { storage, table, held }
    }

    /// Waits until a write is held up.
    pub fn wait(&self) {
        if self.held.is_some() {
            let waiting = format!(
                "SELECT count(*) AS n FROM pg_locks WHERE relation = '{}'::regclass AND NOT granted",
                self.table
            );
            until("nobody comes to the table", || self.storage.number(&waiting) == 1);
        } else {
            // Signs of life are written in a moment: whoever holds the file for so long is held up.
            let mut prober = self.storage.connect();
            prober.batch_execute("PRAGMA busy_timeout = 1500").unwrap();
            until("nobody comes to the write", || prober.batch_execute("BEGIN IMMEDIATE; ROLLBACK").is_err());
        }
    }

    /// Lets writes through again; waits until a server that was killed is gone from the database.
    pub fn free(mut self) {
        if self.held.is_some() {
            self.let_go();
            let others = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
            until("the dead server's connections stay", || self.storage.number(others) == 0);
        } else {
            self.storage.connect().batch_execute("DROP TRIGGER slow; DROP VIEW long").unwrap();
        }
    }

    /// Gives up the lock at once: a server goes on for a moment with a connection that was closed.
    fn let_go(&mut self) {
        if let Some(mut db) = self.held.take() {
            // The test may have cut this connection too.
            let _ = db.batch_execute("ROLLBACK");
        }
    }
}

impl Drop for Stuck<'_> {
    /// On PostgreSQL alone; a trigger stays.
    fn drop(&mut self) {
        self.let_go();
    }
}

/// Waits until `holds`, for half a minute.
#[track_caller]
fn until(complaint: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{complaint}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
