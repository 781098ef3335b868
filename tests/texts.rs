//! Characters that no text may hold, wherever it comes in.

use crate::harness::{
    Client, Reply,
    contract::{Operation, operations, resolve},
    facts::{FACTS, draft, enter, with_plan},
    walk::Clients,
};
use opora_identity::Role;
use serde_json::{Map, Value, json};

/// Whether a value of this schema may be a text.
fn may_be_text(schema: &'static Value) -> bool {
    let schema = resolve(schema);
    let branches = ["oneOf", "anyOf", "allOf"].iter().filter_map(|word| schema[*word].as_array()).flatten();
    let types = &schema["type"];
    types == "string"
        || types.as_array().is_some_and(|types| types.contains(&json!("string")))
        || branches.into_iter().any(may_be_text)
}

/// The fields of the body that an operation takes as `media` which may hold a text, each with U+0000 in it.
fn texts(operation: &Operation, media: &str) -> Map<String, Value> {
    let schema = resolve(&operation.json["requestBody"]["content"][media]["schema"]);
    let fields = schema["properties"].as_object().into_iter().flatten();
    let fields = fields.filter(|(_, schema)| may_be_text(schema));
    fields.map(|(name, _)| (name.clone(), json!("a\0b"))).collect()
}

fn as_form(fields: &Map<String, Value>) -> String {
    fields.keys().map(|name| format!("{name}=a%00b")).collect::<Vec<_>>().join("&")
}

/// A path of the right form.
fn somewhere(operation: &Operation) -> String {
    let known = [("kind", "half-year"), ("period", "2020-H2"), ("stage", "goals"), ("number", "1")];
    operation.path_with(|name| {
        let known = known.iter().find(|(part, _)| *part == name);
        Some(known.map_or("999999999", |(_, value)| value).to_owned())
    })
}

/// Asks an operation in every way in which a text may come; answers what was not refused.
fn ask(client: &Client, operation: &Operation, seen: &mut usize) -> Vec<String> {
    let (mut faults, path) = (Vec::new(), somewhere(operation));
    let call = |path: &str| client.call(&operation.method, path).header("If-Match", "\"1\"");
    let mut check = |reply: Reply, names: &[String]| {
        *seen += 1;
        let told = reply.flaws();
        let all = names.iter().all(|name| told.iter().any(|(at, _)| at == name));
        if !(400..500).contains(&reply.status) || !all {
            faults.push(format!("{} {names:?}: {reply}", operation.id));
        }
    };
    if operation.path.contains('{') {
        check(call(&operation.path_with(|_| Some("a%00b".into()))).json(&json!({})).send(), &[]);
    }
    let queries = operation.parameters().filter(|p| p["in"] == "query" && may_be_text(&p["schema"]));
    for parameter in queries.filter(|_| operation.permission().is_some()) {
        let name = parameter["name"].as_str().unwrap();
        check(call(&format!("{path}?{name}=a%00b")).send(), &[name.to_owned()]);
    }
    let fields = texts(operation, "application/json");
    if !fields.is_empty() {
        let names: Vec<String> = fields.keys().map(|name| format!("/{name}")).collect();
        check(call(&path).json(&Value::Object(fields)).send(), &names);
    }
    let form = texts(operation, "application/x-www-form-urlencoded");
    if !form.is_empty() {
        let call = call(&path).body("application/x-www-form-urlencoded", as_form(&form));
        check(call.send(), &[]);
    }
    faults
}

// PostgreSQL keeps U+0000 in no text, SQLite in any.
both!(u_0000_is_refused_everywhere, |world| {
    let (clients, stranger) = (Clients::of(world), world.stranger());
    let (mut faults, mut seen) = (Vec::new(), 0);
    for operation in operations() {
        let client = operation.permission().map_or(&stranger, |permission| clients.may(permission));
        faults.extend(ask(client, &operation, &mut seen));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen > 200, "the walk asked {seen} times");
});

both!(u_0000_is_told_where_it_stands, |world| {
    let body = r#"{"login": "a\u0000", "password": "b"}"#;
    let refused = world.stranger().call("POST", "/api/v1/auth/login").body("application/json", body).send();
    let refused = refused.expect(422).problem("invalid_fields");
    assert_eq!(refused.flaws(), [("/login", "forbidden_character")]);
    // A backslash before a letter is no such character.
    world.stranger().try_log_in("\\u0000", "b").expect(401).problem("wrong_credentials");
    let institute = world.client(Role::Institute);
    institute.get("/api/v1/plans/%00").expect(404).problem("not_found");
    let named = institute.get("/api/v1/schools?name=%00").expect(400).problem("invalid_parameter");
    assert_eq!(named.flaws(), [("name", "forbidden_character")]);
});

// What is not shown as what it is (D204).
both!(a_name_or_a_reason_holds_nothing_hidden, |world| {
    let (admin, institute) = (world.client(Role::Admin), with_plan(world));
    let refused = |client: &Client, path: &str, body: Value, pointer: &str| {
        let refused = client.post(path, &body).expect(422).problem("invalid_fields");
        assert_eq!(refused.flaws(), [(pointer, "forbidden_character")], "{refused}");
    };
    let user = |name: &str| json!({ "login": "new.user", "display_name": name, "password": "four random words", "role": "reader" });
    refused(&admin, "/api/v1/users", user("a\u{202e}b"), "/display_name");
    let title = json!({ "code": "mine", "title": "a\u{202e}b" });
    refused(&institute, "/api/v1/methodologies", title, "/title");
    let hook = json!({ "url": "http://127.0.0.1:9/\u{202e}", "events": ["schools.*"] });
    refused(&institute, "/api/v1/webhooks", hook, "/url");
    let fact = enter(&institute, &draft(&institute));
    let decline = format!("{FACTS}/{}/decline", fact["id"]);
    for path in [decline.as_str(), "/api/v1/proposals/1/decline", "/api/v1/assignments/1/events"] {
        hidden_reason(&institute, path);
    }
    for (query, name) in [("sheet=%E2%80%AE", "sheet"), ("file_name=%E2%80%AE", "file_name")] {
        let path = format!("/api/v1/imports?kind=schools&{query}");
        let refused = institute.call("POST", &path).body("text/csv", "code\n").send();
        assert_eq!(refused.expect(400).problem("invalid_parameter").flaws(), [(name, "forbidden_character")]);
    }
});

fn hidden_reason(institute: &Client, path: &str) {
    let mut body = json!({ "reason": "a\u{202e}b" });
    if path.ends_with("events") {
        body["kind"] = json!("ended");
        body["on_date"] = json!("2020-12-01");
    }
    let refused = institute.call("POST", path).header("If-Match", "\"1\"").json(&body).send();
    assert_eq!(refused.expect(422).problem("invalid_fields").flaws(), [("/reason", "forbidden_character")]);
}
