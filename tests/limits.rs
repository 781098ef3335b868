//! Who asks too often, too much or too slowly, and whose pages may ask.

use crate::harness::{
    Client, Reply, World,
    oauth::{CLIENTS, basic},
    stuck::Stuck,
    world::Node,
};
use opora_identity::Role;
use serde_json::json;
use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    thread::sleep,
    time::{Duration, Instant},
};

const ME: &str = "/api/v1/me";
const TOKEN_INFO: &str = "/api/v1/token-info";

/// Asks until it is refused, at most `most` times: how often it was let in, and the refusal.
fn ask_until_refused(client: &Client, most: usize) -> (usize, Option<Reply>) {
    for count in 0..most {
        let reply = client.get(ME);
        if reply.status == 429 {
            return (count, Some(reply.problem("too_many_requests")));
        }
    }
    (most, None)
}

fn number(reply: &Reply, header: &str, name: &str) -> u64 {
    let value = reply.header(header).split(';').find_map(|part| part.strip_prefix(name)).unwrap_or_default();
    value.parse().unwrap_or_else(|_| panic!("{header}: {:?}", reply.header(header)))
}

both!(a_caller_has_a_limit_of_its_own, |world| {
    let node = world.another_node(|config| config.rate_limit = 5);
    let admin = node.log_in("admin");
    let first = admin.get(ME).expect(200);
    assert_eq!(first.header("ratelimit-policy"), "\"user\";q=5;w=60");
    assert_eq!(number(&first, "ratelimit", "r="), 4);
    assert!((1..=60).contains(&number(&first, "ratelimit", "t=")));
    assert_eq!(first.header("retry-after"), "");
    // A minute may begin in between, and then a part of the last one no longer counts.
    let (count, refused) = ask_until_refused(&admin, 9);
    let refused = refused.expect("never refused");
    assert!((4..=6).contains(&count), "{count}");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=120).contains(&wait), "{wait}");
    assert_eq!(number(&refused, "ratelimit", "r="), 0);
    node.log_in("institute").get(ME).expect(200);
    // What tells of the installation is not counted.
    for path in ["/health/live", "/openapi.json", "/.well-known/jwks.json"] {
        assert_eq!(admin.get(path).expect(200).header("ratelimit"), "", "{path}");
    }
    // Nor does anything count where no limit is set.
    assert_eq!(world.client(Role::Admin).get(ME).expect(200).header("ratelimit"), "");
});

both!(a_client_may_have_a_limit_of_its_own, |world| {
    let limited =
        |limit: u32| world.service_client(json!({ "scopes": ["registry:read"], "rate_limit": limit }));
    let (busy, quiet) = (limited(3), world.reading_client());
    let token = world.program(&busy, None);
    let first = token.get(TOKEN_INFO).expect(200);
    assert_eq!(first.header("ratelimit-policy"), "\"client\";q=3;w=60");
    let refused = (0..6).find(|_| token.get(TOKEN_INFO).status == 429);
    assert!(refused.is_some_and(|count| count <= 4), "{refused:?}");
    // No limit is set for the others.
    assert_eq!(world.program(&quiet, None).get(TOKEN_INFO).expect(200).header("ratelimit-policy"), "");
    // More comes with the next token; less at once.
    assert_eq!(world.change_client(busy.id, &json!({ "rate_limit": 50 })).expect(200).json["rate_limit"], 50);
    assert_eq!(
        world.program(&busy, None).get(TOKEN_INFO).expect(200).header("ratelimit-policy"),
        "\"client\";q=50;w=60"
    );
    let before = world.program(&busy, None);
    world.change_client(busy.id, &json!({ "rate_limit": 40 })).expect(200);
    before.get(TOKEN_INFO).expect(401);
    world.change_client(busy.id, &json!({ "rate_limit": null })).expect(200);
    assert_eq!(world.program(&busy, None).get(TOKEN_INFO).expect(200).header("ratelimit-policy"), "");
    let draft = json!({ "name": "Витрина", "scopes": ["registry:read"], "rate_limit": 0 });
    let refused = world.client(Role::Admin).post(CLIENTS, &draft).expect(422);
    assert_eq!(
        (&refused.json["errors"][0]["pointer"], &refused.json["errors"][0]["code"]),
        (&json!("/rate_limit"), &json!("out_of_range"))
    );
});

both!(who_has_no_good_token_is_known_by_the_address, |world| {
    let node = world.another_node(|config| config.rate_limit_anonymous = 3);
    let stranger = node.stranger();
    assert_eq!(stranger.get(ME).expect(401).header("ratelimit-policy"), "\"address\";q=3;w=60");
    stranger.with_token("garbage").get(ME).expect(401);
    let (count, refused) = ask_until_refused(&stranger.with_token("other.garbage"), 6);
    assert!(refused.is_some() && count <= 3, "{count}");
    stranger.try_log_in("admin", "wrong").expect(429).problem("too_many_requests");
    let form =
        stranger.call("POST", "/oauth/token").body("application/x-www-form-urlencoded", "grant_type=x");
    let told = form.send().refused(429, "temporarily_unavailable");
    assert!(told.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{told}");
    // A token speaks for itself, wherever it comes from.
    stranger.with_token(world.client(Role::Reader).token.unwrap()).get(ME).expect(200);
});

// Of an introspection that says who asks, the one who asks is charged, and not whoever else comes from its address.
both!(an_introspection_counts_for_who_asks, |world| {
    let node = world.another_node(|config| {
        config.rate_limit_anonymous = 2;
        config.rate_limit = 100;
    });
    let made = world.service_client(json!({ "scopes": ["registry:read"] }));
    let token = world.program(&made, None).token.unwrap();
    let stranger = node.stranger();
    let ask = |header: Option<&str>| {
        let call = stranger.call("POST", "/oauth/introspect");
        let call = header.into_iter().fold(call, |call, header| call.header("Authorization", header));
        call.form(&[("token", &token)]).send()
    };
    for header in [format!("Bearer {token}"), basic(&made.client_id, &made.secret)] {
        for _ in 0..3 {
            let told = ask(Some(&header)).expect(200);
            assert_eq!(told.header("ratelimit-policy"), "\"client\";q=100;w=60");
            assert_eq!(told.json["active"], true, "{told}");
        }
    }
    let told = ask(Some("Bearer garbage"));
    assert_eq!(told.header("ratelimit-policy"), "\"address\";q=2;w=60");
    let refused = (0..6).map(|_| ask(Some("Bearer garbage"))).find(|told| told.status == 429);
    refused.unwrap().refused(429, "temporarily_unavailable");
    ask(Some(&basic(&made.client_id, &made.secret))).refused(429, "temporarily_unavailable");
    ask(Some(&format!("Bearer {token}"))).expect(200);
});

both!(only_a_trusted_proxy_says_where_a_request_comes_from, |world| {
    let from = |node: &Node, address: &str| {
        node.stranger().call("GET", ME).header("X-Forwarded-For", address).send().status
    };
    let trusting = world.another_node(|config| {
        config.rate_limit_anonymous = 2;
        config.trusted_proxies = "10.0.0.0/8, 127.0.0.0/8".into();
    });
    let statuses: Vec<u16> = (0..4).map(|_| from(&trusting, "203.0.113.1")).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(from(&trusting, "203.0.113.2"), 401);
    // What the client wrote itself stands further to the left.
    assert_eq!(from(&trusting, "198.51.100.9, 203.0.113.1"), 429);
    let plain = world.another_node(|config| config.rate_limit_anonymous = 2);
    let statuses: Vec<u16> = (0..4).map(|n| from(&plain, &format!("203.0.113.{n}"))).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
});

// SQLite has one server.
#[test]
fn a_limit_holds_over_all_nodes() {
    let world = World::postgres();
    let [one, two] = [(), ()].map(|()| world.another_node(|config| config.rate_limit = 40));
    let here = one.log_in("admin");
    let there = two.stranger().with_token(here.token.clone().unwrap());
    for _ in 0..30 {
        here.get(ME).expect(200);
    }
    // A node that nobody asks anything listens every five seconds.
    let knows = (0..12).any(|_| {
        sleep(Duration::from_secs(1));
        number(&there.get(ME), "ratelimit", "r=") <= 10
    });
    assert!(knows, "the second node knows nothing of the first");
    // Ten were left, and what of the last minute has gone by.
    let (count, refused) = ask_until_refused(&there, 40);
    assert!(refused.is_some() && count <= 14, "{count}");
}

both!(a_request_has_a_size, |world| {
    let admin = world.client(Role::Admin);
    admin.get(&format!("/api/v1/users?limit={}", "1".repeat(9000))).expect(414).problem("uri_too_long");
    let many = (0..70).map(|n| format!("a{n}=1")).collect::<Vec<_>>().join("&");
    admin.get(&format!("/api/v1/users?{many}")).expect(400).problem("unknown_parameter");
    let long = admin.call("GET", ME).header("X-Long", &"x".repeat(40_000)).send();
    long.expect(431).problem("headers_too_large");
    let many = (0..70).fold(admin.call("GET", ME), |call, n| call.header(&format!("X-{n}"), "1"));
    many.send().expect(431).problem("headers_too_large");
    // Clients of OAuth know no problem documents.
    let stranger = world.stranger();
    let form = |path: &str| stranger.call("POST", path).form(&[("grant_type", "client_credentials")]);
    form(&format!("/oauth/token?x={}", "1".repeat(9000))).send().refused(414, "invalid_request");
    form("/oauth/token").header("X-Long", &"x".repeat(40_000)).send().refused(431, "invalid_request");
    stranger.call("GET", "/oauth/token").send().refused(405, "invalid_request");
    stranger.call("GET", "/oauth/nothing").send().refused(404, "invalid_request");
    let nested = format!("{{\"login\":{}1{}}}", "[".repeat(64), "]".repeat(64));
    let deep = admin.call("POST", "/api/v1/users").body("application/json", nested).send();
    assert!(deep.expect(400).problem("invalid_json").json["detail"].as_str().unwrap().contains("nested"));
});

fn connect(node: &Node) -> TcpStream {
    let stream = TcpStream::connect(node.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// What comes until the server closes the connection.
fn to_the_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("still open: {error}"),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const LOGIN: &str = "POST /api/v1/auth/login HTTP/1.1\r\nHost: opora\r\nContent-Type: application/json\r\n";

both!(a_slow_sender_is_cut_off, |world| {
    let node = world.another_node(|config| {
        config.header_timeout_seconds = 1;
        config.body_timeout_seconds = 1;
    });
    let started = Instant::now();
    let mut silent = connect(&node);
    silent.write_all(b"GET /health/live HTTP/1.1\r\nHost:").unwrap();
    let mut stopped = connect(&node);
    write!(stopped, "{LOGIN}Content-Length: 100\r\n\r\n{{\"login\"").unwrap();
    let mut trickling = connect(&node);
    write!(trickling, "{LOGIN}Transfer-Encoding: chunked\r\n\r\n").unwrap();
    let mut writer = trickling.try_clone().unwrap();
    let drip = std::thread::spawn(move || {
        (0..60).find(|_| {
            sleep(Duration::from_millis(200));
            writer.write_all(b"1\r\n \r\n").is_err()
        })
    });
    for (name, stream) in [("stopped", &mut stopped), ("trickling", &mut trickling)] {
        let answer = to_the_end(stream);
        assert!(answer.starts_with("HTTP/1.1 408"), "{name}: {answer}");
        assert!(answer.contains("\"request_timeout\""), "{name}: {answer}");
    }
    let _ = to_the_end(&mut silent);
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    drip.join().unwrap();
    node.stranger().get("/health/live").expect(200);
});

both!(a_slow_reader_is_cut_off, |world| {
    let node = world.another_node(|config| config.reader_timeout_seconds = 1);
    let mut stream = connect(&node);
    const REQUESTS: usize = 40;
    let size = node.stranger().get("/openapi.json").expect(200).bytes.len();
    let request = "GET /openapi.json HTTP/1.1\r\nHost: opora\r\nAccept-Encoding: identity\r\n\r\n";
    stream.write_all(request.repeat(REQUESTS).as_bytes()).unwrap();
    sleep(Duration::from_secs(15));
    let got = to_the_end(&mut stream).len();
    assert!(got < size * REQUESTS, "all {got} bytes came after all");
});

// Elsewhere a statement cannot be stopped.
#[test]
fn a_statement_of_a_request_has_a_bound() {
    let world = World::postgres();
    let node = world.another_node(|config| config.statement_timeout_seconds = 1);
    let admin = node.log_in("admin");
    let user =
        json!({ "login": "late", "display_name": "Имя", "password": "four random words", "role": "reader" });
    let stuck = Stuck::at(&world.storage, "INSERT", "users");
    let started = Instant::now();
    let refused = admin.post("/api/v1/users", &user).expect(503).problem("unavailable");
    assert!(refused.json["detail"].as_str().unwrap().contains("too long"), "{refused}");
    assert!(started.elapsed() < Duration::from_secs(10));
    drop(stuck);
    admin.post("/api/v1/users", &user).expect(201);
}

/// Whether `Vary` names this header.
fn hangs_on(reply: &Reply, header: &str) -> bool {
    let values = reply.headers.get_all("vary").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|name| name.trim().eq_ignore_ascii_case(header))
}

both!(pages_of_named_origins_may_ask, |world| {
    let page = "https://region.example";
    let preflight = |node: &Node, origin: &str| {
        let stranger = node.stranger();
        let call = stranger.call("OPTIONS", ME).header("Origin", origin);
        call.header("Access-Control-Request-Method", "GET").send()
    };
    assert_eq!(preflight(&world.node, page).header("access-control-allow-origin"), "");
    let node = world.another_node(|config| config.cors_origins = format!("{page}, http://localhost:5173"));
    let allowed = preflight(&node, page).expect(204);
    assert_eq!(allowed.header("access-control-allow-origin"), page);
    assert!(allowed.header("access-control-allow-headers").contains("If-Match"));
    assert!(allowed.header("access-control-allow-methods").contains("PATCH"));
    assert_eq!(allowed.header("access-control-allow-credentials"), "");
    let refused = preflight(&node, "https://region.example.evil").expect(204);
    assert_eq!(refused.header("access-control-allow-origin"), "");
    assert_eq!(refused.header("access-control-allow-methods"), "");
    let reply = node.stranger().call("GET", ME).header("Origin", page).send().expect(401);
    assert_eq!(reply.header("access-control-allow-origin"), page);
    assert!(hangs_on(&reply, "origin"), "{:?}", reply.headers);
    for header in ["ETag", "Link", "Location", "RateLimit", "Retry-After"] {
        assert!(reply.header("access-control-expose-headers").contains(header), "{header}");
    }
});

both!(a_packed_answer_has_a_tag_of_its_own, |world| {
    let admin = world.client(Role::Admin);
    let path = format!("/api/v1/users/{}", world.seed.reader);
    let get = |encoding: &str, known: &str| {
        let call = admin.call("GET", &path).header("Accept-Encoding", encoding);
        if known.is_empty() { call.send() } else { call.header("If-None-Match", known).send() }
    };
    let plain = get("identity", "").expect(200);
    assert_eq!((plain.header("etag"), plain.header("content-encoding")), ("\"1\"", ""));
    let packed = get("gzip", "").expect(200);
    assert_eq!((packed.header("etag"), packed.header("content-encoding")), ("\"1-gzip\"", "gzip"));
    for reply in [&plain, &packed] {
        assert!(hangs_on(reply, "accept-encoding"), "{:?}", reply.headers);
    }
    assert_eq!(get("gzip", "\"1-gzip\"").expect(304).header("etag"), "\"1-gzip\"");
    assert_eq!(get("gzip", "\"1\"").expect(304).header("etag"), "\"1\"");
    get("gzip", "\"2-gzip\"").expect(200);
    // As many lines as there are tags, or all in one: the same.
    let lines = |name: &str, tags: [&str; 2]| {
        let call = admin.call(if name == "If-Match" { "PATCH" } else { "GET" }, &path);
        let call = call.header("Accept-Encoding", "gzip").header(name, tags[0]).header(name, tags[1]);
        if name == "If-Match" { call.json(&json!({ "display_name": "Имя" })).send() } else { call.send() }
    };
    for tags in [["\"7\"", "\"1\""], ["\"7-gzip\"", "\"1\""], ["\"7\"", "\"1-gzip\""]] {
        lines("If-None-Match", tags).expect(304);
    }
    lines("If-None-Match", ["\"7-gzip\"", "\"8\""]).expect(200);
    lines("If-Match", ["\"7-gzip\"", "\"8\""]).expect(412);
    let changed = admin.patch(&path, "\"1-gzip\"", &json!({ "active": false })).expect(200);
    assert_eq!(changed.json["version"], 2);
    lines("If-Match", ["\"7-gzip\"", "\"2\""]).expect(200);
    admin.patch(&path, "\"1-gzip\"", &json!({ "active": true })).expect(412);
});

both!(a_browser_is_told_what_it_may_do, |world| {
    let stranger = world.stranger();
    for path in [ME, "/health/live", "/openapi.json", "/api/v1/nothing"] {
        let reply = stranger.get(path);
        assert!(reply.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(reply.header("strict-transport-security"), "", "{path}");
    }
    assert_eq!(stranger.get(ME).header("cache-control"), "no-store");
    for path in ["/docs/", "/docs/errors"] {
        let policy = stranger.get(path).expect(200).header("content-security-policy").to_owned();
        assert!(
            policy.contains("script-src") || policy.starts_with("default-src 'self'"),
            "{path}: {policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    }
    // What the policy of the documentation does not allow is not in it.
    let page = stranger.get("/docs/").expect(200).text;
    assert!(!page.contains("<script>") && !page.contains("onclick="), "{page}");
    let behind_tls = world.another_node(|config| config.hsts_seconds = 31_536_000);
    let reply = behind_tls.stranger().get(ME);
    assert_eq!(reply.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
});
