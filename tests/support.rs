//! Methodical support of staff, the indicator that counts it, and indicators over time.

use crate::harness::{Client, Reply, World, region::list};
use diesel::prelude::*;
use opora_db::schema::{audit_log, staff};
use opora_identity::Role;
use opora_primitives::SchoolId;
use serde_json::{Value, json};

const RECORDS: &str = "/api/v1/support-records";

/// The only person of a school of the seed.
fn person(world: &World, of: SchoolId) -> i64 {
    let row = staff::table.filter(staff::school_id.eq(of)).select(staff::id);
    world.node.state.database.read(|db| Ok(row.first(db)?)).unwrap()
}

fn draft(person: i64) -> Value {
    json!({ "staff_id": person, "form": "mentoring", "programme": "Уроки  математики", "starts_on": "2021-02-01" })
}

/// Readings of `resource` in the audit log.
fn readings(world: &World, resource: &str) -> i64 {
    let of = audit_log::resource.eq(resource).and(audit_log::action.eq("read"));
    world.node.state.database.read(|db| Ok(audit_log::table.filter(of).count().get_result(db)?)).unwrap()
}

both!(a_record_of_support_lives, |world| {
    let client = world.client(Role::Municipality);
    let person = person(world, world.seed.school);
    let made = client.post(RECORDS, &draft(person)).expect(201);
    let path = made.header("location").to_owned();
    assert_eq!(
        (&made.json["programme"], &made.json["completed"], &made.json["school_id"]),
        (&json!("Уроки математики"), &json!(false), &json!(world.seed.school))
    );
    // The same form, programme and first day again.
    client.post(RECORDS, &draft(person)).expect(409).problem("already_exists");
    let ended = json!({ "ends_on": "2021-05-31", "completed": true });
    client.call("PATCH", &path).json(&ended).send().expect(428);
    let changed = client.patch(&path, "\"1\"", &ended).expect(200);
    assert_eq!((changed.header("etag"), &changed.json["completed"]), ("\"2\"", &json!(true)));
    client.patch(&path, "\"1\"", &ended).expect(412).problem("precondition_failed");
    // What is completed has a last day.
    let refused = client.patch(&path, "\"2\"", &json!({ "ends_on": null })).expect(422);
    assert_eq!(refused.flaws(), [("/ends_on", "required")]);
    let read = client.get(&path).expect(200);
    assert_eq!(read.json, changed.json);
    let same = client.call("GET", &path).header("If-None-Match", read.header("etag")).send();
    same.expect(304);
    let done = client.get(&format!("{RECORDS}?staff_id={person}&completed=true&form=mentoring")).expect(200);
    assert_eq!(done.items(), [changed.json]);
    client.call("DELETE", &path).header("If-Match", "\"2\"").send().expect(204);
    client.get(&path).expect(404).problem("not_found");
});

both!(wrong_support_is_told_all_at_once, |world| {
    let institute = world.client(Role::Institute);
    let wrong = json!({ "staff_id": 999_999, "form": "course", "programme": " \u{7} ", "starts_on": "1999-12-31",
        "ends_on": "1998-01-01", "completed": true });
    let refused = institute.post(RECORDS, &wrong).expect(422).problem("invalid_fields");
    for flaw in [
        ("/staff_id", "unknown_reference"),
        ("/programme", "forbidden_character"),
        ("/starts_on", "out_of_range"),
        ("/ends_on", "out_of_range"),
        ("/ends_on", "order_of_dates"),
    ] {
        assert!(refused.flaws().contains(&flaw), "{flaw:?}: {refused}");
    }
    let mut body = draft(person(world, world.seed.school));
    body["form"] = json!("other");
    institute.post(RECORDS, &body).expect(400).problem("invalid_json");
    body["form"] = json!("course");
    body["programme"] = json!("я".repeat(501));
    assert_eq!(institute.post(RECORDS, &body).expect(422).flaws(), [("/programme", "wrong_length")]);
});

both!(support_stays_inside_the_area_and_its_reading_is_recorded, |world| {
    let own = world.client(Role::Municipality);
    let refused = own.post(RECORDS, &draft(person(world, world.seed.other_school))).expect(422);
    assert_eq!(refused.flaws(), [("/staff_id", "unknown_reference")]);
    world.client(Role::School).post(RECORDS, &draft(person(world, world.seed.school))).expect(403);
    let others = second_school_record(world);
    let before = readings(world, "support-records");
    let page = own.get(RECORDS).expect(200);
    assert_eq!(page.items().len(), 2);
    assert_eq!(readings(world, "support-records"), before + 1);
    own.get(&format!("{RECORDS}/{}", page.items()[0]["id"])).expect(200);
    assert_eq!(readings(world, "support-records"), before + 2);
    own.get(&others).expect(404).problem("not_found");
    own.patch(&others, "\"1\"", &json!({ "programme": "Чужой курс" })).expect(404).problem("not_found");
    own.call("DELETE", &others).header("If-Match", "\"1\"").send().expect(404).problem("not_found");
    // Nobody shown, nothing recorded.
    own.get(&format!("{RECORDS}?school_id={}", world.seed.other_school)).expect(200);
    assert_eq!(readings(world, "support-records"), before + 2);
    for query in ["?form=other", "?completed=maybe", "?x=1"] {
        own.get(&format!("{RECORDS}{query}")).expect(400).refused_query();
    }
});

const HEAD: &str = "Идентификатор;Форма;Программа;Дата начала;Дата окончания;Завершено\n";

/// The address of the seeded record of a person of another municipality.
fn second_school_record(world: &World) -> String {
    let query = format!("{RECORDS}?school_id={}", world.seed.other_school);
    let page = world.client(Role::Institute).get(&query).expect(200);
    format!("{RECORDS}/{}", page.items()[0]["id"])
}

both!(a_municipality_loads_support_of_its_own_people, |world| {
    let own = world.client(Role::Municipality);
    let rows = "person-520101;course;Курс;01.09.2020;30.10.2020;да\nperson-520201;course;Курс;01.09.2020;30.10.2020;да\n";
    let loaded = own.load("support_records&mode=best_effort", format!("{HEAD}{rows}"));
    assert_eq!(loaded.counts(), [1, 0, 0, 1], "{loaded:?}");
    assert_eq!(own.rejects(loaded.id), [(3, "external_id".to_owned(), "unknown_reference".to_owned())]);
    world.client(Role::School).send_file("support_records", HEAD).expect(403);
});

both!(bad_support_is_refused_cell_by_cell, |world| {
    let rows = "person-520101;Другое;;31.12.1999;01.01.1999;да\nperson-520101;course;Курс;2020-09-01;;да
person-520101;course;Курс 2;2020-09-01;2020-08-01;возможно\n";
    let admin = world.client(Role::Admin);
    let before = world.storage.contents();
    let loaded = admin.load("support_records", format!("{HEAD}{rows}")).failed("invalid_file");
    assert_eq!(world.storage.contents(), before);
    let expected = [
        (2, "form", "unknown_value"),
        (2, "programme", "required"),
        (2, "starts_on", "out_of_range"),
        (2, "ends_on", "out_of_range"),
        (3, "ends_on", "required"),
        (4, "ends_on", "order_of_dates"),
        (4, "completed", "unknown_value"),
    ];
    let mut found = admin.rejects(loaded.id);
    let mut expected = expected.map(|(row, column, code)| (row, column.to_owned(), code.to_owned())).to_vec();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
});

/// The indicator on a day: numerator, denominator, verdict.
fn second(client: &Client, on: &str) -> (Value, Value, Value) {
    let json = client.get(&format!("/api/v1/indicators/I2?on={on}")).expect(200).json;
    (json["numerator"].clone(), json["denominator"].clone(), json["verdict"].clone())
}

/// Four people of two listed schools, of whom the head does not count; one form completed in 2020, one in 2021.
fn prepare(world: &World) -> Client {
    let admin = world.client(Role::Admin);
    let people = "Идентификатор;Код ОО;Должность;ФИО\nh-1;520101;Руководитель;Первый
t-1;520101;Учитель;Второй\np-1;520102;Педагог-психолог;Третий\nt-2;520201;Учитель;Четвёртый\n";
    admin.load("staff", people).succeeded([4, 0, 0, 0]);
    admin.load("lists", list(2021, ["520101", "520102"])).succeeded([2, 0, 0, 0]);
    let rows = "h-1;course;Курс;01.09.2020;30.10.2020;да\nt-1;course;Курс;01.09.2020;30.10.2020;да
t-1;mentoring;Уроки;01.09.2020;01.03.2021;да\nperson-520102;course;Курс;01.02.2021;;нет
p-1;consultation;Беседа;10.03.2021;10.03.2021;да\nt-2;course;Курс;01.09.2020;30.10.2020;да\n";
    admin.load("support_records", format!("{HEAD}{rows}")).succeeded([6, 0, 0, 0]);
    world.client(Role::Institute)
}

both!(the_second_indicator_counts_people, |world| {
    let institute = prepare(world);
    // Of person-520101, t-1, person-520102 and p-1 (the head is a manager, t-2's school is not listed): t-1, then p-1.
    assert_eq!(second(&institute, "2021-03-09"), (json!(1), json!(4), json!("not_met")));
    assert_eq!(second(&institute, "2021-03-10"), (json!(2), json!(4), json!("not_met")));
    let admin = world.client(Role::Admin);
    let more = "person-520102;course;Курс;01.02.2021;30.04.2021;да\n";
    admin.load("support_records", format!("{HEAD}{more}")).succeeded([0, 1, 0, 0]);
    // 3 of 4: 75 %, at least 70.
    assert_eq!(second(&institute, "2021-04-30"), (json!(3), json!(4), json!("met")));
    rows_of_people(world, &institute);
    rows_of_schools(world);
});

fn rows(client: &Client) -> Reply {
    client.get("/api/v1/indicators/I2/rows?on=2021-03-10&limit=1000")
}

fn rows_of_people(world: &World, institute: &Client) {
    let before = readings(world, "indicators");
    let all = rows(institute).expect(200);
    assert_eq!(readings(world, "indicators"), before + 1);
    let told: Vec<_> = all.items().iter().map(|row| (row["name"].as_str().unwrap(), &row["forms"])).collect();
    assert_eq!(all.items().len(), 4, "{all}");
    assert!(told.contains(&("Второй", &json!(["course", "mentoring"]))), "{all}");
    assert!(told.contains(&("Третий", &json!(["consultation"]))), "{all}");
    let own = rows(&world.client(Role::School)).expect(200);
    assert_eq!(own.items().len(), 2, "{own}");
    assert!(own.items().iter().all(|row| row["school_code"] == "520101"), "{own}");
    assert!(rows(&world.log_in("other_municipality")).expect(200).items().is_empty());
    // The pages add up.
    let first = institute.get("/api/v1/indicators/I2/rows?on=2021-03-10&limit=3").expect(200);
    let rest = institute.get(&first.next().unwrap()).expect(200);
    assert_eq!([first.items(), rest.items()].concat(), all.items());
    assert_eq!(rest.next(), None);
}

fn rows_of_schools(world: &World) {
    let before = readings(world, "indicators");
    for role in [Role::Ministry, Role::Supervision, Role::Expert] {
        let counted = rows(&world.client(role)).expect(200);
        let numbers: Vec<_> = counted
            .items()
            .iter()
            .map(|row| (row["school_code"].as_str().unwrap(), &row["supported"], &row["people"]))
            .collect();
        assert_eq!(
            numbers,
            [("520101", &json!(1), &json!(2)), ("520102", &json!(1), &json!(2))],
            "{counted}"
        );
        assert!(!counted.text.contains("Второй") && !counted.text.contains("\"staff_id\":1"), "{counted}");
    }
    rows(&world.client(Role::Reader)).expect(403).problem("forbidden");
    assert_eq!(readings(world, "indicators"), before, "counts name nobody");
}

both!(a_series_follows_the_days, |world| {
    let institute = prepare(world);
    let series = |code: &str, query: &str| {
        institute.get(&format!("/api/v1/indicators/{code}/series?from=2021-01-01&{query}")).expect(200).json
    };
    let months = series("I2", "to=2021-04-15&step=month");
    assert_eq!((&months["code"], &months["target"]["percent"]), (&json!("I2"), &json!(70)));
    let points: Vec<_> = months["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["on"].as_str().unwrap(), p["numerator"].as_i64(), p["verdict"].as_str().unwrap()))
        .collect();
    assert_eq!(
        points,
        [
            ("2021-01-31", Some(1), "not_met"),
            ("2021-02-28", Some(1), "not_met"),
            ("2021-03-31", Some(2), "not_met"),
            ("2021-04-15", Some(2), "not_met"),
        ]
    );
    for code in ["I1", "I2", "I3", "I4"] {
        for point in series(code, "to=2021-12-31&step=quarter")["points"].as_array().unwrap() {
            let on = point["on"].as_str().unwrap();
            let once = institute.get(&format!("/api/v1/indicators/{code}?on={on}")).expect(200).json;
            for field in ["numerator", "denominator", "basis_points", "verdict", "reason", "list"] {
                assert_eq!(point[field], once[field], "{code} on {on}: {field}");
            }
        }
    }
    // Without a word: from the first day of the passport to today, by halves.
    let whole = institute.get("/api/v1/indicators/I1/series").expect(200);
    assert_eq!(whole.json["points"][0]["on"], "2020-06-30");
});

both!(a_series_that_makes_no_sense_is_refused, |world| {
    let institute = world.client(Role::Institute);
    let of = |query: &str| institute.get(&format!("/api/v1/indicators/I2/series?{query}"));
    for (query, reason) in [
        ("from=2021-01-02&to=2021-01-01", "order_of_dates"),
        ("from=2000-01-01&to=2020-01-01&step=month", "out_of_range"),
    ] {
        assert_eq!(of(query).expect(400).problem("invalid_parameter").flaws(), [("to", reason)]);
    }
    for query in ["step=day", "from=2021-13-01", "denominator=0", "x=1"] {
        of(query).expect(400).refused_query();
    }
    of("list_id=999999").expect(404).problem("not_found");
    institute.get("/api/v1/indicators/I9/series").expect(404).problem("not_found");
});
