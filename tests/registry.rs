//! Records of the registry made, changed and removed by hand.

use crate::harness::{Client, Reply, World};
use diesel::{connection::SimpleConnection, prelude::*};
use opora_db::schema::{audit_log, change_journal};
use opora_identity::Role;
use serde_json::{Value, json};

const SCHOOLS: &str = "/api/v1/schools";
const PLACES: &str = "/api/v1/municipalities";
const ACTS: &str = "/api/v1/designations";

fn school(world: &World, code: &str) -> Value {
    json!({
        "code": code, "name": format!("Школа {code}"), "municipality_id": world.seed.own, "kind": "secondary",
        "locality": "rural", "founder": "municipal", "ogrn": "1027700132195", "opened_on": "1980-09-01"
    })
}

fn address(created: &Reply) -> String {
    created.header("location").to_owned()
}

fn delete(client: &Client, path: &str, etag: &str) -> Reply {
    client.call("DELETE", path).header("If-Match", etag).send()
}

/// Who did what to the record at `path`, by the audit log; the contents before and after as far as there are any.
fn audited(world: &World, path: &str) -> Vec<(String, String, bool, bool)> {
    let (resource, key) = path.strip_prefix("/api/v1/").unwrap().split_once('/').unwrap();
    let of_record = audit_log::resource.eq(resource).and(audit_log::resource_key.eq(key));
    let wanted = audit_log::table.filter(of_record).order(audit_log::id);
    let columns = (
        audit_log::actor,
        audit_log::action,
        audit_log::before.is_not_null(),
        audit_log::after.is_not_null(),
    );
    world.node.state.database.read(|db| Ok(wanted.select(columns).load(db)?)).unwrap()
}

/// What the journal tells other systems of the record at `path`: operation and natural key.
fn journal(world: &World, path: &str) -> Vec<(String, String)> {
    let (resource, key) = path.strip_prefix("/api/v1/").unwrap().split_once('/').unwrap();
    let of_record = change_journal::resource.eq(resource).and(change_journal::resource_key.eq(key));
    let wanted = change_journal::table.filter(of_record).order(change_journal::seq);
    let columns = (change_journal::operation, change_journal::natural_key);
    world.node.state.database.read(|db| Ok(wanted.select(columns).load(db)?)).unwrap()
}

both!(a_record_lives_and_leaves_its_traces, |world| {
    let institute = world.client(Role::Institute);
    let place = json!({ "oktmo": "22699000", "name": "Дальний", "kind": "district" });
    let act = json!({ "kind": "high_result", "school_id": world.seed.school, "act": "Приказ № 1" });
    let cases = [
        (SCHOOLS, school(world, "520950"), json!({ "name": "Другая школа" }), "\"520950\""),
        (PLACES, place, json!({ "name": "Ближний" }), "\"22699000\""),
        (ACTS, act, json!({ "act": "Приказ № 2" }), "high_result"),
    ];
    for (list, body, patch, key) in cases {
        let created = institute.post(list, &body).expect(201);
        let path = address(&created);
        assert_eq!(created.header("etag"), "\"1\"", "{created}");
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(&created.json[field], value, "{field}: {created}");
        }
        assert_eq!(institute.get(&path).expect(200).json, created.json);
        let changed = institute.patch(&path, "\"1\"", &patch).expect(200);
        assert_eq!((changed.header("etag"), &changed.json["version"]), ("\"2\"", &json!(2)));
        for (field, value) in patch.as_object().unwrap() {
            assert_eq!(&changed.json[field], value, "{changed}");
        }
        delete(&institute, &path, "\"1\"").expect(412).problem("precondition_failed");
        delete(&institute, &path, "\"2\"").expect(204);
        institute.get(&path).expect(404).problem("not_found");
        let by = |action: &str, before, after| ("institute".to_owned(), action.to_owned(), before, after);
        assert_eq!(
            audited(world, &path),
            [by("create", false, true), by("update", true, true), by("delete", true, false)]
        );
        let told = journal(world, &path);
        assert_eq!(told.iter().map(|t| t.0.as_str()).collect::<Vec<_>>(), ["create", "update", "delete"]);
        assert!(told.iter().all(|t| t.1.contains(key)), "{told:?}");
    }
});

both!(a_change_needs_the_version_it_was_made_from, |world| {
    let institute = world.client(Role::Institute);
    let paths = [format!("{SCHOOLS}/{}", world.seed.school), format!("{PLACES}/{}", world.seed.own)];
    for path in paths {
        let before = institute.get(&path).expect(200);
        for method in ["PATCH", "DELETE"] {
            let call = |etag: Option<&str>| {
                let call = institute.call(method, &path);
                let call = etag.into_iter().fold(call, |call, etag| call.header("If-Match", etag));
                if method == "PATCH" { call.json(&json!({ "name": "Имя" })) } else { call }.send()
            };
            call(None).expect(428).problem("precondition_required");
            call(Some("\"99\"")).expect(412).problem("precondition_failed");
        }
        assert_eq!(institute.get(&path).json, before.json);
        let same = institute.call("GET", &path).header("If-None-Match", before.header("etag")).send();
        same.expect(304);
    }
});

both!(a_taken_key_is_a_conflict, |world| {
    let institute = world.client(Role::Institute);
    institute.post(SCHOOLS, &school(world, "520101")).expect(409).problem("already_exists");
    let place = json!({ "oktmo": "22601000", "name": "Второй Северный", "kind": "district" });
    institute.post(PLACES, &place).expect(409).problem("already_exists");
    let act = json!({ "kind": "innovation_platform", "school_id": world.seed.school });
    institute.post(ACTS, &act).expect(409).problem("already_exists");
    let path = format!("{SCHOOLS}/{}", world.seed.school);
    institute.patch(&path, "\"1\"", &json!({ "code": "520102" })).expect(409).problem("already_exists");
    // One's own code is no conflict.
    institute.patch(&path, "\"1\"", &json!({ "code": "520101" })).expect(200);
});

#[track_caller]
fn flaws(reply: Reply, expected: &[(&str, &str)]) {
    let reply = reply.expect(422).problem("invalid_fields");
    let (mut found, mut expected) = (reply.flaws(), expected.to_vec());
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{reply}");
}

both!(all_wrong_fields_are_told_at_once, |world| {
    let institute = world.client(Role::Institute);
    let before = world.storage.contents();
    let wrong = json!({
        "code": "52095", "name": " ", "short_name": "Ш\u{7}", "ogrn": "1027700132196", "inn": "123", "kind": "secondary",
        "locality": "rural", "founder": "municipal", "municipality_id": 999_999, "successor_id": world.seed.neighbour,
        "opened_on": "2020-09-01", "closed_on": "2019-08-31"
    });
    let expected = [
        ("/code", "wrong_format"),
        ("/name", "wrong_length"),
        ("/short_name", "forbidden_character"),
        ("/ogrn", "wrong_check_digit"),
        ("/inn", "wrong_length"),
        ("/municipality_id", "unknown_reference"),
        ("/successor_id", "contradiction"),
        ("/closed_on", "order_of_dates"),
        ("/closed_on", "contradiction"),
    ];
    flaws(institute.post(SCHOOLS, &wrong), &expected);
    let homeless = |founder: &str, home: Value| {
        let mut body = school(world, "520951");
        (body["founder"], body["municipality_id"]) = (json!(founder), home);
        institute.post(SCHOOLS, &body)
    };
    flaws(homeless("municipal", Value::Null), &[("/municipality_id", "required")]);
    flaws(homeless("state", json!(world.seed.own)), &[("/municipality_id", "contradiction")]);
    let place = json!({ "oktmo": "2269900x", "name": "", "kind": "city_district", "valid_from": "2020-02-01", "valid_to": "2020-01-01" });
    let expected = [
        ("/oktmo", "wrong_format"),
        ("/name", "wrong_length"),
        ("/parent_id", "required"),
        ("/valid_to", "order_of_dates"),
    ];
    flaws(institute.post(PLACES, &place), &expected);
    let act = json!({ "kind": "M1", "valid_from": "2020-02-01", "valid_to": "2020-01-01" });
    flaws(institute.post(ACTS, &act), &[("/school_id", "required"), ("/valid_to", "order_of_dates")]);
    assert_eq!(world.storage.contents(), before);
});

both!(a_patch_changes_what_it_names, |world| {
    let institute = world.client(Role::Institute);
    let created = institute.post(SCHOOLS, &school(world, "520950")).expect(201);
    let path = address(&created);
    let changed =
        institute.patch(&path, "\"1\"", &json!({ "ogrn": null, "short_name": "Новая" })).expect(200);
    let mut expected = created.json.clone();
    (expected["ogrn"], expected["short_name"], expected["version"]) = (Value::Null, json!("Новая"), json!(2));
    expected["updated_at"] = changed.json["updated_at"].clone();
    assert_eq!(changed.json, expected);
    flaws(
        institute.patch(&path, "\"2\"", &json!({ "founder": "state" })),
        &[("/municipality_id", "contradiction")],
    );
    for body in [json!({ "name": null }), json!({ "colour": "red" }), json!({ "id": 1 }), json!([])] {
        institute.patch(&path, "\"2\"", &body).expect(400).problem("invalid_json");
    }
    // What a designation is for, and of whom, does not change.
    let act =
        institute.post(ACTS, &json!({ "kind": "high_result", "school_id": world.seed.school })).expect(201);
    institute.patch(&address(&act), "\"1\"", &json!({ "kind": "M1" })).expect(400).problem("invalid_json");
});

both!(a_chain_of_successors_does_not_come_back, |world| {
    let institute = world.client(Role::Institute);
    let [first, second] = [world.seed.school, world.seed.neighbour].map(|id| format!("{SCHOOLS}/{id}"));
    let follow = |path: &str, successor| {
        institute.patch(path, "\"1\"", &json!({ "status": "reorganised", "successor_id": successor }))
    };
    flaws(follow(&first, world.seed.school), &[("/successor_id", "contradiction")]);
    follow(&first, world.seed.neighbour).expect(200);
    flaws(follow(&second, world.seed.school), &[("/successor_id", "contradiction")]);
});

both!(what_others_refer_to_stays, |world| {
    let institute = world.client(Role::Institute);
    for path in [
        format!("{SCHOOLS}/{}", world.seed.school),
        format!("{PLACES}/{}", world.seed.own),
        format!("{PLACES}/{}", world.seed.city),
    ] {
        delete(&institute, &path, "\"1\"").expect(409).problem("still_referenced");
        institute.get(&path).expect(200);
    }
});

/// The codes of the schools that a search finds.
fn found(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("{SCHOOLS}?{query}")).expect(200);
    list.items().iter().map(|s| s["code"].as_str().unwrap().to_owned()).collect()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

both!(a_search_ignores_case_and_yo, |world| {
    let institute = world.client(Role::Institute);
    let mut body = school(world, "520950");
    body["name"] = json!("Гимназия «Зелёный Ёж» 100%_x");
    institute.post(SCHOOLS, &body).expect(201);
    for text in ["зеленый", "ЗЕЛЁНЫЙ", "зелёный ёж", "ЕЖ", "гИМНАЗИЯ «з", "520950", "100%_X", "0%_"]
    {
        assert_eq!(found(&institute, &format!("name={}", encoded(text))), ["520950"], "{text}");
    }
    for text in ["зел ный", "100%x", "%%", "_______", "ежик"] {
        assert_eq!(found(&institute, &format!("name={}", encoded(text))), [""; 0], "{text}");
    }
    let filters = format!(
        "kind=secondary&locality=rural&founder=municipal&status=open&municipality_id={}",
        world.seed.own
    );
    assert_eq!(found(&institute, &filters), ["520101", "520102", "520950"]);
    assert_eq!(found(&institute, "founder=state"), ["529901"]);
    // A city holds its districts.
    assert_eq!(found(&institute, &format!("municipality_id={}", world.seed.city)), ["520301"]);
    let places = institute.get(&format!("{PLACES}?name={}", encoded("СЕВЕР"))).expect(200);
    assert_eq!(places.items().len(), 1, "{places}");
});

both!(a_school_is_found_by_its_code, |world| {
    let institute = world.client(Role::Institute);
    let path = format!("{SCHOOLS}/code:520101");
    let by_code = institute.get(&path).expect(200);
    assert_eq!(by_code.json, institute.get(&format!("{SCHOOLS}/{}", world.seed.school)).expect(200).json);
    institute.patch(&path, by_code.header("etag"), &json!({ "name": "Иначе" })).expect(200);
    for wrong in ["code:520999", "code:", "code:x/y", "abc", "0", "-1", "99999999999999999999"] {
        institute.get(&format!("{SCHOOLS}/{wrong}")).expect(404).problem("not_found");
    }
});

both!(a_repeated_creation_makes_one_record, |world| {
    let institute = world.client(Role::Institute);
    let create = |body: &Value| {
        institute.call("POST", SCHOOLS).header("Idempotency-Key", "school-1").json(body).send()
    };
    let body = school(world, "520950");
    let (first, second) = (create(&body).expect(201), create(&body).expect(201));
    assert_eq!(
        (&first.json, address(&first), first.header("etag")),
        (&second.json, address(&second), second.header("etag"))
    );
    create(&school(world, "520951")).expect(422).problem("idempotency_mismatch");
    assert_eq!(found(&institute, "name=52095"), ["520950"]);
    assert_eq!(journal(world, &address(&first)).len(), 1);
});

both!(only_the_whole_region_writes_the_registry, |world| {
    let body = school(world, "520950");
    for role in Role::ALL.iter().filter(|role| ![Role::Admin, Role::Institute].contains(role)) {
        let client = world.client(*role);
        client.post(SCHOOLS, &body).expect(403).problem("forbidden");
        client
            .patch(&format!("{SCHOOLS}/{}", world.seed.school), "\"1\"", &json!({ "name": "Имя" }))
            .expect(403);
        delete(&client, &format!("{ACTS}/1"), "\"1\"").expect(403);
    }
    world.client(Role::Admin).post(SCHOOLS, &body).expect(201);
});

both!(an_open_school_has_no_day_of_closing_in_the_past, |world| {
    let institute = world.client(Role::Institute);
    let with = |status: &str, closed_on: Value| {
        let mut body = school(world, "520950");
        (body["status"], body["closed_on"]) = (json!(status), closed_on);
        body
    };
    flaws(institute.post(SCHOOLS, &with("open", json!("2020-08-31"))), &[("/closed_on", "contradiction")]);
    // A day to come is told ahead; a school that is closed may say none.
    let created = institute.post(SCHOOLS, &with("open", json!("2999-08-31"))).expect(201);
    let path = address(&created);
    let patch = |etag: &str, patch: &Value| institute.patch(&path, etag, patch);
    flaws(patch("\"1\"", &json!({ "closed_on": "2020-08-31" })), &[("/closed_on", "contradiction")]);
    patch("\"1\"", &json!({ "status": "closed", "closed_on": "2020-08-31" })).expect(200);
    flaws(patch("\"2\"", &json!({ "status": "open" })), &[("/closed_on", "contradiction")]);
    patch("\"2\"", &json!({ "closed_on": null })).expect(200);
    patch("\"3\"", &json!({ "status": "open" })).expect(200);
});

// The day was told ahead and has come: whoever corrects something else need not settle it at once.
both!(an_open_school_whose_day_of_closing_has_come_is_still_corrected, |world| {
    let institute = world.client(Role::Institute);
    let mut body = school(world, "520950");
    body["closed_on"] = json!("2999-08-31");
    let path = address(&institute.post(SCHOOLS, &body).expect(201));
    let come = "UPDATE schools SET closed_on = '2020-08-31' WHERE code = '520950'";
    world.storage.connect().batch_execute(come).unwrap();
    institute.patch(&path, "\"1\"", &json!({ "short_name": "Школа" })).expect(200);
    let admin = world.client(Role::Admin);
    let head = "code;name;oktmo;kind;locality;founder;closed_on";
    let row = |name: &str, day: &str| format!("{head}\n520950;{name};22601000;basic;urban;municipal;{day}\n");
    admin.load("schools", row("Иная", "2020-08-31")).succeeded([0, 1, 0, 0]);
    // Another such day is refused, and so is the same one for a school that opens again.
    let loaded = admin.load("schools&mode=best_effort", row("Иная", "2020-08-30")).succeeded([0, 0, 0, 1]);
    assert_eq!(admin.rejects(loaded.id), [(2, "closed_on".to_owned(), "contradiction".to_owned())]);
    let other_day = json!({ "closed_on": "2020-08-30" });
    flaws(institute.patch(&path, "\"3\"", &other_day), &[("/closed_on", "contradiction")]);
    institute.patch(&path, "\"3\"", &json!({ "status": "closed" })).expect(200);
    flaws(institute.patch(&path, "\"4\"", &json!({ "status": "open" })), &[("/closed_on", "contradiction")]);
});
