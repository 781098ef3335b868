//! Every operation of the contract times every role.

use crate::{
    audit_stories::tell_all,
    harness::{
        Client, Reply, World,
        contract::{Operation, operations, secured},
        seed::Seed,
        walk::{Clients, There, query},
    },
};
use opora_identity::{
    Permission, Role,
    sessions::SessionId,
    users::{self, User},
};
use opora_schools::import::ImportKind;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A value for each path parameter, of something that does not exist: nothing is changed by walking.
fn nothing(parameter: &str) -> Option<String> {
    let value = match parameter {
        "id" | "run_id" | "school_id" | "municipality_id" | "list_id" | "import_id" | "job_id"
        | "staff_id" | "proposal_id" | "assignment_id" => "999999999",
        "school" => "code:599999",
        "academic_year" | "year" => "1999",
        "model" | "code" | "stage" => "nothing",
        "format" => "csv",
        "version" => "999",
        "activity" => "9.99",
        "kind" => "half-year",
        "period" => "2020-H2",
        "plan" => "no-plan",
        "number" => "1",
        "secret_id" | "delivery_id" => "999999999",
        _ => return None,
    };
    Some(value.to_owned())
}

/// Operations that only the whole region may ask for, whatever the permissions: a user of a municipality or of a school
/// gets 403. Each stands here with its reason.
pub const WHOLE_REGION: &[(&str, &str)] = &[
    ("create_municipality", "a municipality is a part of the region's register"),
    ("update_municipality", "what it is called and what it lies in is said there"),
    ("delete_municipality", "and that it is gone"),
    ("create_school", "so is a school, which is in no area before it is there"),
    ("update_school", "by its municipality and its successor it could be taken to another area"),
    ("delete_school", "the register says which schools there are"),
    ("create_designation", "an act of the ministry"),
    ("update_designation", "so is its change"),
    ("delete_designation", "and its removal"),
    ("delete_results", "results are removed by who runs the registry of the region (D48)"),
    ("delete_contexts", "so are social contexts (D300)"),
    ("delete_staff_member", "and people (D300)"),
    ("list_reports", "a report is about the whole region"),
    ("list_due_reports", "so is what is due"),
    ("get_report", "it names every municipality"),
    ("get_report_file", "in every format"),
    ("get_report_chart", "and in its figures"),
    ("upsert_municipalities", "the registers are the region's, many records of them too"),
    ("upsert_schools", "so are schools"),
    ("upsert_staff", "a person could be taken from another municipality by its external id"),
    ("upsert_designations", "acts of the ministry"),
    ("create_identification_run", "schools of the whole region are compared"),
    ("create_proposal_run", "the rules are applied to all subjects"),
    ("create_act", "an act is a legal basis for the whole region"),
    ("update_act", "so is its change"),
    ("delete_act", "and its end"),
    ("update_passport_stage", "the passport is the region's"),
    ("create_working_group_seat", "the working group is the region's"),
    ("update_working_group_seat", "a change of it too"),
    ("delete_working_group_seat", "and the removal of a record of it"),
    ("confirm_fact", "what counts is decided for the whole region"),
    ("decline_fact", "and what does not"),
    ("decide_facts", "one by one or many at once"),
    ("propose_facts", "what is counted is the region's"),
    ("delete_identification_run", "a run is the region's"),
    ("delete_proposal_run", "so is a run of the rules"),
    ("delete_list", "a version of the list is the region's"),
];

fn walk(client: &Client, operation: &Operation) -> Reply {
    let call = client.call(&operation.method, &operation.path_with(nothing));
    // No body here is a good one: what is allowed ends in 4xx and has no effect.
    let content = &operation.json["requestBody"]["content"];
    let call = match content.as_object().and_then(|c| c.keys().next()).map(String::as_str) {
        Some("application/json") => call.json(&json!({ "no_such_field": 1 })),
        Some("multipart/form-data") => call.body("multipart/form-data; boundary=b", "--b--\r\n"),
        Some(media_type) => call.body(media_type, ""),
        None => call,
    };
    // A place that is none, or the stream of changes would never end.
    call.header("If-Match", "\"999\"").header("Last-Event-ID", "x").send()
}

fn is_regional(operation: &Operation) -> bool {
    WHOLE_REGION.iter().any(|(id, _)| *id == operation.id)
}

/// Whether the contract names this answer.
fn documented(operation: &Operation, reply: &Reply) -> bool {
    operation.json["responses"][reply.status.to_string()].is_object()
}

fn bounded(role: Role) -> bool {
    matches!(role, Role::Municipality | Role::School)
}

/// Every operation; last the one that ends the session the walk needs.
fn in_order() -> Vec<Operation> {
    let mut operations = operations();
    operations.sort_by_key(|operation| operation.id == "log_out");
    operations
}

fn check_role(world: &World, role: Role) -> Vec<String> {
    let mut faults = Vec::new();
    let client = world.client(role);
    for operation in &in_order() {
        let Some(permission) = operation.permission() else { continue };
        let reply = walk(&client, operation);
        let only_region = is_regional(operation) && bounded(role);
        let right = match permission.given_to(role) && !only_region {
            true => {
                ![401, 403].contains(&reply.status) && reply.status < 500 && documented(operation, &reply)
            }
            false => reply.status == 403 && reply.json["code"] == "forbidden",
        };
        if !right {
            faults.push(format!("{} as {}: {reply}", operation.id, role.as_str()));
        }
    }
    faults
}

both!(a_role_may_what_its_permissions_say, |world| {
    let faults: Vec<String> = Role::ALL.iter().flat_map(|role| check_role(world, *role)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
});

// No role has these permissions and an area that is less than the region, so a token is made for one: were a role given
// them tomorrow, these operations would still be closed to it.
both!(what_concerns_the_whole_region_is_closed_to_a_part_of_it, |world| {
    let Seed { own, reader, .. } = world.seed;
    let state = &world.node.state;
    let user = state.database.read(|db| users::find(db, reader)).unwrap();
    let bounded = User { role: Role::Institute, municipality_id: Some(own), ..user };
    let token = state.tokens.issue(&bounded, SessionId(999_999_999)).unwrap();
    let client = world.stranger().with_token(token);
    for operation in in_order() {
        let Some(permission) = operation.permission() else { continue };
        let closed = is_regional(&operation) || !permission.given_to(Role::Institute);
        let reply = walk(&client, &operation);
        assert_eq!(reply.status == 403, closed, "{}: {reply}", operation.id);
    }
    let local = ["contexts", "results", "support_records"];
    for kind in ImportKind::ALL {
        let reply = world.client(Role::Municipality).send_file(kind.as_str(), "");
        reply.expect(if local.contains(&kind.as_str()) { 202 } else { 403 });
    }
});

// A program with everything that programs may have: what is reserved to people is closed to it, all else is open.
both!(a_program_may_what_its_scopes_say, |world| {
    let scopes: Vec<&str> = Permission::FOR_CLIENTS.iter().map(|scope| scope.as_str()).collect();
    let made = world.service_client(json!({ "scopes": scopes }));
    let all = world.program(&made, Some(&scopes.join(" ")));
    let mut faults = Vec::new();
    let mut check = |client: &Client, scopes: &[Permission], exactly: bool| {
        for operation in in_order() {
            let Some(permission) = operation.permission() else { continue };
            let has = permission == Permission::ReadToken || scopes.contains(&permission);
            let reply = walk(client, &operation);
            let right = match reply.status {
                403 => !has || !exactly,
                401 => false,
                status => has && status < 500 && documented(&operation, &reply),
            };
            if !right {
                faults.push(format!("{} with {}: {reply}", operation.id, scopes.len()));
            }
        }
    };
    check(&all, Permission::FOR_CLIENTS, true);
    for scope in Permission::FOR_CLIENTS {
        // Some operations ask for a second permission inside.
        check(&world.program(&made, Some(scope.as_str())), &[*scope], false);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
});

/// Fields of a document that name a school or a municipality, however deep, with the ids.
fn places(document: &Value) -> Vec<(&str, i64)> {
    match document {
        Value::Array(items) => items.iter().flat_map(places).collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                let id = value.as_i64().filter(|_| ["school_id", "municipality_id"].contains(&name.as_str()));
                id.map(|id| (name.as_str(), id)).into_iter().chain(places(value))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The query that asks for a whole list.
fn whole(operation: &Operation) -> String {
    let needed = query(operation);
    let mark = if needed.is_empty() { '?' } else { '&' };
    let is_paged = operation.parameters().any(|parameter| parameter["name"] == "limit");
    if is_paged { format!("{needed}{mark}limit=1000") } else { needed.to_owned() }
}

// What a list is about is asked for both as the region knows it and as the program does.
both!(a_program_of_an_area_reads_of_its_own_alone, |world| {
    tell_all(world);
    let Seed { own, school, neighbour, .. } = world.seed;
    let region = Clients::of(world);
    let scopes: Vec<&str> = Permission::FOR_CLIENTS.iter().map(|scope| scope.as_str()).collect();
    let (mut faults, mut seen) = (Vec::new(), BTreeSet::new());
    for (area, schools) in [
        (json!({ "municipality_id": own }), vec![school, neighbour]),
        (json!({ "school_id": school }), vec![school]),
    ] {
        let mut draft = area;
        draft["scopes"] = json!(scopes);
        let program = world.program(&world.service_client(draft), Some(&scopes.join(" ")));
        let is_own = |(field, id): &(&str, i64)| match *field {
            "municipality_id" => *id == own.0,
            _ => schools.iter().any(|school| school.0 == *id),
        };
        let (mut all, mut inside) = (There::default(), There::default());
        let lists = secured().filter(|(operation, _)| operation.method == "GET" && operation.is_list());
        for (operation, permission) in lists.filter(|(_, scope)| Permission::FOR_CLIENTS.contains(scope)) {
            let path = operation.path;
            for path in
                [all.of(region.may(permission), path), inside.of(&program, path)].into_iter().flatten()
            {
                let reply = program.get(&(path + &whole(&operation)));
                let told = places(&reply.json["items"]);
                if ![200, 403, 404].contains(&reply.status) || !told.iter().all(is_own) {
                    faults.push(format!("{} with {} schools: {reply}", operation.id, schools.len()));
                }
                seen.extend((!told.is_empty()).then_some(operation.id));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen.len() > 12, "only these told of a place: {seen:?}");
});

both!(without_a_good_token_nothing_is_told, |world| {
    let stranger = world.stranger();
    for operation in operations().iter().filter(|o| o.permission().is_some()) {
        walk(&stranger, operation).expect(401).problem("missing_token");
        for garbage in ["garbage", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
            walk(&stranger.with_token(garbage), operation).expect(401).problem("invalid_token");
        }
    }
});

#[test]
fn only_these_operations_are_open() {
    let secured = operations().iter().filter(|o| o.permission().is_some()).count();
    assert!(secured > 40, "the walk sees {secured} secured operations");
    let mut open: Vec<&str> =
        operations().iter().filter(|o| o.permission().is_none()).map(|o| o.id).collect();
    open.sort_unstable();
    assert_eq!(
        open,
        [
            "get_calendar_feed",
            "get_keys",
            "get_liveness",
            "get_metrics",
            "get_public_summary",
            "get_readiness",
            "get_report_feed",
            "get_server_metadata",
            "introspect_token",
            "issue_token",
            "log_in",
            "refresh_session"
        ]
    );
}

#[test]
fn every_exception_names_an_operation() {
    let known: Vec<&str> = operations().iter().map(|o| o.id).collect();
    for (id, reason) in WHOLE_REGION {
        assert!(known.contains(id) && !reason.is_empty(), "{id}");
    }
}
