//! Pages, versions and repeated requests.

use crate::harness::Client;
use diesel::connection::SimpleConnection;
use opora_identity::Role;
use serde_json::{Value, json};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

const USERS: &str = "/api/v1/users";

/// The ids over all pages.
fn walk(client: &Client, first: &str) -> Vec<i64> {
    let (mut path, mut ids) = (first.to_owned(), Vec::new());
    loop {
        let page = client.get(&path).expect(200);
        ids.extend(page.items().iter().map(|item| item["id"].as_i64().unwrap()));
        match page.next() {
            Some(next) => path = next,
            None => return ids,
        }
        assert!(ids.len() < 1000, "the pages do not end");
    }
}

both!(pages_add_up_to_the_whole, |world| {
    let admin = world.client(Role::Admin);
    let whole = walk(&admin, &format!("{USERS}?limit=1000"));
    assert!(whole.len() >= 11);
    for limit in [1, 2, 3, whole.len() - 1, whole.len(), whole.len() + 1] {
        assert_eq!(walk(&admin, &format!("{USERS}?limit={limit}")), whole, "limit {limit}");
    }
    // Without a doubt at the end: the last page names no next one.
    assert_eq!(admin.get(&format!("{USERS}?limit={}", whole.len())).next(), None);
});

both!(what_comes_in_between_pages_moves_nothing, |world| {
    let admin = world.client(Role::Admin);
    let whole = walk(&admin, USERS);
    let first = admin.get(&format!("{USERS}?limit=3")).expect(200);
    let body =
        json!({ "login": "late", "display_name": "Имя", "password": "four random words", "role": "reader" });
    let late = admin.post(USERS, &body).expect(201).json["id"].as_i64().unwrap();
    let mut expected = whole[3..].to_vec();
    expected.push(late);
    assert_eq!(walk(&admin, &first.next().unwrap()), expected);
});

both!(a_limit_has_bounds, |world| {
    let admin = world.client(Role::Admin);
    for limit in ["0", "1001", "65536", "-1"] {
        admin.get(&format!("{USERS}?limit={limit}")).expect(400).problem("invalid_parameter");
    }
    admin.get(&format!("{USERS}?limit=1000")).expect(200);
});

both!(a_cursor_belongs_to_its_list, |world| {
    use opora_primitives::Cursor;
    let admin = world.client(Role::Admin);
    let foreign = Cursor::encode("another list", &1);
    let wrong_key = Cursor::encode("users", &"text");
    for cursor in ["x", "", "AAAA", "%D0%96", foreign.as_str(), wrong_key.as_str()] {
        admin.get(&format!("{USERS}?cursor={cursor}")).expect(400).problem("invalid_cursor");
    }
});

both!(a_change_names_its_version, |world| {
    let admin = world.client(Role::Admin);
    let path = format!("{USERS}/{}", world.seed.reader);
    let body = json!({ "active": false });
    let read = admin.get(&path).expect(200);
    let etag = read.header("etag").to_owned();
    assert_eq!(etag, "\"1\"");
    let without = admin.call("PATCH", &path).json(&body).send();
    without.expect(428).problem("precondition_required");
    for stale in ["\"0\"", "\"2\"", "1", "W/\"1\"", "\"x\"", "\"2\", \"3\"", ""] {
        admin.patch(&path, stale, &body).expect(412).problem("precondition_failed");
    }
    let many = vec!["\"1\""; 17].join(",");
    for (tags, status, code, words) in [
        ("*", 428, "precondition_required", "version"),
        ("\"1\", *", 428, "precondition_required", "version"),
        (many.as_str(), 400, "bad_request", "at most 16"),
    ] {
        let refused = admin.patch(&path, tags, &body).expect(status).problem(code);
        assert!(refused.json["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{refused}");
    }
    assert_eq!(admin.get(&path).json, read.json);
    let changed = admin.patch(&path, &etag, &body).expect(200);
    assert_eq!(changed.header("etag"), "\"2\"");
    assert_eq!(changed.json["version"], 2);
    admin.patch(&path, &etag, &body).expect(412).problem("precondition_failed");
});

both!(of_several_tags_one_must_be_that_of_the_record, |world| {
    let admin = world.client(Role::Admin);
    let path = format!("{USERS}/{}", world.seed.reader);
    let body = |active: bool| json!({ "active": active });
    admin.patch(&path, "\"1\", \"7\"", &body(false)).expect(200);
    admin.patch(&path, "W/\"2\" , \"1\",\"2\"", &body(true)).expect(200);
    admin.patch(&path, "\"1\",\"2\"", &body(false)).expect(412).problem("precondition_failed");
});

both!(of_two_changes_at_once_one_wins, |world| {
    let admin = world.client(Role::Admin);
    let path = format!("{USERS}/{}", world.seed.reader);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let change = |active: bool| admin.patch(&path, "\"1\"", &json!({ "active": active })).status;
        let calls: Vec<_> = (0..6).map(|n| scope.spawn(move || change(n % 2 == 0))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|s| [200, 412].contains(s)), "{statuses:?}");
    assert_eq!(admin.get(&path).header("etag"), "\"2\"");
});

both!(an_unchanged_record_is_not_sent_again, |world| {
    let admin = world.client(Role::Admin);
    let path = format!("{USERS}/{}", world.seed.reader);
    let with = |tags: &str| admin.call("GET", &path).header("If-None-Match", tags).send();
    for tags in ["\"1\"", "\"0\", \"1\"", "*", "W/\"1\""] {
        let same = with(tags).expect(304);
        assert_eq!(same.text, "");
        assert_eq!(same.header("etag"), "\"1\"");
    }
    with("\"2\"").expect(200);
    with("1").expect(200);
});

// The answer of a school names its municipality, and that of a stage its acts: other records, with versions of their own.
both!(a_tag_changes_with_all_that_is_told, |world| {
    let admin = world.client(Role::Admin);
    let school = format!("/api/v1/schools/{}", world.seed.school);
    let home = format!("/api/v1/municipalities/{}", world.seed.own);
    let before = admin.get(&school).expect(200);
    let with = |tag: &str| admin.call("GET", &school).header("If-None-Match", tag).send();
    assert_eq!(with(before.header("etag")).expect(304).header("etag"), before.header("etag"));
    let named = admin.get(&home).expect(200);
    admin.patch(&home, named.header("etag"), &json!({ "name": "Переименованный" })).expect(200);
    let after = with(before.header("etag")).expect(200);
    assert_eq!(after.json["municipality_name"], "Переименованный", "{after}");
    assert_eq!(after.json["version"], before.json["version"]);
    // The version is named by the tag of any answer, and by itself.
    let patch = |tag: &str, name: &str| admin.patch(&school, tag, &json!({ "name": name }));
    let changed = patch(before.header("etag"), "Первая").expect(200);
    patch(before.header("etag"), "Вторая").expect(412);
    let changed = patch(changed.header("etag"), "Вторая").expect(200);
    let listed = admin.get("/api/v1/schools?limit=1000").expect(200);
    let listed = listed.items().iter().find(|item| item["id"] == json!(world.seed.school)).unwrap().clone();
    assert_eq!(listed["version"], changed.json["version"]);
    patch(&format!("\"{}\"", listed["version"]), "Третья").expect(200);
});

fn create(client: &Client, key: &str, login: &str) -> crate::harness::Reply {
    let body =
        json!({ "login": login, "display_name": "Имя", "password": "four random words", "role": "reader" });
    client.call("POST", USERS).header("Idempotency-Key", key).json(&body).send()
}

fn logins(client: &Client, login: &str) -> usize {
    client.get(USERS).items().iter().filter(|user| user["login"] == *login).count()
}

both!(a_repeated_creation_gives_the_first_answer, |world| {
    let admin = world.client(Role::Admin);
    let first = create(&admin, "key-1", "idem").expect(201);
    let second = create(&admin, "key-1", "idem").expect(201);
    assert_eq!((&first.json, first.header("location")), (&second.json, second.header("location")));
    assert_ne!(first.json, Value::Null);
    assert_eq!(logins(&admin, "idem"), 1);
    // Another key is another request.
    create(&admin, "key-2", "idem").expect(409).problem("already_exists");
    create(&admin, "key-1", "other").expect(422).problem("idempotency_mismatch");
    assert_eq!(logins(&admin, "other"), 0);
});

both!(creations_at_once_with_one_key_have_one_effect, |world| {
    let admin = world.client(Role::Admin);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| create(&admin, "key-3", "twin").status)).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    // The first answer again, or a conflict while the first is still on its way.
    assert!(statuses.contains(&201) && statuses.iter().all(|s| [201, 409].contains(s)), "{statuses:?}");
    assert_eq!(logins(&admin, "twin"), 1);
});

both!(a_key_belongs_to_its_user, |world| {
    let admin = world.client(Role::Admin);
    let body = json!({ "login": "second.admin", "display_name": "Имя", "password": "four random words", "role": "admin" });
    admin.post(USERS, &body).expect(201);
    create(&admin, "key-4", "first.try").expect(201);
    create(&world.log_in("second.admin"), "key-4", "second.try").expect(201);
});

// Some of what is kept tells a secret: it goes when its day is over, whether or not its caller comes again.
both!(a_key_is_forgotten_after_a_day, |world| {
    create(&world.client(Role::Admin), "old", "new.user").expect(201);
    let kept = || world.storage.number("SELECT count(*) AS n FROM idempotency_keys");
    assert_eq!(kept(), 1);
    let node = world.another_node(|_| ());
    assert_eq!(kept(), 1, "a day has not passed");
    drop(node);
    let aged = "UPDATE idempotency_keys SET created_at = '2020-01-01 00:00:00'";
    world.storage.connect().batch_execute(aged).unwrap();
    let _node = world.another_node(|_| ());
    let begun = Instant::now();
    while kept() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the old key stays");
        sleep(Duration::from_millis(50));
    }
});
