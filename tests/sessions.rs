//! Logging in, staying in, logging out.

use crate::harness::{Client, Reply, seed::PASSWORD};
use opora_identity::Role;
use serde_json::{Value, json};
use std::thread;

const LOGIN: &str = "/api/v1/auth/login";

fn refresh(client: &Client, token: &str) -> Reply {
    client.post("/api/v1/auth/refresh", &json!({ "refresh_token": token }))
}

both!(a_login_opens_a_session, |world| {
    let mut client = world.stranger();
    let pair = client.try_log_in("Institute", PASSWORD).expect(200);
    assert_eq!(pair.json["token_type"], "Bearer");
    assert_eq!(pair.json["expires_in"], 600);
    assert_eq!(pair.header("cache-control"), "no-store");
    client.keep(&pair);
    let me = client.get("/api/v1/me").expect(200);
    assert_eq!(me.json["user"]["login"], "institute");
    assert_eq!(me.json["area"]["kind"], "region");
    assert!(!me.text.contains("password_hash") && !me.text.contains("argon2"), "{me}");
});

both!(an_area_is_part_of_the_session, |world| {
    let me = world.client(Role::Municipality).get("/api/v1/me").expect(200);
    assert_eq!(me.json["area"], json!({ "kind": "municipality", "municipality_id": world.seed.own }));
    let me = world.client(Role::School).get("/api/v1/me").expect(200);
    assert_eq!(me.json["area"], json!({ "kind": "school", "school_id": world.seed.school }));
});

both!(an_unknown_login_and_a_wrong_password_look_the_same, |world| {
    let stranger = world.stranger();
    let mut wrong =
        stranger.try_log_in("institute", "not the password").expect(401).problem("wrong_credentials").json;
    let mut unknown =
        stranger.try_log_in("nobody", "not the password").expect(401).problem("wrong_credentials").json;
    wrong["request_id"].take();
    unknown["request_id"].take();
    assert_eq!(wrong, unknown);
});

both!(too_many_failures_close_a_login, |world| {
    let stranger = world.stranger();
    for _ in 0..10 {
        stranger.try_log_in("expert", "not the password").problem("wrong_credentials");
    }
    let refused = stranger.try_log_in("expert", PASSWORD).expect(429).problem("too_many_attempts");
    // The oldest of ten failures counts for a quarter of an hour.
    let seconds: u32 = refused.header("retry-after").parse().expect("Retry-After in seconds");
    assert!((840..=900).contains(&seconds), "{seconds}");
    assert!(refused.json["detail"].as_str().unwrap().contains("15 min"), "{refused}");
    // Case does not open a second door; other logins stay open.
    stranger.try_log_in("EXPERT", PASSWORD).expect(429);
    stranger.try_log_in("institute", PASSWORD).expect(200);
});

both!(guesses_at_the_same_time_are_as_few, |world| {
    let guess = || world.stranger().try_log_in("expert", "not the password").status;
    let answers: Vec<u16> = thread::scope(|scope| {
        let guesses: Vec<_> = (0..24).map(|_| scope.spawn(guess)).collect();
        guesses.into_iter().map(|guess| guess.join().unwrap()).collect()
    });
    let count = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((count(401), count(429)), (10, 14), "{answers:?}");
});

both!(a_stranger_elsewhere_does_not_shut_a_user_out, |world| {
    let node = world.another_node(|config| config.trusted_proxies = "127.0.0.0/8".into());
    let from = |address: &str, password: &str| {
        let body = json!({ "login": "expert", "password": password });
        let stranger = node.stranger();
        stranger.call("POST", LOGIN).header("X-Forwarded-For", address).json(&body).send().status
    };
    for _ in 0..10 {
        assert_eq!(from("203.0.113.1", "not the password"), 401);
    }
    assert_eq!(from("203.0.113.1", PASSWORD), 429);
    assert_eq!(from("203.0.113.2", PASSWORD), 200);
    // Whoever has many addresses does not go on for ever either.
    let refused = (10..60).find(|n| from(&format!("198.51.100.{}", n / 5), "not the password") == 429);
    assert_eq!(refused, Some(50));
});

both!(a_success_forgives_earlier_failures, |world| {
    let stranger = world.stranger();
    for _ in 0..2 {
        for _ in 0..6 {
            stranger.try_log_in("expert", "not the password").expect(401);
        }
        stranger.try_log_in("expert", PASSWORD).expect(200);
    }
});

both!(a_refresh_token_rotates, |world| {
    let mut client = world.client(Role::Institute);
    let (first, access) = (client.refresh.clone(), client.token.clone());
    let pair = refresh(&client, &first).expect(200);
    client.keep(&pair);
    assert_ne!(client.refresh, first);
    client.get("/api/v1/me").expect(200);
    // The access token given before lives on until it expires.
    client.with_token(access.unwrap()).get("/api/v1/me").expect(200);
    let second = client.refresh.clone();
    refresh(&client, &second).expect(200);
});

both!(reuse_of_a_refresh_token_ends_the_session, |world| {
    let mut client = world.client(Role::Institute);
    let bystander = world.client(Role::Institute);
    let first = client.refresh.clone();
    client.keep(&refresh(&client, &first).expect(200));
    refresh(&client, &first).expect(401).problem("reused_refresh_token");
    // Neither half of the newest pair works any more: it may be the thief's.
    client.get("/api/v1/me").expect(401).problem("invalid_token");
    refresh(&client, &client.refresh).expect(401).problem("invalid_refresh_token");
    bystander.get("/api/v1/me").expect(200);
});

both!(a_made_up_refresh_token_is_refused, |world| {
    refresh(&world.stranger(), "bm90IGEgdG9rZW4").expect(401).problem("invalid_refresh_token");
});

both!(of_simultaneous_refreshes_only_one_succeeds, |world| {
    let client = world.client(Role::Institute);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let calls: Vec<_> =
            (0..6).map(|_| scope.spawn(|| refresh(&client, &client.refresh).status)).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|s| [200, 401].contains(s)), "{statuses:?}");
});

both!(a_logout_counts_at_once, |world| {
    let client = world.client(Role::Institute);
    let bystander = world.client(Role::Institute);
    client.call("POST", "/api/v1/auth/logout").send().expect(204);
    client.get("/api/v1/me").expect(401).problem("invalid_token");
    refresh(&client, &client.refresh).expect(401).problem("invalid_refresh_token");
    bystander.get("/api/v1/me").expect(200);
});

both!(a_logout_reaches_another_node, |world| {
    let other = world.another_node(|_| {});
    let client = world.client(Role::Institute);
    let there = other.stranger().with_token(client.token.clone().unwrap());
    there.get("/api/v1/me").expect(200);
    client.call("POST", "/api/v1/auth/logout").send().expect(204);
    // What the node does by itself every few seconds.
    other.state.tokens.reload(&other.state.database).unwrap();
    there.get("/api/v1/me").expect(401).problem("invalid_token");
});

both!(a_user_who_is_let_go_is_out_at_once, |world| {
    let admin = world.client(Role::Admin);
    let reader = world.client(Role::Reader);
    let path = format!("/api/v1/users/{}", world.seed.reader);
    let etag = admin.get(&path).expect(200).header("etag").to_owned();
    let gone = admin.patch(&path, &etag, &json!({ "active": false })).expect(200);
    assert_eq!(gone.json["active"], false);
    reader.get("/api/v1/me").expect(401).problem("invalid_token");
    refresh(&reader, &reader.refresh).expect(401).problem("invalid_refresh_token");
    world.stranger().try_log_in("reader", PASSWORD).expect(401).problem("wrong_credentials");
    admin.patch(&path, gone.header("etag"), &json!({ "active": true })).expect(200);
    world.client(Role::Reader).get("/api/v1/me").expect(200);
    // The old session stays ended.
    reader.get("/api/v1/me").expect(401);
});

/// Asks for another password.
fn change(client: &Client, current: &str, new: &str) -> Reply {
    let body = json!({ "current_password": current, "password": new });
    client.call("PUT", "/api/v1/me/password").json(&body).send()
}

const OTHER: &str = "four other words";

both!(a_user_changes_its_own_password, |world| {
    let (here, elsewhere) = (world.client(Role::Reader), world.client(Role::Reader));
    let wrong = change(&here, "not this one at all", OTHER).expect(422).problem("invalid_fields");
    assert_eq!(wrong.flaws(), [("/current_password", "wrong_password")]);
    for (weak, reason) in [("short", "wrong_length"), ("the reader itself", "too_weak")] {
        let refused = change(&here, PASSWORD, weak).expect(422).problem("invalid_fields");
        assert_eq!(refused.flaws(), [("/password", reason)]);
    }
    elsewhere.get("/api/v1/me").expect(200);
    change(&here, PASSWORD, OTHER).expect(204);
    // This session goes on, the others are out at once.
    let me = here.get("/api/v1/me").expect(200);
    assert!(me.json["user"]["password_changed_at"].is_string(), "{me}");
    refresh(&here, &here.refresh).expect(200);
    elsewhere.get("/api/v1/me").expect(401).problem("invalid_token");
    refresh(&elsewhere, &elsewhere.refresh).expect(401).problem("invalid_refresh_token");
    let stranger = world.stranger();
    stranger.try_log_in("reader", PASSWORD).expect(401).problem("wrong_credentials");
    stranger.try_log_in("reader", OTHER).expect(200);
});

// Whoever sits at another's open session may not try passwords for ever.
both!(wrong_passwords_are_counted_as_failed_logins, |world| {
    let client = world.client(Role::Reader);
    for _ in 0..10 {
        change(&client, "not this one at all", OTHER).expect(422);
    }
    change(&client, PASSWORD, OTHER).expect(429).problem("too_many_attempts");
    world.stranger().try_log_in("reader", PASSWORD).expect(429);
});

// A password that was right when it was looked at is not, when another has come in between.
both!(of_two_changes_of_a_password_at_once_one_wins, |world| {
    let clients = [world.client(Role::Reader), world.client(Role::Reader)];
    let news = ["the first new password", "the second new password"];
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let calls = clients
            .iter()
            .zip(news)
            .map(|(client, new)| scope.spawn(|| change(client, PASSWORD, new).status));
        calls.collect::<Vec<_>>().into_iter().map(|call| call.join().unwrap()).collect()
    });
    let won: Vec<&str> =
        news.into_iter().zip(&statuses).filter(|(_, s)| **s == 204).map(|(new, _)| new).collect();
    assert_eq!(won.len(), 1, "{statuses:?}");
    // The other was refused: its password was no longer right, or its session over.
    assert!(statuses.iter().all(|status| [204, 401, 422].contains(status)), "{statuses:?}");
    world.stranger().try_log_in("reader", won[0]).expect(200);
});

both!(an_administrator_gives_another_password, |world| {
    let (admin, reader) = (world.client(Role::Admin), world.client(Role::Reader));
    let path = format!("/api/v1/users/{}", world.seed.reader);
    let patch = |body: Value| {
        let etag = admin.get(&path).expect(200).header("etag").to_owned();
        admin.patch(&path, &etag, &body)
    };
    assert_eq!(
        patch(json!({ "password": "the reader itself" })).expect(422).flaws(),
        [("/password", "too_weak")]
    );
    reader.get("/api/v1/me").expect(200);
    let changed = patch(json!({ "password": OTHER, "display_name": "Новое имя" })).expect(200);
    assert_eq!((&changed.json["display_name"], &changed.json["active"]), (&json!("Новое имя"), &json!(true)));
    reader.get("/api/v1/me").expect(401).problem("invalid_token");
    world.stranger().try_log_in("reader", PASSWORD).expect(401);
    world.stranger().try_log_in("reader", OTHER).expect(200);
    let me = admin.get("/api/v1/me").expect(200).json["user"].clone();
    let own = format!("/api/v1/users/{}", me["id"]);
    let tag = format!("\"{}\"", me["version"]);
    admin.patch(&own, &tag, &json!({ "password": OTHER })).expect(409).problem("conflict");
    admin.patch(&own, &tag, &json!({ "active": false })).expect(409).problem("conflict");
    assert_eq!(
        patch(json!({ "display_name": " " })).expect(422).flaws(),
        [("/display_name", "wrong_length")]
    );
});

both!(a_password_is_never_repeated, |world| {
    const SECRET: &str = "zq7-secret";
    let admin = world.client(Role::Admin);
    let long = SECRET.repeat(30);
    let bodies = [
        ("/api/v1/auth/login", json!({ "login": "institute", "password": long }), 422),
        ("/api/v1/auth/login", json!({ "login": SECRET, "password": [SECRET] }), 400),
        ("/api/v1/auth/login", json!({ "login": "institute", "password": { SECRET: 1 } }), 400),
        (
            "/api/v1/users",
            json!({ "login": "new.user", "display_name": "Имя", "password": long, "role": "reader" }),
            422,
        ),
        (
            "/api/v1/users",
            json!({ "login": "new.user", "display_name": "Имя", "password": "zq7-se", "role": "reader" }),
            422,
        ),
        (
            "/api/v1/users",
            json!({ "login": SECRET, "display_name": "Имя", "password": SECRET, "role": "reader" }),
            422,
        ),
        ("/api/v1/auth/refresh", json!({ "refresh_token": long }), 422),
    ];
    for (path, body, status) in bodies {
        let reply = admin.post(path, &body).expect(status);
        assert!(!reply.text.contains("zq7"), "{reply}");
    }
});
