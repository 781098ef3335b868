//! A database for tests: a small region by hand, judged already.

use super::{Viewer, decisions::Decision, proposals, runs};
use crate::types::{DecisionKind, ModelCode, ProposalId, SubjectKind};
use chrono::NaiveDate;
use diesel::connection::SimpleConnection;
use opora_db::{BackEnd, Database, Origin, Settings, migrations};
use opora_primitives::{Area, Limit};
use std::time::Duration;

const AT: &str = "2020-12-01 09:00:00.000000";

/// As the run keeps it.
const SHARE_REACHED: &str = r#"{"step":"share_reached","measured":{"assessment":"VPR","grade":5,"subject":"01","year":"2019/2020","below":{"numerator":8,"denominator":20}},"threshold_percent":30}"#;

pub(super) const EVERYTHING: Viewer = Viewer { area: Area::Region, people: true };

/// Municipality 1 holds schools 1 to 3, municipality 2 school 4; school 5 is closed.
///
/// The verdict about school 2 rests on one share: 8 of 20 below the minimum in Russian.
///
/// | school | listed | verdict  | designated       | people                          |
/// |--------|--------|----------|------------------|---------------------------------|
/// | 1      | yes    | low      | M1, M2 wave 1    | head 11                         |
/// | 2      | yes    | low      |                  | head 21, teacher 22 of Russian  |
/// | 3      |        | high     |                  | head 31                         |
/// | 4      | yes    | ordinary |                  | teacher 42 of history           |
/// | 5      | yes    | low      |                  |                                 |
fn region() -> String {
    let mut sql = format!(
        "INSERT INTO municipalities (id, oktmo, name, name_folded, kind, updated_at) VALUES
            (1, '22601000', 'Первый', 'первый', 'district', '{AT}'),
            (2, '22602000', 'Второй', 'второй', 'district', '{AT}');
         INSERT INTO procedures (id, academic_year, assessment, grade, subject) VALUES (1, 2019, 'VPR', 5, '01');
         INSERT INTO lists (id, list_year, revision, schools, created_at) VALUES (1, 2020, 1, 4, '{AT}');
         INSERT INTO methodologies (id, code, edition, title, state, parameters, created_at)
            VALUES (100, 'test', 1, 'Проверка', 'published', '{{}}', '{AT}');
         INSERT INTO identification_runs (id, methodology_id, list_id, academic_year, created_at, finished_at) VALUES
            (1, 100, 1, 2019, '{AT}', '{AT}'), (2, 100, 1, 2019, '{AT}', NULL);"
    );
    for (n, home, listed, outcome) in [
        (1, 1, true, "low"),
        (2, 1, true, "low"),
        (3, 1, false, "high"),
        (4, 2, true, "ordinary"),
        (5, 2, true, "low"),
    ] {
        let trace = if n == 2 { SHARE_REACHED } else { "" };
        let status = if n == 5 { "closed" } else { "open" };
        sql += &format!(
            "INSERT INTO schools (id, code, name, name_folded, municipality_id, kind, locality, founder, status, updated_at)
             VALUES ({n}, '52010{n}', 'Школа {n}', 'школа {n}', {home}, 'basic', 'urban', 'municipal', '{status}', '{AT}');
             INSERT INTO verdicts (run_id, school_id, outcome, listed, findings, bias_flag, resilient, trace)
             VALUES (1, {n}, '{outcome}', {listed}, '[]', FALSE, FALSE, '[{trace}]');"
        );
        if listed {
            sql += &format!("INSERT INTO list_entries (list_id, school_id) VALUES (1, {n});");
        }
    }
    for (id, school, role, subject) in [
        (11, 1, "head", "NULL"),
        (21, 2, "head", "NULL"),
        (22, 2, "teacher", "'01'"),
        (31, 3, "head", "NULL"),
        (42, 4, "teacher", "'07'"),
    ] {
        sql += &format!(
            "INSERT INTO staff (id, external_id, school_id, role, subject, full_name, updated_at)
             VALUES ({id}, 'x{id}', {school}, '{role}', {subject}, 'Работник {id}', '{AT}');"
        );
    }
    sql + &format!(
        "INSERT INTO results (school_id, procedure_id, attempt, participants, below_minimum)
            VALUES (2, 1, 'main', 20, 8), (1, 1, 'main', 20, 5), (4, 1, 'main', 20, 20);
         INSERT INTO designations (id, kind, school_id, valid_from, valid_to, updated_at) VALUES
            (1, 'M1', 1, '2018-01-01', '2020-12-31', '{AT}'), (2, 'M2_wave1', 1, '2020-03-10', '2023-03-09', '{AT}');"
    )
}

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(super) fn origin() -> Origin {
    Origin::system("test")
}

pub(super) fn limit(n: u16) -> Limit {
    Limit::new(Some(n)).unwrap()
}

pub(super) fn confirm() -> Decision {
    Decision { kind: DecisionKind::Confirm, reason: None, valid_from: None, valid_to: None, actor: Some(7) }
}

pub(super) fn decline() -> Decision {
    Decision { kind: DecisionKind::Decline, reason: Some("нет".into()), ..confirm() }
}

/// The region in a database of its own; an SQLite file goes when it is dropped.
pub(super) struct Store {
    pub(super) database: Database,
    _folder: Option<tempfile::TempDir>,
}

impl Store {
    /// On SQLite.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let back_end = BackEnd::Sqlite(folder.path().join("test.db"));
        Self::open(back_end, Some(folder))
    }

    /// On the server of `OPORA_TEST_POSTGRES_URL`, if there is one.
    pub(super) fn postgres() -> Option<Self> {
        let server = std::env::var("OPORA_TEST_POSTGRES_URL").ok()?;
        let unique = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
        let name = format!("models_{}_{unique}", std::process::id());
        let mut db = server.parse::<BackEnd>().unwrap().connect(None).unwrap();
        db.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let (address, query) = server.split_once('?').unwrap_or((&server, ""));
        let (host, _) = address.rsplit_once('/').unwrap();
        Some(Self::open(format!("{host}/{name}?{query}").parse().unwrap(), None))
    }

    fn open(back_end: BackEnd, folder: Option<tempfile::TempDir>) -> Self {
        migrations::apply(&mut back_end.connect(None).unwrap()).unwrap();
        let wait = Duration::from_secs(10);
        let database = Database::open(Settings { back_end, connections: 2, wait, quota_mib: None });
        let store = Self { database, _folder: folder };
        store.execute(&region());
        store
    }

    pub(super) fn execute(&self, sql: &str) {
        self.database.keep_books(|db| Ok(db.batch_execute(sql)?)).unwrap();
    }

    /// Runs the rules on `as_of`.
    pub(super) fn run(&self, as_of: &str) -> runs::ProposalRun {
        let prepared =
            self.database.read_consistent(|db| runs::prepare(db, None, day(as_of), day(as_of))).unwrap();
        self.database.write(&origin(), |tx| runs::store(tx, &prepared, Some(7))).unwrap()
    }

    /// The proposals of a run.
    pub(super) fn of_run(&self, run: &runs::ProposalRun) -> Vec<proposals::ProposalRecord> {
        let filter = proposals::Filter { run: Some(run.id), ..proposals::Filter::default() };
        self.database.read(|db| proposals::list(db, EVERYTHING, &filter, limit(1000), None)).unwrap().items
    }

    /// The proposal of `model` for `kind` in `run`.
    pub(super) fn proposal(
        &self,
        run: &runs::ProposalRun,
        model: ModelCode,
        kind: SubjectKind,
    ) -> ProposalId {
        let fits = |p: &&proposals::ProposalRecord| p.model == model && p.subject_kind == kind;
        self.of_run(run).iter().find(fits).unwrap().id
    }
}
