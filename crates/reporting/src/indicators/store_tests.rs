//! The indicators from a temporary database.

use super::store::{self, Question};
use super::*;
use diesel::connection::SimpleConnection;
use opora_db::{BackEnd, Database, Error, Settings, migrations};
use opora_primitives::{Area, Limit, MunicipalityId, ProblemCode, Share};
use opora_schools::types::ListId;
use std::time::Duration;

/// City 1 with its district 2, district 3 of the region. School 1 in the city's district, 2 and 3 in 3. The list of 2020
/// names 1 and 2. School 1 has the second model from 2020-03-10 to 2023-03-09; municipality 3 the third, paused since
/// 2020-12-01; the head of school 3 the fourth, from 2020-08-01 to 2021-07-31.
const REGION: &str = "
    INSERT INTO municipalities (id, oktmo, name, name_folded, kind, parent_id, updated_at) VALUES
        (1, '22701000', 'Город', 'город', 'city_okrug', NULL, '2020-01-01 00:00:00'),
        (2, '22701300', 'Район', 'район', 'city_district', 1, '2020-01-01 00:00:00'),
        (3, '22601000', 'Округ', 'округ', 'district', NULL, '2020-01-01 00:00:00');
    INSERT INTO schools (id, code, name, name_folded, municipality_id, kind, locality, founder, status, updated_at) VALUES
        (1, '520101', 'Школа 1', 'школа 1', 2, 'basic', 'urban', 'municipal', 'open', '2020-01-01 00:00:00'),
        (2, '520102', 'Школа 2', 'школа 2', 3, 'basic', 'urban', 'municipal', 'open', '2020-01-01 00:00:00'),
        (3, '520103', 'Школа 3', 'школа 3', 3, 'basic', 'urban', 'municipal', 'open', '2020-01-01 00:00:00');
    INSERT INTO staff (id, external_id, school_id, role, full_name, updated_at) VALUES
        (1, 'x1', 3, 'head', 'Работник 1', '2020-01-01 00:00:00');
    INSERT INTO lists (id, list_year, revision, schools, created_at) VALUES (1, 2020, 1, 2, '2020-01-01 00:00:00');
    INSERT INTO list_entries (list_id, school_id) VALUES (1, 1), (1, 2);
    INSERT INTO assignments (id, model, subject_kind, school_id, municipality_id, staff_id, valid_from, valid_to, created_at) VALUES
        (1, 'M2', 'school', 1, NULL, NULL, '2020-03-10', '2023-03-09', '2020-03-10 00:00:00'),
        (2, 'M3', 'municipality', NULL, 3, NULL, '2020-01-01', '2020-12-31', '2020-03-10 00:00:00'),
        (3, 'M4', 'leader', 3, NULL, 1, '2020-08-01', '2021-07-31', '2020-03-10 00:00:00');
    INSERT INTO assignment_events (id, assignment_id, kind, on_date, recorded_at) VALUES
        (1, 1, 'started', '2020-03-10', '2020-03-10 00:00:00'), (2, 2, 'started', '2020-01-01', '2020-03-10 00:00:00'),
        (3, 3, 'started', '2020-08-01', '2020-03-10 00:00:00'), (4, 2, 'paused', '2020-12-01', '2020-12-01 00:00:00');";

const LATER: &str = "
    INSERT INTO lists (id, list_year, revision, schools, created_at) VALUES
        (2, 2022, 1, 1, '2022-01-01 00:00:00'), (3, 2022, 2, 1, '2022-02-01 00:00:00'), (4, 2023, 1, 0, '2023-01-01 00:00:00');
    INSERT INTO list_entries (list_id, school_id) VALUES (2, 3), (3, 1);";

fn database(folder: &tempfile::TempDir) -> Database {
    let back_end = BackEnd::Sqlite(folder.path().join("test.db"));
    let mut db = back_end.connect(None).unwrap();
    migrations::apply(&mut db).unwrap();
    db.batch_execute(REGION).unwrap();
    Database::open(Settings { back_end, connections: 1, wait: Duration::from_secs(5), quota_mib: None })
}

fn on(day: &str) -> Question {
    Question { on: day.parse().unwrap(), list: None, denominator: None }
}

fn shares(database: &Database, question: Question) -> Vec<Option<Share>> {
    let answer = database.read(|db| store::compute(db, question)).unwrap();
    answer.indicators.iter().map(Actual::share).collect()
}

#[test]
fn numbers_follow_the_day() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(&folder);
    let share = |n, d| Some(Share::new(n, d));
    // Before the fourth model begins: school 1 of the list; the city by its school, municipality 3 by its model.
    assert_eq!(shares(&database, on("2020-06-01")), [share(1, 2), share(2, 2), None]);
    // The third model is paused, but the head of school 3 has the fourth.
    assert_eq!(shares(&database, on("2020-12-15")), [share(1, 2), share(2, 2), None]);
    assert_eq!(shares(&database, on("2021-08-01")), [share(1, 2), share(1, 2), None]);
    assert_eq!(shares(&database, on("2023-03-10")), [share(0, 2), share(0, 2), None]);
    // No list of that year yet: the first cannot be said.
    assert_eq!(shares(&database, on("2019-12-31")), [None, share(0, 2), None]);
    let with_52 = Question { denominator: Some(52), ..on("2020-12-15") };
    assert_eq!(shares(&database, with_52)[1], share(2, 52));
}

#[test]
fn the_newest_version_of_the_later_list_decides() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(&folder);
    database.keep_books(|db| Ok(db.batch_execute(LATER)?)).unwrap();
    // Participants of 2020-2021: schools 1 and 3. The second version of 2022 names 1: 1 of 2 is off. I1 keeps its list.
    let answer = database.read(|db| store::compute(db, on("2026-01-01"))).unwrap();
    assert_eq!((answer.list.unwrap().id, answer.later.unwrap().id), (ListId(1), ListId(3)));
    let fourth = &answer.indicators[2];
    assert_eq!((fourth.share(), fourth.verdict), (Some(Share::new(1, 2)), TargetVerdict::Met));
}

#[test]
fn a_wrong_list_or_denominator_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(&folder);
    let refused = |question| match database.read(|db| store::compute(db, question)).unwrap_err() {
        Error::Problem(problem) => {
            (problem.code, problem.flaws.into_iter().map(|f| f.pointer).collect::<Vec<_>>())
        }
        other => panic!("{other}"),
    };
    assert_eq!(
        refused(Question { list: Some(ListId(9)), ..on("2020-12-15") }),
        (ProblemCode::NotFound, vec![])
    );
    let code = ProblemCode::UnknownParameter;
    assert_eq!(
        refused(Question { denominator: Some(1), ..on("2020-12-15") }),
        (code, vec!["denominator".to_owned()])
    );
}

#[test]
fn rows_stay_inside_the_area_and_page() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(&folder);
    let rows = |area, at: usize, cursor: Option<String>| {
        let limit = Limit::new(Some(1)).unwrap();
        let question = on("2020-06-01");
        database
            .read_consistent(|db| {
                let actual = store::compute(db, question)?.indicators.remove(at);
                store::rows(db, area, actual, limit, cursor.as_deref(), question)
            })
            .unwrap()
    };
    let first = rows(Area::Region, 0, None);
    assert_eq!(first.items[0].school_code.as_ref().unwrap().as_str(), "520101");
    let second = rows(Area::Region, 0, first.next);
    assert_eq!((second.items[0].why, second.next), (RowGround::NoModel, None));
    let city = rows(Area::Municipality(MunicipalityId(1)), 0, None);
    assert_eq!((city.items.len(), city.items[0].counts, city.next), (1, true, None));
    let systems = rows(Area::Municipality(MunicipalityId(3)), 1, None);
    assert_eq!((systems.items.len(), systems.items[0].name.as_str()), (1, "Округ"));
}
