//! The keys of a foreign issuer: fetched, kept, changed under way, and not to be had. And its configuration.

use crate::harness::{
    Reply, World,
    foreign::{Foreign, JWKS, header},
    keys::{ed25519, p256},
    process::run,
    provider::{Answer, Provider},
    storage::Storage,
    world::Node,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64URL};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

const ME: &str = "/api/v1/me";
const METADATA: &str = "/.well-known/openid-configuration";
/// Longer than the pause between two fetches.
const PAUSE: Duration = Duration::from_millis(5200);

fn me(foreign: &Foreign, node: &Node) -> Reply {
    foreign.person(node, "person", "institute").get(ME)
}

/// Waits until `holds`, for a minute.
#[track_caller]
fn until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not come to that");
        thread::sleep(Duration::from_millis(50));
    }
}

/// The answer to a token that names `kid`.
fn named(foreign: &Foreign, node: &Node, kid: &str) -> Reply {
    let claims = foreign.claims("person", "institute");
    let token = jsonwebtoken::encode(&header(kid), &claims, &foreign.key.signs).unwrap();
    node.stranger().with_token(token).get(ME)
}

both!(a_new_key_is_known_when_it_is_first_used, |world| {
    let mut foreign = Foreign::new();
    let node = foreign.node(world);
    let before = foreign.person(&node, "person", "institute");
    before.get(ME).expect(200);
    let old = std::mem::replace(&mut foreign.key, ed25519("b"));
    foreign.publish(&[&old.public, &foreign.key.public]);
    thread::sleep(PAUSE);
    // Many at once, and nobody is refused.
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| named(&foreign, &node, "b").expect(200));
        }
    });
    assert_eq!(foreign.provider.asked(JWKS), 2);
    before.get(ME).expect(200);
    // The old one is taken back: within the time its keys are fresh, or with the next unknown one.
    foreign.publish(&[&foreign.key.public]);
    thread::sleep(PAUSE);
    named(&foreign, &node, "c").expect(401).problem("invalid_token");
    before.get(ME).expect(401).problem("invalid_token");
    named(&foreign, &node, "b").expect(200);
});

both!(made_up_names_make_no_flood, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    me(&foreign, &node).expect(200);
    let begun = Instant::now();
    thread::scope(|scope| {
        for n in 0..4 {
            let (foreign, node) = (&foreign, &node);
            scope.spawn(move || {
                for i in 0..25 {
                    named(foreign, node, &format!("made-up-{n}-{i}")).expect(401).problem("invalid_token");
                }
            });
        }
    });
    let most = 2 + begun.elapsed().as_secs() as usize / 5;
    assert!(foreign.provider.asked(JWKS) <= most, "{} fetches", foreign.provider.asked(JWKS));
    me(&foreign, &node).expect(200);
});

/// Fetches the keys here and now; answers whether they came.
fn fetch(node: &Node) -> bool {
    let issuer = node.state.issuers.iter().next().unwrap();
    actix_web::rt::System::new().block_on(issuer.fetch()).is_ok()
}

both!(keys_are_fetched_anew_when_they_are_no_longer_fresh, |world| {
    let foreign = Foreign::new();
    let node = foreign.node_with(world, |trusted| trusted.keys_seconds = 1);
    me(&foreign, &node).expect(200);
    // Another key under the same name: what is no longer published verifies nothing.
    foreign.publish(&[&ed25519("a").public]);
    until(|| me(&foreign, &node).status == 401);
    foreign.publish(&[&foreign.key.public]);
    until(|| me(&foreign, &node).status == 200);
});

both!(keys_are_kept_while_the_issuer_is_away, |world| {
    let mut foreign = Foreign::new();
    let node = foreign.node(world);
    me(&foreign, &node).expect(200);
    for answer in [Answer::status(500), Answer::of("<html>"), Answer::of(json!({ "keys": [] }))] {
        foreign.provider.answer(JWKS, answer);
        assert!(!fetch(&node));
        me(&foreign, &node).expect(200);
    }
    foreign.provider.stop();
    assert!(!fetch(&node));
    me(&foreign, &node).expect(200);
    // Whether a key is new cannot be told now.
    named(&foreign, &node, "b").expect(503).problem("issuer_unavailable");
});

/// What an issuer may answer in place of its keys: none of it stops the server or opens it.
fn instead() -> Vec<Answer> {
    let weak = json!({ "kty": "RSA", "kid": "a", "n": B64URL.encode([0xc5; 128]), "e": "AQAB" });
    let shared =
        json!({ "kty": "oct", "kid": "a", "k": B64URL.encode("a shared secret that is long enough") });
    let many: Vec<Value> = (0..101).map(|n| p256(&format!("{n}")).public).collect();
    vec![
        Answer::status(404),
        Answer::status(503),
        Answer::of(""),
        Answer::of("[]"),
        Answer::of(json!({ "keys": [weak] })),
        Answer::of(json!({ "keys": [shared] })),
        Answer::of(json!({ "keys": many })),
        Answer::of("[".repeat(100_000)),
        Answer::of(format!("{{\"keys\": [], \"padding\": \"{}\"}}", "x".repeat(1 << 20))),
    ]
}

#[test]
fn what_is_no_key_set_opens_nothing() {
    let world = World::sqlite();
    for answer in instead() {
        let foreign = Foreign::new();
        foreign.provider.answer(JWKS, answer);
        let node = foreign.node(&world);
        let refused = me(&foreign, &node).expect(503).problem("issuer_unavailable");
        assert_eq!(refused.header("retry-after"), "5");
        assert!(!refused.text.contains("127.0.0.1"), "{refused}");
        // A shared key signs nothing.
        let key = jsonwebtoken::EncodingKey::from_secret(b"a shared secret that is long enough");
        let head = jsonwebtoken::Header { alg: jsonwebtoken::Algorithm::HS256, ..header("a") };
        let token = jsonwebtoken::encode(&head, &foreign.claims("person", "admin"), &key).unwrap();
        let refused = node.stranger().with_token(token).get(ME);
        assert!([401, 503].contains(&refused.status), "{refused}");
        // Everybody else is served.
        node.log_in("reader").get(ME).expect(200);
    }
}

#[test]
fn redirects_are_not_followed() {
    let world = World::sqlite();
    let (foreign, elsewhere) = (Foreign::new(), Provider::start());
    elsewhere.answer(JWKS, Answer::of(json!({ "keys": [foreign.key.public] })));
    for status in [301, 302, 307, 308] {
        let headers = vec![("location", elsewhere.url(JWKS))];
        foreign.provider.answer(JWKS, Answer { headers, ..Answer::status(status) });
        me(&foreign, &foreign.node(&world)).expect(503).problem("issuer_unavailable");
    }
    assert_eq!(elsewhere.asked(JWKS), 0);
}

#[test]
fn a_slow_issuer_keeps_nobody_else_waiting() {
    let world = World::sqlite();
    let foreign = Foreign::new();
    foreign.provider.answer(JWKS, Answer { delay: Duration::from_secs(3600), ..Answer::of("{}") });
    let node = foreign.node(&world);
    let reader = node.log_in("reader");
    thread::scope(|scope| {
        // Gives up long before the answer would come.
        let waiting = scope.spawn(|| me(&foreign, &node).expect(503).problem("issuer_unavailable"));
        let mut served = 0;
        while !waiting.is_finished() {
            reader.get(ME).expect(200);
            served += 1;
        }
        assert!(served > 10, "{served} requests while another waited");
    });
}

#[test]
fn an_issuer_that_comes_later_is_found() {
    let world = World::sqlite();
    let foreign = Foreign::new();
    let keys = Answer::of(json!({ "keys": [foreign.key.public] }));
    foreign.provider.answer(JWKS, Answer::status(503));
    let node = foreign.node(&world);
    me(&foreign, &node).expect(503).problem("issuer_unavailable");
    foreign.provider.answer(JWKS, keys);
    until(|| me(&foreign, &node).status == 200);
}

#[test]
fn metadata_name_the_keys() {
    let world = World::sqlite();
    let foreign = Foreign::new();
    let found = |metadata: Value| {
        foreign.provider.answer(METADATA, Answer::of(metadata));
        me(&foreign, &foreign.node_with(&world, |trusted| trusted.jwks_url.clear()))
    };
    let keys = foreign.provider.url(JWKS);
    found(json!({ "issuer": foreign.issuer, "jwks_uri": keys })).expect(200);
    let asked = foreign.provider.asked(JWKS);
    for (issuer, jwks_uri) in [
        (json!("https://sso.example"), json!(keys)),
        (json!(format!("{}/", foreign.issuer)), json!(keys)),
        (json!(null), json!(keys)),
        (json!(foreign.issuer), json!(null)),
        (json!(foreign.issuer), json!("/jwks")),
        (json!(foreign.issuer), json!("file:///dev/null")),
        (json!(foreign.issuer), json!("http://sso.example/jwks")),
        (json!(foreign.issuer), json!(keys.replace("127.0.0.1", "user:secret@127.0.0.1"))),
    ] {
        found(json!({ "issuer": issuer, "jwks_uri": jwks_uri })).expect(503).problem("issuer_unavailable");
    }
    assert_eq!(foreign.provider.asked(JWKS), asked);
}

#[test]
fn a_file_of_keys_is_read_anew() {
    let world = World::sqlite();
    let foreign = Foreign::new();
    let file = world.storage.dir.path().join("jwks.json");
    let write = |key: &Value| std::fs::write(&file, json!({ "keys": [key] }).to_string()).unwrap();
    let other = ed25519("b");
    write(&other.public);
    let node = foreign.node_with(&world, |trusted| {
        trusted.jwks_url.clear();
        trusted.jwks_file = file.clone();
        trusted.keys_seconds = 1;
    });
    me(&foreign, &node).expect(401).problem("invalid_token");
    write(&foreign.key.public);
    until(|| me(&foreign, &node).status == 200);
    std::fs::remove_file(&file).unwrap();
    assert!(!fetch(&node));
    me(&foreign, &node).expect(200);
    assert_eq!(foreign.provider.asked(JWKS), 0);
}

/// What `opora doctor` says to this configuration.
fn doctor(file: &str, settings: &[(&str, &str)]) -> String {
    let storage = Storage::sqlite();
    let path = storage.dir.path().join("test.toml");
    std::fs::write(&path, file).unwrap();
    let settings = [settings, &[("CONFIG_FILE", path.to_str().unwrap())]].concat();
    let output = run(&storage, &["doctor"], &settings);
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn every_mistake_of_an_issuer_is_told_at_once() {
    let said = doctor(
        r#"
        [[issuers]]
        name = "Ministry of education"
        issuer = "zq7 no address"
        jwks_url = "http://sso.example/zq7"
        algorithms = ["RS256", "HS256"]
        token_type = "zq7"
        roles = { a = "municipality", b = "school", c = "zq7" }
        role_claim = ""
        leeway_seconds = 3600
        keys_seconds = 1

        [[issuers]]
        name = "agency"
        issuer = "http://127.0.0.1:8080"
        audience = "opora"
        jwks_url = "https://user:zq7@sso.example/"
        jwks_file = "zq7"
        algorithms = []

        [[issuers]]
        name = "agency"
        "#,
        &[],
    );
    for mistake in [
        "issuers.0.name: ",
        "issuers.0.issuer: ",
        "issuers.0.audience: ",
        "issuers.0.jwks_url: ",
        "issuers.0.algorithms: ",
        "issuers.0.token_type: ",
        "issuers.0.roles: ",
        "issuers.0.municipality_claim: ",
        "issuers.0.school_claim: ",
        "issuers.0.role_claim: ",
        "issuers.0.leeway_seconds: ",
        "issuers.0.keys_seconds: ",
        "issuers.1.issuer: it is this installation's own",
        "issuers.1.jwks_file: ",
        "issuers.1.algorithms: ",
        "issuers.1.roles: ",
        "issuers.2.name: two issuers have it",
        "issuers.2.issuer: must be an address",
    ] {
        assert!(said.contains(mistake), "{mistake} is missing: {said}");
    }
    assert!(!said.contains("zq7"), "{said}");
    let said = doctor("[[issuers]]\nnam = \"ministry\"\n", &[]);
    assert!(said.contains("issuers.0.nam: there is no setting nam"), "{said}");
}

#[test]
fn the_doctor_looks_for_the_keys() {
    let foreign = Foreign::new();
    let issuer = |name: &str, path: &str| {
        format!(
            r#"{{name="{name}", issuer="{}/{name}", audience="opora", jwks_url="{}", roles={{"edu reader"="reader"}}}}"#,
            foreign.issuer,
            foreign.provider.url(path),
        )
    };
    // In the form of the environment.
    let both = format!("[{}, {}]", issuer("ministry", JWKS), issuer("agency", "/nothing"));
    let said = doctor("", &[("ISSUERS", &both)]);
    let line = |name: &str| {
        said.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {said}"))
    };
    assert!(line("ministry").starts_with("ok") && line("ministry").contains("1 key"), "{said}");
    assert!(line("agency").starts_with("ILL") && line("agency").contains("it answers 404"), "{said}");
}
