//! What `audit_trail` looks for traces of: every operation that writes and every one that shows people, carried out once
//! with success.

use crate::bulk;
use crate::harness::{
    Client, Reply, World,
    facts::{draft, enter, with_plan},
    load::Busy,
    oauth::Made,
    receiver::Receiver,
    region,
    trail::{act, look, send},
};
use diesel::prelude::*;
use opora_db::schema::staff;
use opora_identity::Role;
use serde_json::{Value, json};
use std::{
    fmt::Display,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

/// Nothing is sent.
const NOTHING: &Value = &Value::Null;

/// The parts of the system, one after another; a later one builds on those before. Answers every secret that was sent or
/// received.
pub fn tell_all(world: &World) -> Vec<String> {
    let mut secrets = sessions(world);
    secrets.extend(users(world));
    secrets.extend(programs(world));
    registry(world);
    support(world);
    let institute = with_plan(world);
    imports(world);
    methodologies(&institute);
    models(world, &institute);
    facts(world, &institute);
    passport(&institute);
    reports(world, &institute);
    secrets.extend(feeds(&institute));
    secrets.extend(webhooks(world, &institute));
    audit(world);
    secrets
}

fn id(made: &Reply) -> Value {
    made.json["id"].clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn sessions(world: &World) -> Vec<String> {
    let password = crate::harness::seed::PASSWORD;
    let stranger = world.stranger();
    let pair = act(&stranger, "log_in", &[], &json!({ "login": "expert", "password": password }));
    let token = text(&pair.json["refresh_token"]);
    let next = act(&stranger, "refresh_session", &[], &json!({ "refresh_token": token }));
    let expert = stranger.with_token(text(&next.json["access_token"]));
    let other = "quite another password";
    act(&expert, "change_password", &[], &json!({ "current_password": password, "password": other }));
    act(&expert, "log_out", &[], NOTHING);
    let of_pair = |pair: &Reply| ["access_token", "refresh_token"].map(|field| text(&pair.json[field]));
    [of_pair(&pair), of_pair(&next)]
        .into_iter()
        .flatten()
        .chain([password, other].map(str::to_owned))
        .collect()
}

fn users(world: &World) -> Vec<String> {
    let admin = world.client(Role::Admin);
    let password = "another four words";
    let user = json!({ "login": "trail", "display_name": "След", "password": password, "role": "reader" });
    let made = act(&admin, "create_user", &[], &user);
    act(&admin, "update_user", &[&id(&made)], &json!({ "active": false }));
    look(&admin, "list_users", &[], "");
    look(&admin, "get_user", &[&id(&made)], "");
    vec![password.to_owned()]
}

fn programs(world: &World) -> Vec<String> {
    let admin = world.client(Role::Admin);
    let made =
        act(&admin, "create_service_client", &[], &json!({ "name": "След", "scopes": ["registry:read"] }));
    act(&admin, "update_service_client", &[&id(&made)], &json!({ "name": "Другой след" }));
    let secret = act(&admin, "create_client_secret", &[&id(&made)], &json!({}));
    let known = Made {
        id: made.json["id"].as_i64().unwrap(),
        client_id: text(&made.json["client_id"]),
        secret: text(&secret.json["secret"]),
        secret_id: secret.json["id"].as_i64().unwrap(),
    };
    let token = text(&world.ask_token(&known, None).expect(200).json["access_token"]);
    act(&admin, "delete_client_secret", &[&known.id, &known.secret_id], NOTHING);
    act(&admin, "delete_service_client", &[&known.id], NOTHING);
    vec![known.secret, token]
}

fn registry(world: &World) {
    let admin = world.client(Role::Admin);
    let place = json!({ "oktmo": "22699000", "name": "Дальний", "kind": "district" });
    let place = act(&admin, "create_municipality", &[], &place);
    act(&admin, "update_municipality", &[&id(&place)], &json!({ "name": "Ближний" }));
    let school = json!({ "code": "520950", "name": "Школа", "municipality_id": id(&place), "kind": "secondary",
        "locality": "rural", "founder": "municipal" });
    let school = act(&admin, "create_school", &[], &school);
    act(&admin, "update_school", &[&id(&school)], &json!({ "name": "Другая школа" }));
    let designation = json!({ "kind": "high_result", "school_id": id(&school), "act": "Приказ № 1" });
    let designation = act(&admin, "create_designation", &[], &designation);
    act(&admin, "update_designation", &[&id(&designation)], &json!({ "act": "Приказ № 2" }));
    act(&admin, "delete_designation", &[&id(&designation)], NOTHING);
    act(&admin, "delete_school", &[&id(&school)], NOTHING);
    act(&admin, "delete_municipality", &[&id(&place)], NOTHING);
    look(&admin, "list_staff", &[], "");
    look(&admin, "list_school_staff", &[&world.seed.school], "");
}

fn support(world: &World) {
    let client = world.client(Role::Municipality);
    let person = staff::table.filter(staff::school_id.eq(world.seed.school)).select(staff::id);
    let person: i64 = world.node.state.database.read(|db| Ok(person.first(db)?)).unwrap();
    let record =
        json!({ "staff_id": person, "form": "mentoring", "programme": "Уроки", "starts_on": "2021-02-01" });
    let record = act(&client, "create_support_record", &[], &record);
    act(&client, "update_support_record", &[&id(&record)], &json!({ "programme": "Другие уроки" }));
    look(&client, "list_support_records", &[], "");
    look(&client, "get_support_record", &[&id(&record)], "");
    act(&client, "delete_support_record", &[&id(&record)], NOTHING);
    look(&client, "list_changes", &[], "?resource=support-records");
    stream(world, &client);
}

/// The first change of the stream.
fn stream(world: &World, client: &Client) {
    let mut stream = TcpStream::connect(world.node.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let token = client.token.as_ref().unwrap();
    write!(
        stream,
        "GET /api/v1/changes/stream?resource=support-records HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         X-Request-Id: stream_changes\r\n\r\n"
    )
    .unwrap();
    let told = BufReader::new(stream).lines().any(|line| line.unwrap().starts_with("data: "));
    assert!(told, "the stream has ended");
}

fn imports(world: &World) {
    let admin = world.client(Role::Admin);
    region::load(&admin);
    let busy = Busy::with(world, "import_contexts");
    let file = "Код ОО;Учебный год;Количество обучающихся\n520101;2016/2017;90\n";
    let sent = send(&admin, "create_import", &[], "?kind=contexts", |call| {
        call.body("application/octet-stream", file)
    });
    act(&admin, "cancel_job", &[&sent.json["job_id"]], NOTHING);
    busy.end(world);
    for (operation, line) in bulk::LINES {
        send(&admin, &format!("upsert_{operation}"), &[], "", |call| call.body(bulk::MEDIA_TYPE, *line));
    }
    admin.load("lists", region::list(2022, ["520101"])).succeeded([1, 0, 0, 0]);
    let newest = admin.get("/api/v1/lists").expect(200).items()[0]["id"].clone();
    act(&admin, "delete_list", &[&newest], NOTHING);
    send(&admin, "delete_results", &[], "?academic_year=2017%2F2018&type=NIKO", |call| call);
    send(&admin, "delete_contexts", &[], "?academic_year=2019%2F2020", |call| call);
    let person = "external_id;school_code;role;full_name\nleft;520101;other;Ушедший Участник\n";
    admin.load("staff", person).succeeded([1, 0, 0, 0]);
    let left = staff::table.filter(staff::external_id.eq("left")).select(staff::id);
    let left: i64 = world.node.state.database.read(|db| Ok(left.first(db)?)).unwrap();
    send(&admin, "delete_staff_member", &[&left], "", |call| call.header("If-Match", "\"1\""));
}

fn methodologies(institute: &Client) {
    let made = act(institute, "create_methodology", &[], &json!({ "code": "strict", "title": "Строгая" }));
    act(institute, "update_methodology", &[&id(&made)], &json!({ "title": "Строжайшая" }));
    act(institute, "publish_methodology", &[&id(&made)], NOTHING);
    let spare = institute.post("/api/v1/methodologies", &json!({ "code": "spare", "title": "Запасная" }));
    act(institute, "delete_methodology", &[&id(&spare)], NOTHING);
}

fn models(world: &World, institute: &Client) {
    let year = json!({ "academic_year": "2018/2019" });
    let run = act(institute, "create_identification_run", &[], &year);
    institute.ended(run.json["job_id"].as_i64().unwrap());
    let spare = institute.post("/api/v1/identification-runs", &year).expect(202);
    institute.ended(spare.json["job_id"].as_i64().unwrap());
    act(institute, "delete_identification_run", &[&id(&spare)], NOTHING);
    let rules = json!({ "identification_run_id": id(&run), "as_of": "2021-03-01" });
    let undecided = institute.post("/api/v1/proposal-runs", &rules).expect(201);
    let rules = act(institute, "create_proposal_run", &[], &rules);
    act(institute, "delete_proposal_run", &[&id(&undecided)], NOTHING);
    let proposals = |model: &str| {
        let query = format!("?proposal_run_id={}&model={model}", id(&rules));
        look(institute, "list_proposals", &[], &query).items().to_vec()
    };
    let (network, teacher) = (proposals("M7"), &proposals("M5")[0]["id"]);
    look(institute, "get_proposal", &[teacher], "");
    let assigned = act(institute, "confirm_proposal", &[teacher], &json!({}));
    act(institute, "decline_proposal", &[&network[0]["id"]], &json!({ "reason": "Отказ" }));
    let many = json!({ "ids": [network[1]["id"]], "decision": "confirm" });
    act(institute, "decide_proposals", &[], &many);
    let by_hand = json!({ "model": "M7", "subject_kind": "school", "school_id": world.seed.school,
        "valid_from": "2021-01-01", "valid_to": "2021-12-31", "reason": "По заявлению" });
    let by_hand = act(institute, "create_assignment", &[], &by_hand);
    let pause = json!({ "kind": "paused", "on_date": "2021-03-01", "reason": "Карантин" });
    act(institute, "create_assignment_event", &[&id(&by_hand)], &pause);
    look(institute, "list_assignments", &[], "?model=M5");
    look(institute, "get_assignment", &[&id(&assigned)], "");
    look(institute, "list_school_assignments", &[&assigned.json["school_id"]], "");
    look(institute, "list_indicator_rows", &[&"I2"], "");
}

fn facts(world: &World, institute: &Client) {
    let client = world.client(Role::Municipality);
    let on = |day: &str| {
        let mut fact = draft(institute);
        fact["happened_on"] = json!(day);
        fact
    };
    let fact = act(&client, "create_fact", &[], &on("2020-11-01"));
    act(&client, "update_fact", &[&id(&fact)], &json!({ "note": "Исправлено" }));
    let link = json!({ "url": "https://example.org/news/12" });
    let link = act(&client, "create_fact_evidence", &[&id(&fact)], &link);
    act(&client, "delete_evidence", &[&id(&link)], NOTHING);
    let path = format!("/api/v1/facts/{}/evidence?file_name=list.txt", id(&fact));
    let file = client.call("POST", &path).body("text/plain", "Список участников").send().expect(201);
    look(&client, "get_evidence_content", &[&id(&file)], "");
    act(institute, "confirm_fact", &[&id(&fact)], &json!({}));
    let declined = enter(&client, &on("2020-11-02"));
    act(institute, "decline_fact", &[&declined["id"]], &json!({ "reason": "Нет приказа" }));
    let one_of_many = enter(&client, &on("2020-11-03"));
    let many = json!({ "facts": [{ "id": one_of_many["id"], "version": 1 }], "decision": "confirm" });
    act(institute, "decide_facts", &[], &many);
    let mistaken = enter(&client, &on("2020-11-04"));
    act(&client, "delete_fact", &[&mistaken["id"]], NOTHING);
    act(institute, "propose_facts", &[&"2020-2021"], &json!({ "on": "2020-10-01" }));
}

fn passport(institute: &Client) {
    let order = json!({ "issuer": "Министерство образования", "kind": "order", "number": "1",
        "signed_on": "2020-05-29", "title": "О поддержке школ" });
    let order = act(institute, "create_act", &[], &order);
    act(institute, "update_act", &[&id(&order)], &json!({ "title": "О школах" }));
    act(institute, "delete_act", &[&id(&order)], NOTHING);
    act(institute, "update_passport_stage", &[&"goals"], &json!({ "criteria": ["Утверждено"] }));
    let seat = |seat: i32, role: &str| {
        json!({ "seat": seat, "role": role, "organisation": "Министерство", "position": "Заместитель министра",
            "holder": format!("Демонстрационный Участник {seat:02}"), "valid_from": "2020-05-29" })
    };
    act(institute, "create_working_group_seat", &[], &seat(1, "chair"));
    let member = institute.post("/api/v1/working-group/seats", &seat(2, "member")).expect(201);
    act(institute, "update_working_group_seat", &[&id(&member)], &json!({ "by_agreement": true }));
    look(institute, "list_working_group_seats", &[], "");
    look(institute, "get_working_group_seat", &[&id(&member)], "");
    act(institute, "delete_working_group_seat", &[&id(&member)], NOTHING);
}

fn reports(world: &World, institute: &Client) {
    let ministry = world.client(Role::Ministry);
    let keys: [&dyn Display; 2] = [&"half-year", &"2020-H2"];
    let report = |period: &str| json!({ "kind": "half-year", "period": period });
    act(institute, "create_report", &[], &report("2020-H2"));
    let texts = json!({ "texts": { "parts": { "summary": "План исполняется." } } });
    act(institute, "update_report", &keys, &texts);
    act(institute, "submit_report", &keys, NOTHING);
    act(&ministry, "return_report", &keys, &json!({ "remarks": "Уточнить." }));
    act(institute, "submit_report", &keys, NOTHING);
    act(&ministry, "accept_report", &keys, NOTHING);
    institute.post("/api/v1/reports", &report("2021-H1")).expect(201);
    act(institute, "delete_report", &[&"half-year", &"2021-H1"], NOTHING);
}

fn feeds(institute: &Client) -> Vec<String> {
    let made = act(institute, "create_feed_token", &[], &json!({ "kind": "reports" }));
    act(institute, "delete_feed_token", &[&id(&made)], NOTHING);
    let address = text(&made.json["address"]);
    vec![address.rsplit('/').next().unwrap().trim_end_matches(".atom").to_owned()]
}

fn webhooks(world: &World, institute: &Client) -> Vec<String> {
    // A message is given up after the third attempt.
    let receiver = Receiver::answering(&["500 Internal Server Error"; 3]);
    let draft = json!({ "url": receiver.url("127.0.0.1"), "events": ["schools.*"] });
    let made = act(institute, "create_webhook", &[], &draft);
    act(institute, "update_webhook", &[&id(&made)], &json!({ "description": "След" }));
    let renewed = act(institute, "rotate_webhook_secret", &[&id(&made)], NOTHING);
    let school = format!("/api/v1/schools/{}", world.seed.school);
    let tag = institute.get(&school).expect(200).header("etag").to_owned();
    institute.patch(&school, &tag, &json!({ "name": "Иная" })).expect(200);
    let dead = first_of(institute, &format!("/api/v1/webhooks/{}/deliveries?state=dead", id(&made)));
    act(institute, "replay_webhook_delivery", &[&id(&made), &dead["id"]], NOTHING);
    act(institute, "replay_webhook_deliveries", &[&id(&made)], NOTHING);
    act(institute, "delete_webhook", &[&id(&made)], NOTHING);
    [made, renewed].map(|reply| text(&reply.json["secret"])).into()
}

/// The first item of a list, as soon as there is one.
fn first_of(client: &Client, path: &str) -> Value {
    for _ in 0..400 {
        if let Some(item) = client.get(path).expect(200).items().first() {
            return item.clone();
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{path} stays empty")
}

fn audit(world: &World) {
    let admin = world.client(Role::Admin);
    let page = look(&admin, "list_audit_entries", &[], "?limit=1");
    look(&admin, "get_audit_entry", &[&page.items()[0]["id"]], "");
    look(&admin, "export_audit_log", &[], "?format=ndjson");
}
