//! Clients that prove who they are with a signed JWT: each forgery differs from a good assertion in one thing.

use crate::harness::{
    Reply, World,
    keys::{Key, ed25519, p256, rsa},
    oauth::{CLIENTS, TOKEN, basic},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64URL};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use opora_identity::Role;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client with these public keys; its id and its public id.
fn client_with(world: &World, keys: &[&Value]) -> (i64, String) {
    world.keyless_client(json!({ "scopes": ["registry:read"], "jwks": { "keys": keys } }))
}

fn header(kid: &str, algorithm: Algorithm) -> Header {
    Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) }
}

/// What a good assertion of `client` says; each has an id of its own.
fn claims(world: &World, client: &str) -> Value {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = chrono::Utc::now().timestamp();
    let aud = format!("{}{TOKEN}", world.node.state.config.issuer);
    let jti = format!("jti-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    json!({ "iss": client, "sub": client, "aud": aud, "exp": now + 60, "iat": now, "jti": jti })
}

fn sign(key: &Key, header: &Header, claims: &Value) -> String {
    jsonwebtoken::encode(header, claims, &key.signs).unwrap()
}

fn send(world: &World, assertion: &str) -> Reply {
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", KIND),
        ("client_assertion", assertion),
    ];
    world.stranger().call("POST", TOKEN).form(&pairs).send()
}

fn refused(world: &World, assertion: &str) {
    send(world, assertion).refused(401, "invalid_client");
}

both!(every_kind_of_key_signs, |world| {
    let (ed, ec, rsa) = (ed25519("ed"), p256("ec"), rsa("rsa"));
    let (_, client) = client_with(world, &[&ed.public, &ec.public, &rsa.public]);
    let kinds = [
        (&ed, "ed", Algorithm::EdDSA),
        (&ec, "ec", Algorithm::ES256),
        (&rsa, "rsa", Algorithm::RS256),
        (&rsa, "rsa", Algorithm::PS256),
    ];
    for (key, kid, algorithm) in kinds {
        let got = send(world, &sign(key, &header(kid, algorithm), &claims(world, &client))).expect(200);
        let program = world.stranger().with_token(got.json["access_token"].as_str().unwrap());
        program.get("/api/v1/schools").expect(200);
    }
    // Longer digests of the same kinds of keys are not taken.
    for algorithm in [Algorithm::RS512, Algorithm::PS384] {
        refused(world, &sign(&rsa, &header("rsa", algorithm), &claims(world, &client)));
    }
    // The issuer is as good an audience as the endpoint, and one audience may stand in a list.
    let issuer = world.node.state.config.issuer.clone();
    for aud in [json!(issuer), json!([issuer])] {
        let mut said = claims(world, &client);
        said["aud"] = aud;
        send(world, &sign(&ed, &header("ed", Algorithm::EdDSA), &said)).expect(200);
    }
});

both!(an_assertion_opens_the_door_once, |world| {
    let key = ed25519("a");
    let (_, client) = client_with(world, &[&key.public]);
    let head = header("a", Algorithm::EdDSA);
    let said = claims(world, &client);
    let assertion = sign(&key, &head, &said);
    send(world, &assertion).expect(200);
    refused(world, &assertion);
    // Nor on another node, nor in another assertion with the same id.
    let node = world.another_node(|_| {});
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", KIND),
        ("client_assertion", &assertion),
    ];
    node.stranger().call("POST", TOKEN).form(&pairs).send().refused(401, "invalid_client");
    let mut later = said.clone();
    later["exp"] = json!(said["exp"].as_i64().unwrap() + 1);
    refused(world, &sign(&key, &head, &later));
    // The id is the client's own: another may use the same.
    let other = ed25519("b");
    let (_, second) = client_with(world, &[&other.public]);
    let mut same = claims(world, &second);
    same["jti"] = said["jti"].clone();
    send(world, &sign(&other, &header("b", Algorithm::EdDSA), &same)).expect(200);
});

both!(what_an_assertion_says_is_checked, |world| {
    let key = ed25519("a");
    let (_, client) = client_with(world, &[&key.public]);
    let (_, other) = client_with(world, &[&ed25519("a").public]);
    let now = chrono::Utc::now().timestamp();
    let aud = claims(world, &client)["aud"].clone();
    let changes = [
        ("aud", json!("https://another.example/oauth/token")),
        ("aud", json!([aud, "https://another.example"])),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("iss", json!(other)),
        ("sub", json!(other)),
        ("sub", Value::Null),
        ("exp", json!(now - 60)),
        ("exp", json!(now + 400)),
        ("exp", Value::Null),
        ("exp", json!("soon")),
        ("nbf", json!(now + 120)),
        ("iat", json!(now + 120)),
        ("jti", Value::Null),
        ("jti", json!("")),
    ];
    let head = header("a", Algorithm::EdDSA);
    for (n, (claim, value)) in changes.into_iter().enumerate() {
        if n % 6 == 5 {
            // A success forgives: the door does not close while this walks.
            send(world, &sign(&key, &head, &claims(world, &client))).expect(200);
        }
        let mut said = claims(world, &client);
        said[claim] = value;
        refused(world, &sign(&key, &head, &said));
    }
    let pairs = |assertion: &str, client_id: &str| {
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_assertion_type", KIND),
            ("client_assertion", assertion),
        ];
        world.stranger().call("POST", TOKEN).form(&pairs).send()
    };
    let good = || sign(&key, &head, &claims(world, &client));
    pairs(&good(), &client).expect(200);
    pairs(&good(), &other).refused(401, "invalid_client");
    for kind in ["", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"] {
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", kind),
            ("client_assertion", &*good()),
        ];
        world.stranger().call("POST", TOKEN).form(&pairs).send().refused(400, "invalid_request");
    }
    let two_ways = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", KIND),
        ("client_assertion", &*good()),
    ];
    let call = world.stranger();
    let call = call.call("POST", TOKEN).header("Authorization", &basic(&client, "x")).form(&two_ways);
    call.send().refused(400, "invalid_request");
});

/// An assertion whose header is written by hand; the signature is left out or made up.
fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}.", B64URL.encode(header.to_string()), B64URL.encode(claims.to_string()))
}

both!(the_header_chooses_no_algorithm, |world| {
    let (ed, rsa) = (ed25519("ed"), rsa("rsa"));
    let (_, client) = client_with(world, &[&ed.public, &rsa.public]);
    for name in ["none", "None", "NONE", ""] {
        refused(world, &unsigned(&json!({ "alg": name, "kid": "ed" }), &claims(world, &client)));
    }
    // The public key is no shared secret, in whatever form.
    let (_, client) = client_with(world, &[&ed.public, &rsa.public]);
    let x = ed.public["x"].as_str().unwrap();
    let n = rsa.public["n"].as_str().unwrap();
    let secrets = [
        ("ed", x.as_bytes().to_vec()),
        ("ed", B64URL.decode(x).unwrap()),
        ("rsa", B64URL.decode(n).unwrap()),
        ("ed", ed.public.to_string().into_bytes()),
    ];
    for (kid, secret) in secrets {
        for algorithm in [Algorithm::HS256, Algorithm::HS512] {
            let key = EncodingKey::from_secret(&secret);
            let forged =
                jsonwebtoken::encode(&header(kid, algorithm), &claims(world, &client), &key).unwrap();
            refused(world, &forged);
        }
    }
    // A key is used with the algorithms of its kind, and with the one it names if it names one.
    let (_, client) = client_with(world, &[&ed.public, &rsa.public]);
    let confused = sign(&rsa, &header("ed", Algorithm::RS256), &claims(world, &client));
    refused(world, &confused);
    let mut only = rsa.public.clone();
    only["alg"] = json!("PS256");
    let (_, strict) = client_with(world, &[&only]);
    refused(world, &sign(&rsa, &header("rsa", Algorithm::RS256), &claims(world, &strict)));
    send(world, &sign(&rsa, &header("rsa", Algorithm::PS256), &claims(world, &strict))).expect(200);
});

both!(the_header_brings_no_key, |world| {
    let (own, foreign) = (ed25519("own"), ed25519("own"));
    let (_, client) = client_with(world, &[&own.public]);
    let (_, neighbour) = client_with(world, &[&foreign.public]);
    // A neighbour's key under one's own name, and one's own under the neighbour's.
    refused(world, &sign(&foreign, &header("own", Algorithm::EdDSA), &claims(world, &client)));
    refused(world, &sign(&own, &header("own", Algorithm::EdDSA), &claims(world, &neighbour)));
    for kid in ["", "unknown", "../../dev/null", "own' OR '1'='1", "own\u{0}"] {
        refused(world, &sign(&foreign, &header(kid, Algorithm::EdDSA), &claims(world, &client)));
    }
    // The installation's own tokens and their key are none of the client's.
    let kid =
        world.stranger().get("/.well-known/jwks.json").json["keys"][0]["kid"].as_str().unwrap().to_owned();
    refused(world, &sign(&foreign, &header(&kid, Algorithm::EdDSA), &claims(world, &client)));
    let mut embedded = header("own", Algorithm::EdDSA);
    embedded.jwk = serde_json::from_value(foreign.public.clone()).unwrap();
    embedded.jku = Some("https://another.example/jwks.json".into());
    refused(world, &sign(&foreign, &embedded, &claims(world, &client)));
    // What must be understood and is not.
    let (_, fresh) = client_with(world, &[&own.public]);
    let mut critical = header("own", Algorithm::EdDSA);
    critical.crit = Some(vec!["b64".into()]);
    refused(world, &sign(&own, &critical, &claims(world, &fresh)));
    // With one key no name is needed; with two it is.
    let nameless = Header::new(Algorithm::EdDSA);
    send(world, &sign(&own, &nameless, &claims(world, &fresh))).expect(200);
    let (_, two) = client_with(world, &[&own.public, &p256("ec").public]);
    refused(world, &sign(&own, &nameless, &claims(world, &two)));
    for garbage in ["", "a", "a.b", "a.b.c", "....", "eyJhbGciOiJFZERTQSJ9.e30."] {
        let expected = if garbage.is_empty() { (400, "invalid_request") } else { (401, "invalid_client") };
        send(world, garbage).refused(expected.0, expected.1);
    }
});

both!(keys_are_public_and_strong, |world| {
    let admin = world.client(Role::Admin);
    let good = ed25519("a").public;
    let create = |keys: Value| {
        let body = json!({ "name": "Имя", "scopes": ["registry:read"], "jwks": { "keys": keys } });
        admin.post(CLIENTS, &body)
    };
    let mut private = good.clone();
    private["d"] = good["x"].clone();
    let weak = json!({ "kty": "RSA", "n": B64URL.encode([0xc5; 128]), "e": "AQAB" });
    for (key, reason) in [
        (private, "private_key"),
        (json!({ "kty": "oct", "k": "c2VjcmV0" }), "private_key"),
        (weak, "too_weak"),
        (json!({ "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" }), "unknown_value"),
        (json!("text"), "wrong_format"),
    ] {
        let refused = create(json!([good, key])).expect(422);
        assert_eq!(refused.flaws()[0], ("/jwks/keys/1", reason), "{refused}");
    }
    for keys in [json!([]), json!([good, good]), json!("text"), json!(vec![good.clone(); 11])] {
        assert_eq!(create(keys).expect(422).flaws()[0].0, "/jwks/keys");
    }
    let made = create(json!([good])).expect(201);
    assert_eq!(made.json["jwks"]["keys"], json!([good]));
});

both!(a_client_without_its_key_is_out, |world| {
    let (old, new) = (ed25519("old"), ed25519("new"));
    let (id, client) = client_with(world, &[&old.public]);
    let ask = |key: &Key, kid: &str| {
        send(world, &sign(key, &header(kid, Algorithm::EdDSA), &claims(world, &client)))
    };
    let token = ask(&old, "old").expect(200).json["access_token"].as_str().unwrap().to_owned();
    let program = world.stranger().with_token(token);
    program.get("/api/v1/schools").expect(200);
    let renewed = json!({ "jwks": { "keys": [new.public] } });
    world.change_client(id, &renewed).expect(200);
    program.get("/api/v1/schools").expect(401).problem("invalid_token");
    ask(&old, "old").refused(401, "invalid_client");
    ask(&new, "new").expect(200);
    world.change_client(id, &json!({ "jwks": null })).expect(200);
    ask(&new, "new").refused(401, "invalid_client");
});
