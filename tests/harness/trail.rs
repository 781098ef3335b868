//! Requests whose traces in the audit log are looked for: each carries the name of its operation as its request id.

use super::{
    Client, Reply,
    client::Call,
    contract::{Operation, operations},
};
use diesel::prelude::*;
use opora_db::{Database, audit::AuditEntry, schema::audit_log};
use serde_json::Value;
use std::fmt::Display;

/// Carries out `operation` with `keys` in place of the parameters of its path, at the version the record has.
pub fn act(client: &Client, operation: &str, keys: &[&dyn Display], body: &Value) -> Reply {
    send(client, operation, keys, "", |call| if body.is_null() { call } else { call.json(body) })
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
    let operations = operations();
    let found = operations.iter().find(|o| o.id == operation);
    let found = found.unwrap_or_else(|| panic!("no operation {operation}"));
    let mut keys = keys.iter();
    let path = found.path_with(|_| keys.next().map(|key| key.to_string()));
    let mut call = client.call(&found.method, &format!("{path}{query}")).header("X-Request-Id", operation);
    if names_a_version(found) {
        // A step is taken on the record above it.
        let record = if found.method == "POST" { path.rsplit_once('/').unwrap().0 } else { &path };
        call = call.header("If-Match", client.get(record).expect(200).header("etag"));
    }
    let reply = fill(call).send();
    assert!((200..300).contains(&reply.status), "{operation}: {reply}");
    reply
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
