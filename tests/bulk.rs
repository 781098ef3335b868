//! Many records at once: what becomes of each line, in every mode, by lines and by arrays, at once and later.

use crate::harness::{Client, Reply, World, load::Busy};
use opora_identity::Role;
use serde_json::{Value, json};

pub const MEDIA_TYPE: &str = "application/x-ndjson";

/// A new record of each kind, in an order in which each finds what it refers to.
pub const LINES: &[(&str, &str)] = &[
    ("municipalities", r#"{"oktmo":"22611000","name":"Лесной","kind":"district"}"#),
    (
        "schools",
        r#"{"code":"520961","name":"Лесная школа","oktmo":"22611000","kind":"secondary","locality":"rural","founder":"municipal","opened_on":"1980-09-01"}"#,
    ),
    ("contexts", r#"{"school_code":"520961","academic_year":"2018/2019","pupils":340,"wards":12}"#),
    (
        "results",
        r#"{"school_code":"520961","academic_year":"2018/2019","type":"OGE","grade":9,"subject":"02","participants":30,"below_minimum":9,"mean_score":3.45}"#,
    ),
    (
        "staff",
        r#"{"external_id":"b-1","school_code":"520961","role":"teacher","full_name":"Петров Пётр Петрович","fte":0.75,"birth_year":1995}"#,
    ),
    (
        "designations",
        r#"{"school_code":"520961","kind":"high_result","act":"Приказ № 1","act_date":"2020-07-01"}"#,
    ),
    (
        "support_records",
        r#"{"external_id":"b-1","form":"mentoring","programme":"Уроки","starts_on":"2021-02-01","ends_on":"2021-03-01","completed":true}"#,
    ),
];

const CONTEXTS: &str = "/api/v1/contexts/bulk";

fn path(kind: &str) -> String {
    format!("/api/v1/{}/bulk", kind.replace('_', "-"))
}

fn send(client: &Client, path: &str, lines: &[Value]) -> Reply {
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    client.call("POST", path).body(MEDIA_TYPE, lines.join("\n")).send()
}

fn context(code: &str, pupils: i64) -> Value {
    json!({ "school_code": code, "academic_year": "2017/2018", "pupils": pupils })
}

fn statuses(reply: &Reply) -> Vec<&str> {
    reply.json["lines"].as_array().unwrap().iter().map(|line| line["status"].as_str().unwrap()).collect()
}

/// The numbers of pupils that were written here, by school.
fn pupils(world: &World) -> Vec<i64> {
    let page = world.client(Role::Admin).get("/api/v1/contexts?academic_year=2017%2F2018").expect(200);
    page.items().iter().map(|item| item["pupils"].as_i64().unwrap()).collect()
}

both!(each_kind_is_made_changed_and_left_as_it_is, |world| {
    let admin = world.client(Role::Admin);
    for (kind, line) in LINES {
        let once = || admin.call("POST", &path(kind)).body(MEDIA_TYPE, *line).send().expect(200);
        let made = once();
        assert_eq!(statuses(&made), ["created"], "{kind}: {made}");
        assert_eq!(made.json["report"]["created"], 1, "{made}");
        let has_id = !["contexts", "results"].contains(kind);
        assert_eq!(made.json["lines"][0]["id"].is_i64(), has_id, "{kind}: {made}");
        let again = once();
        assert_eq!(statuses(&again), ["unchanged"], "{kind}: {again}");
        assert_eq!(again.json["lines"][0]["id"], made.json["lines"][0]["id"], "{kind}");
        assert_eq!(again.json["lines"][0]["key"], made.json["lines"][0]["key"], "{kind}");
        assert!(!made.json["lines"][0]["key"].as_object().unwrap().is_empty(), "{kind}");
    }
    let school = admin.get("/api/v1/schools/code:520961").expect(200);
    let mut line: Value = serde_json::from_str(LINES[1].1).unwrap();
    line["name"] = json!("Школа в лесу");
    let changed = send(&admin, &path("schools"), &[line]).expect(200);
    assert_eq!(statuses(&changed), ["updated"]);
    assert_eq!(changed.json["lines"][0]["id"], school.json["id"]);
    let school = admin.get("/api/v1/schools/code:520961").expect(200);
    assert_eq!(
        (&school.json["name"], &school.json["opened_on"]),
        (&json!("Школа в лесу"), &json!("1980-09-01"))
    );
});

both!(an_atomic_write_with_a_refused_line_writes_nothing, |world| {
    let admin = world.client(Role::Admin);
    let lines = [
        context("520101", 1),
        json!({ "school_code": "599999", "academic_year": "2017/2018", "pupil": 1, "pupils": "2" }),
        context("520101", 3),
        json!([]),
    ];
    let reply = send(&admin, CONTEXTS, &lines).expect(422).problem("invalid_fields");
    assert_eq!(
        reply.flaws(),
        [
            ("/1/pupil", "unknown_field"),
            ("/1/pupils", "wrong_format"),
            ("/1/school_code", "unknown_reference"),
            ("/2", "duplicate_key"),
            ("/3", "wrong_format")
        ],
        "{reply}"
    );
    assert_eq!(reply.json["errors"][0]["suggestion"], "pupils");
    assert_eq!(pupils(world), [0i64; 0]);
    // The import tells of every line; nothing was written, but the good one would have been.
    let detail = reply.json["detail"].as_str().unwrap().to_owned();
    let address = detail.split_whitespace().last().unwrap();
    let first = admin.get(&format!("{address}?limit=3")).expect(200);
    let told: Vec<_> =
        first.items().iter().map(|line| (&line["line"], line["status"].as_str().unwrap())).collect();
    assert_eq!(told, [(&json!(1), "created"), (&json!(2), "refused"), (&json!(3), "refused")]);
    assert_eq!(first.items()[1]["errors"][0]["pointer"], "/pupil");
    assert_eq!(first.items()[1]["errors"][0]["suggestion"], "pupils");
    let rest = admin.get(&first.next().unwrap()).expect(200);
    assert_eq!((rest.items().len(), rest.next()), (1, None));
});

both!(best_effort_writes_the_good_lines_and_a_dry_run_none, |world| {
    let admin = world.client(Role::Admin);
    let lines = [context("520101", 5), context("599999", 6)];
    let dry = send(&admin, &format!("{CONTEXTS}?dry_run=true"), &lines).expect(200);
    assert_eq!(statuses(&dry), ["created", "refused"]);
    assert_eq!((&dry.json["report"]["applied"], pupils(world)), (&json!(false), vec![]));
    let done = send(&admin, &format!("{CONTEXTS}?mode=best_effort"), &lines).expect(200);
    assert_eq!(statuses(&done), ["created", "refused"]);
    assert_eq!(done.json["lines"][1]["errors"][0]["code"], "unknown_reference");
    assert_eq!(
        done.json["lines"][1]["key"],
        json!({ "school_code": "599999", "academic_year": "2017/2018" })
    );
    assert_eq!(pupils(world), [5]);
    let ru = admin.call("POST", CONTEXTS).header("Accept-Language", "ru").body(MEDIA_TYPE, "{}").send();
    assert_eq!(ru.expect(422).json["errors"][0]["message"], "нужно значение");
});

both!(an_array_is_as_good_as_lines, |world| {
    let admin = world.client(Role::Admin);
    let pretty = serde_json::to_string_pretty(&json!([context("520101", 7), context("520102", 8)])).unwrap();
    let done = admin.call("POST", CONTEXTS).body("application/json", pretty).send().expect(200);
    assert_eq!(statuses(&done), ["created", "created"]);
    assert_eq!(pupils(world), [7, 8]);
    for wrong in ["{}", "[1,]", "[", ""] {
        admin
            .call("POST", CONTEXTS)
            .body("application/json", wrong)
            .send()
            .expect(400)
            .problem("invalid_json");
    }
});

both!(what_is_no_body_of_lines_is_refused, |world| {
    let admin = world.client(Role::Admin);
    let body = |media_type: &str, body: &str| admin.call("POST", CONTEXTS).body(media_type, body).send();
    body("text/csv", "{}").expect(415).problem("unsupported_media_type");
    body(MEDIA_TYPE, "").expect(422).problem("invalid_file");
    body(MEDIA_TYPE, "\n\n").expect(422).problem("invalid_file");
    let none = body("application/json", "[]").expect(422).problem("invalid_file");
    assert!(none.text.contains("no record") && !none.text.contains("header"), "{none}");
    let many = "{}\n".repeat(10_001);
    body(MEDIA_TYPE, &many).expect(422).problem("invalid_file");
    body(MEDIA_TYPE, &" ".repeat(8 * 1024 * 1024 + 1)).expect(413).problem("body_too_large");
    let unknown = send(&admin, &format!("{CONTEXTS}?dryrun=true"), &[context("520101", 1)]);
    let unknown = unknown.expect(400).problem("unknown_parameter");
    assert_eq!(unknown.json["errors"][0]["suggestion"], "dry_run");
    assert_eq!(pupils(world), [0i64; 0]);
});

both!(who_prefers_not_to_wait_gets_a_job, |world| {
    let admin = world.client(Role::Admin);
    let lines = format!("{}\n{}", context("520101", 9), context("599999", 9));
    let call = || admin.call("POST", &format!("{CONTEXTS}?mode=best_effort")).body(MEDIA_TYPE, lines.clone());
    let queued = call().header("Prefer", "respond-async").send().expect(202);
    assert_eq!(queued.header("preference-applied"), "respond-async");
    let loaded = admin.loaded(&queued);
    assert_eq!(loaded.job["state"], "succeeded");
    assert_eq!(queued.header("location"), format!("/api/v1/imports/{}", loaded.id));
    let told = admin.get(&format!("/api/v1/imports/{}/lines", loaded.id)).expect(200);
    assert_eq!(told.items()[0]["status"], "created");
    assert_eq!(told.items()[1]["errors"][0]["code"], "unknown_reference");
    // Behind another file of the kind: whoever does not wait long enough finds it later.
    let busy = Busy::with(world, "import_contexts");
    let late = call().header("Prefer", "wait=1").send().expect(202);
    assert_eq!(late.header("preference-applied"), "");
    busy.end(world);
    assert_eq!(admin.loaded(&late).import["report"]["unchanged"], 1);
});

both!(a_repeated_write_gives_the_first_answer, |world| {
    let admin = world.client(Role::Admin);
    let call = |key: &str, pupils: i64| {
        let line = context("520101", pupils).to_string();
        admin.call("POST", CONTEXTS).header("Idempotency-Key", key).body(MEDIA_TYPE, line).send()
    };
    let first = call("k", 10).expect(200);
    let second = call("k", 10).expect(200);
    assert_eq!(first.json, second.json);
    assert_eq!(statuses(&second), ["created"]);
    call("k", 11).expect(422).problem("idempotency_mismatch");
    assert_eq!(pupils(world), [10]);
});

both!(a_municipality_writes_about_its_own_schools, |world| {
    let own = world.client(Role::Municipality);
    let lines = [context("520101", 12), context("520201", 13)];
    let done = send(&own, &format!("{CONTEXTS}?mode=best_effort"), &lines).expect(200);
    assert_eq!(statuses(&done), ["created", "refused"]);
    assert_eq!(done.json["lines"][1]["errors"][0]["code"], "unknown_reference");
    let result = |code: &str| {
        json!({ "school_code": code, "academic_year": "2018/2019", "type": "OGE", "grade": 9, "subject": "02",
            "participants": 30, "below_minimum": 9 })
    };
    let support = |code: &str| {
        json!({ "external_id": format!("person-{code}"), "form": "mentoring", "programme": "Уроки",
            "starts_on": "2021-02-01" })
    };
    let cases = [
        ("results", [result("520101"), result("520201")]),
        ("support_records", [support("520101"), support("520201")]),
    ];
    for (kind, lines) in cases {
        let done = send(&own, &format!("{}?mode=best_effort", path(kind)), &lines).expect(200);
        assert_eq!(statuses(&done), ["created", "refused"], "{kind}");
        assert_eq!(done.json["lines"][1]["errors"][0]["code"], "unknown_reference", "{kind}");
    }
    send(&own, &path("schools"), &[json!({})]).expect(403).problem("forbidden");
    send(&world.client(Role::Reader), CONTEXTS, &lines).expect(403).problem("forbidden");
});

both!(followers_are_told_of_what_was_written, |world| {
    let admin = world.client(Role::Admin);
    let place =
        admin.get("/api/v1/changes/position").expect(200).json["position"].as_str().unwrap().to_owned();
    send(&admin, CONTEXTS, &[context("520101", 14)]).expect(200);
    let told = admin.get(&format!("/api/v1/changes?after={place}&resource=contexts")).expect(200);
    assert_eq!(told.items()[0]["natural_key"]["school_code"], "520101", "{told}");
});

// A spreadsheet loses leading zeros, JSON does not (D182).
both!(a_code_is_taken_as_it_stands, |world| {
    let admin = world.client(Role::Admin);
    let school = |code: &str| {
        json!({ "code": code, "name": "Школа", "oktmo": "22601000", "kind": "secondary", "locality": "rural",
            "founder": "municipal" })
    };
    let reply = send(&admin, &path("schools"), &[school("005201"), school("5201")]).expect(422);
    assert_eq!(reply.flaws(), [("/1/code", "wrong_format")]);
    send(&admin, &path("schools"), &[school("005201")]).expect(200);
    let place = json!({ "oktmo": "2611000", "name": "Лесной", "kind": "district" });
    let refused = [
        ("contexts", context("5201", 10), "/0/school_code", "unknown_reference"),
        (
            "designations",
            json!({ "school_code": "5201", "kind": "M1" }),
            "/0/school_code",
            "unknown_reference",
        ),
        ("municipalities", place, "/0/oktmo", "wrong_length"),
    ];
    for (kind, line, pointer, reason) in refused {
        let reply = send(&admin, &path(kind), &[line]).expect(422);
        assert_eq!(reply.flaws(), [(pointer, reason)], "{kind}");
    }
});
