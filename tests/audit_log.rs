//! The audit log over HTTP and at the command line: who may read it, filters, pages, the file, the chain.

use crate::harness::{Client, Reply, World, process::run};
use opora_db::audit::seal::seal;
use opora_identity::Role;
use serde_json::{Value, json};

const LOG: &str = "/api/v1/audit-log";
const FILE: &str = "/api/v1/exports/audit-log";
const CHAIN: &str = "/api/v1/audit-verification";

/// A municipality made and renamed, on requests of these names.
fn write(world: &World) -> Value {
    let admin = world.client(Role::Admin);
    let body = json!({ "oktmo": "22699000", "name": "Дальний", "kind": "district" });
    let call = |method: &str, path: &str, id: &str| {
        admin.call(method, path).header("X-Request-Id", id).header("If-Match", "\"1\"")
    };
    let made =
        admin.call("POST", "/api/v1/municipalities").header("X-Request-Id", "first").json(&body).send();
    let made = made.expect(201);
    let renamed = call("PATCH", made.header("location"), "second").json(&json!({ "name": "Ближний" })).send();
    renamed.expect(200);
    world.client(Role::Institute).get("/api/v1/staff").expect(200);
    made.json["id"].clone()
}

fn ids(reply: &Reply) -> Vec<i64> {
    reply.items().iter().map(|entry| entry["id"].as_i64().unwrap()).collect()
}

fn listed(client: &Client, query: &str) -> Vec<Value> {
    client.get(&format!("{LOG}?limit=1000&{query}")).expect(200).items().to_vec()
}

both!(an_entry_says_who_did_what_when_and_what_it_was, |world| {
    let (id, admin) = (write(world), world.client(Role::Admin));
    let of_record = listed(&admin, &format!("resource=municipalities&key={id}"));
    let [update, create] = &of_record[..] else { panic!("{of_record:?}") };
    let told = ["actor_kind", "actor", "request_id", "action", "resource", "key"].map(|f| update[f].clone());
    assert_eq!(json!(told), json!(["user", "admin", "second", "update", "municipalities", id.to_string()]));
    let name = |entry: &Value, side: &str| entry[side]["name"].clone();
    assert_eq!((name(update, "before"), name(update, "after")), (json!("Дальний"), json!("Ближний")));
    assert_eq!((&create["before"], name(create, "after")), (&Value::Null, json!("Дальний")));
    assert!(create["id"].as_i64() < update["id"].as_i64() && create["at"].as_str() <= update["at"].as_str());
    seal(&world.node.state.database, || true).unwrap();
    let one = admin.get(&format!("{LOG}/{}", create["id"])).expect(200);
    assert_eq!(one.json["seal"]["hash"].as_str().map(str::len), Some(64));
    let mut bare = one.json.clone();
    bare.as_object_mut().unwrap().remove("seal");
    assert_eq!(&bare, create);
    admin.get(&format!("{LOG}/999999999")).expect(404).problem("not_found");
});

both!(filters_narrow_the_log, |world| {
    write(world);
    let admin = world.client(Role::Admin);
    let all = |query: &str, holds: &dyn Fn(&Value) -> bool| {
        let found = listed(&admin, query);
        assert!(!found.is_empty() && found.iter().all(holds), "{query}: {found:?}");
        found
    };
    all("resource=users", &|e| e["resource"] == "users");
    all("actor=institute", &|e| e["actor"] == "institute");
    all("action=read", &|e| e["action"] == "read");
    assert_eq!(all("request_id=second", &|e| e["action"] == "update").len(), 1);
    let at = listed(&admin, "request_id=second")[0]["at"].as_str().unwrap().to_owned();
    let (from, to) = (listed(&admin, &format!("from={at}")), listed(&admin, &format!("to={at}")));
    assert!(from.iter().all(|e| e["at"].as_str().unwrap() >= at.as_str()));
    assert!(to.iter().any(|e| e["request_id"] == "first"));
    assert!(!to.iter().any(|e| e["request_id"] == "second"), "the end is not in it");
    for bad in ["key=1", "action=erase", "from=yesterday", "actor=", "resource=%00", "sort=at", "limit=0"] {
        admin.get(&format!("{LOG}?{bad}")).expect(400).refused_query();
    }
});

both!(pages_go_back_in_time_whatever_is_written_meanwhile, |world| {
    write(world);
    let admin = world.client(Role::Admin);
    let whole = ids(&admin.get(&format!("{LOG}?limit=1000&to=2100-01-01T00:00:00Z")).expect(200));
    assert!(whole.len() > 10 && whole.is_sorted_by(|a, b| a > b));
    let (mut next, mut walked) = (Some(format!("{LOG}?limit=4&to=2100-01-01T00:00:00Z")), Vec::new());
    while let Some(path) = next {
        // Each page leaves an entry itself, above where the next one starts.
        let page = admin.get(&path).expect(200);
        walked.extend(ids(&page));
        next = page.next();
    }
    assert_eq!(walked[walked.len() - whole.len()..], whole);
    let cursor = admin.get(&format!("{LOG}?limit=1")).next().unwrap();
    admin.get(&format!("{cursor}&actor=admin")).expect(400).problem("invalid_cursor");
});

both!(reading_the_log_is_recorded, |world| {
    let admin = world.client(Role::Admin);
    let shown = admin.get(&format!("{LOG}?actor=system&limit=2")).expect(200);
    let newest = &listed(&admin, "resource=audit-log")[0];
    let given = json!({ "entries": 2, "from": ids(&shown)[1], "to": ids(&shown)[0] });
    assert_eq!((&newest["action"], &newest["after"]["given"]), (&json!("read"), &given), "{newest}");
    assert_eq!(newest["after"]["filter"]["actor"], "system");
    let before = world.storage.number("SELECT count(*) AS n FROM audit_log");
    assert!(listed(&admin, "actor=nobody").is_empty());
    admin.get(CHAIN).expect(200);
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM audit_log"), before, "nothing shown");
});

both!(the_log_is_the_administrators, |world| {
    for role in Role::ALL.iter().filter(|role| **role != Role::Admin) {
        for path in [LOG, FILE, CHAIN, &format!("{LOG}/1")] {
            world.client(*role).get(path).expect(403).problem("forbidden");
        }
    }
    let refused = json!({ "name": "Сборщик", "scopes": ["audit:read"] });
    let refused = world.client(Role::Admin).post(crate::harness::oauth::CLIENTS, &refused).expect(422);
    assert_eq!(refused.flaws(), [("/scopes/0", "reserved_to_people")]);
});

both!(the_log_as_a_file, |world| {
    write(world);
    let admin = world.client(Role::Admin);
    let lines = admin.get(&format!("{FILE}?format=ndjson&resource=municipalities")).expect(200);
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    assert_eq!(lines.header("content-disposition"), "attachment; filename=\"audit-log.ndjson\"");
    let entries: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut expected = listed(&admin, "resource=municipalities");
    expected.reverse();
    assert_eq!(entries, expected, "the same entries, the oldest first");
    let table = admin.call("GET", &format!("{FILE}?request_id=second")).header("Accept", "text/csv").send();
    let table = table.expect(200);
    let rows: Vec<&str> = table.text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(rows.len(), 2, "{table}");
    assert!(rows[0].starts_with("Запись;Время (UTC);") && rows[1].contains(";second;update;municipalities;"));
    assert!(rows[1].contains("\"\"name\"\":\"\"Ближний\"\""), "{table}");
    let recorded = &listed(&admin, "resource=audit-log")[0];
    assert_eq!(recorded["after"]["given"]["format"], "csv", "{recorded}");
    // The export of everything ends with what had been written before it was asked for.
    let newest = world.storage.number("SELECT max(id) AS n FROM audit_log");
    let all = admin.get(&format!("{FILE}?format=ndjson")).expect(200);
    let last: Value = serde_json::from_str(all.text.lines().last().unwrap()).unwrap();
    assert_eq!(last["id"], newest);
    admin.get(&format!("{FILE}?format=pdf")).expect(400).problem("invalid_parameter");
    admin.call("GET", FILE).header("Accept", "application/pdf").send().expect(406).problem("not_acceptable");
});

both!(the_chain_is_verified_block_by_block, |world| {
    let (admin, database) = (world.client(Role::Admin), &world.node.state.database);
    for _ in 0..3 {
        admin.get("/api/v1/users").expect(200);
        seal(database, || true).unwrap();
    }
    let whole = admin.get(CHAIN).expect(200);
    assert_eq!((&whole.json["holds"], &whole.json["findings"]), (&json!(true), &json!([])), "{whole}");
    assert_eq!((&whole.json["upto"], &whole.json["unsealed"]), (&whole.json["head"], &json!(0)));
    let (mut next, mut blocks, mut entries) = (Some(format!("{CHAIN}?limit=1")), 0, 0);
    while let Some(path) = next {
        let part = admin.get(&path).expect(200);
        assert_eq!(part.json["holds"], true, "{part}");
        blocks += part.json["blocks"].as_i64().unwrap();
        entries += part.json["entries"].as_i64().unwrap();
        next = part.next();
    }
    assert!(blocks >= 3);
    assert_eq!(json!([blocks, entries]), json!([whole.json["blocks"], whole.json["entries"]]));
    let head = |block: &Value, hash: &Value| format!("{CHAIN}?head={block}:{}", hash.as_str().unwrap());
    let kept = &whole.json["head"];
    assert_eq!(admin.get(&head(&kept["block"], &kept["hash"])).expect(200).json["holds"], true);
    let strayed = admin.get(&head(&json!(1), &kept["hash"])).expect(200);
    assert_eq!(strayed.json["findings"], json!([{ "fault": "head_differs", "block": 1, "entry_id": null }]));
    let ahead = admin.get(&head(&json!(999), &kept["hash"])).expect(200);
    assert_eq!(
        (&ahead.json["holds"], &ahead.json["findings"][0]["fault"]),
        (&json!(false), &json!("head_missing"))
    );
    for bad in ["head=1", "head=0:00", "cursor=x", "limit=0"] {
        admin.get(&format!("{CHAIN}?{bad}")).expect(400);
    }
});

both!(the_command_line_exports_and_leaves_its_record, |world| {
    let id = write(world);
    let file = world.storage.dir.path().join("audit.ndjson");
    let arguments =
        ["audit", "export", "--format", "ndjson", "--resource", "municipalities", "--action", "update"];
    let output = run(&world.storage, &[&arguments[..], &["--output", file.to_str().unwrap()]].concat(), &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(&file).unwrap();
    let entry: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((text.lines().count(), &entry["key"]), (1, &json!(id.to_string())));
    let newest = &listed(&world.client(Role::Admin), "resource=audit-log")[0];
    let by = ["actor_kind", "actor", "request_id"].map(|field| newest[field].as_str().unwrap());
    assert_eq!(by, ["system", "system", "command line: audit export"]);
    for wrong in [["--action", "erase"], ["--from", "yesterday"], ["--format", "xlsx"], ["--key", "1"]] {
        let output = run(&world.storage, &[&["audit", "export"], &wrong[..]].concat(), &[]);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
    for action in ["verify", "export"] {
        let help = run(&world.storage, &["audit", action, "--help"], &[]);
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.lines().count() > 15 && help.contains("Example"), "{help}");
    }
});
