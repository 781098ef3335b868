//! The demonstration region as `opora demo` loads it: the course of 2020 and 2021, and the first report it makes.

use crate::harness::{
    Client, Reply,
    process::{run, run_until},
    storage::Storage,
    stuck::Stuck,
    world::Node,
};
use diesel::RunQueryDsl;
use opora_demo::Course;
use opora_identity::Role;
use serde_json::{Value, json};
use std::time::Duration;

/// The password that the command tells.
const PASSWORD: &str = "opora-demonstration";
const REPORTS: &str = "/api/v1/reports";
/// Where a server would listen that is told of to the operator; none does.
const ADDRESS: &str = "127.0.0.1:8099";
/// What the last of the four pilots says of row 2.4.
const LATE_IN_FEBRUARY: &str =
    "Выполнение завершено в феврале: два очных мероприятия перенесены из-за ограничений осени 2020 года.";

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
    let loaded = run(storage, &["demo", "--if-empty"], &[("LISTEN", ADDRESS)]);
    assert!(loaded.status.success(), "{loaded:?}");
    let node = Node::start(storage, |_| {});
    let mut institute = node.stranger();
    let pair = institute.try_log_in("institute", PASSWORD).expect(200);
    institute.keep(&pair);

    what_is_told_at_the_end_is_true(&node, &String::from_utf8(loaded.stdout).unwrap());
    every_activity_ends_as_meant(&institute);
    facts_have_their_days_and_decisions(&institute);
    most_report_in_time_and_some_do_not(&institute);
    a_file_of_evidence_is_there(&institute);
    the_first_report_explains_its_deviations(&institute);
    what_was_left_over_is_reported_until_it_is_met(&institute);
    each_window_is_told_by_itself(&institute);
    teams_are_told_beside_their_whole(&institute);
    what_ended_before_the_signing_is_confirmed_or_not(&institute);
    a_cause_is_never_lost(&institute);
    the_notes_say_what_their_tables_say(&institute);

    let facts = "SELECT count(*) AS n FROM activity_facts";
    let before = storage.number(facts);
    assert!(run(storage, &["demo", "--if-empty"], &[]).status.success());
    assert_eq!(storage.number(facts), before, "a second load does nothing");
    let again = run(storage, &["demo"], &[]);
    assert!(
        !again.status.success() && String::from_utf8_lossy(&again.stderr).contains("already"),
        "{again:?}"
    );
});

/// How many stages of the load are marked; none before the schema is there.
fn marks(storage: &Storage) -> i64 {
    let mut db = storage.connect();
    let query = "SELECT count(*) AS n FROM marks";
    opora_db::on_each!(&mut db, c => diesel::sql_query(query).get_result::<Count>(c))
        .map_or(0, |found| found.n)
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// The stages of a load: its begin, nine files, the passport, the users with what they reported.
const STAGES: i64 = 12;
/// Longer than it takes to begin a stage.
const INTO_A_STAGE: Duration = Duration::from_millis(20);

both_empty!(a_load_that_is_killed_is_taken_up_where_it_stopped, |storage| {
    let short_lease = [("LEASE_SECONDS", "2")];
    let load = ["demo", "--if-empty"];
    // In the middle of the stage after so many: before anything, among the registers, among the results, before the users.
    let mut stuck = None;
    for stages in [1, 3, 4, 9, 11] {
        // As soon as there are tables: the last stage must not end before the load is killed.
        if stages > 1 {
            stuck.get_or_insert_with(|| Stuck::at(storage, "INSERT", "users"));
        }
        let killed = run_until(storage, &load, &short_lease, || {
            let reached = marks(storage) >= stages;
            if reached {
                std::thread::sleep(INTO_A_STAGE);
            }
            reached
        });
        let (marks, users) = (marks(storage), storage.number("SELECT count(*) AS n FROM users"));
        assert!(killed && marks >= stages && marks < STAGES, "{marks} stages before it was killed: {killed}");
        assert_eq!(users, 0, "the users come with the last stage");
    }
    stuck.unwrap().free();
    let loaded = run(storage, &load, &short_lease);
    assert!(loaded.status.success(), "{loaded:?}");
    assert_eq!(marks(storage), STAGES);
    // Nothing is missing, and nothing stands twice.
    let files = tempfile::tempdir().unwrap();
    opora_demo::write(files.path(), &opora_demo::Scale::region()).unwrap();
    for (table, file) in [
        ("municipalities", "municipalities.csv"),
        ("schools", "schools.csv"),
        ("results", "results.csv"),
        ("staff", "staff.csv"),
    ] {
        let rows =
            std::fs::read(files.path().join(file)).unwrap().iter().filter(|byte| **byte == b'\n').count() - 1;
        assert_eq!(storage.number(&format!("SELECT count(*) AS n FROM {table}")), rows as i64, "{table}");
    }
    assert_eq!(storage.number("SELECT count(*) AS n FROM lists"), 1);
    assert_eq!(storage.number("SELECT count(*) AS n FROM plans"), 1);
    assert_eq!(storage.number("SELECT count(*) - count(DISTINCT number) AS n FROM normative_acts"), 0);
    let node = Node::start(storage, |_| {});
    let mut institute = node.stranger();
    let pair = institute.try_log_in("institute", PASSWORD).expect(200);
    institute.keep(&pair);
    every_activity_ends_as_meant(&institute);
});

both!(an_operators_database_is_left_alone, |world| {
    let users = world.storage.number("SELECT count(*) AS n FROM users");
    let refused = run(&world.storage, &["demo"], &[]);
    assert!(!refused.status.success(), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("users or data of its own"), "{refused:?}");
    let untouched = run(&world.storage, &["demo", "--if-empty"], &[("LC_ALL", "ru_RU.UTF-8")]);
    assert!(untouched.status.success(), "{untouched:?}");
    let said = String::from_utf8_lossy(&untouched.stdout).into_owned();
    assert!(said.contains("ничего не загружено") && !said.contains(PASSWORD), "{said}");
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM users"), users);
});

/// The documentation, a login for each role, the password of all, a first request.
fn what_is_told_at_the_end_is_true(node: &Node, said: &str) {
    let told = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {said}")).trim().to_owned()
    };
    let path = |address: &str| {
        let (server, path) = address.strip_prefix("http://").and_then(|rest| rest.split_once('/')).unwrap();
        assert_eq!(server, ADDRESS, "{said}");
        format!("/{path}")
    };
    assert!(node.stranger().get(&path(&told("documentation:"))).expect(200).text.contains("swagger"));

    let logins = told("logins:");
    let logins: Vec<&str> = logins.split(" (").next().unwrap().split(", ").collect();
    assert_eq!(logins, Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>());
    for login in logins {
        let pair = node.stranger().try_log_in(login, &told("password:")).expect(200);
        let user = node.stranger().with_token(pair.json["access_token"].as_str().unwrap());
        assert_eq!(user.get("/api/v1/me").expect(200).json["user"]["role"], login);
    }

    let (_, first) = said.split_once("curl -s ").unwrap_or_else(|| panic!("no first request in {said}"));
    let (address, rest) = first.split_once(' ').unwrap();
    let body = rest.split_once("-d '").and_then(|(_, data)| data.split_once('\'')).unwrap().0;
    assert!(rest.contains("-H 'Content-Type: application/json'"), "{said}");
    let pair = node.stranger().call("POST", &path(address)).body("application/json", body).send().expect(200);
    assert!(pair.json["access_token"].is_string());
}

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
    let facts = every_fact(institute);
    let reports: usize =
        Course::read().unwrap().activities.iter().flat_map(|a| &a.facts).map(|f| f.values.len().max(1)).sum();
    // What municipalities and schools report beside the course.
    assert!(facts.len() > reports + 600, "{} of {reports}", facts.len());
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

fn every_fact(institute: &Client) -> Vec<Value> {
    let (mut path, mut facts) = (Some("/api/v1/facts?limit=1000".to_owned()), Vec::new());
    while let Some(at) = path {
        let page = institute.get(&at).expect(200);
        facts.extend(page.items().to_vec());
        path = page.next();
    }
    facts
}

/// Expected, on time, late and missing, of every row.
fn discipline(institute: &Client, by: &str, on: &str) -> Vec<(String, [i64; 4])> {
    let rows =
        institute.get(&format!("/api/v1/plans/2020-2021/discipline?by={by}&on={on}&limit=1000")).expect(200);
    let counts =
        |row: &Value| ["expected", "on_time", "late", "missing"].map(|name| row[name].as_i64().unwrap());
    rows.items().iter().map(|row| (row["name"].as_str().unwrap().to_owned(), counts(row))).collect()
}

fn most_report_in_time_and_some_do_not(institute: &Client) {
    for on in ["2021-02-15", "2021-08-15", "2022-02-01"] {
        let places = discipline(institute, "municipality", on);
        let sum = |at: usize| places.iter().map(|(_, counts)| counts[at]).sum::<i64>();
        let (due, on_time, late, missing) = (sum(1) + sum(2) + sum(3), sum(1), sum(2), sum(3));
        assert!(on_time * 100 >= due * 65, "{on}: {on_time} of {due}");
        assert!(late * 100 >= due * 3 && late * 100 <= due * 20, "{on}: {late} late of {due}");
        assert!(missing * 100 >= due * 5 && missing * 100 <= due * 30, "{on}: {missing} missing of {due}");
        let with = |at: usize| places.iter().filter(|(_, counts)| counts[at] > 0).count();
        assert!(with(2) > 5 && with(2) < places.len(), "{on}: {} municipalities are late", with(2));
    }
    let executors = discipline(institute, "executor", "2022-02-01");
    for (name, [expected, on_time, ..]) in executors.iter().filter(|(_, counts)| counts[0] > 100) {
        assert!(*on_time * 2 > *expected, "{name}: {on_time} of {expected}");
    }
}

fn a_file_of_evidence_is_there(institute: &Client) {
    let facts = institute.get("/api/v1/facts?activity=2.10&limit=10").expect(200);
    let id = &facts.items()[0]["id"];
    let evidence = institute.get(&format!("/api/v1/facts/{id}/evidence")).expect(200).items()[0].clone();
    assert_eq!(evidence["file_name"], "Мониторинг пилотного проекта 2020.docx");
    let sent = institute.get(&format!("/api/v1/evidence/{}/content", evidence["id"])).expect(200);
    assert!(sent.bytes.starts_with(b"PK"));
}

/// The report about a period, drafted.
fn report(institute: &Client, kind: &str, period: &str) -> Reply {
    institute.post(REPORTS, &json!({"kind": kind, "period": period})).expect(201);
    institute.get(&format!("{REPORTS}/{kind}/{period}")).expect(200)
}

fn html(institute: &Client, kind: &str, period: &str) -> String {
    institute.get(&format!("{REPORTS}/{kind}/{period}?format=html")).expect(200).text
}

/// The activities of a report.
fn activities(report: &Reply) -> &[Value] {
    report.json["paper"]["content"]["half_year"]["activities"].as_array().unwrap()
}

fn activity<'a>(report: &'a Reply, number: &str) -> &'a Value {
    let found = activities(report).iter().find(|activity| activity["number"] == number);
    found.unwrap_or_else(|| panic!("no {number}: {report}"))
}

/// The status of an activity in a report, why it deviates and by how many days.
fn deviation<'a>(report: &'a Reply, number: &str) -> (&'a str, &'a str, i64) {
    let found = activity(report, number);
    let deviation = &found["deviation"];
    let ground = deviation["ground"].as_str().unwrap_or("none");
    (found["status"].as_str().unwrap(), ground, deviation["days_late"].as_i64().unwrap_or_default())
}

fn the_first_report_explains_its_deviations(institute: &Client) {
    let remark = |report: &Reply, number: &str| {
        let found = activity(report, number);
        found["deviation"]["remark"].as_str().unwrap_or_else(|| panic!("{found}")).to_owned()
    };
    let first = report(institute, "half-year", "2020-H2");
    assert!(remark(&first, "1.8").contains("вакантны"), "nothing was done");
    assert!(remark(&first, "2.8").contains("ВПР 2020 года перенесены"), "no source");
    assert!(remark(&first, "2.9").contains("каникулы продлены"), "late");
    // Due on the last day of the period, which is over.
    for number in ["2.4", "2.12", "3.13"] {
        assert_eq!(deviation(&first, number), ("overdue", "past_due", 0), "{number}");
    }
    assert!(activities(&first).iter().all(|activity| activity["number"] != "3.15"), "not of the period");
    let shown = html(institute, "half-year", "2020-H2");
    assert!(shown.contains(&format!("По сведениям исполнителей: {}", remark(&first, "2.9"))));
    assert!(
        shown
            .contains("Не выполнено к сроку 31.12.2020. Реализованные муниципальные программы: 3 (нужно 4).")
    );
    assert!(shown.contains("Просрочены мероприятия: 1.8, 2.4, 2.12, 3.13."), "risks follow the same rule");
    assert!(shown.contains("Установить новые сроки мероприятий: 1.8, 2.4, 2.12, 3.13."));
}

fn what_was_left_over_is_reported_until_it_is_met(institute: &Client) {
    let second = report(institute, "half-year", "2021-H1");
    // 2.4 was due on 2020-12-31 and done on 2021-02-12, 43 days later; 2.12 on 2021-03-18, 77 days later.
    assert_eq!(deviation(&second, "2.4"), ("done_late", "met_late", 43));
    assert_eq!(deviation(&second, "2.12"), ("done_late", "met_late", 77));
    assert_eq!(deviation(&second, "1.8"), ("overdue", "past_due", 212));
    assert_eq!(activity(&second, "2.4")["deviation"]["remark"].as_str().unwrap(), LATE_IN_FEBRUARY);
    let last = report(institute, "half-year", "2021-H2");
    for number in ["1.12", "3.16", "3.23"] {
        assert_eq!(deviation(&last, number), ("overdue", "past_due", 0), "{number} at the end of the plan");
    }
    let numbers: Vec<_> =
        activities(&last).iter().map(|activity| activity["number"].as_str().unwrap()).collect();
    assert!(!numbers.contains(&"2.4") && numbers.contains(&"1.8"), "{numbers:?}");
    // What came after the late window was made up for explains nothing.
    let late = &activity(&last, "3.18")["deviation"]["remark"];
    assert!(late.as_str().unwrap().contains("завершён в октябре"), "{late}");
}

fn each_window_is_told_by_itself(institute: &Client) {
    let of_windows = |report: &Reply, number: &str| -> Vec<Value> {
        activity(report, number)["windows"].as_array().unwrap().iter().map(|w| w["status"].clone()).collect()
    };
    let first = institute.get(&format!("{REPORTS}/half-year/2020-H2"));
    assert_eq!(of_windows(&first, "1.4"), ["done", "not_started"], "autumn 2021 lies ahead");
    assert_eq!(activity(&first, "1.4")["due_on"], "2020-10-31");
    let last = institute.get(&format!("{REPORTS}/half-year/2021-H2"));
    assert_eq!(of_windows(&last, "3.20"), ["done", "overdue"], "April was met");
    let targets = activity(&last, "3.20")["targets"].as_array().unwrap();
    let told: Vec<_> =
        targets.iter().map(|t| (&t["window"]["from"], &t["expected"], &t["actual"], &t["met"])).collect();
    let window = |from: &str| json!(from);
    assert_eq!(
        told,
        [
            (&window("2021-04-01"), &json!(8), &json!(9), &json!(true)),
            (&window("2021-11-01"), &json!(8), &json!(6), &json!(false)),
        ]
    );
    let shown = html(institute, "half-year", "2021-H2");
    assert!(shown.contains("Отчёты за период, ноябрь 2021: ≥\u{a0}8\u{a0}→\u{a0}6"));
    assert!(!shown.contains("≥\u{a0}16"), "12 and 4 must not read as 16");
}

/// Decision 10: the targets stay, the sixteen teams stand beside them, and so does the passport's reading.
fn teams_are_told_beside_their_whole(institute: &Client) {
    let first = institute.get(&format!("{REPORTS}/half-year/2020-H2"));
    for number in ["3.5", "3.9", "3.10"] {
        let whole = &activity(&first, number)["population"];
        assert_eq!((&whole["metric"], &whole["number"]), (&json!("school_teams"), &json!(16)), "{number}");
        let plan = institute.get(&format!("/api/v1/plans/2020-2021/activities/{number}?on=2020-12-31"));
        assert_eq!(plan.json["population"]["number"], 16, "{plan}");
        assert_eq!(plan.json["activity"]["targets"][0]["value"], 8);
    }
    assert!(activity(&first, "3.6")["population"].is_null());
    let reading = &activity(&first, "3.5")["passport_reading"];
    assert_eq!(*reading, json!({"at_least": 4, "schools": 16, "of": 16}));
    let shown = html(institute, "half-year", "2020-H2");
    for said in [
        "Состав команды, чел.: 4–5\u{a0}→\u{a0}4",
        "Школьные команды, всего:\u{a0}16",
        "По паспорту (не менее 4 чел. в команде): школ 16 из 16",
    ] {
        assert!(shown.contains(said), "{said}");
    }
}

fn what_ended_before_the_signing_is_confirmed_or_not(institute: &Client) {
    let shown = html(institute, "half-year", "2020-H2");
    assert!(shown.contains("До подписания плана, не подтверждено"));
    let report = institute.get(&format!("{REPORTS}/half-year/2020-H2"));
    let summary = report.json["paper"]["content"]["half_year"]["summary"].as_array().unwrap();
    let of = |confirmed: bool| {
        let found = summary.iter().find(|c| c["status"] == "back_dated" && c["confirmed"] == confirmed);
        found.unwrap()["activities"].as_i64()
    };
    assert_eq!((of(true), of(false)), (Some(6), Some(1)), "2.7 is five of six");
}

fn a_cause_is_never_lost(institute: &Client) {
    let path = format!("{REPORTS}/half-year/2020-H2");
    let causes =
        json!({"2.4": "Мероприятия перенесены.", "1.2": "Методика дополнена.", "3.15": "Готовится."});
    let etag = institute.get(&path).header("etag").to_owned();
    institute.patch(&path, &etag, &json!({"texts": {"causes": causes}})).expect(200);
    let shown = html(institute, "half-year", "2020-H2");
    assert!(shown.contains("<td>Мероприятия перенесены.</td>"));
    assert!(shown.contains("<li>1.2 «Методика выявления дефицитов педагогов»: Методика дополнена.</li>"));
    assert!(shown.contains("<li>3.15: Готовится.</li>"), "of an activity that is not reported");
}

fn the_notes_say_what_their_tables_say(institute: &Client) {
    report(institute, "staffing", "2020-H2");
    let staffing = html(institute, "staffing", "2020-H2");
    let sentence = "Учителей без квалификационной категории в школах перечня: 32,82 % против 29,36 % в остальных школах.";
    assert!(staffing.contains(sentence), "{staffing}");
    assert!(
        staffing.contains("Включить учителей школ перечня без категории в планы методической поддержки.")
    );
    for word in ["highest", "first", "none"] {
        assert!(!staffing.contains(&format!("<td>{word}</td>")), "{word} in a Russian document");
    }
    report(institute, "plan", "2020-H2");
    let plan = html(institute, "plan", "2020-H2");
    for said in [
        "Просрочены: 1.8, 2.4, 2.12, 3.13.",
        "Не выполнены, так как нет источника данных: 2.8.",
        "Завершены до подписания плана и не подтверждены: 2.7.",
        "Принять решение по мероприятию 2.7: представить подтверждение.",
    ] {
        assert!(plan.contains(said), "{said}");
    }
}
