//! What a token of a foreign issuer must be: each forgery differs from a good token in one thing.

use crate::harness::{
    Client, Reply,
    foreign::{Foreign, header, now},
    keys::{Key, ed25519, p256, rsa},
    oauth::TOKEN,
    provider::Provider,
    world::Node,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64URL};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

const ME: &str = "/api/v1/me";

fn send(node: &Node, token: &str) -> Reply {
    node.stranger().with_token(token).get(ME)
}

#[track_caller]
fn refused(node: &Node, token: &str) -> Reply {
    send(node, token).expect(401).problem("invalid_token")
}

fn sign(key: &Key, header: &Header, claims: &Value) -> String {
    jsonwebtoken::encode(header, claims, &key.signs).unwrap()
}

fn with(kid: &str, algorithm: Algorithm) -> Header {
    Header { alg: algorithm, ..header(kid) }
}

/// A token with a header that no library would write; what follows it is signed by `key`, or not at all.
fn by_hand(header: &Value, claims: &Value) -> String {
    format!("{}.{}.", B64URL.encode(header.to_string()), B64URL.encode(claims.to_string()))
}

fn good(foreign: &Foreign) -> Value {
    foreign.claims("person", "institute")
}

both!(every_kind_of_key_verifies, |world| {
    let foreign = Foreign::new();
    let (ec, rsa) = (p256("ec"), rsa("rsa"));
    foreign.publish(&[&foreign.key.public, &ec.public, &rsa.public]);
    let node = foreign.node(world);
    let kinds = [
        (&foreign.key, "a", Algorithm::EdDSA),
        (&ec, "ec", Algorithm::ES256),
        (&rsa, "rsa", Algorithm::RS256),
        (&rsa, "rsa", Algorithm::PS256),
    ];
    for (key, kid, algorithm) in kinds {
        send(&node, &sign(key, &with(kid, algorithm), &good(&foreign))).expect(200);
    }
    refused(&node, &sign(&rsa, &with("rsa", Algorithm::RS512), &good(&foreign)));
    // Those that the configuration leaves out are closed, whatever the issuer publishes.
    let strict = foreign.node_with(world, |trusted| trusted.algorithms = vec!["PS256".into()]);
    send(&strict, &sign(&rsa, &with("rsa", Algorithm::PS256), &good(&foreign))).expect(200);
    refused(&strict, &sign(&rsa, &with("rsa", Algorithm::RS256), &good(&foreign)));
    refused(&strict, &sign(&foreign.key, &header("a"), &good(&foreign)));
});

both!(the_header_chooses_no_algorithm, |world| {
    let foreign = Foreign::new();
    let (ec, mut rsa) = (p256("ec"), rsa("rsa"));
    rsa.public["alg"] = json!("RS256");
    foreign.publish(&[&foreign.key.public, &ec.public, &rsa.public]);
    let node = foreign.node(world);
    send(&node, &foreign.token(&good(&foreign))).expect(200);
    for name in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({ "alg": name, "typ": "at+jwt", "kid": "a" });
        let unsigned = by_hand(&header, &good(&foreign));
        refused(&node, &unsigned);
        refused(&node, unsigned.trim_end_matches('.'));
    }
    // The public key is no shared secret, in whatever form.
    let x = foreign.key.public["x"].as_str().unwrap();
    let n = rsa.public["n"].as_str().unwrap();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{n}\n-----END PUBLIC KEY-----\n");
    let secrets = [
        ("a", x.as_bytes().to_vec()),
        ("a", B64URL.decode(x).unwrap()),
        ("a", foreign.key.public.to_string().into_bytes()),
        ("rsa", B64URL.decode(n).unwrap()),
        ("rsa", pem.into_bytes()),
        ("rsa", Vec::new()),
    ];
    for (kid, secret) in secrets {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let key = EncodingKey::from_secret(&secret);
            let forged = jsonwebtoken::encode(&with(kid, algorithm), &good(&foreign), &key).unwrap();
            refused(&node, &forged);
        }
    }
    // A key is used with the algorithms of its kind, and with the one it names if it names one.
    refused(&node, &sign(&rsa, &with("a", Algorithm::RS256), &good(&foreign)));
    refused(&node, &sign(&rsa, &with("ec", Algorithm::RS256), &good(&foreign)));
    refused(&node, &sign(&foreign.key, &with("rsa", Algorithm::EdDSA), &good(&foreign)));
    refused(&node, &sign(&rsa, &with("rsa", Algorithm::PS256), &good(&foreign)));
    send(&node, &sign(&rsa, &with("rsa", Algorithm::RS256), &good(&foreign))).expect(200);
});

both!(the_name_of_a_key_is_a_name_and_nothing_else, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    let stranger = ed25519("a");
    let elsewhere = Provider::start();
    let names = [
        "",
        "A",
        "a ",
        "a\u{0}",
        "../../../../dev/null",
        "/proc/self/environ",
        "file:///dev/null",
        "' OR '1'='1",
        "a' UNION SELECT 'AAAA' -- ",
        "a; DROP TABLE users",
        "a|cat /etc/passwd",
        "$(id)",
        &elsewhere.url("/jwks"),
        &"a".repeat(9000),
    ];
    for kid in names {
        refused(&node, &sign(&stranger, &header(kid), &good(&foreign)));
        // Nor does another name of the right key open anything.
        refused(&node, &sign(&foreign.key, &header(kid), &good(&foreign)));
    }
    for kid in [json!(7), json!(["a"]), json!({ "a": 1 }), json!(true)] {
        refused(&node, &by_hand(&json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": kid }), &good(&foreign)));
    }
    // A stranger's key under the right name.
    refused(&node, &sign(&stranger, &header("a"), &good(&foreign)));
    assert_eq!(elsewhere.asked("/jwks"), 0);
    // With one key no name is needed; with two it is.
    let nameless = Header { kid: None, ..header("") };
    send(&node, &sign(&foreign.key, &nameless, &good(&foreign))).expect(200);
    refused(&node, &sign(&stranger, &nameless, &good(&foreign)));
    foreign.publish(&[&foreign.key.public, &p256("b").public]);
    refused(&foreign.node(world), &sign(&foreign.key, &nameless, &good(&foreign)));
});

both!(the_header_brings_no_key, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    let (stranger, elsewhere) = (ed25519("a"), Provider::start());
    let address = elsewhere.url("/jwks");
    let bring: [fn(&mut Header, &Key, &str); 4] = [
        |header, key, _| header.jwk = serde_json::from_value(key.public.clone()).unwrap(),
        |header, _, address| header.jku = Some(address.to_owned()),
        |header, _, address| header.x5u = Some(address.to_owned()),
        |header, key, _| header.x5c = Some(vec![key.public["x"].as_str().unwrap().to_owned()]),
    ];
    for bring in bring {
        let mut header = header("a");
        bring(&mut header, &stranger, &address);
        refused(&node, &sign(&stranger, &header, &good(&foreign)));
        // Beside the right signature it is no matter.
        send(&node, &sign(&foreign.key, &header, &good(&foreign))).expect(200);
    }
    assert_eq!(elsewhere.asked("/jwks"), 0);
    // What must be understood and is not.
    let critical = Header { crit: Some(vec!["b64".into()]), ..header("a") };
    refused(&node, &sign(&foreign.key, &critical, &good(&foreign)));
});

both!(a_changed_token_is_refused, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    let token = foreign.token(&good(&foreign));
    let parts: Vec<&str> = token.split('.').collect();
    let raised = B64URL.encode(foreign.claims("person", "admin").to_string());
    let mut signature = B64URL.decode(parts[2]).unwrap();
    signature[10] ^= 1;
    let signature = B64URL.encode(signature);
    for forged in [
        format!("{}.{raised}.{}", parts[0], parts[2]),
        format!("{}.{}.{signature}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}.{}", parts[2]),
        format!("{token}.a.b"),
        format!("{token}="),
    ] {
        refused(&node, &forged);
    }
    // Nothing of it was remembered.
    send(&node, &token).expect(200);
    let mut long = good(&foreign);
    long["padding"] = json!("x".repeat(13_000));
    refused(&node, &foreign.token(&long));
});

both!(issuers_and_audiences_are_kept_apart, |world| {
    let (foreign, neighbour) = (Foreign::new(), Foreign::new());
    let node = world.another_node(|config| {
        config.issuers = vec![foreign.trusted(), neighbour.trusted()];
        config.issuers[1].name = "agency".into();
        config.issuers[1].audience = "opora-agency".into();
    });
    let sent = |by: &Foreign, change: &dyn Fn(&mut Value)| {
        let mut claims = good(by);
        change(&mut claims);
        send(&node, &by.token(&claims))
    };
    sent(&foreign, &|_| {}).expect(200);
    sent(&foreign, &|claims| claims["aud"] = json!(["account", "opora"])).expect(200);
    sent(&neighbour, &|claims| claims["aud"] = json!("opora-agency")).expect(200);
    let invalid = |reply: Reply| drop(reply.expect(401).problem("invalid_token"));
    for aud in [
        json!("account"),
        json!("opora-agency"),
        json!("OPORA"),
        json!(["account"]),
        json!([]),
        json!(null),
        json!(7),
    ] {
        invalid(sent(&foreign, &|claims| claims["aud"] = aud.clone()));
    }
    invalid(sent(&neighbour, &|_| {}));
    // One's key vouches for nobody of the other, under any name.
    let issuer = &foreign.issuer;
    invalid(sent(&neighbour, &|claims| claims["iss"] = json!(issuer)));
    for iss in [format!("{issuer}/"), issuer.to_uppercase(), "https://sso.example".into(), String::new()] {
        invalid(sent(&foreign, &|claims| claims["iss"] = json!(iss)));
    }
    for iss in [json!(null), json!([issuer]), json!(7)] {
        invalid(sent(&foreign, &|claims| claims["iss"] = iss.clone()));
    }
});

both!(a_foreign_key_signs_nothing_of_ours, |world| {
    let foreign = Foreign::new();
    let admin = world.client(opora_identity::Role::Admin);
    let token = admin.token.clone().unwrap();
    let part = |n: usize| -> Value {
        serde_json::from_slice(&B64URL.decode(token.split('.').nth(n).unwrap()).unwrap()).unwrap()
    };
    let (kid, claims) = (part(0)["kid"].as_str().unwrap().to_owned(), part(1));
    // The issuer publishes a key under the name of ours.
    let mut same_name = foreign.key.clone();
    same_name.public["kid"] = json!(kid);
    foreign.publish(&[&same_name.public]);
    let node = foreign.node(world);
    for typ in ["JWT", "at+jwt"] {
        let header = Header { typ: Some(typ.into()), ..header(&kid) };
        refused(&node, &sign(&foreign.key, &header, &claims));
    }
    send(&node, &token).expect(200);
    // And ours signs nothing of theirs: with the issuer and its audience alone exchanged.
    let ours = world.tokens(|settings| settings.issuer = foreign.issuer.clone());
    let user =
        world.node.state.database.read(|db| opora_identity::users::find(db, world.seed.reader)).unwrap();
    refused(&node, &ours.issue(&user, opora_identity::sessions::SessionId(1)).unwrap());
});

both!(times_count_up_to_the_leeway, |world| {
    let foreign = Foreign::new();
    let node = foreign.node_with(world, |trusted| trusted.leeway_seconds = 20);
    let sent = |name: &str, at: i64| {
        let mut claims = good(&foreign);
        claims[name] = json!(at);
        send(&node, &foreign.token(&claims))
    };
    sent("exp", now() - 10).expect(200);
    sent("exp", now() - 21).expect(401).problem("expired_token");
    sent("exp", 0).expect(401).problem("expired_token");
    for name in ["nbf", "iat"] {
        sent(name, now() + 15).expect(200);
        sent(name, now() + 30).expect(401).problem("invalid_token");
    }
    // Without a leeway, to the second.
    let strict = foreign.node_with(world, |trusted| trusted.leeway_seconds = 0);
    let mut claims = good(&foreign);
    send(&strict, &foreign.token(&claims)).expect(200);
    claims["exp"] = json!(now());
    send(&strict, &foreign.token(&claims)).expect(401).problem("expired_token");
});

both!(nothing_needed_may_be_missing_or_odd, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    let odd = |name: &str, value: Value| {
        let mut claims = good(&foreign);
        claims[name] = value;
        refused(&node, &foreign.token(&claims));
    };
    for name in ["sub", "aud", "exp", "iat"] {
        for value in [json!(null), json!({}), json!([7]), json!(true)] {
            odd(name, value);
        }
    }
    for value in ["", "a\u{0}b", &"x".repeat(256)] {
        odd("sub", json!(value));
    }
    for name in ["exp", "iat", "nbf"] {
        for value in [json!("1600000000"), json!(1e300), json!(i64::MAX)] {
            odd(name, value);
        }
    }
    for garbage in ["a", "a.b", "a.b.c", "....", "eyJhbGciOiJFZERTQSJ9.e30."] {
        refused(&node, garbage);
    }
});

both!(only_access_tokens_count, |world| {
    let foreign = Foreign::new();
    let typed = foreign.node(world);
    let plain = foreign.node_with(world, |trusted| trusted.token_type = "jwt".into());
    let token = |typ: Option<&str>, more: &[(&str, Value)]| {
        let mut claims = good(&foreign);
        more.iter().for_each(|(name, value)| claims[*name] = value.clone());
        sign(&foreign.key, &Header { typ: typ.map(str::to_owned), ..header("a") }, &claims)
    };
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        send(&typed, &token(Some(typ), &[])).expect(200);
        send(&plain, &token(Some(typ), &[])).expect(200);
    }
    for typ in [None, Some("JWT"), Some("jwt")] {
        refused(&typed, &token(typ, &[]));
        send(&plain, &token(typ, &[])).expect(200);
    }
    for typ in ["logout+jwt", "dpop+jwt", "secevent+jwt", "id+jwt", ""] {
        refused(&typed, &token(Some(typ), &[]));
        refused(&plain, &token(Some(typ), &[]));
    }
    // Where the header does not tell them apart, the claims do.
    for (name, value) in [
        ("nonce", json!("n-0S6_WzA2Mj")),
        ("at_hash", json!("77QmUPtjPfzWtF2AnpK9RQ")),
        ("c_hash", json!("LDktKdoQak3Pk0cnXxCltA")),
        ("typ", json!("ID")),
        ("typ", json!("Refresh")),
        ("token_use", json!("id")),
    ] {
        refused(&plain, &token(Some("JWT"), &[(name, value)]));
    }
    send(&plain, &token(Some("JWT"), &[("typ", json!("Bearer")), ("token_use", json!("access"))]))
        .expect(200);
    // Bound to a key of its holder: whoever else carries it has stolen it.
    for node in [&typed, &plain] {
        refused(
            node,
            &token(
                Some("at+jwt"),
                &[("cnf", json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }))],
            ),
        );
    }
});

both!(a_foreign_token_is_asked_about_elsewhere, |world| {
    let foreign = Foreign::new();
    let node = foreign.node(world);
    let token = foreign.token(&foreign.claims("person", "admin"));
    let person: Client = node.stranger().with_token(token.clone());
    let ask = |about: &str| {
        person.call("POST", "/oauth/introspect").form(&[("token", about)]).send().expect(200).json["active"]
            .clone()
    };
    assert_eq!(ask(&token), false);
    assert_eq!(ask(&world.log_in("reader").token.unwrap()), true);
    // It opens no client's door.
    let pairs = [("grant_type", "client_credentials")];
    person.call("POST", TOKEN).form(&pairs).send().refused(401, "invalid_client");
    let forged = node.stranger().with_token(format!("{token}x"));
    forged.call("POST", "/oauth/introspect").form(&[("token", &token)]).send().refused(401, "invalid_token");
});
