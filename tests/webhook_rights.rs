//! What a webhook may be told follows its owner: rights that are gone count for what waits as well.

use crate::harness::{
    Client, World,
    foreign::{Foreign, now},
    receiver::Receiver,
    region,
    time::{LONG, within},
};
use diesel::connection::SimpleConnection;
use opora_identity::Role;
use serde_json::{Value, json};
use std::{thread, time::Duration};

const HOOKS: &str = "/api/v1/webhooks";
const FAILED: &str = "500 Internal Server Error";

fn subscribe(client: &Client, receiver: &Receiver, events: &[&str]) -> String {
    let draft = json!({ "url": receiver.url("127.0.0.1"), "events": events });
    format!("{HOOKS}/{}", client.post(HOOKS, &draft).expect(201).json["id"])
}

/// Gives a school another name.
fn rename(client: &Client, school: impl std::fmt::Display, name: &str) {
    let path = format!("/api/v1/schools/{school}");
    let etag = client.get(&path).expect(200).header("etag").to_owned();
    client.patch(&path, &etag, &json!({ "name": name })).expect(200);
}

/// What is at `path`, as soon as it is as it should be.
fn when(client: &Client, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let mut found = Value::Null;
    within(LONG, &format!("{path} does not come to be as it should"), || {
        found = client.get(path).expect(200).json;
        holds(&found)
    });
    found
}

fn is_disabled(because: &str) -> impl Fn(&Value) -> bool {
    move |hook| hook["state"] == "disabled" && hook["disabled_because"] == because
}

/// The schools that a receiver was told of.
fn codes(receiver: &Receiver) -> Vec<Value> {
    let code = |message: Value| message["data"]["natural_key"]["code"].clone();
    receiver.received().iter().map(|message| code(message.json())).collect()
}

both!(whose_owner_works_elsewhere_is_told_nothing, |world| {
    let (foreign, admin) = (Foreign::new(), world.client(Role::Admin));
    let (node, receiver, seed) = (foreign.node(world), Receiver::answering(&[]), world.seed);
    let came = |oktmo: &str, later: i64| {
        let mut claims = foreign.claims("anna", "municipality");
        (claims["oktmo"], claims["iat"]) = (json!(oktmo), json!(now() + later));
        let client = node.stranger().with_token(foreign.token(&claims));
        client.get("/api/v1/me").expect(200);
        client
    };
    let hook = subscribe(&came("22601000", 0), &receiver, &["schools.*"]);
    rename(&admin, seed.school, "Первая");
    receiver.wait_for(1);
    came("22602000", 1);
    rename(&admin, seed.neighbour, "Вторая");
    rename(&admin, seed.other_school, "Третья");
    let disabled = when(&admin, &hook, is_disabled("out_of_area"));
    assert_eq!(disabled["municipality_id"], seed.own.0);
    thread::sleep(Duration::from_secs(1));
    assert_eq!(codes(&receiver), ["520101"]);
    // Enabling it alone gives nothing back.
    let enable = |client: &Client| {
        let etag = client.get(&hook).expect(200).header("etag").to_owned();
        client.patch(&hook, &etag, &json!({ "state": "active" })).expect(200);
    };
    enable(&admin);
    rename(&admin, seed.neighbour, "Четвёртая");
    when(&admin, &hook, is_disabled("out_of_area"));
    assert_eq!(codes(&receiver), ["520101"]);
    // Who comes back and enables it is told what was missed, of its own area alone.
    enable(&came("22601000", 2));
    receiver.wait_for(3);
    assert_eq!(codes(&receiver), ["520101", "520102", "520102"]);
});

both!(what_waits_for_an_owner_that_works_elsewhere_is_held, |world| {
    let (admin, owner) = (world.client(Role::Admin), world.client(Role::Municipality));
    let receiver = Receiver::answering(&[FAILED, FAILED]);
    let hook = subscribe(&owner, &receiver, &["schools.*"]);
    // The first attempt fails when the owner has moved; the third would be taken.
    receiver.hold(true);
    rename(&admin, world.seed.school, "Первая");
    receiver.wait_for(1);
    let moved =
        format!("UPDATE users SET municipality_id = {} WHERE login = 'municipality'", world.seed.other);
    world.storage.connect().batch_execute(&moved).unwrap();
    receiver.hold(false);
    when(&admin, &hook, is_disabled("out_of_area"));
    // Longer than until the third attempt.
    thread::sleep(Duration::from_secs(3));
    let waiting = admin.get(&format!("{hook}/deliveries")).expect(200);
    assert_eq!((waiting.items().len(), &waiting.items()[0]["state"]), (1, &json!("pending")), "{waiting}");
    assert!(receiver.received().len() <= 2);
});

both!(what_waits_and_may_not_be_read_any_more_is_given_up, |world| {
    let admin = world.client(Role::Admin);
    let made = world.service_client(json!({ "scopes": ["registry:read", "lists:read", "webhooks:manage"] }));
    let receiver = Receiver::answering(&[FAILED, FAILED]);
    let hook = subscribe(&world.program(&made, None), &receiver, &["schools.*", "lists.*"]);
    admin.load("lists", region::list(2021, ["520101"])).succeeded([1, 0, 0, 0]);
    receiver.wait_for(1);
    world.change_client(made.id, &json!({ "scopes": ["registry:read", "webhooks:manage"] })).expect(200);
    rename(&admin, world.seed.school, "Первая");
    let ended = when(&admin, &format!("{hook}/deliveries"), |found| {
        let items = found["items"].as_array().unwrap();
        items.len() == 2 && items.iter().all(|item| item["state"] != "pending")
    });
    let told = |n: usize| {
        let item = &ended["items"][n];
        (item["event"].as_str().unwrap(), item["state"].as_str().unwrap(), &item["last_failure"])
    };
    assert_eq!(told(0), ("schools.update", "delivered", &Value::Null));
    assert_eq!(told(1), ("lists.create", "dead", &json!("forbidden")));
    // It is not sent because somebody asks for it again either.
    let sent = receiver.received().len();
    admin.post(&format!("{hook}/replay"), &Value::Null).expect(202);
    when(&admin, &format!("{hook}/deliveries"), |found| found["items"][1]["state"] == "dead");
    assert_eq!(receiver.received().len(), sent);
    // Without the scope for webhooks there are none.
    world.change_client(made.id, &json!({ "scopes": ["registry:read"] })).expect(200);
    rename(&admin, world.seed.school, "Вторая");
    when(&admin, &hook, is_disabled("owner_ended"));
});

/// Whether `client` may have a webhook for changes in this part of the region.
fn may_have(client: &Client, part: &Value) -> bool {
    let mut draft = json!({ "url": "https://receiver.example/", "events": ["schools.*"] });
    draft.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
    let reply = client.post(HOOKS, &draft);
    if reply.status == 201 {
        return true;
    }
    assert_eq!(reply.expect(422).flaws()[0].1, "unknown_reference");
    false
}

both!(a_webhook_is_for_a_part_of_its_owners_area, |world| {
    let seed = &world.seed;
    let program = |world: &World, part: Value| {
        let mut draft = json!({ "scopes": ["registry:read", "webhooks:manage"] });
        draft.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        world.program(&world.service_client(draft), None)
    };
    let of_school = |id| json!({ "school_id": id });
    let of_municipality = |id| json!({ "municipality_id": id });
    let city = program(world, of_municipality(seed.city.0));
    for (part, expected) in [
        (of_municipality(seed.city.0), true),
        (of_municipality(seed.district.0), true),
        (of_school(seed.district_school.0), true),
        (of_municipality(seed.own.0), false),
        (of_school(seed.school.0), false),
    ] {
        assert_eq!(may_have(&city, &part), expected, "{part}");
    }
    // A school may look at its municipality, and is not told what happens in it.
    let school = program(world, of_school(seed.school.0));
    for (part, expected) in [
        (of_school(seed.school.0), true),
        (of_school(seed.neighbour.0), false),
        (of_municipality(seed.own.0), false),
    ] {
        assert_eq!(may_have(&school, &part), expected, "{part}");
    }
    let institute = world.client(Role::Institute);
    assert!(may_have(&institute, &of_municipality(seed.own.0)));
    assert!(!may_have(&institute, &of_municipality(999_999)) && !may_have(&institute, &of_school(999_999)));
});
