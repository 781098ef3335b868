//! Requests whose traces in the audit log are looked for: each carries the name of its operation as its request id.

use super::{
    Client, Reply,
    client::Call,
    contract::{Operation, operations},
};
use diesel::prelude::*;
use opora_db::{Database, audit::AuditEntry, schema::audit_log};
use serde_json::Value;
use std::{
    fmt::Display,
    sync::atomic::{AtomicUsize, Ordering},
};

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Carries out `operation` with `keys` in place of the parameters of its path, at the version the record has.
pub fn act(client: &Client, operation: &str, keys: &[&dyn Display], body: &Value) -> Reply {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let key = format!("{operation}-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let creates = find(operation).parameters().any(|parameter| parameter["name"] == IDEMPOTENCY_KEY);
    let reply = send(client, operation, keys, "", |call| filled(call, body, creates.then_some(&key)));
    if creates {
        repeat(operation, &reply, body, |body| {
            filled(call_of(client, &find(operation), keys, ""), body, Some(&key)).send()
        });
    }
    reply
}

fn filled<'a>(call: Call<'a>, body: &Value, key: Option<&String>) -> Call<'a> {
    let call = match key {
        Some(key) => call.header(IDEMPOTENCY_KEY, key),
        None => call,
    };
    if body.is_null() { call } else { call.json(body) }
}

/// What creates takes a key: the same request gets the first answer again, another one under it is refused.
fn repeat(operation: &str, first: &Reply, body: &Value, again: impl Fn(&Value) -> Reply) {
    let second = again(body);
    assert_eq!((second.status, &second.json), (first.status, &first.json), "{operation}: {second}");
    for other in others(body) {
        let reply = again(&other);
        // A body that is wrong in itself is refused for that.
        let wrong =
            ["idempotency_mismatch", "invalid_json", "invalid_fields", "missing_reference", "not_found"];
        let told = reply.json["code"].as_str().unwrap_or_default();
        assert!(wrong.contains(&told), "{operation}: its key is good for other requests too: {reply}");
    }
}

/// The body with one of its fields changed, for each that is a text, a number or a yes. Years and periods get others.
fn others(body: &Value) -> Vec<Value> {
    let fields = body.as_object().into_iter().flatten();
    let changed = fields.filter_map(|(name, value)| {
        let value = match value {
            Value::String(text) if text.contains("2018/2019") => "2017/2018".into(),
            Value::String(text) if text.ends_with("-H2") => text.replace("-H2", "-H1").into(),
            Value::String(text) if text.ends_with("-01") => format!("{}2", &text[..text.len() - 1]).into(),
            Value::String(text) if text.starts_with("http") => format!("{text}3").into(),
            Value::String(text) => format!("{text}я").into(),
            Value::Number(number) => (number.as_i64()? + 1).into(),
            Value::Bool(truth) => (!truth).into(),
            _ => return None,
        };
        let mut other = body.clone();
        other[name] = value;
        Some(other)
    });
    changed.collect()
}

/// Reads by `operation`.
pub fn look(client: &Client, operation: &str, keys: &[&dyn Display], query: &str) -> Reply {
    send(client, operation, keys, query, |call| call)
}

/// Carries out `operation` with a body that `fill` adds; insists on success.
pub fn send<'a>(
    client: &'a Client,
    operation: &str,
    keys: &[&dyn Display],
    query: &str,
    fill: impl FnOnce(Call<'a>) -> Call<'a>,
) -> Reply {
    let reply = fill(call_of(client, &find(operation), keys, query)).send();
    assert!((200..300).contains(&reply.status), "{operation}: {reply}");
    reply
}

fn find(operation: &str) -> Operation {
    let found = operations().into_iter().find(|o| o.id == operation);
    found.unwrap_or_else(|| panic!("no operation {operation}"))
}

fn call_of<'a>(client: &'a Client, operation: &Operation, keys: &[&dyn Display], query: &str) -> Call<'a> {
    let mut keys = keys.iter();
    let path = operation.path_with(|_| keys.next().map(|key| key.to_string()));
    let call = client.call(&operation.method, &format!("{path}{query}")).header("X-Request-Id", operation.id);
    // Of what cannot be read alone the caller names the version.
    if !names_a_version(operation) || !operation.is_readable() {
        return call;
    }
    call.header("If-Match", client.get(operation.record(&path)).expect(200).header("etag"))
}

fn names_a_version(operation: &Operation) -> bool {
    operation.parameters().any(|parameter| parameter["name"] == "If-Match")
}

/// What the audit log holds; of one request, if one is named.
pub fn entries(database: &Database, request: Option<&str>) -> Vec<AuditEntry> {
    let read = |db: &mut opora_db::Db| {
        let mut query = audit_log::table.order(audit_log::id).select(AuditEntry::as_select()).into_boxed();
        if let Some(request) = request.map(str::to_owned) {
            query = query.filter(audit_log::request_id.eq(request));
        }
        Ok(query.load(db)?)
    };
    database.read(read).unwrap()
}
