//! Districts become okrugs: an earlier day stays as it was, and whoever works for the okrug sees what the districts were.

use crate::{
    discipline::{PLAN, enter},
    harness::{Client, World, region},
    tour::judged,
};
use opora_identity::Role;
use serde_json::{Value, json};
use std::slice::from_ref;

const PLACES: &str = "/api/v1/municipalities";

/// The okrug that the districts with three and four listed schools became.
const OKRUG: &str = "22809000";

/// A row of a municipalities file.
fn row(code: &str, name: &str, kind: &str, days: [&str; 2], successor: &str) -> String {
    format!("{code};{name};{kind};{};{};{successor}\n", days[0], days[1])
}

fn file(rows: &[String]) -> String {
    format!("ОКТМО;Наименование;Вид;Действует с;Действует по;ОКТМО правопреемника\n{}", rows.concat())
}

/// Both districts end with May 2021. They stand before their successor in the file.
fn reorganisation() -> String {
    let ended = |listed| {
        let (code, name) = (region::district(listed), format!("Район {listed}"));
        row(&code, &name, "Муниципальный район", ["", "31.05.2021"], OKRUG)
    };
    let okrug = row(OKRUG, "Округ", "Муниципальный округ", ["01.06.2021", ""], "");
    file(&[ended(3), ended(4), okrug])
}

/// The schools of both districts, by their new code.
fn moved_schools() -> String {
    let codes = [(3, 1..=3), (4, 1..=7)]
        .into_iter()
        .flat_map(|(size, numbers)| numbers.map(move |n| format!("610{size}{n:02}")));
    let rows = codes.map(|code| format!("{code};Школа {code};{OKRUG};Средняя;Село;Муниципальное\n"));
    format!("Код ОО;Наименование;ОКТМО;Вид ОО;Местность;Учредитель\n{}", rows.collect::<String>())
}

fn reorganise(world: &World) {
    let admin = world.client(Role::Admin);
    admin.load("municipalities", reorganisation()).succeeded([1, 2, 0, 0]);
    admin.load("municipalities", reorganisation()).succeeded([0, 0, 3, 0]);
    admin.load("schools", moved_schools()).succeeded([0, 10, 0, 0]);
}

fn place(client: &Client, code: &str) -> Value {
    let all = client.get(&format!("{PLACES}?limit=1000")).expect(200);
    all.items().iter().find(|m| m["oktmo"] == code).unwrap_or_else(|| panic!("no {code}: {all}")).clone()
}

/// What the rules say on a day: subjects of the third model, and gaps.
fn municipal(institute: &Client, run: &Value, as_of: &str) -> [Vec<String>; 2] {
    let body = json!({ "identification_run_id": run["id"], "as_of": as_of });
    let id = institute.post("/api/v1/proposal-runs", &body).expect(201).json["id"].clone();
    let names = |path: String| {
        let page = institute.get(&path).expect(200);
        let mut names: Vec<_> =
            page.items().iter().map(|p| p["municipality_name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    [
        names(format!("/api/v1/proposals?proposal_run_id={id}&model=M3&limit=1000")),
        names(format!("/api/v1/coverage-gaps?proposal_run_id={id}")),
    ]
}

fn discipline(client: &Client, on: &str) -> Vec<Value> {
    client
        .get(&format!("/api/v1/plans/2020-2021/discipline?by=municipality&limit=1000&on={on}"))
        .expect(200)
        .items()
        .to_vec()
}

/// Numerator and denominator, and the rows behind them, of the third indicator.
fn third(client: &Client, on: &str) -> Value {
    let told = client.get(&format!("/api/v1/indicators/I3?on={on}")).expect(200).json;
    let rows = client.get(&format!("/api/v1/indicators/I3/rows?limit=1000&on={on}")).expect(200);
    json!([told["numerator"], told["denominator"], rows.items()])
}

both!(an_earlier_day_stays_as_it_was, |world| {
    let (institute, run) = judged(world);
    institute.load("plan", PLAN).succeeded([54, 0, 0, 0]);
    let [three, four] =
        [3, 4].map(|listed| place(&institute, &region::district(listed))["id"].as_i64().unwrap());
    for id in [three, four] {
        enter(world, "2.13", "2020-06-01", id, ["entered", "entered"], "2021-01-10");
    }
    // The fourth has the third model of 2021; a school of the third is in the network.
    let by_hand = |body: Value| institute.post("/api/v1/assignments", &body);
    let services = |id: Value, from: &str| json!({ "model": "M3", "subject_kind": "municipality", "municipality_id": id, "valid_from": from, "reason": "По заявлению" });
    by_hand(services(json!(four), "2021-01-01")).expect(201);
    let school = institute.get("/api/v1/schools/code:610301").expect(200).json["id"].clone();
    let network = json!({ "model": "M7", "subject_kind": "school", "school_id": school, "valid_from": "2021-01-01", "reason": "По заявлению" });
    by_hand(network).expect(201);

    let on = "2021-03-15";
    let before =
        (third(&institute, on), municipal(&institute, &run, on), discipline(&institute, "2021-03-15"));
    assert_eq!(before.0[0], 5, "three of the seed, and both districts: {}", before.0);
    assert_eq!(before.1, [vec!["Район 7".to_owned()], vec!["Район 3".into(), "Район 8".into()]]);
    reorganise(world);
    let after =
        (third(&institute, on), municipal(&institute, &run, on), discipline(&institute, "2021-03-15"));
    assert_eq!(before, after);

    // The day of the change: one system in place of two, with the models and the reports of both.
    let okrug = place(&institute, OKRUG)["id"].clone();
    let later = third(&institute, "2021-06-01");
    assert_eq!((&later[0], &later[1]), (&json!(4), &json!(6)), "{later}");
    let own = later[2].as_array().unwrap().iter().find(|row| row["municipality_id"] == okrug).unwrap();
    assert_eq!((&own["why"], &own["models"]), (&json!("municipal_model"), &json!(["M3"])));
    assert_eq!(
        municipal(&institute, &run, "2021-06-01"),
        [vec!["Район 7".to_owned()], vec!["Район 8".into()]]
    );
    by_hand(services(okrug.clone(), "2021-06-01")).expect(409).problem("already_exists");
    // Seven listed schools are theirs together: from the next year on the third model is for them.
    assert_eq!(municipal(&institute, &run, "2022-01-10")[0], ["Округ", "Район 7"]);
    by_hand(services(okrug.clone(), "2022-01-01")).expect(201);
    let reports = discipline(&institute, "2021-06-01");
    assert!(reports.iter().all(|row| row["municipality_id"] != three && row["municipality_id"] != four));
    let own = reports.iter().find(|row| row["municipality_id"] == okrug).unwrap();
    assert_eq!((&own["on_time"], &own["facts"]), (&json!(1), &json!(2)), "{own}");
});

both!(the_successors_area_holds_what_was_before_it, |world| {
    let (institute, run) = judged(world);
    reorganise(world);
    let [three, four] = [3, 4].map(|listed| place(&institute, &region::district(listed))["id"].clone());
    let okrug = place(&institute, OKRUG)["id"].clone();
    municipal(&institute, &run, "2021-03-15");
    let user = json!({ "login": "okrug", "display_name": "Округ", "password": "four random words", "role": "municipality",
        "municipality_id": okrug });
    world.client(Role::Admin).post("/api/v1/users", &user).expect(201);
    let own = world.log_in("okrug");
    let ids = |path: &str, field: &str| -> Vec<Value> {
        own.get(path).expect(200).items().iter().map(|row| row[field].clone()).collect()
    };
    assert_eq!(ids(&format!("{PLACES}?limit=1000"), "id"), [three.clone(), four.clone(), okrug.clone()]);
    own.get(&format!("{PLACES}/{three}")).expect(200);
    assert_eq!(ids("/api/v1/coverage-gaps", "municipality_id"), from_ref(&three));
    let proposed = ids("/api/v1/proposals?model=M3&limit=1000", "municipality_id");
    assert_eq!(proposed, from_ref(&four));
    assert_eq!(ids("/api/v1/indicators/I3/rows?on=2021-03-15", "municipality_id"), [three, four]);
    assert_eq!(ids("/api/v1/indicators/I3/rows?on=2021-06-01", "municipality_id"), from_ref(&okrug));
    // One school has stayed under its old code: it is theirs all the same.
    let back = "Код ОО;Наименование;ОКТМО;Вид ОО;Местность;Учредитель\n610301;Школа 610301;22803000;Средняя;Село;Муниципальное\n";
    world.client(Role::Admin).load("schools", back).succeeded([0, 1, 0, 0]);
    assert_eq!(ids(&format!("/api/v1/schools?limit=1000&municipality_id={okrug}"), "code").len(), 10);
    // Another municipality sees none of it.
    let other = world.client(Role::Municipality);
    assert!(other.get("/api/v1/coverage-gaps").expect(200).items().is_empty());
    other.get(&format!("{PLACES}/{okrug}")).expect(404);
});

both!(a_successor_takes_over_on_the_day_after, |world| {
    let admin = world.client(Role::Admin);
    let make = |oktmo: &str, from: Value| {
        let body = json!({ "oktmo": oktmo, "name": "Новый", "kind": "municipal_okrug", "valid_from": from });
        admin.post(PLACES, &body).expect(201).json["id"].clone()
    };
    let (okrug, old) = (make("22699000", json!("2021-01-01")), make("22699001000", Value::Null));
    let path = format!("{PLACES}/{old}");
    let refused = |path: &str, version: i64, body: Value| {
        let reply = admin.patch(path, &format!("\"{version}\""), &body).expect(422).problem("invalid_fields");
        let flaw = |flaw: &Value| {
            (flaw["pointer"].as_str().unwrap().to_owned(), flaw["code"].as_str().unwrap().to_owned())
        };
        reply.json["errors"].as_array().unwrap().iter().map(flaw).collect::<Vec<_>>()
    };
    let one = |pointer: &str, reason: &str| vec![(pointer.to_owned(), reason.to_owned())];
    let ends = |day: &str, successor: Value| json!({ "valid_to": day, "successor_id": successor });
    assert_eq!(refused(&path, 1, json!({ "successor_id": okrug })), one("/valid_to", "required"));
    assert_eq!(
        refused(&path, 1, ends("2020-12-31", json!(999_999))),
        one("/successor_id", "unknown_reference")
    );
    assert_eq!(refused(&path, 1, ends("2020-12-30", okrug.clone())), one("/successor_id", "contradiction"));
    assert_eq!(refused(&path, 1, ends("2020-12-31", old.clone())), one("/successor_id", "contradiction"));
    admin.patch(&path, "\"1\"", &ends("2020-12-31", okrug.clone())).expect(200);
    // From the other end: what was made of it, and what would lead back.
    let next = format!("{PLACES}/{okrug}");
    assert_eq!(refused(&next, 1, json!({ "valid_from": "2021-01-02" })), one("/valid_from", "contradiction"));
    assert_eq!(refused(&next, 1, ends("2021-12-31", old.clone())), one("/successor_id", "contradiction"));
    admin.call("DELETE", &next).header("If-Match", "\"1\"").send().expect(409).problem("still_referenced");
    // It may also join one that has been there all along.
    admin.patch(&path, "\"2\"", &json!({ "successor_id": world.seed.own })).expect(200);
    admin.patch(&path, "\"3\"", &json!({ "successor_id": null })).expect(200);
});

both!(a_file_is_looked_at_as_a_whole, |world| {
    let admin = world.client(Role::Admin);
    let kind = "Муниципальный район";
    let rows = [
        row("22699000", "Первый", kind, ["", "31.12.2020"], "22699900"),
        row("22699100", "Второй", kind, ["", ""], "22699900"),
        row("22699200", "Третий", kind, ["", "30.12.2020"], "22699900"),
        row("22699300", "Четвёртый", kind, ["", "31.12.2020"], "22600001"),
        row("22699900", "Общий", "Муниципальный округ", ["01.01.2021", ""], ""),
    ];
    let refused = admin.load("municipalities&mode=best_effort", file(&rows));
    let expected = [
        (3, "valid_to", "required"),
        (4, "successor_oktmo", "contradiction"),
        (5, "successor_oktmo", "unknown_reference"),
    ];
    let expected = expected.map(|(row, column, code)| (row, column.to_owned(), code.to_owned()));
    let mut rejects = admin.rejects(refused.id);
    rejects.sort();
    assert_eq!(rejects, expected);
    assert_eq!(refused.counts(), [2, 0, 0, 3]);
    // The day moves for both: neither row would stand alone.
    let moved = [
        row("22699000", "Первый", kind, ["", "31.05.2021"], "22699900"),
        row("22699900", "Общий", "Муниципальный округ", ["01.06.2021", ""], ""),
    ];
    admin.load("municipalities", file(&moved)).succeeded([0, 2, 0, 0]);
    let alone = admin.load(
        "municipalities&mode=best_effort",
        file(&moved[1..].iter().map(|r| r.replace("01.06", "01.07")).collect::<Vec<_>>()),
    );
    assert_eq!(admin.rejects(alone.id), [(2, "valid_from".to_owned(), "contradiction".to_owned())]);
});
