//! People of a foreign issuer: users like any other, by what their issuer says and as long as nobody here has shut them out.

use crate::harness::{
    Client, Reply, World,
    facts::with_plan,
    foreign::{Foreign, now},
    seed::PASSWORD,
    world::Node,
};
use diesel::{connection::SimpleConnection, prelude::*};
use opora_db::schema::audit_log;
use opora_identity::{Permissions, Role};
use serde_json::{Value, json};

const ME: &str = "/api/v1/me";
const SCHOOLS: &str = "/api/v1/schools";
const REPORT: &str = "/api/v1/reports/half-year/2020-H2";

/// How many users have come from elsewhere.
fn foreign_users(world: &World) -> i64 {
    world.storage.number("SELECT count(*) AS n FROM users WHERE issuer IS NOT NULL")
}

/// Who changed the user and how, by the audit log.
fn audited(world: &World, user: &Value) -> Vec<(String, String)> {
    let of_user = audit_log::resource.eq("users").and(audit_log::resource_key.eq(user["id"].to_string()));
    let wanted = audit_log::table.filter(of_user).order(audit_log::id);
    let columns = (audit_log::actor, audit_log::action);
    wanted.select(columns).load(&mut world.storage.connect()).unwrap()
}

fn act(client: &Client, action: &str) -> Reply {
    let etag = client.get(REPORT).header("etag").to_owned();
    client.call("POST", &format!("{REPORT}/{action}")).header("If-Match", &etag).send()
}

fn codes(schools: &Reply) -> Vec<&str> {
    schools.items().iter().map(|school| school["code"].as_str().unwrap()).collect()
}

both!(a_person_of_the_ministry_is_a_user_like_any_other, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    for role in Role::ALL {
        let subject = format!("who-{role}");
        let mut claims = foreign.claims(&subject, role.as_str());
        (claims["oktmo"], claims["org"]) = (json!("22601000"), json!({ "code": "520101" }));
        let person = node.stranger().with_token(foreign.token(&claims));
        let me = person.get(ME).expect(200).json;
        assert_eq!(me["user"]["login"], format!("{subject}@ministry"));
        assert_eq!(me["user"]["display_name"], format!("Имя {subject}"));
        assert_eq!((&me["user"]["role"], &me["user"]["subject"]), (&json!(role), &json!(subject)));
        assert_eq!(me["user"]["issuer"], foreign.issuer);
        let permissions: Vec<&str> = Permissions::of(*role).iter().map(|p| p.as_str()).collect();
        assert_eq!(me["permissions"], json!(permissions));
        let info = person.get("/api/v1/token-info").expect(200).json;
        assert_eq!((&info["kind"], &info["name"]), (&json!("user"), &me["user"]["login"]));
        assert_eq!(audited(world, &me["user"]), [("system".into(), "create".into())]);
    }
    assert_eq!(foreign_users(world), Role::ALL.len() as i64);
    // A server that trusts nobody else.
    let token = foreign.token(&foreign.claims("who-admin", "admin"));
    world.stranger().with_token(token).get(ME).expect(401).problem("invalid_token");
});

both!(an_author_from_elsewhere_is_not_the_one_who_accepts, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    with_plan(world);
    let author = foreign.person(&node, "author", "institute");
    author.post("/api/v1/reports", &json!({ "kind": "half-year", "period": "2020-H2" })).expect(201);
    act(&author, "submit").expect(200);
    // The same person in another role, by a later word of its issuer.
    let mut later = foreign.claims("author", "ministry");
    later["iat"] = json!(now() + 1);
    let promoted = node.stranger().with_token(foreign.token(&later));
    act(&promoted, "accept").expect(409).problem("own_report");
    let ministry = foreign.person(&node, "chief", "ministry");
    let sealed = act(&ministry, "accept").expect(200).json;
    assert_eq!(sealed["state"], "accepted");
    let entries = audit_log::table
        .filter(audit_log::resource.eq("reports"))
        .order(audit_log::id)
        .select((audit_log::actor_kind, audit_log::actor));
    let entries: Vec<(String, String)> = entries.load(&mut world.storage.connect()).unwrap();
    let by = |login: &str| ("user".to_owned(), login.to_owned());
    assert_eq!(entries, [by("author@ministry"), by("author@ministry"), by("chief@ministry")]);
});

both!(claims_bound_the_area, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    let seen = |role: &str, more: Value| {
        let mut claims = foreign.claims("person", role);
        claims["sub"] = json!(format!("{role} {more}"));
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        node.stranger().with_token(foreign.token(&claims)).get(SCHOOLS)
    };
    let municipality = json!({ "oktmo": "22601000" });
    let school = json!({ "oktmo": "22601000", "org": { "code": "520101" } });
    assert_eq!(codes(&seen("municipality", municipality.clone()).expect(200)), ["520101", "520102"]);
    assert_eq!(codes(&seen("municipality", json!({ "oktmo": "22701000" })).expect(200)), ["520301"]);
    assert_eq!(codes(&seen("school", school.clone()).expect(200)), ["520101"]);
    assert_eq!(codes(&seen("reader", municipality).expect(200)), ["520101", "520102"]);
    assert_eq!(codes(&seen("reader", school.clone()).expect(200)), ["520101"]);
    assert_eq!(seen("reader", json!({})).expect(200).items().len(), 5);
    // A role of the region keeps it whole.
    assert_eq!(seen("institute", school).expect(200).items().len(), 5);
    let before = foreign_users(world);
    for (role, more) in [
        ("municipality", json!({})),
        ("municipality", json!({ "org": { "code": "520101" } })),
        ("school", json!({ "oktmo": "22601000" })),
        // Not in the registry, or no code at all.
        ("municipality", json!({ "oktmo": "22699999" })),
        ("school", json!({ "org": { "code": "599999" } })),
        ("municipality", json!({ "oktmo": "22601000' OR '1'='1" })),
        ("municipality", json!({ "oktmo": ["22601000", "22602000"] })),
        ("reader", json!({ "oktmo": 22_601_000 })),
        // Roles that mean nothing here.
        ("director", json!({})),
        ("Institute", json!({})),
        ("institute", json!({ "roles": ["edu-institute", "edu-admin"] })),
        ("institute", json!({ "roles": null })),
    ] {
        let refused = seen(role, more.clone()).expect(403).problem("not_admitted");
        assert!(refused.json["detail"].as_str().is_some_and(|words| !words.is_empty()), "{refused}");
    }
    assert_eq!(foreign_users(world), before);
});

both!(what_is_said_later_counts, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    let said = |role: &str, age: i64| {
        let mut claims = foreign.claims("person", role);
        claims["iat"] = json!(now() - age);
        node.stranger().with_token(foreign.token(&claims))
    };
    let (first, second, third) = (said("institute", 60), said("reader", 40), said("institute", 20));
    let user = first.get(ME).expect(200).json["user"].clone();
    assert_eq!(second.get(ME).expect(200).json["user"]["role"], "reader");
    // The older token would allow what has been taken back, here and on another server.
    let refused = first.get(ME).expect(401).problem("invalid_token");
    assert!(refused.json["detail"].as_str().is_some_and(|words| words.contains("newer")), "{refused}");
    let other = foreign.node(world);
    let elsewhere = |client: &Client| other.stranger().with_token(client.token.clone().unwrap());
    elsewhere(&first).get(ME).expect(401).problem("invalid_token");
    elsewhere(&second).get(ME).expect(200);
    // The same words again, later: a refusal of the old token does not stand in their way.
    let restored = third.get(ME).expect(200).json["user"].clone();
    assert_eq!((&restored["role"], &restored["version"]), (&json!("institute"), &json!(3)));
    second.get(ME).expect(401).problem("invalid_token");
    let entries = [("system", "create"), ("system", "update"), ("system", "update")];
    assert_eq!(audited(world, &user), entries.map(|(a, b)| (a.to_owned(), b.to_owned())));
    // Another name is no other access.
    let mut renamed = foreign.claims("person", "institute");
    (renamed["preferred_username"], renamed["name"]) = (json!("Married"), json!("Другое имя"));
    let me = node.stranger().with_token(foreign.token(&renamed)).get(ME).expect(200).json;
    assert_eq!((&me["user"]["login"], &me["user"]["id"]), (&json!("married@ministry"), &user["id"]));
    third.get(ME).expect(200);
});

both!(who_is_shut_out_stays_out, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    let other = foreign.node(world);
    let person = foreign.person(&node, "person", "institute");
    let elsewhere = other.stranger().with_token(person.token.clone().unwrap());
    let user = person.get(ME).expect(200).json["user"].clone();
    elsewhere.get(ME).expect(200);
    let admin = node.log_in("admin");
    let path = format!("/api/v1/users/{}", user["id"]);
    let let_in = |active: bool| {
        let etag = admin.get(&path).expect(200).header("etag").to_owned();
        admin.patch(&path, &etag, &json!({ "active": active })).expect(200);
    };
    let_in(false);
    // Here at once; there within the few seconds in which every server looks.
    person.get(ME).expect(403).problem("not_admitted");
    other.state.reload().unwrap();
    elsewhere.get(ME).expect(403).problem("not_admitted");
    // The issuer still vouches, in whatever words.
    let later = |role: &str, age: i64| {
        let mut claims = foreign.claims("person", role);
        claims["iat"] = json!(now() + age);
        node.stranger().with_token(foreign.token(&claims)).get(ME)
    };
    later("institute", 1).expect(403).problem("not_admitted");
    later("reader", 2).expect(403).problem("not_admitted");
    let_in(true);
    assert_eq!(later("institute", 3).expect(200).json["user"]["id"], user["id"]);
    assert_eq!(foreign_users(world), 1);
});

both!(many_requests_at_once_make_one_user, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    let token = foreign.token(&foreign.claims("person", "institute"));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let client = node.stranger().with_token(token.clone());
            scope.spawn(move || client.get(ME).expect(200));
        }
    });
    assert_eq!(foreign_users(world), 1);
});

both!(names_are_told_apart, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    let admin = world.client(Role::Admin);
    let taken =
        json!({ "login": "anna@ministry", "display_name": "Анна", "password": PASSWORD, "role": "reader" });
    admin.post("/api/v1/users", &taken).expect(201);
    let login = |subject: &str, called: Value| {
        let mut claims = foreign.claims(subject, "reader");
        (claims["preferred_username"], claims["name"]) = (called, Value::Null);
        let me = node.stranger().with_token(foreign.token(&claims)).get(ME).expect(200).json;
        me["user"]["login"].as_str().unwrap().to_owned()
    };
    assert_eq!(login("1", json!("Boris")), "boris@ministry");
    let mut made = vec![
        // Somebody else's, here or there.
        login("2", json!("anna")),
        login("3", json!("boris")),
        // None that could be typed.
        login("4", json!("with a space")),
        login("5", json!("x".repeat(60))),
        login("6", json!(null)),
        login("7", json!("\u{7}")),
    ];
    assert!(made.iter().all(|login| login.len() == 25 && login.ends_with("@ministry")), "{made:?}");
    made.dedup();
    assert_eq!(made.len(), 6);
    // It stays, whatever comes later.
    assert_eq!(login("2", json!("anna")), made[0]);
});

both!(nobody_knows_a_password_of_theirs, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    let person = foreign.person(&node, "person", "institute");
    person.get(ME).expect(200);
    for password in ["!", "", PASSWORD, "person@ministry"] {
        let refused = node.stranger().try_log_in("person@ministry", password);
        assert!([401, 422].contains(&refused.status), "{refused}");
    }
    // There is no session here to be ended.
    person.call("POST", "/api/v1/auth/logout").send().expect(403).problem("forbidden");
});

both!(who_is_known_needs_no_database, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    let person = foreign.person(&node, "person", "institute");
    person.get(ME).expect(200);
    world.storage.connect().batch_execute("ALTER TABLE users RENAME TO users_away").unwrap();
    // Other tokens that say the same of the same person, too.
    for age in 0..3 {
        let mut claims = foreign.claims("person", "institute");
        claims["iat"] = json!(now() - age);
        let client = node.stranger().with_token(foreign.token(&claims));
        client.get("/api/v1/token-info").expect(200);
    }
    foreign.person(&node, "stranger", "institute").get("/api/v1/token-info").expect(500).problem("internal");
    world.storage.connect().batch_execute("ALTER TABLE users_away RENAME TO users").unwrap();
});

both!(a_feed_ends_when_the_issuer_has_fallen_silent, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    let person = foreign.person(&node, "person", "institute");
    let made = person.post("/api/v1/feed-tokens", &json!({ "kind": "reports" })).expect(201);
    let address = made.json["address"].as_str().unwrap();
    let path = &address[address.find("/feeds/").unwrap()..];
    node.stranger().get(path).expect(200);
    let vouched = |when: i64| {
        let at = opora_primitives::Moment::now().plus_seconds(-when * 24 * 3600).sql();
        let update = format!("UPDATE users SET vouched_at = '{at}' WHERE issuer IS NOT NULL");
        world.storage.connect().batch_execute(&update).unwrap();
    };
    vouched(29);
    node.stranger().get(path).expect(200);
    vouched(31);
    node.stranger().get(path).expect(404).problem("not_found");
    // Whoever comes back is vouched for anew.
    foreign.person(&foreign.node(world), "person", "institute").get(ME).expect(200);
    node.stranger().get(path).expect(200);
});

/// A token of a program at `node`.
fn program(foreign: &Foreign, node: &Node, change: impl FnOnce(&mut Value)) -> Reply {
    let mut claims = foreign.claims("program", "institute");
    change(&mut claims);
    node.stranger().with_token(foreign.token(&claims)).get(ME)
}

both!(a_program_of_the_issuer_is_no_person, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    for name in ["client_id", "azp"] {
        program(&foreign, &node, |claims| claims[name] = json!("program"))
            .expect(403)
            .problem("not_admitted");
    }
    assert_eq!(foreign_users(world), 0);
    program(&foreign, &node, |_| {}).expect(200);
});
