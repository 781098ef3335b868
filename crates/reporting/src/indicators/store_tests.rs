//! The indicators from a temporary database.

use super::store::{self, Question};
use super::*;
use diesel::connection::SimpleConnection;
use opora_db::{BackEnd, Database, Error, Settings, migrations};
use opora_models::store::Viewer;
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
    // No teacher is known: of the second there is nothing to measure.
    let none = Some(Share::new(0, 0));
    // Before the fourth model begins: school 1 of the list; the city by its school, municipality 3 by its model.
    assert_eq!(shares(&database, on("2020-06-01")), [share(1, 2), none, share(2, 2), None]);
    // The third model is paused, but the head of school 3 has the fourth.
    assert_eq!(shares(&database, on("2020-12-15")), [share(1, 2), none, share(2, 2), None]);
    assert_eq!(shares(&database, on("2021-08-01")), [share(1, 2), none, share(1, 2), None]);
    assert_eq!(shares(&database, on("2023-03-10")), [share(0, 2), none, share(0, 2), None]);
    // No list of that year yet: the first cannot be said.
    assert_eq!(shares(&database, on("2019-12-31")), [None, None, share(0, 2), None]);
    let with_52 = Question { denominator: Some(52), ..on("2020-12-15") };
    assert_eq!(shares(&database, with_52)[2], share(2, 52));
}

#[test]
fn the_newest_version_of_the_later_list_decides() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(&folder);
    database.keep_books(|db| Ok(db.batch_execute(LATER)?)).unwrap();
    // Participants of 2020-2021: schools 1 and 3. The second version of 2022 names 1: 1 of 2 is off. I1 keeps its list.
    let answer = database.read(|db| store::compute(db, on("2026-01-01"))).unwrap();
    assert_eq!((answer.list.unwrap().id, answer.later.unwrap().id), (ListId(1), ListId(3)));
    let fourth = &answer.indicators[3];
    assert_eq!((fourth.share(), fourth.verdict), (Some(Share::new(1, 2)), TargetVerdict::Met));
}

#[test]
fn a_list_of_another_year_does_not_stand_for_that_of_2022() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(&folder);
    let other = "INSERT INTO lists (id, list_year, revision, schools, created_at) VALUES
            (2, 2023, 1, 1, '2023-01-01 00:00:00'), (3, 2021, 1, 1, '2021-01-01 00:00:00');
        INSERT INTO list_entries (list_id, school_id) VALUES (2, 3), (3, 1);";
    database.keep_books(|db| Ok(db.batch_execute(other)?)).unwrap();
    for list in [None, Some(ListId(2))] {
        let answer = database.read(|db| store::compute(db, Question { list, ..on("2026-01-01") })).unwrap();
        assert_eq!((answer.later, answer.indicators[3].share()), (None, None));
        assert_eq!(answer.indicators[3].reason, Some(NotMeasurable::BeforeTheLaterList));
    }
}

/// Teachers of the listed schools 1 and 2 and of 3, which took over 2 on 2021-08-31.
const PEOPLE: &str = "
    UPDATE schools SET status = 'reorganised', successor_id = 3, closed_on = '2021-08-31' WHERE id = 2;
    INSERT INTO staff (id, external_id, school_id, role, full_name, updated_at) VALUES
        (11, 'x11', 1, 'teacher', 'Работник 11', '2020-01-01 00:00:00'),
        (12, 'x12', 1, 'deputy', 'Работник 12', '2020-01-01 00:00:00'),
        (21, 'x21', 2, 'psychologist', 'Работник 21', '2020-01-01 00:00:00'),
        (31, 'x31', 3, 'teacher', 'Работник 31', '2020-01-01 00:00:00');
    INSERT INTO support_records (staff_id, form, programme, starts_on, ends_on, completed, updated_at) VALUES
        (11, 'course', 'Курс', '2020-09-01', '2020-11-01', TRUE, '2020-01-01 00:00:00'),
        (11, 'mentoring', 'Опыт', '2020-09-01', '2021-02-01', TRUE, '2020-01-01 00:00:00'),
        (12, 'course', 'Курс', '2020-09-01', '2020-11-01', TRUE, '2020-01-01 00:00:00'),
        (21, 'course', 'Курс', '2020-09-01', '2020-11-01', FALSE, '2020-01-01 00:00:00'),
        (31, 'course', 'Курс', '2020-09-01', '2020-11-01', TRUE, '2020-01-01 00:00:00');";

#[test]
fn a_series_is_what_each_of_its_days_says() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(&folder);
    database.keep_books(|db| Ok(db.batch_execute(PEOPLE)?)).unwrap();
    let days =
        ["2019-12-31", "2020-10-31", "2020-11-01", "2021-08-31", "2021-09-01"].map(|d| d.parse().unwrap());
    for (at, code) in IndicatorCode::ALL.iter().enumerate() {
        let points = database.read(|db| series::series(db, *code, &days, None, None)).unwrap();
        let once: Vec<_> =
            days.map(|on| shares(&database, Question { on, ..self::on("2020-01-01") })[at]).into();
        assert_eq!(points.iter().map(|p| p.actual.share()).collect::<Vec<_>>(), once, "{code}");
    }
    // Of 11 and 21 one is supported; after the merger 31 counts with them. Deputy 12 is no pedagogical worker.
    let second = database.read(|db| series::series(db, IndicatorCode::I2, &days, None, None)).unwrap();
    let shares: Vec<_> = second.iter().map(|p| p.actual.share()).collect();
    let share = |n, d| Some(Share::new(n, d));
    assert_eq!(shares, [None, share(0, 2), share(1, 2), share(1, 2), share(2, 3)]);
}

#[test]
fn people_are_named_or_counted() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(&folder);
    database.keep_books(|db| Ok(db.batch_execute(PEOPLE)?)).unwrap();
    let rows = |viewer| {
        let (limit, question) = (Limit::new(None).unwrap(), on("2021-09-01"));
        database
            .read_consistent(|db| {
                let actual = store::compute(db, question)?.indicators.remove(1);
                store::rows(db, viewer, actual, limit, None, question)
            })
            .unwrap()
            .items
    };
    let named = rows(Viewer { area: Area::Region, people: true });
    let names: Vec<_> = named.iter().map(|row| (row.name.as_str(), row.counts, row.forms.len())).collect();
    assert_eq!(names, [("Работник 11", true, 2), ("Работник 21", false, 0), ("Работник 31", true, 1)]);
    let counted = rows(Viewer { area: Area::Region, people: false });
    let numbers: Vec<_> = counted.iter().map(|row| (row.name.as_str(), row.supported, row.people)).collect();
    assert_eq!(
        numbers,
        [("Школа 1", Some(1), Some(1)), ("Школа 2", Some(0), Some(1)), ("Школа 3", Some(1), Some(1))]
    );
    assert!(counted.iter().all(|row| row.staff_id.is_none() && row.forms.is_empty()));
    let own = rows(Viewer { area: Area::Municipality(MunicipalityId(2)), people: true });
    assert_eq!(own.len(), 1);
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
    let code = ProblemCode::InvalidParameter;
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
                store::rows(db, Viewer { area, people: false }, actual, limit, cursor.as_deref(), question)
            })
            .unwrap()
    };
    let first = rows(Area::Region, 0, None);
    assert_eq!(first.items[0].school_code.as_ref().unwrap().as_str(), "520101");
    let second = rows(Area::Region, 0, first.next);
    assert_eq!((second.items[0].why, second.next), (RowGround::NoModel, None));
    let city = rows(Area::Municipality(MunicipalityId(1)), 0, None);
    assert_eq!((city.items.len(), city.items[0].counts, city.next), (1, true, None));
    let systems = rows(Area::Municipality(MunicipalityId(3)), 2, None);
    assert_eq!((systems.items.len(), systems.items[0].name.as_str()), (1, "Округ"));
}
