//! Who reports in time, counted over the order's plan and the seed: three whole municipal systems, five schools that are all
//! listed and innovation platforms; the municipalities are pilots, no school is.

use crate::harness::{Reply, World};
use diesel::RunQueryDsl;
use opora_db::on_each;
use opora_identity::Role;
use opora_primitives::MunicipalityId;
use serde_json::{Value, json};

/// The plan of the order.
pub const PLAN: &str = include_str!("../crates/demo/data/plan-2020-2021.yaml");

const AT: &str = "/api/v1/plans/2020-2021/discipline?on=2021-02-01";

/// Enters a fact by hand in the tables: how facts are entered is tested elsewhere.
pub fn enter(
    world: &World,
    activity: &str,
    window: &str,
    municipality: i64,
    [origin, state]: [&str; 2],
    entered: &str,
) {
    let statement = format!(
        "INSERT INTO activity_facts (plan_id, activity, window_from, kind, happened_on, municipality_id, origin, state, entered_at)
         SELECT id, '{activity}', '{window}', 'evidence', '{window}', {municipality}, '{origin}', '{state}', '{entered} 12:00:00'
         FROM plans WHERE code = '2020-2021'"
    );
    let database = &world.node.state.database;
    let written = database.keep_books(|db| Ok(on_each!(db, c => diesel::sql_query(&statement).execute(c))?));
    assert_eq!(written.unwrap(), 1);
}

/// Row 2.13, due with the first report: one municipality in time, another late, of the third one fact declined and one
/// only counted by the system.
fn prepared(world: &World) {
    world.client(Role::Institute).load("plan", PLAN).succeeded([54, 0, 0, 0]);
    let filed = |municipality: MunicipalityId, how, entered| {
        enter(world, "2.13", "2020-06-01", municipality.0, how, entered);
    };
    filed(world.seed.own, ["entered", "entered"], "2021-01-15");
    filed(world.seed.other, ["counted", "confirmed"], "2021-01-16");
    filed(world.seed.city, ["entered", "declined"], "2020-12-01");
    filed(world.seed.city, ["counted", "entered"], "2020-12-02");
}

/// expected, actual, on time, late, missing, not due, facts, facts on time.
fn counts(row: &Value) -> [i64; 8] {
    ["expected", "actual", "on_time", "late", "missing", "not_due", "facts", "facts_on_time"]
        .map(|name| row[name].as_i64().unwrap_or_else(|| panic!("no {name}: {row}")))
}

fn row<'a>(reply: &'a Reply, field: &str, value: impl Into<Value>) -> &'a Value {
    let value = value.into();
    reply.items().iter().find(|row| row[field] == value).unwrap_or_else(|| panic!("no {value}: {reply}"))
}

both!(late_and_silent_organisations_are_counted, |world| {
    prepared(world);
    let ministry = world.client(Role::Ministry);
    let executors = ministry.get(&format!("{AT}&by=executor")).expect(200);
    // All municipalities carry out 1.4 (two windows), 1.10, 1.11, 1.12, 1.16, 2.13 and 3.19: 8 x 3. Of these the first
    // window of 1.4 and 2.13 are due by then: 6, of which two are there.
    let all = row(&executors, "executor", "MOUO");
    assert_eq!(counts(all), [24, 2, 1, 1, 4, 18, 2, 1]);
    assert_eq!((&all["municipality_id"], &all["name"]), (&Value::Null, &json!("МОУО")));
    // All four municipalities are designated pilots, no school is. 2.2, 2.3, 2.4 and 2.9 belong to 2020.
    assert_eq!(counts(row(&executors, "executor", "MOUO4")), [16, 0, 0, 0, 16, 0, 0, 0]);
    assert!(!executors.text.contains("SCH6"), "{executors}");
    // The ministry reports once on 2.13, 3.19 and 3.24.
    assert_eq!(counts(row(&executors, "executor", "MIN")), [3, 0, 0, 0, 1, 2, 0, 0]);

    let places = ministry.get(&format!("{AT}&by=municipality")).expect(200);
    assert_eq!(places.items()[0]["municipality_id"], Value::Null, "the region is first: {places}");
    // Its own eight, four as a pilot, and of each of its two schools 1.4 (2), 1.16, 3.12 to 3.15, 3.17, 3.18 (3) and 3.19:
    // 8 + 4 + 2 x 12. Of a school the first window of 1.4, 3.12 and 3.13 are due: 3.
    assert_eq!(counts(row(&places, "municipality_id", world.seed.own.0)), [36, 1, 1, 0, 1 + 4 + 6, 24, 1, 1]);
    assert_eq!(
        counts(row(&places, "municipality_id", world.seed.other.0)),
        [24, 1, 0, 1, 1 + 4 + 3, 15, 1, 0]
    );
    assert_eq!(counts(row(&places, "municipality_id", world.seed.city.0)), [12, 0, 0, 0, 2 + 4, 6, 0, 0]);
    // A part of a city is no system of its own, but it may be a pilot, and its schools report.
    assert_eq!(counts(row(&places, "municipality_id", world.seed.district.0)), [16, 0, 0, 0, 4 + 3, 9, 0, 0]);

    // The day before the first due day is past, nobody is late.
    let early = ministry.get("/api/v1/plans/2020-2021/discipline?by=executor&on=2021-01-15").expect(200);
    assert_eq!(counts(row(&early, "executor", "MOUO")), [24, 1, 1, 0, 0, 23, 1, 1]);
});

both!(a_part_of_the_region_sees_its_own_counts, |world| {
    prepared(world);
    let municipalities = |login: &str| -> Vec<(Value, i64)> {
        let reply = world.log_in(login).get(&format!("{AT}&by=municipality")).expect(200);
        reply.items().iter().map(|row| (row["municipality_id"].clone(), counts(row)[0])).collect()
    };
    let id = |id: MunicipalityId| json!(id.0);
    assert_eq!(municipalities("municipality"), [(id(world.seed.own), 36)]);
    assert_eq!(municipalities("city"), [(id(world.seed.city), 12), (id(world.seed.district), 16)]);
    assert_eq!(municipalities("school"), [(id(world.seed.own), 12)]);
    let executors = world.client(Role::Municipality).get(&format!("{AT}&by=executor")).expect(200);
    assert_eq!(counts(row(&executors, "executor", "MOUO")), [8, 1, 1, 0, 1, 6, 1, 1]);
    assert!(!executors.text.contains("\"NIRO\""), "{executors}");
});

both!(the_list_is_paged_and_strict, |world| {
    prepared(world);
    let ministry = world.client(Role::Ministry);
    let whole = ministry.get(&format!("{AT}&by=municipality")).expect(200);
    let (mut path, mut rows) = (Some(format!("{AT}&by=municipality&limit=2")), Vec::new());
    while let Some(at) = path {
        let page = ministry.get(&at).expect(200);
        rows.extend(page.items().to_vec());
        path = page.next();
    }
    assert_eq!(rows, whole.items());
    let other = ministry.get(&format!("{AT}&by=executor&limit=1")).expect(200).next().unwrap();
    ministry.get(&other.replace("executor", "municipality")).expect(400).problem("invalid_cursor");
    for bad in ["", "?by=school", "?by=executor&on=2021-02-30", "?by=executor&x=1", "?by=executor&limit=0"] {
        ministry.get(&format!("/api/v1/plans/2020-2021/discipline{bad}")).expect(400).refused_query();
    }
    ministry.get("/api/v1/plans/nothing/discipline?by=executor").expect(404).problem("not_found");
});

/// The rows of the list of expected reports with these parameters.
fn expected(world: &World, login: &str, parameters: &str) -> Vec<Value> {
    let client = world.log_in(login);
    let (mut path, mut rows) =
        (Some(format!("/api/v1/plans/2020-2021/discipline/expected?limit=7{parameters}")), Vec::new());
    while let Some(at) = path {
        let page = client.get(&at).expect(200);
        rows.extend(page.items().to_vec());
        path = page.next();
    }
    rows
}

both!(who_never_reported_is_told_by_name, |world| {
    prepared(world);
    let missing = expected(world, "ministry", "&activity=2.13&executor=MOUO&state=missing&on=2021-02-01");
    // Of three municipal systems one reported in time and one late.
    assert_eq!(missing.len(), 1);
    let row = &missing[0];
    assert_eq!(row["municipality_id"], world.seed.city.0);
    assert_eq!((&row["executors"], &row["school_id"]), (&json!(["MOUO"]), &Value::Null));
    assert!(
        !row["organisation"].as_str().unwrap().is_empty() && !row["title_ru"].as_str().unwrap().is_empty()
    );
    let told = ["due_on", "missing_since", "days_late", "reported_on", "facts"].map(|name| row[name].clone());
    assert_eq!(told, [json!("2021-01-15"), json!("2021-01-16"), json!(17), Value::Null, json!(0)]);
    assert_eq!(row["window"]["from"], "2020-06-01");
    let late = expected(world, "ministry", "&activity=2.13&state=late&on=2021-02-01");
    assert_eq!((late.len(), &late[0]["reported_on"]), (1, &json!("2021-01-16")));
    assert_eq!((&late[0]["days_late"], &late[0]["missing_since"]), (&json!(1), &Value::Null));

    // The list holds what the counts count, each once.
    let all = expected(world, "ministry", "&on=2021-02-01");
    let of = |field: &str, value: i64| all.iter().filter(|row| row[field] == value).count();
    assert_eq!(of("municipality_id", world.seed.own.0), 36);
    let narrowed =
        expected(world, "ministry", &format!("&municipality_id={}&on=2021-02-01", world.seed.own.0));
    assert_eq!(narrowed.len(), 36);
    let mut keys: Vec<String> = all
        .iter()
        .map(|r| {
            format!(
                "{} {} {} {} {}",
                r["activity"], r["window"], r["municipality_id"], r["school_id"], r["executors"]
            )
        })
        .collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), all.len());

    // Inside the reader's area.
    assert_eq!(expected(world, "municipality", "&on=2021-02-01").len(), 36);
    let own = expected(world, "school", "&on=2021-02-01");
    assert_eq!(own.len(), 12);
    assert!(own.iter().all(|row| row["school_id"] == own[0]["school_id"] && !row["school_id"].is_null()));
    let by_id = format!("&school_id={}&on=2021-02-01", own[0]["school_id"]);
    assert_eq!(expected(world, "ministry", &by_id), own);
    assert!(expected(world, "city", &by_id).is_empty());
});
