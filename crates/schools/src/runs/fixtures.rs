//! Databases for tests: a small region by hand, and a country by arithmetic.

use crate::{
    methodologies,
    registry::lists,
    runs::{self, NewRun, Run},
    types::RunId,
};
use diesel::connection::SimpleConnection;
use opora_db::{
    BackEnd, Database, Origin, Result, Settings, Tx,
    jobs::{self, Holder},
    migrations,
};
use opora_primitives::{Moment, ProblemCode};
use std::time::Duration;

/// A migrated database with the built-in methodology; an SQLite file goes when it is dropped.
pub(super) struct Store {
    pub(super) database: Database,
    _folder: Option<tempfile::TempDir>,
}

pub(super) const AT: &str = "2020-12-01 09:00:00.000000";

/// Municipality 1 holds schools 1 to 4, municipality 2 the others. The procedures are check works of grade 5 in
/// Russian and mathematics in two years, a sample study, and one of a later year.
///
/// | school | 2018/2019 | 2019/2020       | what it is there for                                    |
/// |--------|-----------|-----------------|---------------------------------------------------------|
/// | 520101 | 8/20 8/20 | 8/20 8/20       | low by share and by trend, listed                       |
/// | 520102 | 0/20 0/20 | 0/20 0/20       | listed, not low                                         |
/// | 520103 |           |                 | nothing is known                                        |
/// | 520104 | 2/20 2/20 | 2/20 2/20       | closed, day unknown: in the group, without a verdict    |
/// | 520105 | 1/20 1/20 | 1/20 1/20       | closed and listed: has a verdict                        |
/// | 520106 | 0/20 0/20 | 6/20 0/20       | 30 % once: risk                                         |
/// | 520107 | 1/20 1/20 | 1/20 1/20       | high by an act                                          |
/// | 520108 |           | 3/4             | too small                                               |
///
/// Row ids begin at `base`, so that a test can give every database other ids.
pub(super) fn region(base: i64) -> String {
    let school = |n: i64| base + n;
    let mut sql = format!(
        "INSERT INTO municipalities (id, oktmo, name, name_folded, kind, updated_at) VALUES
            ({base}, '22601000', 'Первый', 'первый', 'district', '{AT}'),
            ({base} + 1, '22602000', 'Второй', 'второй', 'district', '{AT}');
         INSERT INTO procedures (id, academic_year, assessment, grade, subject) VALUES
            ({base} + 1, 2018, 'VPR', 5, '01'), ({base} + 2, 2018, 'VPR', 5, '02'), ({base} + 3, 2019, 'VPR', 5, '01'),
            ({base} + 4, 2019, 'VPR', 5, '02'), ({base} + 5, 2019, 'NIKO', 5, '01'), ({base} + 6, 2020, 'VPR', 5, '01');
         INSERT INTO lists (id, list_year, revision, schools, created_at) VALUES ({base}, 2020, 1, 3, '{AT}');"
    );
    // Counted down, so that the order of codes is not the order of insertion.
    for n in (1..=8).rev() {
        let status = if n == 4 || n == 5 { "closed" } else { "open" };
        let home = if n <= 4 { base } else { base + 1 };
        sql += &format!(
            "INSERT INTO schools (id, code, name, name_folded, municipality_id, kind, locality, founder, status, updated_at)
             VALUES ({}, '52010{n}', 'Школа {n}', 'школа {n}', {home}, 'basic', 'urban', 'municipal', '{status}', '{AT}');",
            school(n)
        );
    }
    let mut result = |n: i64, procedure: i64, below: i64, of: i64, attempt: &str| {
        sql += &format!(
            "INSERT INTO results (school_id, procedure_id, attempt, participants, below_minimum, mean_score)
             VALUES ({}, {base} + {procedure}, '{attempt}', {of}, {below}, {});",
            school(n),
            400 - 10 * below
        );
    };
    for (n, below) in
        [(1, [8, 8, 8, 8]), (2, [0; 4]), (4, [2; 4]), (5, [1; 4]), (6, [0, 0, 6, 0]), (7, [1; 4])]
    {
        (1..).zip(below).for_each(|(procedure, below)| result(n, procedure, below, 20, "main"));
    }
    result(8, 3, 3, 4, "main");
    // None of these may touch a verdict: a sample study, a later year, another attempt.
    result(2, 5, 20, 20, "main");
    result(2, 6, 20, 20, "main");
    result(2, 4, 20, 20, "resit");
    for n in [1, 2, 5] {
        sql += &format!("INSERT INTO list_entries (list_id, school_id) VALUES ({base}, {});", school(n));
    }
    sql += &format!(
        "INSERT INTO designations (id, kind, school_id, valid_from, updated_at)
            VALUES ({base}, 'high_result', {}, '2020-01-01', '{AT}'), ({base} + 1, 'high_result', {}, '2020-09-01', '{AT}');",
        school(7),
        school(6)
    );
    for (n, percent) in [(1, 40), (2, 10), (6, 20), (7, 30)] {
        sql += &format!(
            "INSERT INTO contexts (school_id, academic_year, pupils, both_parents_higher, one_parent, low_income,
                parent_out_of_work, on_register, special_needs, non_native_language, wards, poor_housing, updated_at)
             VALUES ({}, 2019, 100, 100 - {percent}, {percent}, {percent}, {percent}, {percent}, {percent}, {percent},
                {percent}, {percent}, '{AT}');",
            school(n)
        );
    }
    sql
}

/// Half of the pupils of these schools of [`region`] in need, more than anywhere else in it.
pub(super) fn in_need(base: i64, schools: &[i64]) -> String {
    let change = |n: &i64| {
        format!(
            "UPDATE contexts SET both_parents_higher = 50, one_parent = 50, low_income = 50, parent_out_of_work = 50,
                on_register = 50, special_needs = 50, non_native_language = 50, wards = 50, poor_housing = 50
             WHERE school_id = {};",
            base + n
        )
    };
    schools.iter().map(change).collect()
}

pub(super) fn origin() -> Origin {
    Origin::system("test")
}

impl Store {
    /// An empty SQLite database.
    pub(super) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let back_end = BackEnd::Sqlite(folder.path().join("test.db"));
        Self::open(back_end, Some(folder))
    }

    /// An empty PostgreSQL database on the server of `OPORA_TEST_POSTGRES_URL`, if there is one.
    pub(super) fn postgres() -> Option<Self> {
        let server = std::env::var("OPORA_TEST_POSTGRES_URL").ok()?;
        let unique = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
        let name = format!("runs_{}_{unique}", std::process::id());
        let mut db = server.parse::<BackEnd>().unwrap().connect(None).unwrap();
        db.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let (address, query) = server.split_once('?').unwrap_or((&server, ""));
        let (host, _) = address.rsplit_once('/').unwrap();
        Some(Self::open(format!("{host}/{name}?{query}").parse().unwrap(), None))
    }

    fn open(back_end: BackEnd, folder: Option<tempfile::TempDir>) -> Self {
        migrations::apply(&mut back_end.connect(None).unwrap()).unwrap();
        let wait = Duration::from_secs(10);
        let database = Database::open(Settings { back_end, connections: 4, wait, quota_mib: None });
        methodologies::ensure_default(&database).unwrap();
        Self { database, _folder: folder }
    }

    /// With the rows of `sql`.
    pub(super) fn with(self, sql: &str) -> Self {
        self.database.keep_books(|db| Ok(db.batch_execute(sql)?)).unwrap();
        self
    }

    pub(super) fn create(&self, new: NewRun) -> Result<Run> {
        self.database.write(&origin(), |tx| runs::create(tx, &origin(), &new))
    }

    /// Makes a run of the newest of everything and carries it out.
    pub(super) fn judged(&self) -> Run {
        let year = "2019/2020".parse().unwrap();
        let run = self.create(NewRun { academic_year: Some(year), ..NewRun::default() }).unwrap();
        self.carry_out(run.id, |_, _| true).unwrap();
        self.database.read(|db| runs::find(db, run.id)).unwrap()
    }

    /// Carries a run out as a worker does.
    pub(super) fn carry_out(&self, run: RunId, progress: impl Fn(i64, Option<i64>) -> bool) -> Result<()> {
        let holder = Holder::new(30);
        let job = self.database.keep_books(|db| jobs::claim(db, None, &holder, Moment::now()))?;
        let job = job.filter(|job| job.subject_id == run.0).ok_or(ProblemCode::NotFound)?;
        let finish = |tx: &mut Tx| {
            let at = tx.at;
            jobs::succeed(tx, job.id, &holder, at)
        };
        runs::run(&self.database, &origin(), run, progress, finish)
    }

    pub(super) fn newest_list(&self) -> lists::List {
        self.database.read(|db| lists::newest(db, None)).unwrap()
    }
}
