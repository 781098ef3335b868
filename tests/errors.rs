//! Refusals: one shape, two languages, nothing of the database in them.

use crate::harness::Reply;
use opora_identity::Role;
use serde_json::{Value, json};

const LOGIN: &str = "/api/v1/auth/login";

fn new_user(login: &str) -> Value {
    json!({ "login": login, "display_name": "Пользователь", "password": "four random words", "role": "reader" })
}

both!(a_problem_is_told_in_the_readers_language, |world| {
    let stranger = world.stranger();
    let title = |languages: &str| {
        let reply = stranger.call("GET", "/api/v1/me").header("Accept-Language", languages).send();
        let reply = reply.expect(401).problem("missing_token");
        (reply.header("content-language").to_owned(), reply.json["title"].as_str().unwrap().to_owned())
    };
    let (en, ru) = (title("en"), title("ru-RU,ru;q=0.9,en;q=0.8"));
    assert_eq!((en.0.as_str(), ru.0.as_str()), ("en", "ru"));
    assert_eq!(ru.1, "Нужен токен доступа");
    assert_ne!(en.1, ru.1);
    assert_eq!(title("de, en"), en);
    assert_eq!(title("fr"), en);
    assert_eq!(title("en;q=0.4, RU-ru;q=0.8"), ru);
    assert_eq!(title("ru;q=0, *"), en);
    assert_eq!(title("ru, !"), ru);
    assert_eq!(title(""), en);
});

both!(words_of_answers_tell_their_language, |world| {
    let admin = world.client(Role::Admin);
    for language in ["ru", "en"] {
        let reply =
            admin.call("GET", "/api/v1/token-info").header("Accept-Language", language).send().expect(200);
        assert_eq!(reply.header("content-language"), language);
        assert!(
            reply.header("vary").to_ascii_lowercase().contains("accept-language"),
            "{}",
            reply.header("vary")
        );
    }
    let without = admin.get("/api/v1/schools").expect(200);
    assert_eq!(without.header("content-language"), "", "no word of it is in a language");
});

both!(every_refused_field_is_told_at_once, |world| {
    let body = json!({ "login": "x", "display_name": "", "password": "short", "role": "reader" });
    let call = world.client(Role::Admin);
    let call = call.call("POST", "/api/v1/users").header("Accept-Language", "ru").json(&body);
    let reply = call.send().expect(422).problem("invalid_fields");
    let expected =
        [("/display_name", "wrong_length"), ("/login", "wrong_length"), ("/password", "wrong_length")];
    assert_eq!(reply.flaws(), expected, "{reply}");
    assert_eq!(reply.json["errors"][0]["message"], "неверная длина");
});

both!(rules_over_several_fields_point_at_one, |world| {
    let admin = world.client(Role::Admin);
    let mut body = new_user("coordinator");
    body["role"] = json!("municipality");
    let reply = admin.post("/api/v1/users", &body).expect(422).problem("invalid_fields");
    assert_eq!(reply.flaws(), [("/municipality_id", "required")]);
    body["municipality_id"] = json!(world.seed.own);
    admin.post("/api/v1/users", &body).expect(201);
});

both!(a_missing_reference_is_no_fault, |world| {
    let mut body = new_user("coordinator");
    body["role"] = json!("municipality");
    body["municipality_id"] = json!(999_999);
    world.client(Role::Admin).post("/api/v1/users", &body).expect(422).problem("missing_reference");
});

both!(a_taken_key_is_a_conflict, |world| {
    let admin = world.client(Role::Admin);
    let created = admin.post("/api/v1/users", &new_user("New.User")).expect(201);
    let address = created.header("location").to_owned();
    assert_eq!(admin.get(&address).expect(200).json["login"], "new.user");
    let refused = admin.post("/api/v1/users", &new_user("NEW.USER")).expect(409).problem("already_exists");
    no_database_words(&refused);
});

fn no_database_words(reply: &Reply) {
    let text = reply.text.to_lowercase();
    for word in [
        "sqlite",
        "postgres",
        "constraint",
        "select ",
        "insert ",
        "diesel",
        "users_login",
        "panicked",
        "src/",
    ] {
        assert!(!text.contains(word), "{reply}");
    }
}

both!(an_unknown_field_is_named_and_so_are_the_known_ones, |world| {
    let body = json!({ "login": "institute", "pasword": "secret-in-a-typo" });
    let reply = world.stranger().post(LOGIN, &body).expect(400).problem("invalid_json");
    assert_eq!(reply.flaws(), [("/pasword", "unknown_field")]);
    let detail = reply.json["detail"].as_str().unwrap();
    assert!(detail.contains("login") && detail.contains("password"), "{reply}");
    assert!(!reply.text.contains("secret-in-a-typo"), "{reply}");
});

both!(a_missing_field_is_named, |world| {
    let reply =
        world.stranger().post(LOGIN, &json!({ "login": "institute" })).expect(400).problem("invalid_json");
    assert_eq!(reply.flaws(), [("/password", "required")]);
});

both!(what_is_not_json_is_refused, |world| {
    let stranger = world.stranger();
    for body in [
        "",
        "{",
        "{\"login\":",
        "[]",
        "null",
        "\u{feff}{}",
        "{\"login\":\"a\",\"login\":\"b\",\"password\":\"c\"}",
    ] {
        stranger
            .call("POST", LOGIN)
            .body("application/json", body)
            .send()
            .expect(400)
            .problem("invalid_json");
    }
    stranger.call("POST", LOGIN).body("application/json", b"{\"login\":\"\xff\"}").send().expect(400);
    let deep = "[".repeat(200_000);
    stranger.call("POST", LOGIN).body("application/json", deep).send().expect(400).problem("invalid_json");
});

both!(an_array_is_no_object_at_any_depth, |world| {
    let institute = world.client(Role::Institute);
    let refused = |path: &str, body: Value, pointers: &[&str]| {
        let reply = institute.post(path, &body).expect(400).problem("invalid_json");
        let expected: Vec<_> = pointers.iter().map(|pointer| (*pointer, "wrong_format")).collect();
        assert_eq!(reply.flaws(), expected, "{reply}");
    };
    let methodologies = "/api/v1/methodologies";
    refused(methodologies, json!(["default", "Методика", {}]), &[""]);
    let draft = |parameters: Value| json!({ "code": "mine", "title": "Моя", "parameters": parameters });
    refused(methodologies, draft(json!([])), &["/parameters"]);
    refused(methodologies, draft(json!({ "low_share": [30, 2, 1] })), &["/parameters/low_share"]);
    refused(
        methodologies,
        draft(json!({ "low_share": [], "risk": [30] })),
        &["/parameters/low_share", "/parameters/risk"],
    );
    refused("/api/v1/proposal-decisions", json!({ "filter": [1], "decision": "confirm" }), &["/filter"]);
    refused("/api/v1/proposal-decisions", json!({ "ids": [[1]], "decision": "confirm" }), &["/ids/0"]);
    let patch = json!({ "parameters": { "high": [3, 25, 75, 4] } });
    let made = institute.post(methodologies, &draft(json!({ "counted_assessments": ["OGE"] }))).expect(201);
    let reply = institute.patch(made.header("location"), "\"1\"", &patch).expect(400).problem("invalid_json");
    assert_eq!(reply.flaws(), [("/parameters/high", "wrong_format")]);
});

both!(a_wrong_type_is_refused_without_the_value, |world| {
    let reply = world.stranger().post(LOGIN, &json!({ "login": "institute", "password": 4_815_162_342_i64 }));
    let reply = reply.expect(400).problem("invalid_json");
    assert!(!reply.text.contains("4815162342"), "{reply}");
});

both!(a_large_body_is_refused, |world| {
    let body = json!({ "login": "a".repeat(1_100_000), "password": "b" });
    world.stranger().post(LOGIN, &body).expect(413).problem("body_too_large");
});

both!(another_media_type_is_refused, |world| {
    let stranger = world.stranger();
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
        stranger
            .call("POST", LOGIN)
            .body(media_type, "{}")
            .send()
            .expect(415)
            .problem("unsupported_media_type");
    }
    let charset = stranger.call("POST", LOGIN).body("application/json; charset=utf-8", "{}").send();
    charset.expect(400).problem("invalid_json");
});

both!(unknown_places_and_methods_are_problems_too, |world| {
    let stranger = world.stranger();
    stranger.get("/api/v1/nothing").expect(404).problem("not_found");
    stranger.get("/api/v2/me").expect(404).problem("not_found");
    let wrong_method = stranger.call("DELETE", LOGIN).send().expect(405).problem("method_not_allowed");
    assert_eq!(wrong_method.header("allow"), "POST");
    let admin = world.client(Role::Admin);
    for id in ["0", "-1", "999999", "9223372036854775807"] {
        admin.get(&format!("/api/v1/users/{id}")).expect(404).problem("not_found");
    }
    for id in ["x", "1x", "9223372036854775808", "%00", "1%2F2"] {
        admin.get(&format!("/api/v1/users/{id}")).expect(404).problem("not_found");
    }
});

both!(an_unknown_parameter_is_refused, |world| {
    let admin = world.client(Role::Admin);
    let reply = admin.get("/api/v1/users?limitt=5").expect(400).problem("unknown_parameter");
    assert!(reply.json["detail"].as_str().is_some_and(|d| d.contains("limit")), "{reply}");
    admin.get("/api/v1/users?LIMIT=5").expect(400).problem("unknown_parameter");
});

both!(every_wrong_parameter_is_told_at_once, |world| {
    let admin = world.client(Role::Admin);
    let told = |query: &str, code: &str, flaws: &[(&str, &str)]| {
        let reply = admin.get(&format!("/api/v1/{query}")).expect(400).problem(code);
        assert_eq!(reply.flaws(), flaws, "{query}: {reply}");
        reply
    };
    let wrong = "invalid_parameter";
    for (value, reason) in [
        ("abc", "wrong_format"),
        ("", "wrong_format"),
        ("1.5", "wrong_format"),
        ("0", "out_of_range"),
        ("70000", "out_of_range"),
        ("99999999999999999999999", "out_of_range"),
        ("1&limit=2", "repeated"),
    ] {
        told(&format!("schools?limit={value}"), wrong, &[("limit", reason)]);
    }
    let kind = told("schools?kind=secundary", wrong, &[("kind", "unknown_value")]);
    assert_eq!(kind.json["errors"][0]["suggestion"], "secondary");
    assert!(!kind.text.contains("secundary"), "{kind}");
    told(
        "schools?municipality_id=x&kind=zz&cursor=",
        wrong,
        &[("municipality_id", "wrong_format"), ("kind", "unknown_value")],
    );
    told("indicators?on=2020-13-01", wrong, &[("on", "wrong_format")]);
    told("imports?kind=foo", wrong, &[("kind", "unknown_value")]);
    told("results?academic_year=2019/2021", wrong, &[("academic_year", "wrong_format")]);
    told("plans/1/discipline", wrong, &[("by", "required")]);
    told("audit-log?from=yesterday&key=", wrong, &[("key", "wrong_length"), ("from", "wrong_format")]);
    let list = told("changes?resource=schools,staf", wrong, &[("resource", "unknown_value")]);
    assert_eq!(list.json["errors"][0]["suggestion"], "staff");
    // With an unknown name the code is that of an unknown name, and the rest is told as well.
    told(
        "schools?kin=basic&limit=x",
        "unknown_parameter",
        &[("kin", "unknown_field"), ("limit", "wrong_format")],
    );
});

both!(every_flaw_of_a_body_is_told_at_once, |world| {
    let admin = world.client(Role::Admin);
    let told = |path: &str, body: Value, flaws: &[(&str, &str)]| {
        let reply = admin.post(&format!("/api/v1/{path}"), &body).expect(400).problem("invalid_json");
        let mut found = reply.flaws();
        found.sort_unstable();
        let mut flaws = flaws.to_vec();
        flaws.sort_unstable();
        assert_eq!(found, flaws, "{body}: {reply}");
        reply
    };
    let school = |change: Value| {
        let mut body = json!({ "code": "520101", "name": "Школа", "kind": "basic", "locality": "rural", "founder": "state" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let wrong = school(json!({ "kind": "basik", "code": 5, "municipality_id": "1" }));
    let reply = told(
        "schools",
        wrong,
        &[("/kind", "unknown_value"), ("/code", "wrong_format"), ("/municipality_id", "wrong_format")],
    );
    assert!(!reply.text.contains("basik") && reply.text.contains("\"suggestion\":\"basic\""), "{reply}");
    told(
        "schools",
        json!({}),
        &["/code", "/name", "/kind", "/locality", "/founder"].map(|pointer| (pointer, "required")),
    );
    // A misspelt field is not missing as well.
    told(
        "schools",
        json!({ "code": 5, "nmae": "Школа", "kind": "basic", "locality": "rural" }),
        &[("/code", "wrong_format"), ("/nmae", "unknown_field"), ("/founder", "required")],
    );
    told("schools", school(json!({ "opened_on": "2020-02-30" })), &[("/opened_on", "wrong_format")]);
    told("schools", school(json!({ "municipality_id": 9.5 })), &[("/municipality_id", "wrong_format")]);
    let nested =
        json!({ "name": "Шина", "scopes": ["registry:read", 7, "registry:raed"], "jwks": { "keys": [{}] } });
    let reply = told(
        "service-clients",
        nested,
        &[("/scopes/1", "wrong_format"), ("/scopes/2", "unknown_value"), ("/jwks/keys/0/kty", "required")],
    );
    assert!(reply.text.contains("registry:read"), "{reply}");
    let twice = r#"{ "login": "a", "login": "b", "password": "c" }"#;
    let reply = world.stranger().call("POST", LOGIN).body("application/json", twice).send();
    assert_eq!(reply.expect(400).problem("invalid_json").flaws(), [("/login", "repeated")]);
});

// 7.0 is an integer; what is beside it is read as strictly as without it.
both!(a_whole_number_excuses_no_repeated_field, |world| {
    let admin = world.client(Role::Admin);
    let create = |names: &str| {
        let body = format!(r#"{{ {names}, "scopes": ["registry:read"], "rate_limit": 100.0 }}"#);
        admin.call("POST", "/api/v1/service-clients").body("application/json", body).send()
    };
    let twice = create(r#""name": "a", "name": "b""#).expect(400).problem("invalid_json");
    assert_eq!(twice.flaws(), [("/name", "repeated")]);
    assert_eq!(create(r#""name": "a 7.0""#).expect(201).json["rate_limit"], 100);
});

both!(a_refusal_says_what_is_missing, |world| {
    let reader = world.client(Role::Reader);
    let refused = |reply: Reply, challenge: &str, words: &str| {
        let reply = reply.expect(403).problem("forbidden");
        assert_eq!(reply.header("www-authenticate"), challenge, "{reply}");
        assert!(reply.json["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{reply}");
    };
    let staff = r#"Bearer realm="opora", error="insufficient_scope", scope="staff:read""#;
    let asked =
        |language: &str| reader.call("GET", "/api/v1/staff").header("Accept-Language", language).send();
    refused(asked("en"), staff, "needs the permission staff:read");
    refused(asked("ru"), staff, "нужно право staff:read");
    let bare = r#"Bearer realm="opora", error="insufficient_scope""#;
    let own = world.client(Role::Municipality);
    refused(
        own.call("POST", "/api/v1/imports?kind=schools").body("text/csv", "a").send(),
        bare,
        "whole region",
    );
    let me = |call: crate::harness::client::Call<'_>| {
        call.send().expect(401).header("www-authenticate").to_owned()
    };
    let stranger = world.stranger();
    assert_eq!(me(stranger.call("GET", "/api/v1/me")), r#"Bearer realm="opora""#);
    let bad = stranger.call("GET", "/api/v1/me").header("Authorization", "Bearer nonsense");
    assert_eq!(me(bad), r#"Bearer realm="opora", error="invalid_token""#);
});

both!(a_clash_and_a_reference_are_told_by_their_field, |world| {
    let admin = world.client(Role::Admin);
    let school = json!({ "code": "520901", "name": "Школа", "kind": "basic", "locality": "rural", "founder": "state" });
    admin.post("/api/v1/schools", &school).expect(201);
    let again = admin.post("/api/v1/schools", &school).expect(409).problem("already_exists");
    assert_eq!(again.flaws(), [("/code", "already_taken")], "{again}");
    no_database_words(&again);
    admin.post("/api/v1/users", &new_user("twin")).expect(201);
    let again = admin.post("/api/v1/users", &new_user("twin")).expect(409).problem("already_exists");
    assert_eq!(again.flaws(), [("/login", "already_taken")], "{again}");
    let mut body = new_user("coordinator");
    body["role"] = json!("municipality");
    body["municipality_id"] = json!(999_999);
    let nowhere = admin.post("/api/v1/users", &body).expect(422).problem("missing_reference");
    assert_eq!(nowhere.flaws(), [("/municipality_id", "unknown_reference")], "{nowhere}");
    let home = format!("/api/v1/municipalities/{}", world.seed.own);
    let tag = admin.get(&home).expect(200).header("etag").to_owned();
    let kept = admin.call("DELETE", &home).header("If-Match", &tag).send().expect(409);
    let kept = kept.problem("still_referenced");
    assert!(kept.json["detail"].as_str().is_some_and(|detail| detail.contains("schools")), "{kept}");
    no_database_words(&kept);
});

both!(a_request_keeps_its_id, |world| {
    let stranger = world.stranger();
    let with = |id: &str| stranger.call("GET", "/api/v1/me").header("X-Request-Id", id).send();
    assert_eq!(with("abc-123").problem("missing_token").json["request_id"], "abc-123");
    for id in ["<script>", "a b", &"x".repeat(65)] {
        assert_ne!(with(id).header("x-request-id"), id);
    }
    let (one, two) = (stranger.get("/health/live"), stranger.get("/health/live"));
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
});

both!(every_answer_carries_the_protective_headers, |world| {
    let stranger = world.stranger();
    for path in ["/health/live", "/api/v1/me", "/api/v1/nothing", "/docs/errors", "/openapi.json"] {
        let reply = stranger.get(path);
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("x-frame-options"), "DENY", "{path}");
    }
});

both!(every_code_stands_in_the_catalogue, |world| {
    let page = world.stranger().get("/docs/errors").expect(200).text;
    for code in opora_primitives::ProblemCode::ALL {
        assert!(page.contains(&format!("id=\"{}\"", code.as_str())), "{}", code.as_str());
    }
});

both!(details_are_in_the_language_asked_for, |world| {
    let admin = world.client(Role::Admin);
    let body = json!({ "login": "institute", "pasword": "secret-in-a-typo" });
    let asked = |language: &str| {
        let list = admin.call("GET", "/api/v1/users?limitt=5").header("Accept-Language", language).send();
        let log_in = admin.call("POST", LOGIN).header("Accept-Language", language).json(&body).send();
        [list, log_in].map(|reply| {
            reply.json["detail"].as_str().unwrap_or_else(|| panic!("no detail: {reply}")).to_owned()
        })
    };
    let is_russian = |text: &String| text.chars().any(|c| ('а'..='я').contains(&c));
    assert!(!asked("en").iter().any(is_russian), "{:?}", asked("en"));
    let russian = asked("ru");
    assert!(russian.iter().all(is_russian), "{russian:?}");
    for word in ["unknown", "expected", "known", " or "] {
        assert!(!russian.iter().any(|text| text.contains(word)), "{russian:?}");
    }
});
