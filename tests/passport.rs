//! The passport: normative acts, the working group, six stages.

use crate::harness::{Client, Reply, World};
use diesel::prelude::*;
use opora_db::schema::{audit_log, change_journal};
use opora_identity::Role;
use serde_json::{Value, json};

const ACTS: &str = "/api/v1/acts";
const SEATS: &str = "/api/v1/working-group/seats";
const STAGES: &str = "/api/v1/passport/stages";

fn delete(client: &Client, path: &str, etag: &str) -> Reply {
    client.call("DELETE", path).header("If-Match", etag).send()
}

fn address(created: &Reply) -> String {
    created.header("location").to_owned()
}

#[track_caller]
fn flaws(reply: Reply, expected: &[(&str, &str)]) {
    let reply = reply.expect(422).problem("invalid_fields");
    let (mut found, mut expected) = (reply.flaws(), expected.to_vec());
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{reply}");
}

/// What the audit log and the journal hold of `resource`: actions and operations.
fn traces(world: &World, resource: &str) -> (Vec<String>, Vec<String>) {
    let audited = audit_log::table.filter(audit_log::resource.eq(resource)).order(audit_log::id);
    let told = change_journal::table.filter(change_journal::resource.eq(resource)).order(change_journal::seq);
    let database = &world.node.state.database;
    (
        database.read(|db| Ok(audited.select(audit_log::action).load(db)?)).unwrap(),
        database.read(|db| Ok(told.select(change_journal::operation).load(db)?)).unwrap(),
    )
}

// Acts.

fn act(number: &str, from: &str) -> Value {
    json!({ "issuer": "Министерство образования", "kind": "order", "number": number, "signed_on": from, "title": "О поддержке школ" })
}

fn superseding(number: &str, from: &str, old: &Reply) -> Value {
    let mut body = act(number, from);
    body["supersedes_id"] = old.json["id"].clone();
    body
}

/// The numbers of the acts in force on a day.
fn in_force(client: &Client, on: &str) -> Vec<String> {
    let page = client.get(&format!("{ACTS}?on={on}")).expect(200);
    page.items().iter().map(|act| act["number"].as_str().unwrap().to_owned()).collect()
}

both!(an_act_lives_and_leaves_its_traces, |world| {
    let institute = world.client(Role::Institute);
    let made = institute.post(ACTS, &act("316-01-63-950/20", "2020-05-29")).expect(201);
    let path = address(&made);
    assert_eq!((made.header("etag"), &made.json["valid_from"]), ("\"1\"", &json!("2020-05-29")));
    assert_eq!(institute.get(&path).expect(200).json, made.json);
    institute.call("GET", &path).header("If-None-Match", "\"1\"").send().expect(304);
    institute.call("PATCH", &path).json(&json!({})).send().expect(428).problem("precondition_required");
    institute.patch(&path, "\"7\"", &json!({ "title": "Иначе" })).expect(412).problem("precondition_failed");
    let changed = institute.patch(&path, "\"1\"", &json!({ "valid_to": "2021-12-31" })).expect(200);
    assert_eq!((changed.header("etag"), &changed.json["in_force_to"]), ("\"2\"", &json!("2021-12-31")));
    let cleared = institute.patch(&path, "\"2\"", &json!({ "valid_to": null, "title": "Иначе" })).expect(200);
    assert_eq!((&cleared.json["in_force_to"], &cleared.json["title"]), (&Value::Null, &json!("Иначе")));
    delete(&institute, &path, "\"2\"").expect(412);
    delete(&institute, &path, "\"3\"").expect(204);
    institute.get(&path).expect(404).problem("not_found");
    let steps = ["create", "update", "update", "delete"].map(str::to_owned).to_vec();
    assert_eq!(traces(world, "acts"), (steps.clone(), steps));
});

both!(a_successor_ends_an_act_unless_it_says_otherwise, |world| {
    let ministry = world.client(Role::Ministry);
    let old = ministry.post(ACTS, &act("294-ФЗ", "2008-12-26")).expect(201);
    let new = ministry.post(ACTS, &superseding("248-ФЗ", "2021-07-01", &old)).expect(201);
    let path = address(&old);
    // Decision 18. The end moved, so the version did.
    let ended = ministry.get(&path).expect(200);
    assert_eq!((ended.header("etag"), &ended.json["in_force_to"]), ("\"2\"", &json!("2021-06-30")));
    assert_eq!(
        (&ended.json["valid_to"], &ended.json["superseded_by_ids"]),
        (&Value::Null, &json!([new.json["id"]]))
    );
    for (day, numbers) in [
        ("2008-12-25", vec![]),
        ("2008-12-26", vec!["294-ФЗ"]),
        ("2021-06-30", vec!["294-ФЗ"]),
        ("2021-07-01", vec!["248-ФЗ"]),
    ] {
        assert_eq!(in_force(&ministry, day), numbers, "{day}");
    }
    delete(&ministry, &path, "\"2\"").expect(409).problem("still_referenced");
    // A later start of the successor moves the end again.
    ministry.patch(&address(&new), "\"1\"", &json!({ "valid_from": "2021-09-01" })).expect(200);
    let moved = ministry.get(&path).expect(200);
    assert_eq!((moved.header("etag"), &moved.json["in_force_to"]), ("\"3\"", &json!("2021-08-31")));
    // Its own end goes first.
    ministry.patch(&path, "\"3\"", &json!({ "valid_to": "2024-12-31" })).expect(200);
    assert_eq!(in_force(&ministry, "2022-01-01"), ["294-ФЗ", "248-ФЗ"]);
    ministry.patch(&path, "\"4\"", &json!({ "valid_to": null })).expect(200);
    delete(&ministry, &address(&new), "\"2\"").expect(204);
    assert_eq!(ministry.get(&path).expect(200).json["in_force_to"], Value::Null);
    assert_eq!(in_force(&ministry, "2022-01-01"), ["294-ФЗ"]);
});

both!(a_chain_of_acts_does_not_come_back, |world| {
    let institute = world.client(Role::Institute);
    let first = institute.post(ACTS, &act("1", "2020-01-01")).expect(201);
    let second = institute.post(ACTS, &superseding("2", "2020-02-01", &first)).expect(201);
    let third = institute.post(ACTS, &superseding("3", "2020-03-01", &second)).expect(201);
    let supersede = |of: &Reply, etag: &str, id: &Value| {
        institute.patch(&address(of), etag, &json!({ "supersedes_id": id }))
    };
    flaws(supersede(&first, "\"2\"", &first.json["id"]), &[("/supersedes_id", "contradiction")]);
    flaws(supersede(&first, "\"2\"", &third.json["id"]), &[("/supersedes_id", "order_of_dates")]);
    flaws(supersede(&first, "\"2\"", &json!(999_999)), &[("/supersedes_id", "unknown_reference")]);
    // What is superseded may not come into force later than its successor.
    let late = institute.patch(&address(&first), "\"2\"", &json!({ "valid_from": "2020-02-01" }));
    flaws(late, &[("/valid_from", "order_of_dates")]);
    let same_day = institute.post(ACTS, &superseding("4", "2020-03-01", &third));
    flaws(same_day, &[("/supersedes_id", "order_of_dates")]);
});

both!(all_that_is_wrong_with_an_act_is_told_at_once, |world| {
    let institute = world.client(Role::Institute);
    institute.post(ACTS, &act("12-П", "2020-01-01")).expect(201);
    // The same key, however it is typed.
    let mut again = act("12-п ", "2020-01-01");
    again["issuer"] = json!("МИНИСТЕРСТВО  образования");
    institute.post(ACTS, &again).expect(409).problem("already_exists");
    institute.post(ACTS, &act("12-П", "2020-01-02")).expect(201);
    let before = world.storage.contents();
    let wrong = json!({
        "issuer": " ", "kind": "order", "number": "1\u{7}", "signed_on": "2020-02-01", "title": "т".repeat(1001),
        "basis_for": "а\nб", "valid_to": "2020-01-31", "supersedes_id": 999_999
    });
    let expected = [
        ("/issuer", "wrong_length"),
        ("/number", "forbidden_character"),
        ("/title", "wrong_length"),
        ("/basis_for", "forbidden_character"),
        ("/valid_to", "order_of_dates"),
        ("/supersedes_id", "unknown_reference"),
    ];
    flaws(institute.post(ACTS, &wrong), &expected);
    for (field, value) in
        [("kind", json!("scroll")), ("signed_on", json!("2020-02-30")), ("colour", json!(1))]
    {
        let mut body = act("13", "2020-01-01");
        body[field] = value;
        institute.post(ACTS, &body).expect(400).problem("invalid_json");
    }
    assert_eq!(world.storage.contents(), before);
});

both!(acts_are_found_page_by_page_and_by_number, |world| {
    let institute = world.client(Role::Institute);
    for (number, day) in [("3", "2020-03-01"), ("1", "2020-01-01"), ("2а", "2020-02-01"), ("2", "2020-02-01")]
    {
        institute.post(ACTS, &act(number, day)).expect(201);
    }
    let numbers = |page: &Reply| -> Vec<String> {
        page.items().iter().map(|act| act["number"].as_str().unwrap().to_owned()).collect()
    };
    let first = institute.get(&format!("{ACTS}?limit=2")).expect(200);
    let second = institute.get(&first.next().unwrap()).expect(200);
    assert_eq!(
        (numbers(&first), numbers(&second)),
        (vec!["1".into(), "2а".into()], vec!["2".into(), "3".into()])
    );
    assert_eq!(second.next(), None);
    let upper = institute.get(&format!("{ACTS}?number=2%D0%90&kind=order")).expect(200);
    assert_eq!(numbers(&upper), ["2а"]);
    institute.get(&format!("{ACTS}?on=yesterday")).expect(400).problem("invalid_parameter");
});

// The working group.

fn seat(number: i32, role: &str, from: &str) -> Value {
    json!({
        "seat": number, "role": role, "organisation": "Министерство образования", "position": "Заместитель министра",
        "holder": format!("Демонстрационный Участник {number:02}"), "valid_from": from
    })
}

/// A whole group from 2020-05-29: the chair and twelve members.
fn group(institute: &Client) -> Vec<Reply> {
    let roles = ["chair", "deputy_chair", "secretary"].into_iter().chain(std::iter::repeat("member"));
    (1..=13)
        .zip(roles)
        .map(|(number, role)| institute.post(SEATS, &seat(number, role, "2020-05-29")).expect(201))
        .collect()
}

/// Seat and holder of everybody in the group on a day.
fn sitting(client: &Client, on: &str) -> Vec<(i64, String)> {
    let page = client.get(&format!("{SEATS}?on={on}")).expect(200);
    let one = |s: &Value| (s["seat"].as_i64().unwrap(), s["holder"].as_str().unwrap().to_owned());
    page.items().iter().map(one).collect()
}

both!(thirteen_sit_and_one_leads, |world| {
    let institute = world.client(Role::Institute);
    let member_first = institute.post(SEATS, &seat(2, "member", "2020-05-29"));
    member_first.expect(409).problem("wrong_state");
    let all = group(&institute);
    assert_eq!(sitting(&institute, "2020-05-28"), []);
    assert_eq!(sitting(&institute, "2020-05-29").len(), 13);
    let chairs = institute.get(&format!("{SEATS}?on=2020-12-31&role=chair")).expect(200);
    assert_eq!(chairs.items(), std::slice::from_ref(&all[0].json));
    for number in [0, 14, -1] {
        flaws(institute.post(SEATS, &seat(number, "member", "2020-06-01")), &[("/seat", "out_of_range")]);
    }
    // The seat is taken from that very day.
    flaws(institute.post(SEATS, &seat(5, "member", "2020-05-29")), &[("/seat", "already_taken")]);
    flaws(institute.post(SEATS, &seat(5, "member", "2020-05-01")), &[("/seat", "already_taken")]);
    flaws(institute.post(SEATS, &seat(5, "chair", "2020-06-01")), &[("/role", "already_taken")]);
    let promoted = institute.patch(&address(&all[4]), "\"1\"", &json!({ "role": "chair" }));
    flaws(promoted, &[("/role", "already_taken")]);
    // Without its chair the group is none.
    let chair = address(&all[0]);
    for patch in [
        json!({ "valid_to": "2020-12-31" }),
        json!({ "role": "member" }),
        json!({ "valid_from": "2020-06-01" }),
    ] {
        institute.patch(&chair, "\"1\"", &patch).expect(409).problem("wrong_state");
    }
    delete(&institute, &chair, "\"1\"").expect(409).problem("wrong_state");
    let clerk = institute.patch(&chair, "\"1\"", &json!({ "position": "Помощник заместителя министра" }));
    flaws(clerk, &[("/position", "contradiction")]);
    institute.patch(&chair, "\"1\"", &json!({ "position": "Первый  ЗАМЕСТИТЕЛЬ министра" })).expect(200);
    delete(&institute, &address(&all[12]), "\"1\"").expect(204);
    assert_eq!(sitting(&institute, "2020-05-29").len(), 12);
});

both!(a_new_holder_follows_the_old_one, |world| {
    let institute = world.client(Role::Institute);
    let all = group(&institute);
    let mut next = seat(1, "chair", "2020-09-01");
    (next["holder"], next["by_agreement"]) = (json!("Демонстрационный Участник 21"), json!(true));
    let made = institute.post(SEATS, &next).expect(201);
    let old = institute.get(&address(&all[0])).expect(200);
    assert_eq!((&old.json["valid_to"], old.header("etag")), (&json!("2020-08-31"), "\"2\""));
    let first = |on| sitting(&institute, on)[0].1.clone();
    assert_eq!(first("2020-08-31"), "Демонстрационный Участник 01");
    assert_eq!(first("2020-09-01"), "Демонстрационный Участник 21");
    assert_eq!(sitting(&institute, "2020-09-01").len(), 13);
    let history = institute.get(&format!("{SEATS}?seat=1")).expect(200);
    assert_eq!(history.items(), [old.json.clone(), made.json.clone()]);
    // A day in the past that two would share.
    flaws(
        institute.patch(&address(&all[0]), "\"2\"", &json!({ "valid_to": "2020-09-01" })),
        &[("/seat", "already_taken"), ("/role", "already_taken")],
    );
    // Page by page the same as at once.
    let (mut path, mut seen) = (format!("{SEATS}?limit=5"), Vec::new());
    loop {
        let page = institute.get(&path).expect(200);
        seen.extend(page.items().to_vec());
        let Some(next) = page.next() else { break };
        path = next;
    }
    assert_eq!(seen, institute.get(SEATS).expect(200).items());
    assert_eq!(seen.len(), 14);
});

both!(all_that_is_wrong_with_a_seat_is_told_at_once, |world| {
    let institute = world.client(Role::Institute);
    let before = world.storage.contents();
    let mut wrong = seat(14, "chair", "2020-05-29");
    (wrong["organisation"], wrong["position"]) = (json!("  "), json!("Методист"));
    (wrong["holder"], wrong["valid_to"]) = (json!("Имя\u{7}"), json!("2020-05-28"));
    let expected = [
        ("/seat", "out_of_range"),
        ("/organisation", "wrong_length"),
        ("/position", "contradiction"),
        ("/holder", "forbidden_character"),
        ("/valid_to", "order_of_dates"),
    ];
    flaws(institute.post(SEATS, &wrong), &expected);
    for (field, value) in
        [("role", json!("king")), ("seat", json!("1")), ("valid_from", Value::Null), ("x", json!(1))]
    {
        let mut body = seat(1, "chair", "2020-05-29");
        body[field] = value;
        institute.post(SEATS, &body).expect(400).problem("invalid_json");
    }
    institute.get(&format!("{SEATS}?seat=14")).expect(400).problem("invalid_parameter");
    assert_eq!(world.storage.contents(), before);
});

both!(two_chairs_at_once_are_one, |world| {
    let institute = world.client(Role::Institute);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let chair = |number| institute.post(SEATS, &seat(number, "chair", "2020-05-29")).status;
        let calls: Vec<_> = (1..=4).map(|number| scope.spawn(move || chair(number))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|s| **s == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|s| [201, 422].contains(s)), "{statuses:?}");
});

both!(reading_the_names_of_the_group_is_recorded, |world| {
    let institute = world.client(Role::Institute);
    let chair = institute.post(SEATS, &seat(1, "chair", "2020-05-29")).expect(201);
    let expert = world.client(Role::Expert);
    expert.get(SEATS).expect(200);
    expert.get(&address(&chair)).expect(200);
    // Nobody was shown.
    expert.get(&format!("{SEATS}?on=2019-01-01")).expect(200);
    let (audited, told) = traces(world, "working-group/seats");
    assert_eq!((audited, told), (["create", "read", "read"].map(Into::into).to_vec(), vec!["create".into()]));
});

// The stages.

fn stage(client: &Client, code: &str) -> Reply {
    client.get(&format!("{STAGES}/{code}")).expect(200)
}

/// Changes a stage from the version it is at.
fn change(client: &Client, code: &str, patch: Value) -> Reply {
    let etag = stage(client, code).header("etag").to_owned();
    client.patch(&format!("{STAGES}/{code}"), &etag, &patch)
}

fn done(from: &str, to: &str) -> Value {
    json!({ "criteria": ["Утверждено"], "started_on": from, "done_on": to,
        "evidence": [{ "title": "Приказ", "url": "https://example.org/1" }] })
}

fn states(client: &Client, on: &str) -> Vec<String> {
    let page = client.get(&format!("{STAGES}{on}")).expect(200);
    page.items().iter().map(|stage| stage["state"].as_str().unwrap().to_owned()).collect()
}

both!(there_are_six_stages, |world| {
    let expert = world.client(Role::Expert);
    let page = expert.get(STAGES).expect(200);
    let codes: Vec<&str> = page.items().iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
    assert_eq!(codes, ["goals", "indicators", "monitoring", "analysis", "measures", "evaluation"]);
    assert!(page.items().iter().all(|s| s["state"] == "not_started" && s["version"] == 1), "{page}");
    expert.get(&format!("{STAGES}/hope")).expect(404).problem("not_found");
    for method in ["POST", "DELETE"] {
        world.client(Role::Institute).call(method, STAGES).send().expect(405).problem("method_not_allowed");
    }
});

both!(a_stage_goes_from_its_start_to_its_end, |world| {
    let institute = world.client(Role::Institute);
    let act = institute.post(ACTS, &act("316-01-63-950/20", "2020-05-29")).expect(201);
    let begun = change(&institute, "goals", json!({ "started_on": "2020-03-10" })).expect(200);
    assert_eq!((&begun.json["state"], begun.header("etag")), (&json!("in_progress"), "\"2\""));
    let evidence = json!([{ "title": " План ", "act_id": act.json["id"] }, { "title": "Сайт", "url": "https://example.org/plan" }]);
    let patch = json!({ "done_on": "2020-05-29", "criteria": ["Цели утверждены"], "evidence": evidence });
    let done = change(&institute, "goals", patch).expect(200);
    assert_eq!((&done.json["state"], &done.json["started_on"]), (&json!("done"), &json!("2020-03-10")));
    assert_eq!(
        done.json["evidence"][0],
        json!({ "title": "План", "url": null, "act": { "id": act.json["id"],
        "kind": "order", "number": "316-01-63-950/20", "signed_on": "2020-05-29" } })
    );
    assert_eq!(
        done.json["evidence"][1],
        json!({ "title": "Сайт", "url": "https://example.org/plan", "act": null })
    );
    assert_eq!(stage(&institute, "goals").json, done.json);
    for (on, state) in [("2020-03-09", "not_started"), ("2020-05-28", "in_progress"), ("2020-05-29", "done")]
    {
        assert_eq!(states(&institute, &format!("?on={on}"))[0], state, "{on}");
    }
    delete(&institute, &address(&act), "\"1\"").expect(409).problem("still_referenced");
    // What it was done for goes only together with its end.
    flaws(
        change(&institute, "goals", json!({ "evidence": [], "criteria": [] })),
        &[("/criteria", "required"), ("/evidence", "required")],
    );
    change(&institute, "goals", json!({ "evidence": [], "done_on": null })).expect(200);
    delete(&institute, &address(&act), "\"1\"").expect(204);
    let path = format!("{STAGES}/goals");
    institute
        .patch(&path, "\"1\"", &json!({ "started_on": null }))
        .expect(412)
        .problem("precondition_failed");
    institute.call("PATCH", &path).json(&json!({})).send().expect(428).problem("precondition_required");
    let steps = vec!["update".to_owned(); 3];
    assert_eq!(traces(world, "passport/stages"), (steps.clone(), steps));
});

both!(stages_follow_each_other, |world| {
    let institute = world.client(Role::Institute);
    flaws(
        change(&institute, "indicators", json!({ "started_on": "2020-04-01" })),
        &[("/started_on", "contradiction")],
    );
    change(&institute, "goals", json!({ "started_on": "2020-04-01" })).expect(200);
    flaws(
        change(&institute, "indicators", json!({ "started_on": "2020-03-31" })),
        &[("/started_on", "order_of_dates")],
    );
    // They may overlap, but the second is not done before the first.
    change(&institute, "indicators", json!({ "started_on": "2020-04-01" })).expect(200);
    flaws(
        change(&institute, "indicators", done("2020-04-01", "2020-09-30")),
        &[("/done_on", "contradiction")],
    );
    change(&institute, "goals", done("2020-04-01", "2020-05-29")).expect(200);
    change(&institute, "indicators", done("2020-04-01", "2020-09-30")).expect(200);
    // Nor does the first move behind the second.
    flaws(
        change(&institute, "goals", json!({ "started_on": "2020-04-02" })),
        &[("/started_on", "order_of_dates")],
    );
    flaws(change(&institute, "goals", json!({ "done_on": "2020-10-01" })), &[("/done_on", "order_of_dates")]);
    flaws(
        change(&institute, "goals", json!({ "done_on": null, "started_on": null })),
        &[("/started_on", "contradiction"), ("/done_on", "contradiction")],
    );
    assert_eq!(states(&institute, "")[..3], ["done", "done", "not_started"]);
});

both!(all_that_is_wrong_with_a_stage_is_told_at_once, |world| {
    let institute = world.client(Role::Institute);
    let before = world.storage.contents();
    let piece = |url: &str| json!({ "title": "Ссылка", "url": url });
    let wrong = json!({
        "criteria": ["", "а\u{7}"], "done_on": "2020-05-29",
        "evidence": [{ "title": "", "act_id": 999_999 }, { "title": "Ничего" }, piece("javascript:alert(1)"),
            piece("https://a b"), { "title": "Оба", "url": "https://example.org", "act_id": 999_999 }]
    });
    let expected = [
        ("/criteria/0", "wrong_length"),
        ("/criteria/1", "forbidden_character"),
        ("/started_on", "required"),
        ("/evidence/0/title", "wrong_length"),
        ("/evidence/0/act_id", "unknown_reference"),
        ("/evidence/1/url", "required"),
        ("/evidence/2/url", "wrong_format"),
        ("/evidence/3/url", "wrong_format"),
        ("/evidence/4/act_id", "contradiction"),
        ("/evidence/4/act_id", "unknown_reference"),
    ];
    flaws(change(&institute, "goals", wrong), &expected);
    flaws(change(&institute, "goals", done("2020-05-29", "2020-05-28")), &[("/done_on", "order_of_dates")]);
    flaws(
        change(&institute, "goals", json!({ "started_on": "2999-01-01" })),
        &[("/started_on", "out_of_range")],
    );
    let many = json!({ "criteria": vec!["Критерий"; 51] });
    flaws(change(&institute, "goals", many), &[("/criteria", "wrong_length")]);
    for body in [json!({ "criteria": null }), json!({ "state": "done" }), json!({ "stage": "measures" })] {
        change(&institute, "goals", body).expect(400).problem("invalid_json");
    }
    assert_eq!(world.storage.contents(), before);
});

// What is common.

both!(the_passport_is_written_by_whom_it_belongs_to, |world| {
    for role in Role::ALL {
        let client = world.client(*role);
        let reads = !matches!(role, Role::School | Role::Reader);
        for path in [ACTS, SEATS, STAGES] {
            client.get(path).expect(if reads { 200 } else { 403 });
        }
        let acts = matches!(role, Role::Institute | Role::Ministry);
        client.post(ACTS, &act(role.as_str(), "2020-01-01")).expect(if acts { 201 } else { 403 });
        let group = *role == Role::Institute;
        client.post(SEATS, &seat(1, "chair", "2020-05-29")).expect(if group { 201 } else { 403 });
        let body = json!({ "started_on": "2020-03-10" });
        client.patch(&format!("{STAGES}/goals"), "\"1\"", &body).expect(if group { 200 } else { 403 });
    }
});

both!(a_repeated_creation_makes_one_act_and_one_holder, |world| {
    let institute = world.client(Role::Institute);
    for (list, body, other) in [
        (ACTS, act("1", "2020-01-01"), act("2", "2020-01-01")),
        (SEATS, seat(1, "chair", "2020-05-29"), seat(2, "member", "2020-05-29")),
    ] {
        let create = |body: &Value| {
            institute.call("POST", list).header("Idempotency-Key", &list.replace("/", "-")).json(body).send()
        };
        let (first, second) = (create(&body).expect(201), create(&body).expect(201));
        assert_eq!((&first.json, address(&first)), (&second.json, address(&second)));
        create(&other).expect(422).problem("idempotency_mismatch");
        assert_eq!(institute.get(list).expect(200).items().len(), 1);
    }
});
