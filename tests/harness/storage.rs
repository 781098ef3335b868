//! Databases for tests: empty ones, and copies of a template that is migrated and seeded once for a run of the tests.

use super::seed;
use diesel::{RunQueryDsl, connection::SimpleConnection, sql_types::Text};
use opora_db::{BackEnd, Database, Db, Settings, migrations};
use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;

/// A database that disappears with its owner.
pub struct Storage {
    /// Its address, as the configuration takes it.
    pub url: String,
    /// Keeps the SQLite file, the key file and whatever else the server writes.
    pub dir: TempDir,
    on_server: Option<String>,
}

/// Databases older than this are left over from a run that was killed.
const LEFT_OVER: &str = "1 hour";

/// PostgreSQL copies a template one at a time.
static COPYING: Mutex<()> = Mutex::new(());

impl Storage {
    /// An SQLite file without tables.
    pub fn empty_sqlite() -> Self {
        let dir = TempDir::new().unwrap();
        Self { url: format!("sqlite:{}", dir.path().join("opora.db").display()), dir, on_server: None }
    }

    /// A PostgreSQL database without tables.
    pub fn empty_postgres() -> Self {
        Self::on_postgres("template0")
    }

    /// An SQLite file with tables and seed.
    pub fn sqlite() -> Self {
        let storage = Self::empty_sqlite();
        std::fs::copy(sqlite_template(), storage.dir.path().join("opora.db")).unwrap();
        storage
    }

    /// A PostgreSQL database with tables and seed.
    pub fn postgres() -> Self {
        Self::on_postgres(postgres_template())
    }

    /// The empty database at `url`, which gets tables and seed and is not dropped.
    pub fn filled_at(url: String) -> Self {
        let storage = Self { url, dir: TempDir::new().unwrap(), on_server: None };
        fill(&storage);
        storage
    }

    fn on_postgres(template: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("opora_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let _turn = COPYING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut admin = admin();
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).unwrap();
        create(&mut admin, &name, template);
        Self { url: with_database(&name), dir: TempDir::new().unwrap(), on_server: Some(name) }
    }

    /// How many temporary files lie in the data directory.
    pub fn temporary_files(&self) -> usize {
        let files = std::fs::read_dir(self.dir.path()).unwrap().flatten();
        files.filter(|file| file.file_name().to_string_lossy().starts_with("opora-temporary-")).count()
    }

    /// One connection, outside any pool.
    pub fn connect(&self) -> Db {
        self.url.parse::<BackEnd>().unwrap().connect(None).unwrap()
    }

    /// A pool of `connections`.
    pub fn open(&self, connections: u32) -> Database {
        let wait = Duration::from_secs(30);
        Database::open(Settings { back_end: self.url.parse().unwrap(), connections, wait, quota_mib: None })
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        if let Some(name) = &self.on_server {
            let dropped = admin().batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            if let Err(error) = dropped {
                eprintln!("{name} stays behind: {error}");
            }
        }
    }
}

/// Names the run. nextest gives every test a process of its own; the templates are shared through this name.
fn run_key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| {
        let run = std::env::var("NEXTEST_RUN_ID").unwrap_or_else(|_| format!("p{}", std::process::id()));
        run.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    })
}

fn sqlite_template() -> &'static Path {
    static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let path = folder.join(format!("template-{}.db", run_key()));
        if !path.exists() {
            remove_left_over(folder);
            let draft = Storage::empty_sqlite();
            fill(&draft);
            // Two processes may both get here; either file will do.
            let beside = folder.join(format!("draft-{}.db", std::process::id()));
            std::fs::copy(draft.dir.path().join("opora.db"), &beside).unwrap();
            std::fs::rename(&beside, &path).unwrap();
        }
        path
    })
}

fn remove_left_over(folder: &Path) {
    for file in std::fs::read_dir(folder).unwrap().flatten() {
        let age = file.metadata().ok().and_then(|m| m.modified().ok()?.elapsed().ok()).unwrap_or_default();
        if age > Duration::from_secs(3600) && file.file_name().to_string_lossy().ends_with(".db") {
            // Another process may have been faster.
            let _ = std::fs::remove_file(file.path());
        }
    }
}

fn postgres_template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = format!("opora_template_{}", run_key());
        let mut admin = admin();
        admin.batch_execute("SELECT pg_advisory_lock(7005099)").unwrap();
        if !databases(&mut admin, &format!("datname = '{name}'")).is_empty() {
            return name;
        }
        let old = format!(
            "datname LIKE 'opora\\_te%' AND
             (pg_stat_file('base/' || oid || '/PG_VERSION', true)).modification < now() - interval '{LEFT_OVER}'"
        );
        for left_over in databases(&mut admin, &old) {
            admin.batch_execute(&format!("DROP DATABASE IF EXISTS {left_over} WITH (FORCE)")).unwrap();
        }
        let draft = Storage::on_postgres("template0");
        fill(&draft);
        let from = draft.on_server.as_deref().unwrap();
        admin.batch_execute(&format!("ALTER DATABASE {from} RENAME TO {name}")).unwrap();
        name
    })
}

/// Migrations and seed. The pool is closed at the end: SQLite then holds everything in its one file.
fn fill(draft: &Storage) {
    migrations::apply(&mut draft.connect()).unwrap();
    let database = draft.open(1);
    seed::plant(&database);
}

fn create(admin: &mut Db, name: &str, template: &str) {
    // A connection that has just been closed may still be counted as a user of the template for a moment.
    for attempt in 0.. {
        match admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")) {
            Ok(()) => return,
            Err(error) if attempt < 50 && error.to_string().contains("being accessed") => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => panic!("{name} cannot be made: {error}"),
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    datname: String,
}

fn databases(admin: &mut Db, condition: &str) -> Vec<String> {
    let query = format!("SELECT datname::text AS datname FROM pg_database WHERE {condition}");
    let rows: Vec<Name> = opora_db::on_each!(admin, c => diesel::sql_query(query).load(c)).unwrap();
    rows.into_iter().map(|row| row.datname).collect()
}

/// A connection to the server itself.
pub fn admin() -> Db {
    BackEnd::Postgres(server_url()).connect(None).unwrap_or_else(|e| panic!("OPORA_TEST_POSTGRES_URL: {e}"))
}

fn server_url() -> String {
    std::env::var("OPORA_TEST_POSTGRES_URL")
        .unwrap_or_else(|_| panic!("no PostgreSQL: run scripts/with-postgres.sh cargo test -p opora-tests"))
}

fn with_database(name: &str) -> String {
    let url = server_url();
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}
