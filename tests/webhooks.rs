//! Webhooks: what was changed reaches who asked for it, signed, at least once, one after another.

use crate::harness::{
    Client, Reply, World,
    process::Server,
    receiver::Receiver,
    storage::Storage,
    time::{LONG, within},
    world::Node,
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use diesel::prelude::*;
use opora_db::{
    Db,
    schema::{signing_keys, webhook_deliveries, webhooks},
};
use opora_identity::Role;
use opora_primitives::Moment;
use opora_webhooks::{deliveries::OF_ONE, rules::signature};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

const HOOKS: &str = "/api/v1/webhooks";
const SCHOOLS: &str = "/api/v1/schools";

fn subscribe(client: &Client, receiver: &Receiver, events: &[&str]) -> Value {
    let draft = json!({ "url": receiver.url("127.0.0.1"), "events": events });
    client.post(HOOKS, &draft).expect(201).json
}

fn school(code: &str) -> Value {
    json!({ "code": code, "name": format!("Школа {code}"), "kind": "secondary", "locality": "rural", "founder": "state" })
}

/// The webhook's messages when none is on its way any more, the oldest first: state, attempts, last failure.
fn ended(client: &Client, hook: &Value, count: usize) -> Vec<Value> {
    for _ in 0..400 {
        let found = client.get(&format!("{HOOKS}/{}/deliveries", hook["id"])).expect(200);
        let mut items = found.items().to_vec();
        if items.len() == count && items.iter().all(|item| item["state"] != "pending") {
            items.reverse();
            return items;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("messages are still on their way")
}

both!(a_change_is_sent_signed_and_in_order, |world| {
    let client = world.log_in("institute");
    let receiver = Receiver::answering(&[]);
    let hook = subscribe(&client, &receiver, &["schools.*"]);
    let made = client.post(SCHOOLS, &school("520901")).expect(201);
    let path = format!("{SCHOOLS}/{}", made.json["id"]);
    client.patch(&path, "\"1\"", &json!({ "name": "Иная" })).expect(200);
    client.call("DELETE", &path).header("If-Match", "\"2\"").send().expect(204);
    let came = receiver.wait_for(3);
    let kinds: Vec<Value> = came.iter().map(|message| message.json()["type"].clone()).collect();
    assert_eq!(kinds, ["schools.create", "schools.update", "schools.delete"]);
    assert_eq!(came[0].json()["data"]["natural_key"], json!({ "code": "520901" }));
    assert_eq!(came[0].json()["data"]["href"], path);
    let secret = BASE64.decode(hook["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap()).unwrap();
    for message in &came {
        let (id, at) = (message.header("webhook-id"), message.header("webhook-timestamp").parse().unwrap());
        let right = signature([secret.as_slice()].into_iter(), id, at, &message.body);
        assert_eq!(message.header("webhook-signature"), right);
        assert_eq!(message.header("content-type"), "application/json");
    }
    let states: Vec<Value> = ended(&client, &hook, 3).iter().map(|item| item["state"].clone()).collect();
    assert_eq!(states, ["delivered"; 3]);
    // What is shown later has no secret.
    let shown = client.get(&format!("{HOOKS}/{}", hook["id"])).expect(200);
    assert!(!shown.text.contains("whsec_") && !shown.text.contains("sealed"), "{shown}");
});

both!(only_what_was_asked_for_and_may_be_read_is_sent, |world| {
    let (institute, municipality) = (world.log_in("institute"), world.log_in("municipality"));
    let (all, own) = (Receiver::answering(&[]), Receiver::answering(&[]));
    subscribe(&institute, &all, &["schools.create", "results.*"]);
    subscribe(&municipality, &own, &["schools.*", "results.*"]);
    institute.post(SCHOOLS, &school("520901")).expect(201);
    let head = "school_code;academic_year;type;grade;subject;participants;below_minimum\n";
    let rows = "520101;2019/2020;VPR;5;01;30;3\n520201;2019/2020;VPR;5;01;30;3\n";
    institute.load("results", format!("{head}{rows}")).succeeded([2, 0, 0, 0]);
    institute
        .patch(&format!("{SCHOOLS}/{}", world.seed.school), "\"1\"", &json!({ "name": "Иная" }))
        .expect(200);
    let types = |receiver: &Receiver, count| -> Vec<String> {
        let mut types: Vec<String> =
            receiver.wait_for(count).iter().map(|m| m.json()["type"].as_str().unwrap().to_owned()).collect();
        types.sort_unstable();
        types
    };
    assert_eq!(types(&own, 2), ["results.create", "schools.update"]);
    assert_eq!(types(&all, 3), ["results.create", "results.create", "schools.create"]);
    let received = own.received();
    let result = received.iter().find(|m| m.json()["type"] == "results.create").unwrap().json();
    assert_eq!(result["data"]["natural_key"]["school_code"], "520101");
});

both!(what_is_not_taken_is_sent_again_and_then_kept, |world| {
    let client = world.log_in("institute");
    let receiver = Receiver::answering(&[
        "500 Internal Server Error",
        "302 Found\r\nLocation: /elsewhere",
        "200 OK",
        "500 Internal Server Error",
        "429 Too Many Requests",
        "503 Service Unavailable",
    ]);
    let hook = subscribe(&client, &receiver, &["schools.*"]);
    let made = client.post(SCHOOLS, &school("520901")).expect(201);
    let path = format!("{SCHOOLS}/{}", made.json["id"]);
    client.patch(&path, "\"1\"", &json!({ "name": "Иная" })).expect(200);
    // The third attempt of the first message succeeds before the second message is tried at all.
    let messages = ended(&client, &hook, 2);
    let told = |n: usize| (&messages[n]["state"], &messages[n]["attempts"], &messages[n]["last_status"]);
    assert_eq!(told(0), (&json!("delivered"), &json!(3), &json!(200)));
    assert_eq!(told(1), (&json!("dead"), &json!(3), &json!(503)));
    let came = receiver.received();
    let ids: Vec<&str> = came.iter().map(|m| m.header("webhook-id")).collect();
    assert_eq!(ids[..3], [ids[0]; 3]);
    assert_eq!(ids[3..], [ids[3]; 3]);
    // A dead message is kept, and sent again when asked for; one that was taken is not.
    let at = |n: usize| format!("{HOOKS}/{}/deliveries/{}/replay", hook["id"], messages[n]["id"]);
    client.post(&at(0), &Value::Null).expect(409).problem("wrong_state");
    let dead = client.get(&format!("{HOOKS}/{}/deliveries?state=dead", hook["id"])).expect(200);
    assert_eq!(dead.items().len(), 1);
    assert_eq!(client.post(&at(1), &Value::Null).expect(202).json, json!({ "replayed": 1 }));
    assert_eq!(ended(&client, &hook, 2)[1]["state"], "delivered");
    assert_eq!(receiver.received().last().unwrap().header("webhook-id"), ids[3]);
    let all = client.post(&format!("{HOOKS}/{}/replay", hook["id"]), &Value::Null).expect(202);
    assert_eq!(all.json, json!({ "replayed": 0 }));
});

both!(who_does_not_answer_delays_nobody_else, |world| {
    let client = world.log_in("institute");
    let (silent, quick) = (Receiver::silent(), Receiver::answering(&[]));
    subscribe(&client, &silent, &["schools.*"]);
    for n in 0..40 {
        client.post(SCHOOLS, &school(&format!("5209{n:02}"))).expect(201);
    }
    silent.wait_for(OF_ONE);
    subscribe(&client, &quick, &["schools.*"]);
    let began = Instant::now();
    for n in 40..52 {
        client.post(SCHOOLS, &school(&format!("5209{n:02}"))).expect(201);
    }
    quick.wait_for(12);
    // Less than a receiver is waited for.
    assert!(began.elapsed() < Duration::from_secs(14), "{:?}", began.elapsed());
    assert!(silent.received().len() <= 2 * OF_ONE, "{} at once", silent.received().len());
});

both!(who_is_gone_is_left_alone, |world| {
    let client = world.log_in("institute");
    let receiver = Receiver::answering(&["410 Gone"]);
    let hook = subscribe(&client, &receiver, &["schools.*"]);
    client.post(SCHOOLS, &school("520901")).expect(201);
    let path = format!("{HOOKS}/{}", hook["id"]);
    assert_eq!(ended(&client, &hook, 1)[0]["state"], "dead");
    let disabled = client.get(&path).expect(200);
    assert_eq!(
        (&disabled.json["state"], &disabled.json["disabled_because"]),
        (&json!("disabled"), &json!("gone"))
    );
    client.post(SCHOOLS, &school("520902")).expect(201);
    // Enabled again, it is told what it missed.
    client.patch(&path, disabled.header("etag"), &json!({ "state": "active" })).expect(200);
    let came = receiver.wait_for(2);
    assert_eq!(came[1].json()["data"]["natural_key"], json!({ "code": "520902" }));
});

both!(whose_owner_is_shut_out_is_told_nothing, |world| {
    let admin = world.log_in("admin");
    let made = world.service_client(json!({ "scopes": ["registry:read", "webhooks:manage"] }));
    let program = world.program(&made, None);
    let receiver = Receiver::answering(&[]);
    let hook = subscribe(&program, &receiver, &["schools.*"]);
    admin.post(SCHOOLS, &school("520901")).expect(201);
    receiver.wait_for(1);
    let client = format!("/api/v1/service-clients/{}", made.id);
    let etag = admin.get(&client).expect(200).header("etag").to_owned();
    admin.patch(&client, &etag, &json!({ "disabled": true })).expect(200);
    admin.post(SCHOOLS, &school("520902")).expect(201);
    within(LONG, "the webhook of an ended owner is still active", || {
        admin.get(&format!("{HOOKS}/{}", hook["id"])).expect(200).json["disabled_because"] == "owner_ended"
    });
    assert_eq!(receiver.received().len(), 1);
});

both!(while_a_secret_is_replaced_both_sign, |world| {
    let client = world.log_in("institute");
    let receiver = Receiver::answering(&[]);
    let hook = subscribe(&client, &receiver, &["schools.*"]);
    let next = client.post(&format!("{HOOKS}/{}/secrets", hook["id"]), &Value::Null).expect(201).json;
    client.post(SCHOOLS, &school("520901")).expect(201);
    let message = &receiver.wait_for(1)[0];
    let secrets = [&next, &hook]
        .map(|shown| BASE64.decode(shown["secret"].as_str().unwrap().trim_start_matches("whsec_")).unwrap());
    let (id, at) = (message.header("webhook-id"), message.header("webhook-timestamp").parse().unwrap());
    let both = signature(secrets.iter().map(Vec::as_slice), id, at, &message.body);
    assert_eq!(message.header("webhook-signature"), both);
});

/// The webhook as soon as it is disabled.
fn disabled(client: &Client, hook: &Value) -> Reply {
    let path = format!("{HOOKS}/{}", hook["id"]);
    for _ in 0..600 {
        let seen = client.get(&path).expect(200);
        if seen.json["state"] == "disabled" {
            return seen;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("{path} is still active")
}

/// The master key is lost, and the operator begins with another one (`docs/operations.md`).
fn a_secret_that_cannot_be_opened_stops_its_own_webhook_alone(storage: &Storage) {
    let keys = [[1; 32], [2; 32]].map(|key| BASE64.encode(key));
    let with =
        |key: &str| Server::start(storage, &[("WEBHOOK_PRIVATE_NETWORKS", "true"), ("MASTER_KEY", key)]);
    let mut server = with(&keys[0]);
    let (one, other) = (Receiver::answering(&[]), Receiver::answering(&[]));
    let lost = subscribe(&server.client, &one, &["schools.*"]);
    let create = |server: &Server| {
        server.client.call("POST", SCHOOLS).header("Idempotency-Key", "one").json(&school("520901")).send()
    };
    create(&server).expect(201);
    one.wait_for(1);
    server.kill();
    diesel::delete(signing_keys::table).execute(&mut storage.connect()).unwrap();
    let server = with(&keys[1]);
    let client = &server.client;
    // The effect stands; the answer, which nobody can open, is not told.
    create(&server).expect(422).problem("idempotency_mismatch");
    let good = subscribe(client, &other, &["schools.*"]);
    client.post(SCHOOLS, &school("520902")).expect(201);
    other.wait_for(1);
    let seen = disabled(client, &lost);
    assert_eq!(seen.json["disabled_because"], "secret_lost", "{seen}");
    assert_eq!(client.get(&format!("{HOOKS}/{}", good["id"])).expect(200).json["state"], "active");
    // Its owner makes a new secret; the one before is left out of the signature. What was missed is told.
    let path = format!("{HOOKS}/{}", lost["id"]);
    let made = client.post(&format!("{path}/secrets"), &Value::Null).expect(201);
    client.patch(&path, made.header("etag"), &json!({ "state": "active" })).expect(200);
    let told = &one.wait_for(2)[1];
    assert_eq!(told.json()["data"]["natural_key"], json!({ "code": "520902" }));
    assert_eq!(told.header("webhook-signature").split(' ').count(), 1);
}

mod a_lost_master_key {
    use super::{Storage, a_secret_that_cannot_be_opened_stops_its_own_webhook_alone};

    #[test]
    fn sqlite() {
        a_secret_that_cannot_be_opened_stops_its_own_webhook_alone(&Storage::sqlite());
    }

    #[test]
    fn postgres() {
        a_secret_that_cannot_be_opened_stops_its_own_webhook_alone(&Storage::postgres());
    }
}

/// Lets so many days pass for what has come to its end, and for the webhooks.
fn let_days_pass(world: &World, days: i64) {
    let past = Moment::now().plus_seconds(-days * 24 * 3600);
    let change = |db: &mut Db| {
        let dead = webhook_deliveries::table.filter(webhook_deliveries::ended_at.is_not_null());
        diesel::update(dead).set(webhook_deliveries::ended_at.eq(past)).execute(db)?;
        diesel::update(webhooks::table).set(webhooks::updated_at.eq(past.plus_seconds(-60))).execute(db)?;
        Ok(())
    };
    world.node.state.database.keep_books(change).unwrap();
}

both!(who_takes_nothing_for_two_weeks_is_disabled, |world| {
    const REFUSED: &str = "500 Internal Server Error";
    let client = world.log_in("institute");
    let receiver = Receiver::answering(&[REFUSED; 12]);
    let hook = subscribe(&client, &receiver, &["schools.*"]);
    let path = format!("{HOOKS}/{}", hook["id"]);
    let mut given_up = 0;
    let mut fail = || {
        given_up += 1;
        client.post(SCHOOLS, &school(&format!("52090{given_up}"))).expect(201);
        assert_eq!(ended(&client, &hook, given_up).last().unwrap()["state"], "dead");
        client.get(&path).expect(200)
    };
    fail();
    let_days_pass(world, 13);
    assert_eq!(fail().json["state"], "active");
    let_days_pass(world, 14);
    let seen = fail();
    assert_eq!(
        (&seen.json["state"], &seen.json["disabled_because"]),
        (&json!("disabled"), &json!("undeliverable"))
    );
    // Enabled again it has its two weeks anew.
    client.patch(&path, seen.header("etag"), &json!({ "state": "active" })).expect(200);
    assert_eq!(fail().json["state"], "active");
});

both!(what_has_ended_is_kept_for_thirty_days, |world| {
    let client = world.log_in("institute");
    let receiver = Receiver::answering(&["500 Internal Server Error"; 3]);
    let hook = subscribe(&client, &receiver, &["schools.*"]);
    client.post(SCHOOLS, &school("520901")).expect(201);
    assert_eq!(ended(&client, &hook, 1)[0]["state"], "dead");
    let_days_pass(world, 31);
    // A node sweeps when it starts.
    let _node = world.another_node(|_| {});
    ended(&client, &hook, 0);
});

/// What a name leads to is looked at when it is resolved, not when it is subscribed.
fn a_name_that_leads_inside(storage: &Storage) {
    let node = Node::start(storage, |config| config.webhook_private_networks = false);
    let client = node.log_in("institute");
    let receiver = Receiver::answering(&[]);
    let url = receiver.url("localhost").replace("http:", "https:");
    let hook = client.post(HOOKS, &json!({ "url": url, "events": ["schools.*"] })).expect(201).json;
    client.post(SCHOOLS, &school("520901")).expect(201);
    let messages = ended(&client, &hook, 1);
    assert_eq!(
        (&messages[0]["state"], &messages[0]["last_failure"]),
        (&json!("dead"), &json!("address_refused"))
    );
    assert!(receiver.received().is_empty());
}

#[test]
fn a_name_that_leads_inside_on_sqlite() {
    a_name_that_leads_inside(&Storage::sqlite());
}

#[test]
fn a_name_that_leads_inside_on_postgres() {
    a_name_that_leads_inside(&Storage::postgres());
}

both!(private_networks_are_closed, |world| {
    let closed = world.another_node(|config| config.webhook_private_networks = false);
    let client = closed.log_in("institute");
    for url in [
        "http://receiver.example/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://169.254.169.254/latest/meta-data",
        "https://user@receiver.example/",
        "not an address",
    ] {
        let refused = client.post(HOOKS, &json!({ "url": url, "events": ["schools.*"] }));
        let refused = refused.expect(422).problem("invalid_fields");
        assert_eq!(refused.flaws()[0].0, "/url", "{refused}");
        assert!(!refused.text.contains("127.0.0.1"), "{refused}");
    }
});

both!(a_wrong_webhook_is_refused, |world| {
    let client = world.client(Role::Institute);
    let flaws = |draft: Value| {
        let refused = client.post(HOOKS, &draft).expect(422);
        refused.flaws().into_iter().map(|(at, why)| format!("{at} {why}")).collect::<Vec<_>>()
    };
    let url = "https://receiver.example/";
    assert_eq!(flaws(json!({ "url": url, "events": [] })), ["/events wrong_length"]);
    assert_eq!(
        flaws(json!({ "url": "x", "events": ["schools.*", "pupils.create"], "description": "" })),
        ["/events/1 unknown_value", "/url wrong_format", "/description wrong_length"]
    );
    // What one may not read one would never be told of.
    let facts = json!({ "url": url, "events": ["schools.*", "facts.create"] });
    let refused = world.client(Role::Admin).post(HOOKS, &facts).expect(403).problem("forbidden");
    assert!(refused.json["detail"].as_str().unwrap().contains("facts:read"), "{refused}");
    let elsewhere = json!({ "url": url, "events": ["schools.*"], "municipality_id": world.seed.other });
    let refused = world.client(Role::Municipality).post(HOOKS, &elsewhere).expect(422);
    assert_eq!(refused.flaws(), [("/municipality_id", "unknown_reference")]);
    for _ in 0..20 {
        client.post(HOOKS, &json!({ "url": url, "events": ["schools.*"] })).expect(201);
    }
    client.post(HOOKS, &json!({ "url": url, "events": ["schools.*"] })).expect(409).problem("conflict");
});

both!(anothers_webhook_is_not_found, |world| {
    let (institute, municipality) = (world.client(Role::Institute), world.client(Role::Municipality));
    let hook = institute
        .post(HOOKS, &json!({ "url": "https://receiver.example/", "events": ["schools.*"] }))
        .expect(201);
    let path = format!("{HOOKS}/{}", hook.json["id"]);
    assert_eq!(municipality.get(HOOKS).items().len(), 0);
    municipality.get(&path).expect(404).problem("not_found");
    municipality.get(&format!("{path}/deliveries")).expect(404).problem("not_found");
    municipality.patch(&path, "\"1\"", &json!({ "state": "disabled" })).expect(404).problem("not_found");
    municipality.post(&format!("{path}/replay"), &Value::Null).expect(404).problem("not_found");
    municipality.post(&format!("{path}/secrets"), &Value::Null).expect(404).problem("not_found");
    municipality.post(&format!("{path}/deliveries/1/replay"), &Value::Null).expect(404).problem("not_found");
    let removed = municipality.call("DELETE", &path).header("If-Match", hook.header("etag")).send();
    removed.expect(404).problem("not_found");
    let admin = world.client(Role::Admin);
    assert_eq!(admin.get(HOOKS).items().len(), 1);
    let deleted = admin.call("DELETE", &path).header("If-Match", hook.header("etag")).send();
    deleted.expect(204);
    institute.get(&path).expect(404);
});

both!(nothing_is_lost_when_the_server_is_killed, |world| {
    let settings =
        [("WEBHOOK_PRIVATE_NETWORKS", "true"), ("WEBHOOK_RETRIES", "1,1,1"), ("LEASE_SECONDS", "2")];
    let receiver = Receiver::answering(&[]);
    let mut server = Server::start(&world.storage, &settings);
    let hook = subscribe(&server.client, &receiver, &["schools.*"]);
    for n in 0..12 {
        server.client.post(SCHOOLS, &school(&format!("5209{n:02}"))).expect(201);
        if n == 5 {
            server.kill();
            server = Server::start(&world.storage, &settings);
        }
    }
    receiver.wait_for(12);
    let mut codes: Vec<String> = ended(&server.client, &hook, 12)
        .iter()
        .map(|message| message["message_id"].as_str().unwrap().to_owned())
        .collect();
    codes.sort_unstable();
    let mut came: Vec<String> =
        receiver.received().iter().map(|m| m.header("webhook-id").to_owned()).collect();
    came.sort_unstable();
    came.dedup();
    assert_eq!(came, codes);
});
