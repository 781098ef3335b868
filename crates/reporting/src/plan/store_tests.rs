//! Plans in a temporary database.

use super::{
    PlanDocument,
    activities::{self, Filter, When},
    fixtures::order,
    status::ActivityStatus,
    store::{self, Plan, PlanRef},
};
use diesel::connection::SimpleConnection;
use opora_db::{BackEnd, Database, Error, Origin, Settings, migrations};
use opora_primitives::{Limit, ProblemCode};
use std::time::Duration;

fn database(folder: &tempfile::TempDir) -> Database {
    let back_end = BackEnd::Sqlite(folder.path().join("test.db"));
    migrations::apply(&mut back_end.connect(None).unwrap()).unwrap();
    Database::open(Settings { back_end, connections: 1, wait: Duration::from_secs(5), quota_mib: None })
}

fn create(database: &Database, document: &PlanDocument) -> opora_db::Result<Plan> {
    let origin = Origin::system("test");
    database.write(&origin, |tx| {
        let id = store::create(tx, &origin, document)?;
        store::find(tx, &PlanRef::Id(id))
    })
}

#[test]
fn a_version_is_read_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(&folder);
    let plan = create(&database, &order()).unwrap();
    assert_eq!((plan.current_version, plan.signed_on.to_string()), (1, "2020-05-29".into()));
    let mut amended = order();
    amended.title_ru = "Новый".into();
    amended.act.date = "2021-02-01".parse().unwrap();
    let origin = Origin::system("test");
    let number =
        database.write(&origin, |tx| store::amend(tx, &origin, &plan, "Решение № 2", &amended)).unwrap();
    let found = database.read(|db| store::find(db, &"2020-2021".parse()?)).unwrap();
    // What is back-dated still follows from the first act.
    assert_eq!((number, found.current_version, found.title_ru.as_str()), (2, 2, "Новый"));
    assert_eq!(found.signed_on.to_string(), "2020-05-29");
    let (first, document) = database.read(|db| store::version(db, &found, Some(1))).unwrap();
    assert_eq!((first.reason, document), (None, order()));
    let (second, document) = database.read(|db| store::version(db, &found, None)).unwrap();
    assert_eq!((second.reason.as_deref(), document), (Some("Решение № 2"), amended));
    assert_ne!(first.sha256, second.sha256);
}

#[test]
fn a_code_names_one_plan() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(&folder);
    create(&database, &order()).unwrap();
    match create(&database, &order()).unwrap_err() {
        Error::Problem(problem) => assert_eq!(problem.code, ProblemCode::AlreadyExists),
        other => panic!("{other}"),
    }
    for text in ["0", "99999999999999999999", "2", "2022-2023"] {
        let found =
            text.parse().map_err(Error::from).and_then(|plan| database.read(|db| store::find(db, &plan)));
        assert!(found.is_err(), "{text}");
    }
}

/// Confirmed facts of 1.1 and 2.5 (one of the two with evidence), an entered and a declined one of 1.2.
const FACTS: &str = "
    INSERT INTO activity_facts (id, plan_id, activity, window_from, metric, kind, value, happened_on, origin, state, entered_at) VALUES
        (1, 1, '1.1', '2020-06-01', 'target_group_lists', 'value', 1, '2020-06-12', 'entered', 'confirmed', '2020-07-01 00:00:00'),
        (2, 1, '2.5', '2020-01-01', 'school_roadmaps_drafted', 'value', 6, '2020-02-20', 'entered', 'confirmed', '2020-07-01 00:00:00'),
        (3, 1, '2.5', '2020-01-01', 'coverage_percent', 'value', 100, '2020-02-20', 'entered', 'confirmed', '2020-07-01 00:00:00'),
        (4, 1, '1.2', '2020-08-01', 'methodologies', 'value', 1, '2020-09-01', 'entered', 'entered', '2020-09-01 00:00:00'),
        (5, 1, '1.2', '2020-08-01', 'methodologies', 'value', 1, '2020-09-02', 'entered', 'declined', '2020-09-01 00:00:00');
    INSERT INTO evidence (id, fact_id, kind, url, added_at) VALUES
        (1, 2, 'link', 'https://example.org/1', '2020-07-01 00:00:00'), (2, 2, 'link', 'https://example.org/2', '2020-07-01 00:00:00'),
        (3, 4, 'link', 'https://example.org/3', '2020-07-01 00:00:00');";

#[test]
fn only_confirmed_facts_count() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(&folder);
    let plan = create(&database, &order()).unwrap();
    database.keep_books(|db| Ok(db.batch_execute(FACTS)?)).unwrap();
    let when = When { on: "2020-10-01".parse().unwrap(), version: None };
    let facts = database.read(|db| crate::facts::store::confirmed(db, plan.id)).unwrap();
    assert_eq!(
        facts.iter().map(|f| (f.id.0, f.evidenced)).collect::<Vec<_>>(),
        [(1, false), (2, true), (3, false)]
    );
    let find = |number: &str| {
        let plan = PlanRef::Id(plan.id);
        database.read(|db| activities::find(db, &plan, number, when)).unwrap().standing
    };
    assert_eq!((find("1.1").status, find("1.2").status), (ActivityStatus::Done, ActivityStatus::Overdue));
    // The second number of 2.5 has no evidence yet.
    assert_eq!((find("2.5").status, find("2.5").met), (ActivityStatus::BackDated, false));
}

#[test]
fn activities_come_in_pages_of_what_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(&folder);
    let plan = PlanRef::Id(create(&database, &order()).unwrap().id);
    let when = When { on: "2020-07-15".parse().unwrap(), version: None };
    let filter = Filter { section: Some(3), executor: Some("MOUO8".into()), ..Filter::default() };
    let page = |cursor: Option<&str>, filter: &Filter| {
        let limit = Limit::new(Some(1)).unwrap();
        database.read(|db| activities::list(db, &plan, when, filter, limit, cursor))
    };
    let first = page(None, &filter).unwrap();
    let second = page(first.next.as_deref(), &filter).unwrap();
    let numbers = [&first, &second].map(|page| page.items[0].activity.number.clone());
    assert_eq!((numbers, second.next), (["3.2".to_owned(), "3.3".to_owned()], None));
    assert!(page(first.next.as_deref(), &Filter::default()).is_err(), "a cursor of another list");
}
