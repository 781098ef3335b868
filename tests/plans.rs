//! The plan: a file into versions, what differs between them, and the status of activities on a day.

use crate::harness::{Client, Reply, World};
use diesel::RunQueryDsl;
use opora_db::on_each;
use opora_identity::Role;
use serde_json::{Value, json};

/// The plan of the order.
const PLAN: &str = include_str!("../crates/demo/data/plan-2020-2021.yaml");

const AT: &str = "/api/v1/plans/2020-2021";

/// The plan with other words in one place, and why.
fn amended(from: &str, to: &str, reason: &str) -> String {
    assert!(PLAN.contains(from), "{from}");
    format!("reason: {reason}\n{}", PLAN.replacen(from, to, 1))
}

fn send(client: &Client, query: &str, media_type: &str, bytes: impl Into<Vec<u8>>) -> Reply {
    client.call("POST", &format!("/api/v1/imports?kind=plan{query}")).body(media_type, bytes).send()
}

/// Confirms a value by hand in the tables: how facts are entered is tested elsewhere.
fn confirm(world: &World, activity: &str, window: &str, metric: &str, value: i64, day: &str) {
    let statement = format!(
        "INSERT INTO activity_facts (plan_id, activity, window_from, metric, kind, value, happened_on, origin, state, entered_at)
         SELECT id, '{activity}', '{window}', '{metric}', 'value', {value}, '{day}', 'entered', 'confirmed', '2022-01-01 00:00:00'
         FROM plans WHERE code = '2020-2021'"
    );
    let database = &world.node.state.database;
    let written = database.keep_books(|db| Ok(on_each!(db, c => diesel::sql_query(&statement).execute(c))?));
    assert_eq!(written.unwrap(), 1);
}

fn statuses(reply: &Reply) -> Vec<(&str, &str)> {
    reply
        .items()
        .iter()
        .map(|row| (row["activity"]["number"].as_str().unwrap(), row["standing"]["status"].as_str().unwrap()))
        .collect()
}

both!(a_plan_is_loaded_once, |world| {
    let institute = world.client(Role::Institute);
    assert!(institute.get("/api/v1/plans").expect(200).items().is_empty());
    institute.get(AT).expect(404).problem("not_found");
    let loaded = institute.load("plan", PLAN).succeeded([54, 0, 0, 0]);
    assert_eq!(loaded.import["report"]["warnings"], json!([{"code": "overlap", "rows": 2}]), "{loaded:?}");
    institute.load("plan", PLAN).succeeded([0, 0, 54, 0]);
    let plan = institute.get(AT).expect(200);
    assert_eq!(plan.header("etag"), "\"1\"");
    assert_eq!(
        (&plan.json["current_version"], &plan.json["signed_on"], &plan.json["ends_on"]),
        (&json!(1), &json!("2020-05-29"), &json!("2021-12-31"))
    );
    assert_eq!(institute.get(&format!("/api/v1/plans/{}", plan.json["id"])).expect(200).json, plan.json);
    institute.call("GET", AT).header("If-None-Match", "\"1\"").send().expect(304);
    assert_eq!(institute.get("/api/v1/plans").expect(200).items(), [plan.json]);
    let versions = institute.get(&format!("{AT}/versions")).expect(200);
    assert_eq!(versions.items().len(), 1);
    let whole = institute.get(&format!("{AT}/versions/1")).expect(200).json;
    assert_eq!((&whole["number"], &whole["sha256"]), (&json!(1), &versions.items()[0]["sha256"]));
    assert_eq!(whole["document"]["activities"].as_array().map(Vec::len), Some(54));
    institute.get(&format!("{AT}/versions/2")).expect(404).problem("not_found");
    let warnings = institute.get(&format!("{AT}/warnings")).expect(200);
    let pairs: Vec<_> = warnings.items().iter().map(|w| (&w["activity"], &w["after"])).collect();
    assert_eq!(pairs, [(&json!("1.12"), &json!("1.11")), (&json!("3.9"), &json!("3.7"))]);
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM change_journal WHERE resource = 'plans'"), 1);
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM audit_log WHERE resource = 'plans'"), 1);
});

both!(an_amendment_is_a_version_with_a_reason, |world| {
    let institute = world.client(Role::Institute);
    institute.load("plan", PLAN).succeeded([54, 0, 0, 0]);
    let before = world.storage.contents();
    let with_reason = amended("deadline: 2020-06-15", "deadline: 2020-06-30", "Экзамены перенесены");
    let without = with_reason.replacen("reason: Экзамены перенесены\n", "", 1);
    let refused = institute.load("plan", without.as_str()).failed("invalid_file");
    assert_eq!(institute.rejects(refused.id), [(0, "reason".to_owned(), "required".to_owned())]);
    institute.load("plan&dry_run=true", with_reason.as_str()).succeeded([0, 1, 53, 0]);
    assert_eq!(world.storage.contents(), before);
    institute.load("plan", with_reason.as_str()).succeeded([0, 1, 53, 0]);
    institute.load("plan", with_reason.as_str()).succeeded([0, 0, 54, 0]);
    assert_eq!(institute.get(AT).expect(200).header("etag"), "\"2\"");
    let versions = institute.get(&format!("{AT}/versions?limit=1")).expect(200);
    assert_eq!(
        (&versions.items()[0]["number"], &versions.items()[0]["reason"]),
        (&json!(2), &json!("Экзамены перенесены"))
    );
    let first = institute.get(&versions.next().unwrap()).expect(200);
    assert_eq!((&first.items()[0]["number"], &first.items()[0]["reason"]), (&json!(1), &Value::Null));
    let diff = institute.get(&format!("{AT}/diff")).expect(200).json;
    assert_eq!((&diff["from"]["number"], &diff["to"]["number"]), (&json!(1), &json!(2)));
    let change = json!({"part": "activity", "key": "1.1", "kind": "changed",
        "fields": [{"field": "deadline", "before": "2020-06-15", "after": "2020-06-30"}]});
    assert_eq!(diff["changes"], json!([change]));
    let back = institute.get(&format!("{AT}/diff?from=2&to=1")).expect(200).json;
    assert_eq!(back["changes"][0]["fields"][0]["after"], "2020-06-15");
    institute.get(&format!("{AT}/diff?to=1")).expect(404).problem("not_found");
    institute.get(&format!("{AT}/diff?to=0")).expect(400).problem("invalid_parameter");
    // What was overdue by the first version is not by the second.
    let on = |version: i64| {
        let path = format!("{AT}/activities/1.1?on=2020-06-20&version={version}");
        institute.get(&path).expect(200).json["standing"]["status"].clone()
    };
    assert_eq!((on(1), on(2)), (json!("overdue"), json!("in_progress")));
});

both!(removed_activities_and_other_parts_are_warned_of, |world| {
    let institute = world.client(Role::Institute);
    institute.load("plan", PLAN).succeeded([54, 0, 0, 0]);
    let kept: Vec<&str> = PLAN.lines().filter(|line| !line.contains("n: \"1.13\"")).collect();
    let fewer = kept.join("\n").replace("  network_resources:", "  # network_resources:");
    let fewer = format!("reason: Сокращение\n{}", fewer.replacen("ru: НИРО}", "ru: Институт}", 1));
    let loaded = institute.load("plan", fewer).succeeded([0, 0, 53, 0]);
    let warnings = json!([{"code": "overlap", "rows": 2}, {"code": "activity_removed", "rows": 1},
        {"code": "changed_outside_activities", "rows": 1}]);
    assert_eq!(loaded.import["report"]["warnings"], warnings);
});

both!(every_fault_of_a_file_is_told_at_once, |world| {
    let institute = world.client(Role::Institute);
    let before = world.storage.contents();
    let text = PLAN
        .replacen(
            "by: [NIRO], targets: {target_group_lists",
            "by: [NIRO, NOBODY], targets: {target_group_lists",
            1,
        )
        .replacen("windows: [2020-08/2020-09]", "windows: [2020-09/2020-08]", 1)
        .replacen("models: [M1], term", "models: [M9], term", 1)
        .replacen("deadline: 2020-06-15", "deadline: 2020-07-15", 1)
        .replacen("\"== 114\"", "\"~ 114\"", 1)
        .replacen("ru: Методика выявления дефицитов руководителей", "ru: \"Методика\\u0000\"", 1);
    let failed = institute.load("plan", text).failed("invalid_file");
    let told = |row, path: &str, code: &str| (row, path.to_owned(), code.to_owned());
    assert_eq!(
        institute.rejects(failed.id),
        [
            told(0, "sections/1/models/0", "unknown_value"),
            told(1, "by/1", "unknown_reference"),
            told(1, "deadline", "out_of_range"),
            told(2, "windows/0", "order_of_dates"),
            told(3, "ru", "forbidden_character"),
            told(17, "targets/schools_covered", "unknown_value"),
        ]
    );
    let report = &failed.import["report"];
    assert_eq!(
        (&report["applied"], &report["rows"], &report["rejected"]),
        (&json!(false), &json!(54), &json!(5)),
        "{report}"
    );
    assert_eq!(world.storage.contents(), before);
});

both!(what_is_no_plan_is_refused, |world| {
    let institute = world.client(Role::Institute);
    let (huge, deep) = ("a: b\n".repeat(500_000), "[".repeat(100_000));
    for text in ["", "just words", "a: [1", "Код ОО;ОКТМО\n520101;22601000\n", &deep, &huge] {
        let failed = institute.load("plan", text).failed("invalid_file");
        assert_eq!(failed.import["report"], Value::Null, "{failed:?}");
    }
    assert!(institute.get("/api/v1/plans").expect(200).items().is_empty());
    // The other way round: a plan is no table.
    institute.load("schools", PLAN).failed("invalid_file");
});

both!(a_plan_comes_in_several_forms, |world| {
    let institute = world.client(Role::Institute);
    let yaml = send(&institute, "", "application/yaml; charset=utf-8", PLAN).expect(202);
    institute.loaded(&yaml).succeeded([54, 0, 0, 0]);
    let as_json = serde_json::to_string(&yaml_serde::from_str::<Value>(PLAN).unwrap()).unwrap();
    let sent = send(&institute, "", "application/json", as_json).expect(202);
    institute.loaded(&sent).succeeded([0, 0, 54, 0]);
    let form = format!(
        "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"План.yaml\"\r\n\r\n{PLAN}\r\n--cut--\r\n"
    );
    let sent = send(&institute, "", "multipart/form-data; boundary=cut", form).expect(202);
    assert_eq!(institute.loaded(&sent).succeeded([0, 0, 54, 0]).import["file_name"], "План.yaml");
    send(&institute, "", "text/csv", PLAN).expect(415).problem("unsupported_media_type");
    let partly = send(&institute, "&mode=best_effort", "application/yaml", PLAN).expect(400);
    assert_eq!(partly.problem("invalid_parameter").flaws(), [("mode", "contradiction")]);
    let table = institute.call("POST", "/api/v1/imports?kind=schools").body("application/yaml", PLAN).send();
    table.expect(415).problem("unsupported_media_type");
    for role in
        [Role::Ministry, Role::Supervision, Role::Municipality, Role::School, Role::Expert, Role::Reader]
    {
        send(&world.client(role), "", "application/yaml", PLAN).expect(403).problem("forbidden");
    }
    send(&world.client(Role::Admin), "", "application/yaml", PLAN).expect(202);
});

both!(a_status_follows_from_the_confirmed_facts_and_the_day, |world| {
    let institute = world.client(Role::Institute);
    institute.load("plan", PLAN).succeeded([54, 0, 0, 0]);
    confirm(world, "1.1", "2020-06-01", "target_group_lists", 1, "2020-06-25");
    confirm(world, "3.20", "2021-04-01", "reports_per_window", 8, "2021-04-30");
    confirm(world, "3.20", "2021-11-01", "reports_per_window", 7, "2021-11-20");
    let get = |number: &str, day: &str| {
        institute.get(&format!("{AT}/activities/{number}?on={day}")).expect(200).json
    };
    for (number, day, status) in [
        ("1.1", "2020-05-31", "not_started"),
        ("1.1", "2020-06-15", "in_progress"),
        ("1.1", "2020-06-24", "overdue"),
        ("1.1", "2020-06-25", "done_late"),
        ("2.5", "2021-12-31", "back_dated"),
        ("3.20", "2021-10-31", "done"),
        ("3.20", "2021-11-30", "in_progress"),
        ("3.20", "2021-12-01", "overdue"),
    ] {
        assert_eq!(get(number, day)["standing"]["status"], status, "{number} on {day}");
    }
    let late = get("1.1", "2021-01-01");
    assert_eq!(late["reason_ru"], "Выполнено после срока 15.06.2020, дней опоздания: 10.");
    assert_eq!(late["reason_en"], "Met after the due day, 2020-06-15; days late: 10.");
    let reports = get("3.20", "2021-12-01");
    let target = &reports["standing"]["targets"][0];
    assert_eq!(
        (&target["expected"], &target["actual"], &target["met"]),
        (&json!(16), &json!(15), &json!(false))
    );
    assert_eq!(reports["standing"]["windows"][0]["status"], "done");
    for path in ["activities/9.9", "activities/1.1?version=2", "activities?version=7"] {
        institute.get(&format!("{AT}/{path}")).expect(404).problem("not_found");
    }
});

both!(activities_are_filtered_and_paged, |world| {
    let institute = world.client(Role::Institute);
    institute.load("plan", PLAN).succeeded([54, 0, 0, 0]);
    let list = |query: &str| institute.get(&format!("{AT}/activities?on=2020-07-01{query}")).expect(200);
    assert_eq!(list("").items().len(), 54);
    assert_eq!(
        statuses(&list("&section=3&status=overdue")),
        [("3.4", "overdue"), ("3.5", "overdue"), ("3.7", "overdue")]
    );
    assert_eq!(statuses(&list("&executor=MIN_CTRL")), [("1.17", "not_started")]);
    let serving = list("&model=M3&section=1");
    let numbers: Vec<_> = statuses(&serving).iter().map(|row| row.0).collect();
    assert_eq!(numbers, ["1.1", "1.4", "1.8", "1.11", "1.12", "1.16", "1.17"]);
    assert!(list("&executor=NOBODY").items().is_empty());
    for code in ["", "niro", "N%20I"] {
        let path = format!("/api/v1/plans/2020-2021/activities?executor={code}");
        institute.get(&path).expect(400).problem("invalid_parameter");
    }
    let (mut path, mut seen) = (Some(format!("{AT}/activities?on=2020-07-01&section=2&limit=5")), 0);
    while let Some(next) = path {
        let page = institute.get(&next).expect(200);
        seen += page.items().len();
        path = page.next();
    }
    assert_eq!(seen, 13);
    for query in
        ["&status=late", "&model=M9", "&on=2020-02-30", "&colour=red", "&version=0", "&cursor=x", "&limit=0"]
    {
        institute.get(&format!("{AT}/activities?section=1{query}")).expect(400);
    }
});

both!(everyone_reads_the_same_plan, |world| {
    world.client(Role::Institute).load("plan", PLAN).succeeded([54, 0, 0, 0]);
    let paths = [
        "",
        "/versions",
        "/versions/1",
        "/diff?from=1&to=1",
        "/activities?on=2021-01-01",
        "/activities/1.4?on=2021-01-01",
        "/warnings",
    ];
    let read = |client: &Client| paths.map(|path| client.get(&format!("{AT}{path}")).expect(200).json);
    let admin = read(&world.client(Role::Admin));
    for role in Role::ALL {
        assert_eq!(read(&world.client(*role)), admin, "{role}");
    }
    assert_eq!(read(&world.log_in("other_municipality")), admin);
    world.stranger().get(AT).expect(401);
});
