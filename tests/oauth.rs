//! The OAuth endpoints: tokens by id and secret, what a token is, and where all this is found.

use crate::harness::{
    Client,
    oauth::{CLIENTS, FORM, Made, TOKEN, basic, form},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64URL};
use opora_identity::Role;
use serde_json::{Value, json};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const SCHOOLS: &str = "/api/v1/schools";

/// A part of a token: 0 the header, 1 the claims.
pub fn part(token: &str, n: usize) -> Value {
    serde_json::from_slice(&B64URL.decode(token.split('.').nth(n).unwrap()).unwrap()).unwrap()
}

both!(a_token_by_header_and_by_form, |world| {
    let made = world.reading_client();
    assert!(made.client_id.starts_with("opc_") && made.secret.starts_with("opora_cs_"));
    let by_form = [GRANT, ("client_id", &made.client_id), ("client_secret", &made.secret)];
    let stranger = world.stranger();
    let by_form = stranger.call("POST", TOKEN).form(&by_form).send();
    for reply in [world.ask_token(&made, None), by_form] {
        let reply = reply.expect(200);
        assert_eq!((reply.header("cache-control"), reply.header("pragma")), ("no-store", "no-cache"));
        assert_eq!((&reply.json["token_type"], &reply.json["expires_in"]), (&json!("Bearer"), &json!(600)));
        assert_eq!(reply.json["scope"], "registry:read indicators:read");
        assert!(reply.json["refresh_token"].is_null());
        let token = reply.json["access_token"].as_str().unwrap();
        assert_eq!(part(token, 0)["typ"], "at+jwt");
        let claims = part(token, 1);
        assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(made.client_id), &json!(made.client_id)));
        assert_eq!((&claims["aud"], &claims["scope"]), (&json!("opora"), &reply.json["scope"]));
        let program = stranger.with_token(token);
        assert_eq!(program.get(SCHOOLS).expect(200).items().len(), 5);
        program.get("/api/v1/indicators").expect(200);
        for closed in ["/api/v1/lists", "/api/v1/staff", "/api/v1/users", CLIENTS] {
            program.get(closed).expect(403).problem("forbidden");
        }
        // What belongs to a person's session.
        program.get("/api/v1/me").expect(403).problem("forbidden");
        program.call("POST", "/api/v1/auth/logout").send().expect(403);
        program.post("/api/v1/feed-tokens", &json!({ "kind": "reports" })).expect(403);
    }
});

both!(whatever_is_wrong_with_credentials_looks_the_same, |world| {
    let [made, off, ended, other] = [(); 4].map(|()| world.reading_client());
    world.change_client(off.id, &json!({ "disabled": true })).expect(200);
    world.end_client(ended.id).expect(204);
    let with = |made: &Made, secret: &str| Made { secret: secret.to_owned(), ..made.clone() };
    let nobody = Made { client_id: "opc_AAAAAAAAAAAAAAAAAAAAAA".into(), ..made.clone() };
    let mut answers = Vec::new();
    for wrong in [with(&made, "wrong"), with(&made, &other.secret), nobody, off.clone(), ended] {
        answers.push(world.ask_token(&wrong, None).refused(401, "invalid_client").text);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    world.ask_token(&made, None).expect(200);
    world.change_client(off.id, &json!({ "disabled": false })).expect(200);
    world.ask_token(&off, None).expect(200);
});

both!(too_many_failures_close_the_door_for_a_while, |world| {
    let (made, other) = (world.reading_client(), world.reading_client());
    let wrong = Made { secret: "wrong".into(), ..made.clone() };
    for _ in 0..2 {
        for _ in 0..9 {
            world.ask_token(&wrong, None).refused(401, "invalid_client");
        }
        // A success forgives earlier failures.
        world.ask_token(&made, None).expect(200);
    }
    for _ in 0..10 {
        world.ask_token(&wrong, None).refused(401, "invalid_client");
    }
    let closed = world.ask_token(&made, None).refused(429, "temporarily_unavailable");
    // Until the first failure is a quarter of an hour old.
    let wait: u32 = closed.header("retry-after").parse().unwrap();
    assert!((800..=900).contains(&wait), "{wait}");
    world.ask_token(&other, None).expect(200);
});

both!(a_token_gets_what_was_asked_and_no_more, |world| {
    let made = world.service_client(json!({ "scopes": ["registry:read", "staff:read", "lists:read"] }));
    let scope = |wanted| world.ask_token(&made, wanted).expect(200).json["scope"].clone();
    // What names people is given only when asked for by name.
    assert_eq!(scope(None), "registry:read lists:read");
    assert_eq!(scope(Some("")), "registry:read lists:read");
    assert_eq!(scope(Some("lists:read")), "lists:read");
    assert_eq!(scope(Some("staff:read registry:read staff:read")), "registry:read staff:read");
    world.program(&made, None).get("/api/v1/staff").expect(403);
    world.program(&made, Some("staff:read")).get("/api/v1/staff").expect(200);
    world.program(&made, Some("lists:read")).get(SCHOOLS).expect(403);
    for wider in ["registry:write", "registry:read users:manage", "nothing:read", "*", " ", "REGISTRY:READ"] {
        world.ask_token(&made, Some(wider)).refused(400, "invalid_scope");
    }
    let told = world.ask_token(&made, Some("registry:read nothing:read users:manage <script>"));
    let told = told.refused(400, "invalid_scope").json["error_description"].clone();
    assert_eq!(told, "unknown: nothing:read number 4; not given to this client: users:manage");
    let people = world.service_client(json!({ "scopes": ["staff:read"] }));
    world.ask_token(&people, None).refused(400, "invalid_scope");
});

both!(a_request_for_a_token_has_one_form, |world| {
    let made = world.reading_client();
    let stranger = world.stranger();
    let header = basic(&made.client_id, &made.secret);
    let ask = |media_type: &str, body: &str| {
        stranger.call("POST", TOKEN).header("Authorization", &header).body(media_type, body).send()
    };
    ask(FORM, "grant_type=client_credentials").expect(200);
    ask(FORM, "grant_type=client_credentials&unknown=ignored&scope=").expect(200);
    ask(&format!("{FORM}; charset=utf-8"), "grant_type=client_credentials").expect(200);
    for (media_type, body) in [
        ("application/json", r#"{"grant_type":"client_credentials"}"#),
        ("text/plain", "grant_type=client_credentials"),
        (FORM, ""),
        (FORM, "grant_type="),
        (FORM, "scope=registry:read"),
        (FORM, "grant_type=client_credentials&grant_type=client_credentials"),
        (FORM, "grant_type=client_credentials&scope=registry:read&scope=staff:read"),
        (FORM, "grant_type=client_credentials&scope=&scope="),
        (FORM, "grant_type=client_credentials&client_id=opc_another"),
        (FORM, &format!("grant_type=client_credentials&client_secret={}", made.secret)),
        (FORM, &format!("grant_type=client_credentials&scope={}", "x".repeat(40_000))),
    ] {
        ask(media_type, body).refused(400, "invalid_request");
    }
    for grant in ["password", "authorization_code", "refresh_token", "CLIENT_CREDENTIALS"] {
        ask(FORM, &form(&[("grant_type", grant)])).refused(400, "unsupported_grant_type");
    }
    stranger.call("POST", TOKEN).form(&[GRANT]).send().refused(401, "invalid_client");
    for header in ["Basic !", "Basic b3Bj", "Bearer x", "Basic", "Digest x"] {
        let call = stranger.call("POST", TOKEN).header("Authorization", header);
        call.form(&[GRANT]).send().refused(401, "invalid_client");
    }
    let in_address =
        format!("{TOKEN}?{}", form(&[("client_id", &made.client_id), ("client_secret", &made.secret)]));
    stranger.call("POST", &in_address).form(&[GRANT]).send().refused(400, "invalid_request");
    stranger.get(TOKEN).refused(405, "invalid_request");
});

both!(a_token_tells_what_it_is, |world| {
    let made =
        world.service_client(json!({ "scopes": ["registry:read"], "municipality_id": world.seed.city }));
    let program = world.program(&made, None);
    let info = program.get("/api/v1/token-info").expect(200).json;
    assert_eq!((&info["kind"], &info["name"]), (&json!("client"), &json!(made.client_id)));
    assert_eq!(info["permissions"], json!(["registry:read", "token:read"]));
    let organisations = json!([
        { "kind": "municipality", "id": world.seed.city, "code": "22701000", "name": "Город" },
        { "kind": "municipality", "id": world.seed.district, "code": "22701100", "name": "Заречный" },
    ]);
    assert_eq!(info["area"], json!({ "kind": "municipality", "organisations": organisations }));
    assert!(info["expires_at"].is_string() && info["area_words"].is_string());
    let admin = world.client(Role::Admin).get("/api/v1/token-info").expect(200).json;
    assert_eq!((&admin["kind"], &admin["name"]), (&json!("user"), &json!("admin")));
    assert_eq!(admin["area"], json!({ "kind": "region", "organisations": [] }));
    let school = world.client(Role::School).get("/api/v1/token-info").expect(200).json;
    assert_eq!(school["area"]["organisations"][0]["code"], "520101");
});

both!(a_token_is_looked_into_by_who_may, |world| {
    let made = world.reading_client();
    let asker = world.service_client(json!({ "scopes": ["tokens:introspect"] }));
    let (program, all) = (world.program(&made, None), world.program(&asker, None));
    let own = program.token.clone().unwrap();
    let user = world.client(Role::Expert).token.unwrap();
    let look = |client: &Client, token: &str| {
        let reply = client.call("POST", "/oauth/introspect").form(&[("token", token)]).send().expect(200);
        assert_eq!(reply.header("cache-control"), "no-store");
        reply.json
    };
    let told = look(&program, &own);
    assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!(made.client_id)));
    assert_eq!((&told["sub"], &told["token_type"]), (&json!(made.client_id), &json!("Bearer")));
    assert_eq!(told["scope"], "registry:read indicators:read token:read");
    assert_eq!(told["exp"], part(&own, 1)["exp"]);
    assert_eq!(told["area"]["kind"], "region");
    assert_eq!(look(&all, &own), told);
    assert_eq!(look(&world.client(Role::Admin), &own), told);
    let of_user = look(&all, &user);
    assert_eq!((&of_user["username"], &of_user["client_id"]), (&json!("expert"), &Value::Null));
    // Of another's token nothing is told, not even that it is one.
    for (client, token) in
        [(&program, user.as_str()), (&program, "garbage"), (&all, "garbage"), (&all, "a.b.c")]
    {
        assert_eq!(look(client, token), json!({ "active": false }));
    }
    assert_eq!(look(&world.client(Role::Reader), &own), json!({ "active": false }));
    // By credentials too.
    let ask = |made: &Made, pairs: &[(&str, &str)]| {
        let header = basic(&made.client_id, &made.secret);
        world.stranger().call("POST", "/oauth/introspect").header("Authorization", &header).form(pairs).send()
    };
    assert_eq!(ask(&made, &[("token", &own)]).expect(200).json, told);
    assert_eq!(ask(&asker, &[("token", &user)]).expect(200).json["active"], true);
    ask(&asker, &[]).refused(400, "invalid_request");
    let stranger = world.stranger();
    stranger.call("POST", "/oauth/introspect").form(&[("token", &own)]).send().refused(401, "invalid_client");
    let garbage = stranger.with_token("garbage");
    garbage.call("POST", "/oauth/introspect").form(&[("token", &own)]).send().refused(401, "invalid_token");
    world.end_client(made.id).expect(204);
    assert_eq!(look(&all, &own), json!({ "active": false }));
});

both!(the_metadata_lead_to_what_is_there, |world| {
    let stranger = world.stranger();
    let told = stranger.get("/.well-known/oauth-authorization-server").expect(200).json;
    let issuer = world.node.state.config.issuer.clone();
    assert_eq!(told["issuer"], json!(issuer));
    for (field, status) in [
        ("jwks_uri", 200),
        ("service_documentation", 200),
        ("token_endpoint", 405),
        ("introspection_endpoint", 405),
    ] {
        let path = told[field].as_str().unwrap().strip_prefix(&issuer).unwrap().to_owned();
        assert_eq!(stranger.get(&path).status, status, "{path}");
    }
    assert_eq!(told["grant_types_supported"], json!(["client_credentials"]));
    assert_eq!(told["response_types_supported"], json!([]));
    assert!(told["scopes_supported"].as_array().unwrap().contains(&json!("registry:read")));
    assert!(!told["scopes_supported"].to_string().contains("users:"));
});
