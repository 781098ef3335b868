//! Databases to measure on: a file in a temporary folder, and one on the PostgreSQL server of `scripts/with-postgres.sh`.

use crate::Outcome;
use diesel::connection::SimpleConnection;
use opora_db::{BackEnd, Database, Settings, dialect, migrations};
use opora_schools::methodologies;
use std::{path::Path, time::Duration};

/// An empty, migrated database that goes when it is dropped.
pub struct Place {
    /// `sqlite` or `postgres`.
    pub name: &'static str,
    /// Its address.
    pub url: String,
    folder: tempfile::TempDir,
    /// The server's address and the name of the database on it.
    server: Option<(String, String)>,
}

impl Place {
    /// One of each kind; without a server, SQLite alone.
    ///
    /// # Errors
    /// A disk or a server that refuses.
    pub fn all() -> Outcome<Vec<Self>> {
        let mut all = vec![Self::sqlite()?];
        match std::env::var("OPORA_TEST_POSTGRES_URL") {
            Ok(server) => all.push(Self::postgres(server)?),
            Err(_) => eprintln!("OPORA_TEST_POSTGRES_URL is not set: SQLite alone"),
        }
        Ok(all)
    }

    /// A file.
    ///
    /// # Errors
    /// A disk that refuses.
    pub fn sqlite() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite:{}", folder.path().join("bench.db").display());
        Self { name: "sqlite", url, folder, server: None }.prepared()
    }

    fn postgres(server: String) -> Outcome<Self> {
        let unique = std::time::UNIX_EPOCH.elapsed()?.as_nanos();
        let name = format!("bench_{}_{unique}", std::process::id());
        on_server(&server, &format!("CREATE DATABASE {name}"))?;
        let (address, query) = server.split_once('?').unwrap_or((&server, ""));
        let (host, _) = address.rsplit_once('/').ok_or("the server's address names no database")?;
        let url = format!("{host}/{name}?{query}");
        Self { name: "postgres", url, folder: tempfile::tempdir()?, server: Some((server, name)) }.prepared()
    }

    fn prepared(self) -> Outcome<Self> {
        migrations::apply(&mut self.url.parse::<BackEnd>()?.connect(None)?)?;
        methodologies::ensure_default(&self.open()?)?;
        Ok(self)
    }

    /// A pool as the server has it.
    ///
    /// # Errors
    /// Those of [`open`].
    pub fn open(&self) -> Outcome<Database> {
        open(&self.url)
    }

    /// The name of the database on the PostgreSQL server.
    pub fn on_server(&self) -> Option<&str> {
        self.server.as_ref().map(|(_, name)| name.as_str())
    }

    /// A folder for whatever belongs to it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `sql` and brings the planner's statistics of `tables` up to date.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn fill(&self, sql: &str, tables: &[&str]) -> Outcome {
        let database = self.open()?;
        database.keep_books(|db| Ok(db.batch_execute(sql)?))?;
        for table in tables {
            database.session(|session| dialect::analyze(session.db, table))?;
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server
            && let Err(error) = on_server(server, &format!("DROP DATABASE {name} WITH (FORCE)"))
        {
            eprintln!("the database {name} stays: {error}");
        }
    }
}

fn on_server(server: &str, sql: &str) -> Outcome {
    Ok(server.parse::<BackEnd>()?.connect(None)?.batch_execute(sql)?)
}

/// A pool as the server has it, on the database at `url`.
///
/// # Errors
/// An address of neither kind.
pub fn open(url: &str) -> Outcome<Database> {
    let wait = Duration::from_secs(10);
    Ok(Database::open(Settings { back_end: url.parse()?, connections: 16, wait, quota_mib: None }))
}
