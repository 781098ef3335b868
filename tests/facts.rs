//! Facts about the activities of a plan: who may enter what about whom, and what is decided on them.

use crate::harness::{
    Client, Reply,
    facts::{FACTS, draft, enter, with_plan},
};
use opora_identity::Role;
use serde_json::{Value, json};

fn decide(client: &Client, fact: &Value, way: &str, etag: &str, body: &Value) -> Reply {
    let path = format!("{FACTS}/{}/{way}", fact["id"]);
    client.call("POST", &path).header("If-Match", etag).json(body).send()
}

fn ids(reply: &Reply) -> Vec<i64> {
    reply.items().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

both!(a_fact_lives_until_it_is_decided, |world| {
    let institute = with_plan(world);
    let client = world.client(Role::Municipality);
    let body = draft(&institute);
    let entered = client.post(FACTS, &body).expect(201);
    let path = entered.header("location").to_owned();
    assert_eq!(client.get(&path).expect(200).json, entered.json);
    let expected = json!([world.seed.own, null, "entered", "entered", 1]);
    let shown =
        ["municipality_id", "school_id", "origin", "state", "version"].map(|f| entered.json[f].clone());
    assert_eq!(json!(shown), expected, "about its own municipality unless it names another");
    let etag = entered.header("etag").to_owned();
    let changed = client.patch(&path, &etag, &json!({"value": 3, "note": "Исправлено"})).expect(200);
    assert_eq!((&changed.json["value"], &changed.json["version"]), (&json!(3), &json!(2)));
    client.patch(&path, &etag, &json!({"value": 4})).expect(412).problem("precondition_failed");
    // What was read is what is confirmed.
    decide(&institute, &entered.json, "confirm", "\"1\"", &json!({})).expect(412);
    let confirmed = decide(&institute, &entered.json, "confirm", "\"2\"", &json!({})).expect(200);
    assert_eq!((&confirmed.json["state"], confirmed.header("etag")), (&json!("confirmed"), "\"3\""));
    assert_ne!(confirmed.json["decided_by"], confirmed.json["entered_by"]);
    client.patch(&path, "\"3\"", &json!({"value": 5})).expect(409).problem("fact_decided");
    client.call("DELETE", &path).header("If-Match", "\"3\"").send().expect(409).problem("fact_decided");
    let again = decide(&institute, &entered.json, "decline", "\"3\"", &json!({"reason": "Передумали"}));
    again.expect(409).problem("fact_decided");
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM audit_log WHERE resource = 'facts'"), 3);
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM change_journal WHERE resource = 'facts'"), 3);
});

both!(confirmed_facts_move_the_status, |world| {
    let institute = with_plan(world);
    let status = || {
        let on = institute.get("/api/v1/plans/2020-2021/activities/2.11?on=2021-01-10").expect(200);
        on.json["standing"]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(), "overdue");
    let webinar = json!({"plan_id": draft(&institute)["plan_id"], "activity": "2.11", "window_from": "2020-11-01",
        "kind": "value", "metric": "webinars", "value": 1, "happened_on": "2020-12-03", "executor": "NIRO"});
    let fact = enter(&institute, &webinar);
    assert_eq!(status(), "overdue", "what nobody has confirmed does not count");
    decide(&institute, &fact, "confirm", "\"1\"", &json!({"reason": "Запись на сайте"})).expect(200);
    assert_eq!(status(), "done");
});

both!(a_declined_fact_may_be_entered_anew, |world| {
    let institute = with_plan(world);
    let client = world.client(Role::School);
    let body = draft(&institute);
    let fact = enter(&client, &body);
    assert_eq!((&fact["school_id"], &fact["municipality_id"]), (&json!(world.seed.school), &Value::Null));
    client.post(FACTS, &body).expect(409).problem("already_exists");
    // Another day, another note or another school is another fact.
    enter(&client, &json!({"happened_on": "2020-11-28"}).on(&body));
    enter(&client, &json!({"note": "Вторая редакция"}).on(&body));
    let second = enter(&client, &json!({"value": 2}).on(&body));
    let path = format!("{FACTS}/{}", second["id"]);
    client.patch(&path, "\"1\"", &json!({"value": 1})).expect(409).problem("already_exists");
    decide(&institute, &fact, "decline", "\"1\"", &json!({})).expect(400).problem("invalid_json");
    decide(&institute, &fact, "decline", "\"1\"", &json!({"reason": " "})).expect(422);
    let declined =
        decide(&institute, &fact, "decline", "\"1\"", &json!({"reason": "Нет приказа"})).expect(200);
    assert_eq!(declined.json["decision_reason"], "Нет приказа");
    enter(&client, &body);
    client.call("DELETE", &path).header("If-Match", "\"1\"").send().expect(204);
    client.get(&path).expect(404);
});

both!(every_field_is_held_against_the_plan, |world| {
    let institute = with_plan(world);
    let body = draft(&institute);
    let refused = |change: Value| {
        let reply = institute.post(FACTS, &change.on(&body)).expect(422).problem("invalid_fields");
        let told: Vec<_> = reply.flaws().iter().map(|(p, r)| format!("{p} {r}")).collect();
        told.join(", ")
    };
    for (change, flaws) in [
        (json!({"plan_id": 999}), "/plan_id unknown_reference"),
        (json!({"activity": "9.9"}), "/activity unknown_reference"),
        (json!({"window_from": "2020-11-01"}), "/window_from unknown_reference"),
        (json!({"metric": "teams"}), "/metric unknown_reference"),
        (json!({"metric": null}), "/metric required"),
        (json!({"value": null}), "/value required"),
        (json!({"value": -1}), "/value out_of_range"),
        (json!({"happened_on": "2019-12-31"}), "/happened_on out_of_range"),
        (json!({"happened_on": "2999-01-01"}), "/happened_on out_of_range"),
        (json!({"executor": "MIN"}), "/executor unknown_reference"),
        (json!({"note": "две\nстроки"}), "/note forbidden_character"),
        (json!({"note": "я".repeat(2001)}), "/note wrong_length"),
        (json!({"kind": "evidence"}), "/metric contradiction, /value contradiction"),
        (json!({"kind": "source_unavailable", "metric": null, "value": null}), "/note required"),
        (json!({"school_id": 999_999}), "/school_id unknown_reference"),
        (
            json!({"school_id": world.seed.school, "municipality_id": world.seed.own}),
            "/municipality_id contradiction",
        ),
        (
            json!({"activity": "9.9", "value": -1, "note": ""}),
            "/activity unknown_reference, /value out_of_range, /note wrong_length",
        ),
    ] {
        assert_eq!(refused(change.clone()), flaws, "{change}");
    }
    institute.post(FACTS, &json!({"state": "confirmed"}).on(&body)).expect(400).problem("invalid_json");
    assert!(institute.get(FACTS).expect(200).items().is_empty());
    // Markup is text.
    let fact = enter(&institute, &json!({"note": "<script>alert(1)</script>"}).on(&body));
    assert_eq!(fact["note"], "<script>alert(1)</script>");
});

both!(a_fact_is_about_the_authors_area, |world| {
    let institute = with_plan(world);
    let body = draft(&institute);
    let seed = &world.seed;
    let cases = [
        ("municipality", json!({"school_id": seed.neighbour}), 201),
        ("municipality", json!({"municipality_id": seed.own}), 201),
        ("municipality", json!({"municipality_id": seed.other}), 422),
        ("municipality", json!({"school_id": seed.other_school}), 422),
        ("municipality", json!({"school_id": seed.state_school}), 422),
        ("city", json!({"municipality_id": seed.city}), 201),
        ("city", json!({"school_id": seed.district_school}), 201),
        ("school", json!({"school_id": seed.school}), 201),
        ("school", json!({"school_id": seed.neighbour}), 422),
        ("school", json!({"municipality_id": seed.own}), 422),
        ("institute", json!({"municipality_id": seed.other}), 201),
        ("institute", json!({"executor": "NIRO"}), 201),
    ];
    for (login, place, status) in cases {
        let note = json!({"note": format!("{login} {place}")});
        world.log_in(login).post(FACTS, &place.on(&note.on(&body))).expect(status);
    }
    let seen = |login: &str, query: &str| {
        world.log_in(login).get(&format!("{FACTS}{query}")).expect(200).items().len()
    };
    assert_eq!(seen("institute", ""), 7);
    assert_eq!(seen("municipality", ""), 3, "two of its own, one that its school entered");
    assert_eq!((seen("city", ""), seen("school", ""), seen("other_school", "")), (2, 1, 0));
    assert_eq!(seen("other_municipality", ""), 1, "what the institute entered about it");
    assert_eq!(seen("municipality", &format!("?municipality_id={}", seed.other)), 0);
    assert_eq!(seen("institute", "?activity=1.4&state=entered&kind=value&origin=entered"), 7);
    assert_eq!(seen("institute", "?executor=NIRO"), 1);
    assert_eq!(seen("institute", "?origin=counted"), 0);
    for query in ["activity=", "activity=3.010", "activity=000000000000000000000", "executor=niro"] {
        institute.get(&format!("{FACTS}?{query}")).expect(400).problem("invalid_parameter");
    }
});

both!(who_does_not_carry_it_out_does_not_report_it, |world| {
    let institute = with_plan(world);
    let seed = &world.seed;
    let body = draft(&institute);
    let handbooks = json!({"activity": "2.12", "window_from": "2020-06-01", "metric": "handbooks_published",
        "value": 50, "happened_on": "2020-12-10", "executor": "NIRO"});
    let list = json!({"activity": "1.1", "window_from": "2020-06-01", "metric": "target_group_lists",
        "happened_on": "2020-06-10"});
    let exchange = json!({"activity": "2.9", "window_from": "2020-08-01", "metric": "municipal_events",
        "happened_on": "2020-10-10", "executor": "MOUO4"});
    let school = json!({"school_id": seed.neighbour});
    let as_school = |place: &Value| json!({"executor": "SCH"}).on(&place.on(&body));
    for (login, fact, refused_at) in [
        // What the institute carries out, a school or a municipality does not report, whatever executor they name.
        ("school", handbooks.on(&body), Some("/executor")),
        ("school", json!({"executor": null}).on(&handbooks.on(&body)), Some("/activity")),
        ("municipality", list.on(&body), Some("/activity")),
        ("institute", handbooks.on(&body), None),
        // A municipality is no school, but it may report about its schools.
        ("municipality", as_school(&json!({})), Some("/executor")),
        ("municipality", as_school(&school), None),
        ("municipality", json!({"executor": "MOUO"}).on(&school.on(&body)), Some("/executor")),
        // The city counts as the municipal system; its district takes part in the pilot.
        ("city", json!({"municipality_id": seed.district}).on(&body), Some("/activity")),
        ("city", json!({"municipality_id": seed.district}).on(&exchange.on(&body)), None),
    ] {
        let reply = world.log_in(login).post(FACTS, &fact);
        match refused_at {
            Some(pointer) => {
                let reply = reply.expect(422).problem("invalid_fields");
                assert_eq!(reply.flaws(), [(pointer, "not_responsible")], "{login} {fact}");
            }
            None => drop(reply.expect(201)),
        }
    }
    // Nor by a change.
    let municipality = world.client(Role::Municipality);
    let fact = enter(&municipality, &body);
    let path = format!("{FACTS}/{}", fact["id"]);
    let reply = municipality.patch(&path, "\"1\"", &json!({"executor": "NIRO"})).expect(422);
    assert_eq!(reply.flaws(), [("/executor", "not_responsible")]);
    municipality.patch(&path, "\"1\"", &json!({"executor": "MOUO"})).expect(200);
});

both!(a_fact_of_another_body_is_not_changed, |world| {
    let institute = with_plan(world);
    let body = json!({"municipality_id": world.seed.own}).on(&draft(&institute));
    let fact = enter(&institute, &body);
    let path = format!("{FACTS}/{}", fact["id"]);
    let municipality = world.client(Role::Municipality);
    municipality.get(&path).expect(200);
    let evidence = format!("{path}/evidence");
    let link = json!({"url": "https://example.org"});
    for other in [&municipality, &world.client(Role::Ministry), &world.client(Role::Supervision)] {
        other.patch(&path, "\"1\"", &json!({"value": 9})).expect(403).problem("forbidden");
        other.call("DELETE", &path).header("If-Match", "\"1\"").send().expect(403).problem("forbidden");
        other.post(&evidence, &link).expect(403).problem("forbidden");
    }
    let stranger = world.log_in("other_municipality");
    stranger.get(&path).expect(404).problem("not_found");
    stranger.patch(&path, "\"1\"", &json!({"value": 9})).expect(404).problem("not_found");
    stranger.get(&evidence).expect(404).problem("not_found");
    stranger.post(&evidence, &link).expect(404).problem("not_found");
    institute.patch(&path, "\"1\"", &json!({"value": 2})).expect(200);
    decide(&municipality, &fact, "confirm", "\"2\"", &json!({})).expect(403).problem("forbidden");
});

both!(many_are_decided_or_none, |world| {
    let institute = with_plan(world);
    let body = draft(&institute);
    let facts: Vec<Value> =
        (1..=3).map(|value| enter(&institute, &json!({"value": value}).on(&body))).collect();
    let at = |versions: [i64; 3]| -> Vec<Value> {
        facts
            .iter()
            .zip(versions)
            .map(|(fact, version)| json!({"id": fact["id"], "version": version}))
            .collect()
    };
    let many = |facts: Value, decision: &str| {
        institute.post("/api/v1/fact-decisions", &json!({"facts": facts, "decision": decision}))
    };
    let stale = many(json!(at([1, 7, 1])), "confirm").expect(409).problem("conflict");
    assert_eq!(stale.flaws(), [("/facts/1", "contradiction")]);
    let unknown =
        many(json!([{"id": 999, "version": 1}]), "confirm").expect(422).problem("missing_reference");
    assert_eq!(unknown.flaws(), [("/facts/0", "unknown_reference")]);
    many(json!(at([1, 1, 1])), "decline").expect(422).problem("invalid_fields");
    many(json!([]), "confirm").expect(422).problem("invalid_fields");
    assert_eq!(ids(&institute.get(&format!("{FACTS}?state=entered")).expect(200)).len(), 3);
    let done = many(json!(at([1, 1, 1])), "confirm").expect(200);
    assert_eq!(ids(&done), facts.iter().map(|fact| fact["id"].as_i64().unwrap()).collect::<Vec<_>>());
    assert!(done.items().iter().all(|fact| fact["state"] == "confirmed" && fact["version"] == 2));
    let twice = many(json!(at([2, 2, 2])), "confirm").expect(409).problem("fact_decided");
    assert_eq!(twice.flaws().len(), 3);
});

both!(the_same_request_enters_one_fact, |world| {
    let institute = with_plan(world);
    let body = draft(&institute);
    let send = |body: &Value| institute.call("POST", FACTS).header("Idempotency-Key", "k1").json(body).send();
    let first = send(&body).expect(201);
    assert_eq!(send(&body).expect(201).json, first.json);
    send(&json!({"value": 2}).on(&body)).expect(422).problem("idempotency_mismatch");
    assert_eq!(institute.get(FACTS).expect(200).items().len(), 1);
});

/// A few fields laid over a body.
trait On {
    fn on(&self, body: &Value) -> Value;
}

impl On for Value {
    fn on(&self, body: &Value) -> Value {
        let mut whole = body.clone();
        for (field, value) in self.as_object().unwrap() {
            whole[field] = value.clone();
        }
        whole
    }
}
