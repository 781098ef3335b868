//! The demonstration region as `opora demo` loads it: the course of 2020 and 2021, and the first report it makes.

use crate::harness::{Client, Reply, process::run, storage::Storage, world::Node};
use opora_demo::Course;
use serde_json::{Value, json};

/// The password that the command tells.
const PASSWORD: &str = "opora-demonstration";
const REPORTS: &str = "/api/v1/reports/half-year";

/// On an empty SQLite file and on an empty PostgreSQL database.
macro_rules! both_empty {
    ($name:ident, |$storage:ident| $body:block) => {
        fn $name($storage: &Storage) $body

        mod $name {
            #[test]
            fn sqlite() {
                super::$name(&crate::harness::storage::Storage::empty_sqlite());
            }

            #[test]
            fn postgres() {
                super::$name(&crate::harness::storage::Storage::empty_postgres());
            }
        }
    };
}

both_empty!(the_course_of_two_years_is_loaded, |storage| {
    let loaded = run(storage, &["demo", "--if-empty"], &[]);
    assert!(loaded.status.success(), "{loaded:?}");
    let node = Node::start(storage, |_| {});
    let mut institute = node.stranger();
    let pair = institute.try_log_in("institute", PASSWORD).expect(200);
    institute.keep(&pair);

    every_activity_ends_as_meant(&institute);
    facts_have_their_days_and_decisions(&institute);
    a_file_of_evidence_is_there(&institute);
    the_first_report_explains_its_deviations(&institute);

    let facts = "SELECT count(*) AS n FROM activity_facts";
    let before = storage.number(facts);
    assert!(run(storage, &["demo", "--if-empty"], &[]).status.success());
    assert_eq!(storage.number(facts), before, "a second load does nothing");
});

fn status(all: &[Value], number: &str) -> String {
    let found =
        all.iter().find(|activity| activity["activity"]["number"] == number || activity["number"] == number);
    let found = found.unwrap_or_else(|| panic!("no {number}: {}", all[0]));
    found["status"].as_str().or(found["standing"]["status"].as_str()).unwrap().to_owned()
}

fn statuses(institute: &Client, on: &str) -> Vec<Value> {
    institute
        .get(&format!("/api/v1/plans/2020-2021/activities?on={on}&limit=100"))
        .expect(200)
        .items()
        .to_vec()
}

fn every_activity_ends_as_meant(institute: &Client) {
    let course = Course::read().unwrap().activities;
    let ended = statuses(institute, "2021-12-31");
    assert_eq!((course.len(), ended.len()), (54, 54));
    for activity in course {
        assert_eq!(status(&ended, &activity.n), activity.outcome, "{}", activity.n);
    }
    let midway = statuses(institute, "2020-12-31");
    for (number, expected) in [
        ("1.2", "done"),
        ("1.1", "done_late"),
        ("1.8", "overdue"),
        ("2.5", "back_dated"),
        ("2.8", "source_unavailable"),
        ("3.4", "closed_on_evidence"),
        ("2.4", "in_progress"),
        ("3.15", "not_started"),
    ] {
        assert_eq!(status(&midway, number), expected, "{number} on 2020-12-31");
    }
    assert_eq!(status(&statuses(institute, "2020-06-30"), "1.1"), "source_unavailable");
}

fn facts_have_their_days_and_decisions(institute: &Client) {
    let facts = institute.get("/api/v1/facts?limit=1000").expect(200).items().to_vec();
    let reports: usize =
        Course::read().unwrap().activities.iter().flat_map(|a| &a.facts).map(|f| f.values.len().max(1)).sum();
    assert_eq!(facts.len(), reports);
    let in_state = |state: &str| facts.iter().filter(|fact| fact["state"] == state).count();
    assert_eq!((in_state("entered"), in_state("declined")), (3, 2));
    for fact in &facts {
        let day = |field: &str| fact[field].as_str().map(|text| text[..10].to_owned());
        assert!(day("happened_on") <= day("entered_at"), "{fact}");
        assert!(day("decided_at").is_none_or(|decided| Some(decided) >= day("entered_at")), "{fact}");
        assert!(day("entered_at").as_deref() < Some("2022-02-01"), "{fact}");
    }
    let own =
        facts.iter().find(|fact| fact["activity"] == "2.6" && fact["happened_on"] == "2020-12-15").unwrap();
    assert!(own["school_id"].is_number() && own["executor"] == "SCH6", "{own}");
}

fn a_file_of_evidence_is_there(institute: &Client) {
    let facts = institute.get("/api/v1/facts?activity=2.10&limit=10").expect(200);
    let id = &facts.items()[0]["id"];
    let evidence = institute.get(&format!("/api/v1/facts/{id}/evidence")).expect(200).items()[0].clone();
    assert_eq!(evidence["file_name"], "Мониторинг пилотного проекта 2020.docx");
    let sent = institute.get(&format!("/api/v1/evidence/{}/content", evidence["id"])).expect(200);
    assert!(sent.bytes.starts_with(b"PK"));
}

fn the_first_report_explains_its_deviations(institute: &Client) {
    let remark = |report: &Reply, number: &str| {
        let activities = report.json["paper"]["content"]["half_year"]["activities"].as_array().unwrap();
        let found = activities.iter().find(|activity| activity["number"] == number).unwrap();
        found["deviation"]["remark"].as_str().unwrap_or_else(|| panic!("{found}")).to_owned()
    };
    let report = |period: &str| {
        institute.post("/api/v1/reports", &json!({"kind": "half-year", "period": period})).expect(201);
        institute.get(&format!("{REPORTS}/{period}")).expect(200)
    };
    let first = report("2020-H2");
    assert!(remark(&first, "1.8").contains("вакантны"), "nothing was done");
    assert!(remark(&first, "2.8").contains("ВПР 2020 года перенесены"), "no source");
    assert!(remark(&first, "2.9").contains("каникулы продлены"), "late");
    let html = institute.get(&format!("{REPORTS}/2020-H2?format=html")).text;
    assert!(html.contains(&format!("По сведениям исполнителей: {}", remark(&first, "2.9"))));
    // What came after the late window was made up for explains nothing.
    assert!(remark(&report("2021-H2"), "3.18").contains("завершён в октябре"));
}
