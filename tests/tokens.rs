//! What an access token must be: each forgery differs from a good token in one thing.

use crate::harness::{
    Client, Reply, World,
    time::{LONG, within},
};
use aws_lc_rs::{rand::SystemRandom, signature::Ed25519KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64URL};
use diesel::prelude::*;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use opora_db::schema::sessions;
use opora_identity::{Role, sessions::SessionId, users};
use opora_primitives::Moment;
use serde_json::{Value, json};

fn me(client: &Client, token: &str) -> Reply {
    client.with_token(token).get("/api/v1/me")
}

/// Header and claims of a token, as JSON.
fn parts(token: &str) -> [Value; 2] {
    let mut parts = token.split('.').map(|part| B64URL.decode(part).unwrap());
    [(); 2].map(|()| serde_json::from_slice(&parts.next().unwrap()).unwrap())
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", B64URL.encode(header.to_string()), B64URL.encode(claims.to_string()))
}

fn good(world: &World) -> (Client, String) {
    let client = world.client(Role::Admin);
    let token = client.token.clone().unwrap();
    me(&client, &token).expect(200);
    (client, token)
}

fn foreign_key() -> EncodingKey {
    EncodingKey::from_ed_der(Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap().as_ref())
}

both!(an_unsigned_token_is_refused, |world| {
    let (client, token) = good(world);
    let [header, claims] = parts(&token);
    let body = unsigned(&header, &claims);
    me(&client, &body).expect(401).problem("invalid_token");
    me(&client, &format!("{body}.")).expect(401).problem("invalid_token");
});

both!(algorithm_none_is_refused, |world| {
    let (client, token) = good(world);
    let [header, claims] = parts(&token);
    for name in ["none", "None", "NONE", ""] {
        let header = json!({ "alg": name, "typ": "JWT", "kid": header["kid"] });
        me(&client, &format!("{}.", unsigned(&header, &claims))).expect(401).problem("invalid_token");
    }
});

both!(the_public_key_is_no_shared_secret, |world| {
    let (client, token) = good(world);
    let [header, claims] = parts(&token);
    let public = client.get("/.well-known/jwks.json").json["keys"][0]["x"].as_str().unwrap().to_owned();
    let kid = header["kid"].as_str().map(str::to_owned);
    for secret in [public.clone().into_bytes(), B64URL.decode(&public).unwrap()] {
        for algorithm in [Algorithm::HS256, Algorithm::HS512] {
            let header = Header { kid: kid.clone(), ..Header::new(algorithm) };
            let forged = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&secret)).unwrap();
            me(&client, &forged).expect(401).problem("invalid_token");
        }
    }
});

both!(a_changed_signature_or_claim_is_refused, |world| {
    let (client, token) = good(world);
    let [header, mut claims] = parts(&token);
    let (body, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = B64URL.decode(signature).unwrap();
    bytes[10] ^= 1;
    me(&client, &format!("{body}.{}", B64URL.encode(&bytes))).expect(401).problem("invalid_token");
    let (_, expert) = ("expert", world.client(Role::Expert).token.unwrap());
    let [_, mut low] = parts(&expert);
    low["role"] = json!("admin");
    let signature_of_expert = expert.rsplit_once('.').unwrap().1;
    let raised = format!("{}.{signature_of_expert}", unsigned(&header, &low));
    me(&client, &raised).expect(401).problem("invalid_token");
    claims["exp"] = json!(claims["exp"].as_i64().unwrap() + 3600);
    me(&client, &format!("{}.{signature}", unsigned(&header, &claims))).expect(401).problem("invalid_token");
    // The good one still is: nothing above was remembered under its name.
    me(&client, &token).expect(200);
});

both!(a_foreign_key_is_refused_under_any_name, |world| {
    let (client, token) = good(world);
    let [header, claims] = parts(&token);
    let ours = header["kid"].as_str().map(str::to_owned);
    let key = foreign_key();
    for kid in
        [ours, Some("unknown".to_owned()), Some(String::new()), Some("../../dev/null".to_owned()), None]
    {
        let header = Header { kid, ..Header::new(Algorithm::EdDSA) };
        let forged = jsonwebtoken::encode(&header, &claims, &key).unwrap();
        me(&client, &forged).expect(401).problem("invalid_token");
    }
});

both!(keys_of_another_installation_are_refused, |world| {
    let (client, _) = good(world);
    let elsewhere = World::sqlite();
    let token = elsewhere.client(Role::Admin).token.unwrap();
    me(&client, &token).expect(401).problem("invalid_token");
});

/// A token for the seeded admin with our key and other settings.
fn issued(world: &World, change: impl FnOnce(&mut opora_identity::tokens::Settings)) -> String {
    let [_, claims] = parts(&world.client(Role::Admin).token.unwrap());
    let id = users::UserId(claims["sub"].as_str().unwrap().parse().unwrap());
    let user = world.node.state.database.read(|db| users::find(db, id)).unwrap();
    world.tokens(change).issue(&user, SessionId(claims["sid"].as_i64().unwrap())).unwrap()
}

both!(audience_issuer_and_time_are_checked, |world| {
    let client = world.stranger();
    me(&client, &issued(world, |_| {})).expect(200);
    me(&client, &issued(world, |s| s.audience = "another".into())).expect(401).problem("invalid_token");
    me(&client, &issued(world, |s| s.issuer = "http://another".into())).expect(401).problem("invalid_token");
    me(&client, &issued(world, |s| s.life = -1)).expect(401).problem("expired_token");
});

both!(a_remembered_token_expires_too, |world| {
    let client = world.stranger();
    let token = issued(world, |s| s.life = 8);
    me(&client, &token).expect(200);
    within(LONG, "it does not expire", || me(&client, &token).status != 200);
    me(&client, &token).expect(401).problem("expired_token");
});

both!(only_the_bearer_scheme_counts, |world| {
    let (client, token) = good(world);
    let stranger = world.stranger();
    let with = |value: &str| stranger.call("GET", "/api/v1/me").header("Authorization", value).send();
    with(&format!("bearer {token}")).expect(200);
    for value in
        [format!("Basic {token}"), format!("Token {token}"), token.clone(), "Bearer".into(), "Bearer ".into()]
    {
        let refused = with(&value).expect(401);
        assert!(refused.header("www-authenticate").starts_with("Bearer"), "{refused}");
    }
    stranger.get("/api/v1/me").expect(401).problem("missing_token");
    stranger.get(&format!("/api/v1/me?access_token={token}")).expect(401);
    drop(client);
});

both!(a_session_that_ended_stays_so_under_a_shorter_life, |world| {
    const HOUR: i64 = 3600;
    let token = issued(world, |s| s.life = 20 * HOUR);
    me(&world.stranger(), &token).expect(200);
    let [_, claims] = parts(&token);
    let session = sessions::table.find(SessionId(claims["sid"].as_i64().unwrap()));
    let ended = sessions::ended_at.eq(Some(Moment::now().plus_seconds(-19 * HOUR)));
    let end = |db: &mut opora_db::Db| Ok(diesel::update(session).set(ended).execute(db)?);
    assert_eq!(world.node.state.database.keep_books(end).unwrap(), 1);
    let restarted = world.another_node(|config| config.token_seconds = 60);
    me(&restarted.stranger(), &token).expect(401).problem("invalid_token");
});
