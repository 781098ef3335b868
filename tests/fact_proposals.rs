//! Facts that the system counts itself.

use crate::harness::{
    Client, Reply,
    facts::{FACTS, with_plan},
};
use opora_identity::Role;
use serde_json::{Value, json};

/// Proposes what is counted as of a day.
fn propose(institute: &Client, on: &str) -> Reply {
    institute.post("/api/v1/plans/2020-2021/fact-proposals", &json!({ "on": on }))
}

fn shown(reply: &Reply) -> Vec<Value> {
    let fields = ["activity", "metric", "value", "happened_on", "state", "origin"];
    reply.items().iter().map(|fact| json!(fields.map(|field| fact[field].clone()))).collect()
}

fn proposed(metric: &str, value: i64, day: &str) -> Value {
    json!(["1.17", metric, value, day, "entered", "counted"])
}

fn decide(institute: &Client, fact: &Value, way: &str) {
    let body = json!({"facts": [{"id": fact["id"], "version": fact["version"]}], "decision": way, "reason": "По акту"});
    institute.post("/api/v1/fact-decisions", &body).expect(200);
}

both!(what_the_data_holds_is_proposed, |world| {
    let institute = with_plan(world);
    // Five listed schools: two of one municipality, one of another, one of a district of a city, one of the state.
    let covered = [("schools_covered", 4), ("municipalities_covered", 3), ("state_schools_covered", 1)]
        .map(|(metric, value)| proposed(metric, value, "2020-10-01"));
    let first = propose(&institute, "2020-10-01").expect(200);
    assert_eq!(shown(&first), covered);
    assert_eq!(propose(&institute, "2020-10-01").expect(200).json, first.json, "as often as one likes");
    let rows = |fact: &Value, query: &str| {
        institute.get(&format!("{FACTS}/{}/rows?{query}", fact["id"])).expect(200)
    };
    let places = rows(&first.items()[1], "");
    let of = |id| json!({"resource": "municipalities", "row_id": id, "code": null});
    for (row, id) in places.items().iter().zip([world.seed.own, world.seed.other, world.seed.city]) {
        assert!(row["name"].as_str().is_some_and(|name| !name.is_empty()));
        assert_eq!(
            json!({"resource": row["resource"], "row_id": row["row_id"], "code": row["code"]}),
            of(id)
        );
    }
    assert_eq!(places.items().len(), 3);
    let (mut next, mut schools) = (Some(rows(&first.items()[0], "limit=3")), Vec::new());
    while let Some(page) = next {
        schools.extend(page.items().iter().map(|row| row["row_id"].clone()));
        next = page.next().map(|path| institute.get(&path).expect(200));
    }
    let seed = &world.seed;
    assert_eq!(
        schools,
        [seed.school, seed.neighbour, seed.other_school, seed.district_school].map(|id| json!(id))
    );
    let run = json!({"identification_run_id": seed.run, "as_of": "2020-06-10"});
    let run = institute.post("/api/v1/proposal-runs", &run).expect(201).json["id"].clone();
    let again = propose(&institute, "2020-10-01").expect(200);
    assert_eq!(shown(&again)[0], json!(["1.1", "target_group_lists", 1, "2020-06-10", "entered", "counted"]));
    assert_eq!(again.items()[1..], first.items()[..]);
    let behind = json!([{"resource": "proposal_runs", "row_id": run, "code": null, "name": null}]);
    assert_eq!(rows(&again.items()[0], "").json["items"], behind);
    // It is not about an organisation of an area: for the region alone.
    let municipality = world.client(Role::Municipality);
    municipality.get(&format!("{FACTS}/{}/rows", first.items()[0]["id"])).expect(404).problem("not_found");
});

both!(only_what_is_missing_is_proposed, |world| {
    let institute = with_plan(world);
    let first = propose(&institute, "2020-10-01").expect(200);
    // One is confirmed, one is declined, one waits and is counted anew.
    decide(&institute, &first.items()[0], "confirm");
    decide(&institute, &first.items()[1], "decline");
    let second = propose(&institute, "2020-11-01").expect(200);
    assert_eq!(second.json["items"], json!([first.items()[2]]), "the same number is not counted twice");
    let codes = |ids: &[i64]| -> String {
        let code =
            |id: &i64| institute.get(&format!("/api/v1/schools/{id}")).expect(200).json["code"].clone();
        ids.iter().map(|id| format!("2020;{}\n", code(id).as_str().unwrap())).collect()
    };
    let seed = &world.seed;
    let listed = codes(&[seed.school.0, seed.other_school.0]);
    world.client(Role::Admin).load("lists", format!("Год списка;Код ОО\n{listed}")).succeeded([2, 0, 0, 0]);
    let third = propose(&institute, "2020-12-01").expect(200);
    // Fewer schools than are confirmed already; other municipalities than were declined; no school of the state.
    assert_eq!(shown(&third), [proposed("municipalities_covered", 2, "2020-12-01")]);
    institute.get(&format!("{FACTS}/{}", first.items()[2]["id"])).expect(404);
    let confirmed = institute.get(&format!("{FACTS}?state=confirmed")).expect(200);
    assert_eq!(confirmed.items().len(), 1);
});

both!(a_count_is_of_a_day_that_has_come, |world| {
    let institute = with_plan(world);
    propose(&institute, "2199-01-01").expect(422).problem("invalid_fields");
    propose(&institute, "2020-13-01").expect(400).problem("invalid_json");
    institute.post("/api/v1/plans/2098-2099/fact-proposals", &json!({})).expect(404).problem("not_found");
    world.client(Role::Ministry).post("/api/v1/plans/2020-2021/fact-proposals", &json!({})).expect(403);
    assert_eq!(institute.get(FACTS).expect(200).items().len(), 0);
    assert!(propose(&institute, "2019-12-31").expect(200).items().is_empty(), "nothing has begun");
});
