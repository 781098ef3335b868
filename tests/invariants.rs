//! What holds of every operation: the walk reads the contract and then sends the requests. A new operation without it
//! fails here, unless it stands among the exceptions with its reason.

use crate::{
    audit_stories::tell_all,
    harness::{
        Client, Reply, World,
        contract::{Operation, operations, resolve, secured},
        facts,
        walk::{self, Clients, There},
    },
};
use opora_identity::Permission;
use serde_json::{Value, json};

/// Lists that come whole.
const WHOLE: &[(&str, &str)] = &[
    ("list_models", "the seven models of the order"),
    ("list_indicators", "the four indicators of the passport"),
    ("list_passport_stages", "its six stages"),
    ("list_due_reports", "one for each half-year of a plan"),
    ("list_plan_warnings", "found over the whole of one version, which holds a few dozen activities"),
    ("list_change_partitions", "as many as were asked for, at most 256"),
];

/// Changes that name no version.
const UNCONDITIONAL: &[(&str, &str)] = &[
    ("change_password", "the old password is named, which stands for the version"),
    ("delete_client_secret", "a secret never changes: it is there or not"),
    ("delete_feed_token", "so is a token"),
    ("delete_evidence", "evidence never changes; other evidence is another record"),
    ("delete_list", "a version of the list never changes"),
    ("delete_results", "what matches is removed, however it came to be so"),
    ("delete_contexts", "so are social contexts"),
    ("delete_identification_run", "a run that has ended never changes, and another is not removed"),
    ("delete_proposal_run", "its decisions forbid the removal; nothing else of it changes"),
];

/// Requests that make something and take no key under which they could be sent again.
const ONCE: &[(&str, &str)] = &[
    ("replay_webhook_delivery", "sent twice it has no further effect"),
    ("replay_webhook_deliveries", "neither has this"),
    ("cancel_job", "nor this"),
];

/// Bodies that are no object with fields of its own.
const OTHER_BODIES: &[(&str, &str)] = &[];

fn named(exceptions: &[(&str, &str)], operation: &Operation) -> bool {
    exceptions.iter().any(|(id, _)| *id == operation.id)
}

fn has(operation: &Operation, parameter: &str) -> bool {
    operation.parameters().any(|found| found["name"] == parameter)
}

fn answers(operation: &Operation, header: &str) -> bool {
    resolve(&operation.json["responses"]["200"])["headers"][header].is_object()
}

/// Whether an operation has what it must, or a reason not to have it; a reason that is none any more is a fault too.
fn check(
    faults: &mut Vec<String>,
    operation: &Operation,
    exceptions: &[(&str, &str)],
    holds: bool,
    what: &str,
) {
    match (holds, named(exceptions, operation)) {
        (false, false) => faults.push(format!("{}: no {what}", operation.id)),
        (true, true) => faults.push(format!("{}: has {what}, so it is no exception", operation.id)),
        _ => {}
    }
}

#[test]
fn every_operation_keeps_the_conventions() {
    let mut faults = Vec::new();
    for operation in &operations() {
        let (method, responses) = (operation.method.as_str(), &operation.json["responses"]);
        for (status, response) in responses.as_object().unwrap() {
            // What speaks OAuth refuses in its own words.
            let refusal = status.starts_with(['4', '5']) && !operation.path.starts_with("/oauth/");
            let is_problem = resolve(response)["content"]["application/problem+json"].is_object();
            if refusal && !is_problem {
                faults.push(format!("{}: {status} is no problem document", operation.id));
            }
        }
        if method == "GET" && operation.is_list() {
            let place = has(operation, "cursor") || has(operation, "after");
            let paged = has(operation, "limit") && place && answers(operation, "Link");
            check(&mut faults, operation, WHOLE, paged, "limit, cursor and Link");
        }
        if method == "GET" && opora::http::tag::is_record(operation.path) {
            let tagged = answers(operation, "ETag") && has(operation, "If-None-Match");
            let told = responses["304"].is_object();
            check(&mut faults, operation, &[], tagged && told, "ETag with If-None-Match");
        }
        // What changes a record and shows its new version is asked for by the version that was read.
        let steps_on = method == "POST" && responses["200"]["headers"]["ETag"].is_object();
        if steps_on || ["PUT", "PATCH", "DELETE"].contains(&method) {
            let holds = has(operation, "If-Match") && responses["428"].is_object();
            check(&mut faults, operation, UNCONDITIONAL, holds, "If-Match");
        }
        let creates = responses["201"].is_object() || responses["202"].is_object();
        if method == "POST" && creates {
            check(&mut faults, operation, ONCE, has(operation, "Idempotency-Key"), "Idempotency-Key");
        }
        if opora::limits::is_limited(operation.path) && !responses["429"].is_object() {
            faults.push(format!("{}: no 429", operation.id));
        }
    }
    let known: Vec<&str> = operations().iter().map(|o| o.id).collect();
    for (id, reason) in [WHOLE, UNCONDITIONAL, ONCE, OTHER_BODIES].into_iter().flatten() {
        assert!(known.contains(id) && !reason.is_empty(), "{id}");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A path to something that is not there.
fn nowhere(operation: &Operation) -> String {
    operation.path_with(|name| {
        Some(match name {
            "kind" => "half-year".into(),
            "period" => "2020-H2".into(),
            "stage" => "goals".into(),
            _ => "999999999".into(),
        })
    })
}

both!(an_unknown_parameter_is_refused_everywhere, |world| {
    let clients = Clients::of(world);
    let mut faults = Vec::new();
    for (operation, permission) in secured() {
        let known = operation.parameters().find(|p| p["in"] == "query" && p["name"] != "after");
        let known = known.and_then(|parameter| parameter["name"].as_str());
        let (name, meant) = match known {
            Some(name) => (format!("{name}x"), json!(name)),
            None => ("no_such".to_owned(), Value::Null),
        };
        let path = format!("{}?{name}=1", nowhere(&operation));
        let call = clients.may(permission).call(&operation.method, &path);
        let reply = call.header("If-Match", "\"1\"").send();
        let error = &reply.json["errors"][0];
        let right = (&reply.json["code"], &error["pointer"], &error["suggestion"]);
        if (reply.status, right) != (400, (&json!("unknown_parameter"), &json!(name), &meant)) {
            faults.push(format!("{}: {reply}", operation.id));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
});

both!(an_unknown_field_is_refused_everywhere, |world| {
    let clients = Clients::of(world);
    let (mut faults, mut seen) = (Vec::new(), 0);
    for (operation, permission) in secured() {
        let schema = resolve(&operation.json["requestBody"]["content"]["application/json"]["schema"]);
        let Some(meant) = schema["properties"].as_object().and_then(|fields| fields.keys().next()) else {
            continue;
        };
        seen += 1;
        let name = format!("{meant}x");
        let call = clients.may(permission).call(&operation.method, &nowhere(&operation));
        let reply = call.header("If-Match", "\"1\"").json(&json!({ name.as_str(): 1 })).send();
        let error = &reply.json["errors"][0];
        let told = (&reply.json["code"], &error["pointer"], &error["code"], &error["suggestion"]);
        let right =
            (&json!("invalid_json"), &json!(format!("/{name}")), &json!("unknown_field"), &json!(meant));
        if (reply.status, told) != (400, right) && !named(OTHER_BODIES, &operation) {
            faults.push(format!("{}: {reply}", operation.id));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen > 25, "the walk saw {seen} bodies");
});

/// Notes where below `schema` an object with fields of its own takes others too.
fn open_objects(schema: &'static Value, at: &str, path: &mut Vec<&'static Value>, faults: &mut Vec<String>) {
    let schema = resolve(schema);
    if path.iter().any(|above| std::ptr::eq(*above, schema)) {
        return;
    }
    path.push(schema);
    if schema["properties"].is_object() && schema["additionalProperties"] != json!(false) {
        faults.push(at.to_owned());
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        open_objects(field, &format!("{at}/{name}"), path, faults);
    }
    let parts = ["oneOf", "anyOf", "allOf", "prefixItems"];
    for part in parts.iter().filter_map(|word| schema[*word].as_array()).flatten() {
        open_objects(part, at, path, faults);
    }
    for word in ["items", "additionalProperties"] {
        if schema[word].is_object() {
            open_objects(&schema[word], &format!("{at}/*"), path, faults);
        }
    }
    path.pop();
}

/// What programs bring along from elsewhere: keys have fields that nobody here knows (RFC 7517).
const FOREIGN: [&str; 4] = [
    "create_service_client/jwks",
    "create_service_client/jwks/keys/*",
    "update_service_client/jwks",
    "update_service_client/jwks/keys/*",
];

#[test]
fn no_part_of_a_body_is_open() {
    let mut faults = Vec::new();
    for operation in operations() {
        let content = &operation.json["requestBody"]["content"];
        for media in ["application/json", "application/x-ndjson"] {
            if content[media]["schema"].is_object() {
                open_objects(&content[media]["schema"], operation.id, &mut Vec::new(), &mut faults);
            }
        }
    }
    faults.retain(|fault| !FOREIGN.contains(&fault.as_str()));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A value that a parameter or a field of this schema cannot have, with what is told of it.
fn strange(schema: &'static Value) -> Option<(&'static str, &'static str)> {
    let schema = resolve(schema);
    if schema["enum"].is_array() {
        return Some(("zzzz", "unknown_value"));
    }
    match (schema["type"].as_str()?, schema["format"].as_str()) {
        ("integer" | "number" | "boolean", _) => Some(("zzzz", "wrong_format")),
        ("string", Some("date" | "date-time")) => Some(("2020-13-01", "wrong_format")),
        _ => None,
    }
}

both!(a_wrong_value_of_a_parameter_is_told_everywhere, |world| {
    let clients = Clients::of(world);
    let (mut faults, mut seen) = (Vec::new(), 0);
    for (operation, permission) in secured() {
        let typed: Vec<_> = operation
            .parameters()
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| Some((parameter["name"].as_str()?, strange(&parameter["schema"])?)))
            .collect();
        if typed.is_empty() {
            continue;
        }
        seen += typed.len();
        let query: Vec<String> = typed.iter().map(|(name, (value, _))| format!("{name}={value}")).collect();
        let path = format!("{}?{}", nowhere(&operation), query.join("&"));
        let call = clients.may(permission).call(&operation.method, &path);
        let reply = call.header("If-Match", "\"1\"").send();
        let told = reply.flaws();
        let all = typed.iter().all(|(name, (_, reason))| told.contains(&(*name, *reason)));
        if reply.status != 400 || reply.json["code"] != "invalid_parameter" || !all {
            faults.push(format!("{} {path}: {reply}", operation.id));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen > 120, "the walk saw {seen} parameters");
});

/// The schema of the body of an operation that takes an object with fields of its own.
fn body_schema(operation: &Operation) -> Option<&'static Value> {
    let schema = resolve(&operation.json["requestBody"]["content"]["application/json"]["schema"]);
    schema["properties"].is_object().then_some(schema)
}

/// A value that is of none of the types of a schema.
fn misfit(schema: &'static Value) -> Value {
    let schema = resolve(schema);
    let is_object = |schema: &'static Value| resolve(schema)["type"] == "object";
    let may_be_object = schema["oneOf"].as_array().is_some_and(|of| of.iter().any(is_object));
    if schema["type"] == "object" || may_be_object { json!([]) } else { json!({ "x": 1 }) }
}

both!(every_flaw_of_a_body_is_told_everywhere, |world| {
    let clients = Clients::of(world);
    let (mut faults, mut seen) = (Vec::new(), 0);
    for (operation, permission) in secured() {
        let Some(schema) = body_schema(&operation) else { continue };
        seen += 1;
        let sent = |body: &Value| {
            let call = clients.may(permission).call(&operation.method, &nowhere(&operation));
            call.header("If-Match", "\"1\"").json(body).send()
        };
        let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        let empty = sent(&json!({}));
        let pointer = |name: &str| format!("/{name}");
        let is_told =
            |reply: &Reply, name: &str, reason| reply.flaws().contains(&(pointer(name).as_str(), reason));
        if !required.is_empty()
            && !required.iter().all(|name| is_told(&empty, name.as_str().unwrap(), "required"))
        {
            faults.push(format!("{} {{}}: {empty}", operation.id));
        }
        let fields = schema["properties"].as_object().unwrap();
        let wrong: Value = fields
            .iter()
            .map(|(name, schema)| (name.clone(), misfit(schema)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let reply = sent(&wrong);
        let all = fields.keys().all(|name| is_told(&reply, name, "wrong_format"));
        if reply.status != 400 || reply.json["code"] != "invalid_json" || !all {
            faults.push(format!("{} {wrong}: {reply}", operation.id));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen > 25, "the walk saw {seen} bodies");
});

both!(a_change_without_a_version_is_refused_everywhere, |world| {
    let clients = Clients::of(world);
    for (operation, permission) in secured().filter(|(operation, _)| has(operation, "If-Match")) {
        let call = clients.may(permission).call(&operation.method, &nowhere(&operation));
        call.json(&json!({})).send().expect(428).problem("precondition_required");
    }
});

/// Makes what may still change: the stories end with facts decided, methodologies published and clients shut out.
fn make_changeable(world: &World, clients: &Clients) {
    // A webhook is its owner's.
    let hook = json!({ "url": "http://127.0.0.1:9/hook", "events": ["schools.*"] });
    clients.may(Permission::ManageWebhooks).post("/api/v1/webhooks", &hook).expect(201);
    let act = json!({
        "issuer": "Министерство", "kind": "order", "number": "7", "signed_on": "2020-06-01", "title": "О плане",
    });
    clients.may(Permission::WriteActs).post("/api/v1/acts", &act).expect(201);
    let methodology = json!({ "code": "draft", "title": "Проект" });
    clients.may(Permission::WriteMethodologies).post("/api/v1/methodologies", &methodology).expect(201);
    let institute = clients.may(Permission::DecideFacts);
    facts::enter(institute, &facts::draft(institute));
    world.keyless_client(json!({ "scopes": ["reports:read"] }));
}

/// Bodies for steps that do not take an empty one.
fn body_of(operation: &Operation) -> Value {
    match operation.id {
        "decline_fact" => json!({ "reason": "Нет приказа" }),
        "return_report" => json!({ "remarks": "Уточнить." }),
        "update_report" => json!({ "texts": {} }),
        "update_user" => json!({ "active": true }),
        _ => json!({}),
    }
}

both!(a_stale_version_changes_nothing_and_a_known_one_is_not_sent_again, |world| {
    tell_all(world);
    let clients = Clients::of(world);
    make_changeable(world, &clients);
    let mut there = There::default();
    let (mut faults, mut missing) = (Vec::new(), Vec::new());
    for (operation, permission) in secured() {
        let client = clients.may(permission);
        let conditional = ["If-Match", "If-None-Match"].iter().any(|name| has(&operation, name));
        if !conditional {
            continue;
        }
        let Some(mut path) = there.of(client, operation.path) else {
            missing.push(operation.id);
            continue;
        };
        if operation.id == "get_report_file" {
            path += "?format=csv";
        }
        if has(&operation, "If-Match") {
            let record = operation.record(&path);
            let list = record.rsplit_once('/').unwrap().0;
            let read = || client.get(if operation.is_readable() { record } else { list }).expect(200);
            let before = read();
            let call = client.call(&operation.method, &path).header("If-Match", "\"999999\"");
            let reply = call.json(&body_of(&operation)).send();
            let after = read();
            if (reply.status, &reply.json["code"]) != (412, &json!("precondition_failed")) {
                faults.push(format!("{}: {reply}", operation.id));
            }
            if (before.header("etag"), &before.json) != (after.header("etag"), &after.json) {
                faults.push(format!("{}: {before} became {after}", operation.id));
            }
        } else {
            let fault = || {
                let read = client.get(&path);
                let tag = read.header("etag").to_owned();
                let again = client.call("GET", &path).header("If-None-Match", &tag).send();
                let other = client.call("GET", &path).header("If-None-Match", "\"other\"").send();
                let right = (read.status, again.status, again.header("etag"), other.status);
                let is_right = !tag.is_empty() && right == (200, 304, tag.as_str(), 200);
                (!is_right).then(|| format!("{}: {tag:?} {read} {again} {other}", operation.id))
            };
            // An entry of the audit log may be sealed in between, which happens once.
            faults.extend(fault().and_then(|_| fault()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(missing.is_empty(), "nothing is there for {missing:?}");
});

/// Operations that answer in pages.
fn pages() -> impl Iterator<Item = (Operation, Permission)> {
    secured()
        .filter(|(operation, _)| operation.method == "GET" && operation.is_list() && !named(WHOLE, operation))
}

/// All items of a list, one a page.
fn one_by_one(client: &Client, path: &str) -> Vec<Value> {
    let mark = if path.contains('?') { '&' } else { '?' };
    let (mut items, mut next) = (Vec::new(), Some(format!("{path}{mark}limit=1")));
    while let Some(at) = next {
        let page = client.get(&at).expect(200);
        assert!(page.items().len() <= 1 && items.len() < 1000, "{page}");
        items.extend_from_slice(page.items());
        // The feed of changes always has a next place.
        next = page.next().filter(|_| !page.items().is_empty());
    }
    items
}

// Pages of one item each are the page of all: nothing is skipped, nothing comes twice.
both!(a_list_read_one_by_one_is_the_whole, |world| {
    tell_all(world);
    let clients = Clients::of(world);
    make_changeable(world, &clients);
    let mut there = There::default();
    let (mut faults, mut missing, mut compared) = (Vec::new(), Vec::new(), 0);
    for (operation, permission) in pages() {
        let client = clients.may(permission);
        let Some(mut path) = there.of(client, operation.path) else {
            missing.push(operation.id);
            continue;
        };
        path += walk::query(&operation);
        let mark = if path.contains('?') { '&' } else { '?' };
        let parts = one_by_one(client, &path);
        let whole = client.get(&format!("{path}{mark}limit=1000")).expect(200);
        // Reading leaves entries in the audit log, whose newest come first.
        let whole = &whole.items()[whole.items().len().saturating_sub(parts.len())..];
        compared += usize::from(parts.len() > 1);
        if parts != whole {
            faults.push(format!("{}: {} one by one, {} at once", operation.id, parts.len(), whole.len()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(missing.is_empty(), "nothing is there for {missing:?}");
    assert!(compared > 20, "{compared} lists had more than one item");
});

both!(the_catalogue_names_every_code_and_every_reason, |world| {
    let page = world.stranger().get("/docs/errors").expect(200).text;
    let codes = opora_primitives::ProblemCode::ALL.iter().map(|code| code.as_str());
    let reasons = opora_primitives::Reason::ALL.iter().map(|reason| reason.as_str());
    for word in codes.chain(reasons) {
        assert!(page.contains(word), "{word}");
    }
});
