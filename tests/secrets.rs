//! What never reaches a log, however much is logged: passwords, tokens, keys.

use crate::harness::{
    Client, Server,
    oauth::{CLIENTS, TOKEN, basic},
    process::run,
    seed::PASSWORD,
    storage::Storage,
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD as B64, URL_SAFE_NO_PAD as B64URL},
};
use diesel::prelude::*;
use opora_db::schema::signing_keys;
use opora_identity::seal::MasterKey;
use serde_json::json;

/// Stands in every secret that a test makes up.
const MARK: &str = "zq7";

/// Logs in, fails to, goes on and misuses a session; answers every password and token that was sent or received.
fn use_secrets(server: &Server) -> Vec<String> {
    let mut secrets = vec![PASSWORD.to_owned()];
    let mut client = server.client.clone();
    let mut note = |text: &str| secrets.push(text.to_owned());
    note(client.token.as_deref().unwrap());
    note(&client.refresh);
    let wrong = "zq7 wrong password";
    client.try_log_in("admin", wrong).expect(401);
    client.try_log_in("nobody", wrong).expect(401);
    note(wrong);
    let refresh = |token: &str| client.post("/api/v1/auth/refresh", &json!({ "refresh_token": token }));
    let renewed = refresh(&client.refresh).expect(200);
    note(renewed.json["access_token"].as_str().unwrap());
    note(renewed.json["refresh_token"].as_str().unwrap());
    let made_up = "zq7-made-up-refresh-token";
    refresh(made_up).expect(401);
    note(made_up);
    let mut forged = client.token.clone().unwrap();
    forged.truncate(forged.len() - 8);
    client.with_token(&*forged).get("/api/v1/me").expect(401);
    note(&forged);
    let body = json!({ "login": "new.user", "display_name": "Имя", "password": "zq7 four new words", "role": "reader" });
    client.call("POST", "/api/v1/users").header("Idempotency-Key", "one").json(&body).send().expect(201);
    client.post("/api/v1/users", &json!({ "password": ["zq7 in a wrong place"] })).expect(400);
    client
        .call("POST", "/api/v1/auth/login")
        .body("application/json", "{\"password\":\"zq7")
        .send()
        .expect(400);
    client.get("/api/v1/me?password=zq7");
    client.keep(&renewed);
    let feed = client.post("/api/v1/feed-tokens", &json!({ "kind": "reports" })).expect(201);
    let address = feed.json["address"].as_str().unwrap();
    let path = &address[address.find("/feeds/").unwrap()..];
    client.get(path).expect(200);
    client.get(&path[..path.len() - 5]).expect(404);
    note(path.rsplit('/').next().unwrap().strip_suffix(".atom").unwrap());
    let made_up = "zq7-made-up-feed-token";
    client.get(&format!("/feeds/calendar/{made_up}.ics")).expect(404);
    note(made_up);
    use_client_secrets(&client, &mut note);
    client.call("POST", "/api/v1/auth/logout").send().expect(204);
    secrets
}

/// Makes a service client, gets and fails to get tokens in every way.
fn use_client_secrets(admin: &Client, note: &mut impl FnMut(&str)) {
    let body = json!({ "name": "Витрина", "scopes": ["registry:read"] });
    let made = admin.post(CLIENTS, &body).expect(201).json;
    let kept = admin.post(&format!("{CLIENTS}/{}/secrets", made["id"]), &json!({})).expect(201);
    let (id, secret) = (made["client_id"].as_str().unwrap(), kept.json["secret"].as_str().unwrap());
    note(secret);
    let mut stranger = admin.clone();
    stranger.token = None;
    let ask = |header: Option<String>, more: &[(&str, &str)]| {
        let call = stranger.call("POST", TOKEN);
        let call = header.into_iter().fold(call, |call, header| call.header("Authorization", &header));
        call.form(&[&[("grant_type", "client_credentials")], more].concat()).send()
    };
    let header = basic(id, secret);
    note(header.split(' ').nth(1).unwrap());
    let token = ask(Some(header), &[]).expect(200).json["access_token"].as_str().unwrap().to_owned();
    stranger.with_token(&*token).get("/api/v1/schools").expect(200);
    stranger
        .with_token(&*token)
        .call("POST", "/oauth/introspect")
        .form(&[("token", &token)])
        .send()
        .expect(200);
    note(&token);
    ask(None, &[("client_id", id), ("client_secret", secret)]).expect(200);
    ask(None, &[("client_id", id), ("client_secret", "zq7-wrong")]).expect(401);
    ask(Some(basic(id, "zq7-wrong")), &[]).expect(401);
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    ask(None, &[("client_assertion_type", kind), ("client_assertion", "zq7.zq7.zq7")]).expect(401);
    ask(None, &[("client_secret", "zq7-without-an-id")]).expect(400);
    stranger.call("POST", &format!("{TOKEN}?client_secret=zq7")).form(&[]).send().expect(400);
}

/// The private half of every signing key, and the forms in which bytes are written.
fn signing_keys(storage: &Storage, master: &MasterKey) -> Vec<String> {
    let query = signing_keys::table.select(signing_keys::sealed_private_key);
    let sealed: Vec<String> = query.load(&mut storage.connect()).unwrap();
    assert!(!sealed.is_empty());
    sealed
        .iter()
        .flat_map(|sealed| {
            let document = master.open("signing key", sealed).unwrap();
            // PKCS #8 of an Ed25519 key: a head of 16 bytes, then the key.
            let mut forms = written(&document[16..48]);
            forms.push(B64.encode(&document));
            forms.push(sealed.clone());
            forms
        })
        .collect()
}

fn written(bytes: &[u8]) -> Vec<String> {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{bytes:?}");
    vec![B64.encode(bytes), B64URL.encode(bytes), hex, list.trim_matches(['[', ']']).to_owned()]
}

fn nothing_is_logged(storage: &Storage) {
    let key = [0x5a; 32];
    // The store of evidence does not answer: its first sweep is logged as it fails.
    let settings = [
        ("LOG", "trace"),
        ("MASTER_KEY", &*B64.encode(key)),
        ("EVIDENCE_STORE", "s3"),
        ("EVIDENCE_S3_ENDPOINT", "http://127.0.0.1:1"),
        ("EVIDENCE_S3_BUCKET", "evidence"),
        ("EVIDENCE_S3_ACCESS_KEY", "key"),
        ("EVIDENCE_S3_SECRET_KEY", "zq7-s3-secret"),
    ];
    let mut server = Server::start(storage, &settings);
    let mut secrets = use_secrets(&server);
    secrets.extend(written(&key));
    secrets.extend(signing_keys(storage, &MasterKey::parse(&B64.encode(key)).unwrap()));
    if let Some((user, _)) = storage.url.split_once('@') {
        secrets.push(user.rsplit(':').next().unwrap().to_owned());
        secrets.push(storage.url.clone());
    }
    server.stop();
    let log = server.log();
    assert!(log.contains("TRACE") && log.contains("/api/v1/auth/login"), "the log tells too little to judge");
    for secret in secrets {
        assert!(!log.contains(&secret), "the log holds {secret}");
    }
    if let Some(line) = log.lines().find(|line| line.contains(MARK)) {
        panic!("the log holds {line}");
    }
}

mod no_secret_is_logged {
    use super::{Storage, nothing_is_logged};

    #[test]
    fn sqlite() {
        nothing_is_logged(&Storage::sqlite());
    }

    #[test]
    fn postgres() {
        nothing_is_logged(&Storage::postgres());
    }
}

#[test]
fn an_address_that_does_not_work_is_not_repeated() {
    let mut storage = Storage::empty_postgres();
    let (_, server) = storage.url.split_once('@').unwrap();
    let addresses = [
        format!("postgres://opora:zq7-wrong@{server}"),
        "postgres://opora:zq7-pass@127.0.0.1:1/opora".to_owned(),
        "postgres://opora:zq7-pass@127.0.0.1:port/opora".to_owned(),
        "postgres://opora:zq7-pass@no.such.host.invalid/opora".to_owned(),
        // What a password must not hold without percent-encoding.
        "postgres://opora:zq7%pass@127.0.0.1/opora".to_owned(),
        "postgres://opora:zq7/zq7pass@127.0.0.1/opora".to_owned(),
        "postgres://opora:zq7@zq7pass@127.0.0.1/opora".to_owned(),
        "mysql://opora:zq7-pass@127.0.0.1/opora".to_owned(),
    ];
    for address in addresses {
        storage.url = address;
        for command in ["serve", "doctor", "migrate"] {
            let output = run(&storage, &[command], &[("LOG", "trace"), ("CONNECTION_WAIT_SECONDS", "1")]);
            assert!(!output.status.success(), "{command} {}", storage.url);
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert!(!said.trim().is_empty() && !said.contains(MARK), "{command} {}: {said}", storage.url);
        }
    }
}
