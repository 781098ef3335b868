//! Service clients: what they may do and where, their secrets, and their end.

use crate::harness::{
    Client, World,
    facts::with_plan,
    oauth::{CLIENTS, Made},
    process::run,
    time::{LONG, within},
};
use diesel::prelude::*;
use opora_db::schema::{audit_log, schools};
use opora_identity::Role;
use serde_json::{Value, json};
use std::time::Duration;

const SCHOOLS: &str = "/api/v1/schools";

both!(what_is_taken_from_a_client_is_gone_at_once, |world| {
    let [narrowed, disabled, ended, shortened, unsecret, kept] = [(); 6].map(|()| world.reading_client());
    let programs =
        [&narrowed, &disabled, &ended, &shortened, &unsecret, &kept].map(|m| world.program(m, None));
    for program in &programs {
        program.get(SCHOOLS).expect(200);
    }
    world.change_client(narrowed.id, &json!({ "scopes": ["registry:read"] })).expect(200);
    world.change_client(disabled.id, &json!({ "disabled": true })).expect(200);
    world.end_client(ended.id).expect(204);
    world.change_client(shortened.id, &json!({ "expires_at": "2099-01-01T00:00:00Z" })).expect(200);
    let secret = format!("{CLIENTS}/{}/secrets/{}", unsecret.id, unsecret.secret_id);
    world.client(Role::Admin).call("DELETE", &secret).send().expect(204);
    // More scopes, another name and one more secret take nothing.
    let wider = json!({ "scopes": ["registry:read", "indicators:read", "lists:read"], "name": "Другая" });
    world.change_client(kept.id, &wider).expect(200);
    world.add_secret(kept.id);
    for program in &programs[..5] {
        program.get(SCHOOLS).expect(401).problem("invalid_token");
    }
    programs[5].get(SCHOOLS).expect(200);
    programs[5].get("/api/v1/lists").expect(403);
    world.program(&narrowed, None).get(SCHOOLS).expect(200);
    world.ask_token(&narrowed, Some("indicators:read")).refused(400, "invalid_scope");
    world.ask_token(&unsecret, None).refused(401, "invalid_client");
    // Not again by being enabled again.
    world.change_client(disabled.id, &json!({ "disabled": false })).expect(200);
    programs[1].get(SCHOOLS).expect(401);
    // What was ended does not come back.
    world.change_client(ended.id, &json!({ "disabled": false })).expect(409).problem("wrong_state");
    world.end_client(ended.id).expect(409).problem("wrong_state");
    let more = format!("{CLIENTS}/{}/secrets", ended.id);
    world.client(Role::Admin).post(&more, &json!({})).expect(409).problem("wrong_state");
});

both!(another_node_learns_within_seconds, |world| {
    let (made, node) = (world.reading_client(), world.another_node(|_| {}));
    let token = world.program(&made, None).token.unwrap();
    let there = node.stranger().with_token(token);
    there.get(SCHOOLS).expect(200);
    world.end_client(made.id).expect(204);
    within(LONG, "still valid", || there.get(SCHOOLS).status != 200);
    there.get(SCHOOLS).expect(401).problem("invalid_token");
});

/// Soon, and yet later than a busy machine needs to use what ends then.
fn soon() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now() + chrono::TimeDelta::seconds(15)
}

/// Waits until `end` is over.
fn outlast(end: chrono::DateTime<chrono::Utc>) {
    std::thread::sleep((end - chrono::Utc::now()).to_std().unwrap_or_default() + Duration::from_millis(100));
}

both!(two_secrets_live_at_once, |world| {
    let (admin, made) = (world.client(Role::Admin), world.reading_client());
    let (_, secret) = world.add_secret(made.id);
    let renewed = Made { secret, ..made.clone() };
    let secrets = format!("{CLIENTS}/{}/secrets", made.id);
    admin.post(&secrets, &json!({})).expect(409).problem("conflict");
    for made in [&made, &renewed] {
        world.ask_token(made, None).expect(200);
    }
    let shown = admin.get(&format!("{CLIENTS}/{}", made.id)).expect(200);
    let used = shown.json["secrets"].as_array().unwrap();
    assert!(used.len() == 2 && used.iter().all(|s| s["last_used_at"].is_string()), "{shown}");
    assert!(shown.json["last_used_at"].is_string());
    assert!(!shown.text.contains(&made.secret) && !shown.text.contains("hash"), "{shown}");
    admin.call("DELETE", &format!("{secrets}/{}", made.secret_id)).send().expect(204);
    admin.call("DELETE", &format!("{secrets}/{}", made.secret_id)).send().expect(404);
    world.ask_token(&made, None).refused(401, "invalid_client");
    world.ask_token(&renewed, None).expect(200);
    // An expired one makes room and opens nothing.
    let end = soon();
    let short = json!({ "expires_at": end.to_rfc3339() });
    let short = admin.post(&secrets, &short).expect(201).json["secret"].as_str().unwrap().to_owned();
    let short = Made { secret: short, ..made.clone() };
    world.ask_token(&short, None).expect(200);
    outlast(end);
    world.ask_token(&short, None).refused(401, "invalid_client");
    admin.post(&secrets, &json!({})).expect(201);
    let past = json!({ "expires_at": "2020-01-01T00:00:00Z" });
    assert_eq!(admin.post(&secrets, &past).expect(422).flaws(), [("/expires_at", "out_of_range")]);
});

both!(a_client_and_its_tokens_end_together, |world| {
    let end = soon();
    let made = world.service_client(json!({ "scopes": ["registry:read"], "expires_at": end.to_rfc3339() }));
    let reply = world.ask_token(&made, None).expect(200);
    assert!((1..=15).contains(&reply.json["expires_in"].as_i64().unwrap()), "{reply}");
    let program = world.stranger().with_token(reply.json["access_token"].as_str().unwrap());
    program.get(SCHOOLS).expect(200);
    outlast(end);
    program.get(SCHOOLS).expect(401).problem("expired_token");
    world.ask_token(&made, None).refused(401, "invalid_client");
});

both!(what_is_reserved_to_people_is_not_given, |world| {
    let admin = world.client(Role::Admin);
    let reserved = [
        "users:manage",
        "clients:manage",
        "self:read",
        "token:read",
        "facts:write",
        "facts:decide",
        "assignments:write",
        "reports:write",
        "reports:accept",
        "acts:write",
        "methodologies:write",
    ];
    for scope in reserved {
        let body = json!({ "name": "Имя", "scopes": ["registry:read", scope] });
        let refused = admin.post(CLIENTS, &body).expect(422).problem("invalid_fields");
        assert_eq!(refused.flaws(), [("/scopes/1", "reserved_to_people")], "{scope}");
    }
    let body = json!({ "name": " ", "scopes": ["nothing"], "municipality_id": world.seed.own,
        "school_id": world.seed.school, "expires_at": "2020-01-01T00:00:00Z" });
    let refused = admin.post(CLIENTS, &body).expect(422);
    let mut flaws = refused.flaws();
    flaws.sort_unstable();
    assert_eq!(
        flaws,
        [
            ("/expires_at", "out_of_range"),
            ("/name", "wrong_length"),
            ("/school_id", "contradiction"),
            ("/scopes/0", "unknown_value"),
        ]
    );
    let body = json!({ "name": "Имя", "scopes": ["registry:read"], "municipality_id": 999_999 });
    admin.post(CLIENTS, &body).expect(422).problem("missing_reference");
    assert_eq!(admin.post(CLIENTS, &json!({ "name": "Имя", "scopes": [] })).expect(422).flaws().len(), 1);
    admin.post(CLIENTS, &json!({ "name": "Имя", "scopes": ["registry:read"], "secret": "x" })).expect(400);
    let made = world.reading_client();
    let raised = world.change_client(made.id, &json!({ "scopes": ["users:manage"] })).expect(422);
    assert_eq!(raised.flaws(), [("/scopes/0", "reserved_to_people")]);
});

both!(a_client_sees_and_writes_its_area, |world| {
    let scopes = json!(["registry:read", "support:write", "staff:read", "imports:write", "jobs:read"]);
    let made = world.service_client(json!({ "scopes": scopes, "municipality_id": world.seed.own }));
    let wanted = "registry:read support:write staff:read imports:write jobs:read";
    let program = world.program(&made, Some(wanted));
    let ids: Vec<i64> =
        program.get(SCHOOLS).expect(200).items().iter().map(|s| s["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [world.seed.school.0, world.seed.neighbour.0]);
    program.get(&format!("{SCHOOLS}/{}", world.seed.other_school)).expect(404).problem("not_found");
    let file = "Код ОО;Учебный год;Количество обучающихся\n520101;2016/2017;90\n520201;2016/2017;80\n";
    let loaded = program.load("contexts&mode=best_effort", file);
    assert_eq!(loaded.counts(), [1, 0, 0, 1], "{loaded:?}");
    // What concerns the whole region.
    program.send_file("schools", "").expect(403);
    let school = world.service_client(json!({ "scopes": scopes, "school_id": world.seed.school }));
    assert_eq!(world.program(&school, None).get(SCHOOLS).expect(200).items().len(), 1);
});

// The whole registry is the region's, and a school of one's own could be taken to another area by one field.
both!(a_client_of_a_part_of_the_region_writes_no_register, |world| {
    let (scopes, seed) = (json!(["registry:read", "registry:write"]), &world.seed);
    let admin = world.client(Role::Admin);
    let school = format!("{SCHOOLS}/{}", seed.school);
    let designations = admin.get(&format!("/api/v1/designations?school_id={}", seed.school)).expect(200);
    let designation = format!("/api/v1/designations/{}", designations.items()[0]["id"]);
    let municipality = format!("/api/v1/municipalities/{}", seed.own);
    let bounds = [json!({ "municipality_id": seed.own }), json!({ "school_id": seed.school })];
    for bound in bounds {
        let mut draft = json!({ "scopes": scopes });
        draft.as_object_mut().unwrap().extend(bound.as_object().unwrap().clone());
        let program = world.program(&world.service_client(draft), None);
        for (path, patch) in [
            (&school, json!({ "municipality_id": seed.other })),
            (&school, json!({ "status": "closed", "successor_id": seed.other_school })),
            (&school, json!({ "short_name": "Школа" })),
            (&municipality, json!({ "name": "Иной" })),
            (&designation, json!({ "valid_to": "2020-12-31" })),
        ] {
            program.patch(path, "\"1\"", &patch).expect(403).problem("forbidden");
        }
        for path in [&school, &municipality, &designation] {
            let call = program.call("DELETE", path).header("If-Match", "\"1\"");
            call.send().expect(403).problem("forbidden");
        }
        let results = "/api/v1/results?academic_year=2019%2F2020&type=OGE";
        program.call("DELETE", results).send().expect(403).problem("forbidden");
        program.get(&school).expect(200);
    }
    let regional = world.program(&world.service_client(json!({ "scopes": scopes })), None);
    regional.patch(&school, "\"1\"", &json!({ "municipality_id": seed.other })).expect(200);
});

both!(a_client_of_a_part_of_the_region_reads_no_report, |world| {
    let institute = with_plan(world);
    institute.post("/api/v1/reports", &json!({ "kind": "half-year", "period": "2020-H2" })).expect(201);
    let scopes = json!(["reports:read", "registry:read", "changes:read", "webhooks:manage"]);
    let draft = json!({ "scopes": scopes, "municipality_id": world.seed.own });
    let bounded = world.program(&world.service_client(draft), None);
    let regional = world.program(&world.service_client(json!({ "scopes": scopes })), None);
    for path in [
        "/api/v1/reports",
        "/api/v1/reports/half-year/2020-H2",
        "/api/v1/reports/half-year/latest",
        "/api/v1/reports/half-year/2020-H2/file?format=pdf",
        "/api/v1/reports/half-year/2020-H2/charts/1",
        "/api/v1/plans/2020-2021/due-reports",
        "/api/v1/changes?resource=reports",
    ] {
        bounded.get(path).expect(403).problem("forbidden");
        assert_ne!(regional.get(path).status, 403, "{path}");
    }
    let told = |client: &Client| -> bool {
        let changes = client.get("/api/v1/changes?limit=1000").expect(200);
        changes.items().iter().any(|change| change["resource"] == "reports")
    };
    assert_eq!((told(&bounded), told(&regional)), (false, true));
    let hook = json!({ "url": "https://receiver.example/", "events": ["reports.*"] });
    bounded.post("/api/v1/webhooks", &hook).expect(403).problem("forbidden");
    regional.post("/api/v1/webhooks", &hook).expect(201);
});

/// The audit record of the last change of a resource: kind of actor, actor, its row.
fn last_writer(world: &World, resource: &str) -> (String, String, Option<i64>) {
    let rows = audit_log::table.filter(audit_log::resource.eq(resource)).order(audit_log::id.desc());
    let found = rows.select((audit_log::actor_kind, audit_log::actor, audit_log::actor_id));
    world.node.state.database.read(|db| Ok(found.first(db)?)).unwrap()
}

both!(what_a_client_writes_is_recorded_as_its_own, |world| {
    let made = world.service_client(
        json!({ "scopes": ["registry:write", "registry:read", "staff:read", "imports:write", "jobs:read"] }),
    );
    assert_eq!(last_writer(world, "service-clients").0, "user");
    let program =
        world.program(&made, Some("registry:write registry:read staff:read imports:write jobs:read"));
    let own = ("client".to_owned(), made.client_id.clone(), Some(made.id));
    let municipality = json!({ "oktmo": "22603000", "name": "Новый", "kind": "district" });
    let create = |client: &Client, body: &Value| {
        client.call("POST", "/api/v1/municipalities").header("Idempotency-Key", "one").json(body).send()
    };
    let first = create(&program, &municipality).expect(201);
    assert_eq!(last_writer(world, "municipalities"), own);
    assert_eq!(create(&program, &municipality).expect(201).json["id"], first.json["id"]);
    // A key is its caller's: a user with the same row id may use the same key for something else.
    let institute = world.client(Role::Institute);
    let another = json!({ "oktmo": "22604000", "name": "Иной", "kind": "district" });
    create(&institute, &another).expect(201);
    assert_eq!(last_writer(world, "municipalities").0, "user");
    program.get("/api/v1/staff").expect(200);
    assert_eq!(last_writer(world, "staff"), own);
    // A job is seen by the client that asked for it, and by no other.
    let file = "Код ОО;Учебный год;Количество обучающихся\n520101;2016/2017;90\n";
    let sent = program.send_file("contexts", file).expect(202);
    let job = format!("/api/v1/jobs/{}", sent.json["job_id"]);
    program.loaded(&sent);
    program.get(&job).expect(200);
    assert_eq!(last_writer(world, "contexts"), own);
    let other = world.service_client(json!({ "scopes": ["jobs:read"] }));
    world.program(&other, None).get(&job).expect(404);
    world.client(Role::Admin).get(&job).expect(200);
    let version: i64 = world
        .node
        .state
        .database
        .read(|db| Ok(schools::table.find(world.seed.school).select(schools::version).first(db)?))
        .unwrap();
    let path = format!("{SCHOOLS}/{}", world.seed.school);
    program.patch(&path, &format!("\"{version}\""), &json!({ "short_name": "Школа" })).expect(200);
    assert_eq!(last_writer(world, "schools"), own);
});

both!(the_record_of_a_client, |world| {
    let admin = world.client(Role::Admin);
    let body = json!({ "name": "Имя", "scopes": ["registry:read"] });
    let create = || admin.call("POST", CLIENTS).header("Idempotency-Key", "k").json(&body).send().expect(201);
    let (first, again) = (create(), create());
    assert_eq!(first.json, again.json);
    let path = first.header("location").to_owned();
    admin.call("PATCH", &path).json(&json!({ "name": "Новое" })).send().expect(428);
    admin.patch(&path, "\"99\"", &json!({ "name": "Новое" })).expect(412);
    let changed = admin.patch(&path, "\"1\"", &json!({ "name": "Новое" })).expect(200);
    assert_eq!((&changed.json["name"], changed.header("etag")), (&json!("Новое"), "\"2\""));
    let shown = admin.get(&path).expect(200);
    let unchanged = admin.call("GET", &path).header("If-None-Match", shown.header("etag")).send();
    unchanged.expect(304);
    assert_eq!(admin.get(CLIENTS).expect(200).items().len(), 1);
    admin.call("DELETE", &path).send().expect(428);
    admin.call("DELETE", &path).header("If-Match", shown.header("etag")).send().expect(204);
    // The record stays.
    let ended = admin.get(&path).expect(200).json;
    assert!(ended["revoked_at"].is_string() && ended["secrets"] == json!([]), "{ended}");
    for role in Role::ALL.iter().filter(|role| **role != Role::Admin) {
        world.client(*role).get(CLIENTS).expect(403);
    }
});

both!(the_command_line_makes_and_ends_clients, |world| {
    let opora = |arguments: &[&str]| {
        let output = run(&world.storage, arguments, &[]);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.success(), said)
    };
    let value = |said: &str, name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{said}"));
        line.trim().to_owned()
    };
    let create =
        ["client", "create", "Витрина", "--scopes", "registry:read,lists:read", "--municipality", "22601000"];
    let (well, said) = opora(&create);
    assert!(well, "{said}");
    let (client_id, secret) = (value(&said, "client_id"), value(&said, "client_secret"));
    let made = Made { id: 0, client_id: client_id.clone(), secret, secret_id: 0 };
    let program = world.program(&made, None);
    assert_eq!(program.get(SCHOOLS).expect(200).items().len(), 2);
    let (well, said) = opora(&["client", "rotate", &client_id]);
    let renewed = Made { secret: value(&said, "client_secret"), ..made.clone() };
    assert!(
        well && world.ask_token(&renewed, None).status == 200 && world.ask_token(&made, None).status == 200
    );
    let (well, said) = opora(&["client", "rotate", &client_id]);
    assert!(!well && said.contains("at most 2 secrets"), "{said}");
    assert!(opora(&["client", "rotate", &client_id, "--drop-oldest"]).0);
    world.ask_token(&made, None).refused(401, "invalid_client");
    let (_, said) = opora(&["client", "list"]);
    assert!(said.contains(&client_id) && said.contains("live") && !said.contains("opora_cs_"), "{said}");
    assert!(opora(&["client", "revoke", &client_id]).0 && !opora(&["client", "revoke", &client_id]).0);
    world.ask_token(&renewed, None).refused(401, "invalid_client");
    let (well, said) = opora(&["client", "create", "Витрина", "--scopes", "users:manage"]);
    assert!(!well && said.contains("reserved to people"), "{said}");
});
