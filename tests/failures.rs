//! What goes wrong around the server: two files at once, a server killed at work, a full disk, a database that goes away.

use crate::harness::{
    Client, Reply, Server, World,
    seed::PASSWORD,
    storage::Storage,
    stuck::Stuck,
    time::{LONG, within},
    world::Node,
};
use diesel::connection::SimpleConnection;
use opora_identity::Role;
use serde_json::{Value, json};
use std::{fmt::Write, sync::mpsc, thread, time::Duration};

const CODES: [&str; 5] = ["520101", "520102", "520201", "520301", "529901"];

fn contexts(pupils: i64) -> String {
    let rows: String = CODES.iter().map(|code| format!("{code};2016/2017;{pupils}\n")).collect();
    format!("Код ОО;Учебный год;Количество обучающихся\n{rows}")
}

both!(two_files_of_one_kind_at_once_come_one_after_another, |world| {
    let second_node = world.another_node(|_| {});
    let clients = [world.client(Role::Admin), second_node.log_in("institute")];
    let loaded = thread::scope(|scope| {
        let load = |(client, pupils): (&Client, i64)| client.load("contexts", contexts(pupils)).counts();
        let calls: Vec<_> =
            clients.iter().zip([100, 200]).map(|call| scope.spawn(move || load(call))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect::<Vec<_>>()
    });
    // Whichever came first created, the other updated: nothing in between.
    let (first, second) = ([5, 0, 0, 0], [0, 5, 0, 0]);
    assert!(loaded == [first, second] || loaded == [second, first], "{loaded:?}");
    let kept = if loaded[0] == second { 100 } else { 200 };
    let count = |condition: &str| {
        world
            .storage
            .number(&format!("SELECT count(*) AS n FROM contexts WHERE academic_year = 2016 AND {condition}"))
    };
    assert_eq!((count(&format!("pupils = {kept}")), count("version = 2"), count("1 = 1")), (5, 5, 5));
});

/// Rows that keep a server busy long enough to be killed at work.
const MANY: i64 = 60_000;

fn many_people() -> String {
    let mut text = String::from("Идентификатор;Код ОО;Должность;Предмет;ФИО;Стаж (лет)\n");
    for n in 0..MANY {
        let code = CODES[n as usize % CODES.len()];
        writeln!(text, "id-{n};{code};Учитель;Математика;Учитель номер {n};{}", n % 40).unwrap();
    }
    text
}

/// Two seconds of silence, and on PostgreSQL another server takes a job over. The embedded database is let go of at the
/// start.
const LEASE: &[(&str, &str)] = &[("LEASE_SECONDS", "2")];

/// Lets another server take up what a dead one left of the import `sent`: it has one effect.
fn taken_up_again(storage: &Storage, sent: &Reply, table: &str, rows: i64, before: i64) {
    let count = format!("SELECT count(*) AS n FROM {table}");
    assert_eq!(storage.number(&count), before, "a dead server has written a part");
    let again = Server::start(storage, LEASE);
    let loaded = again.client.loaded(sent).succeeded([rows, 0, 0, 0]);
    assert_eq!(loaded.job["attempts"], 2);
    assert_eq!(storage.number(&count), before + rows);
    assert_eq!(storage.number(&format!("{count} WHERE version > 1")), 0);
    let journal =
        format!("SELECT count(*) AS n FROM change_journal WHERE operation = 'load' AND resource = '{table}'");
    assert_eq!(storage.number(&journal), CODES.len() as i64, "an entry for each school");
    // The file goes a moment after the job has ended.
    within(LONG, "what a dead server left is not swept at the next start", || storage.temporary_files() == 0);
}

fn killed_while_reading(storage: &Storage) {
    let before = storage.number("SELECT count(*) AS n FROM staff");
    // It must not end before it is killed.
    let stuck = Stuck::at(storage, "INSERT", "staff");
    let mut server = Server::start(storage, LEASE);
    let sent = server.client.send_file("staff", many_people()).expect(202);
    let job = sent.json["job_id"].as_i64().unwrap();
    let at_work = server.client.job_when(job, |job| job["progress"]["done"].as_i64() > Some(0));
    assert_eq!(
        (&at_work["state"], &at_work["attempts"]),
        (&json!("running"), &json!(1)),
        "killed too late: {at_work}"
    );
    server.kill();
    stuck.free();
    assert_eq!(storage.temporary_files(), 1, "the file it was reading");
    taken_up_again(storage, &sent, "staff", MANY, before);
}

/// A live worker keeps its job however long it works; a dead one keeps it for the rest of its lease.
#[test]
fn a_lease_runs_out_by_itself() {
    let world = World::postgres();
    let node = world.another_node(|config| config.lease_seconds = 2);
    let client = node.log_in("admin");
    let stuck = Stuck::at(&world.storage, "INSERT", "contexts");
    let sent = client.send_file("contexts", contexts(100)).expect(202);
    stuck.wait();
    thread::sleep(Duration::from_secs(4));
    let job = client.get(&format!("/api/v1/jobs/{}", sent.json["job_id"])).expect(200).json;
    assert_eq!((&job["state"], &job["attempts"]), (&json!("running"), &json!(1)));
    drop(stuck);
    assert_eq!(client.loaded(&sent).succeeded([5, 0, 0, 0]).job["attempts"], 1);
}

/// Killed in the transaction that writes the rows and ends the job.
fn killed_in_the_last_write(storage: &Storage) {
    let before = storage.number("SELECT count(*) AS n FROM contexts");
    let stuck = Stuck::at(storage, "INSERT", "contexts");
    let mut server = Server::start(storage, LEASE);
    let sent = server.client.send_file("contexts", contexts(100)).expect(202);
    stuck.wait();
    server.kill();
    stuck.free();
    taken_up_again(storage, &sent, "contexts", 5, before);
}

#[test]
fn a_server_killed_in_its_last_write_on_postgres() {
    killed_in_the_last_write(&Storage::postgres());
}

#[test]
fn a_server_killed_in_its_last_write_on_sqlite() {
    killed_in_the_last_write(&Storage::sqlite());
}

/// Kills a server while it takes the step `action` of the first report: `expected` is what stands of it afterwards.
fn killed_while(storage: &Storage, login: &str, action: &str, expected: &Value) {
    let stuck = Stuck::at(storage, "UPDATE", "reports");
    let mut server = Server::start(storage, LEASE);
    server.client.log_in(login);
    let etag = server.client.get(FIRST_REPORT).header("etag").to_owned();
    let (client, step) = (server.client.clone(), format!("{FIRST_REPORT}/{action}"));
    let again = step.clone();
    let cut_off = thread::spawn(move || client.call("POST", &again).header("If-Match", &etag).send());
    stuck.wait();
    server.kill();
    assert!(cut_off.join().is_err(), "nobody was told that it is done");
    stuck.free();
    let mut after = Server::start(storage, LEASE);
    after.client.log_in(login);
    let report = after.client.get(FIRST_REPORT).expect(200);
    assert_eq!(
        ["state", "version", "sha256"].map(|field| &report.json[field]),
        ["state", "version", "sha256"].map(|field| &expected[field])
    );
    let done = after.client.call("POST", &step).header("If-Match", report.header("etag")).send();
    assert_eq!(done.expect(200).json["version"], json!(expected["version"].as_i64().unwrap() + 1));
}

const FIRST_REPORT: &str = "/api/v1/reports/half-year/2020-H2";

/// A server killed while a report is being frozen leaves it as it was, and the step can be taken again.
fn killed_while_freezing(storage: &Storage) {
    let draft = {
        let mut server = Server::start(storage, LEASE);
        server.client.log_in("institute");
        server
            .client
            .load("plan", include_str!("../crates/demo/data/plan-2020-2021.yaml"))
            .succeeded([54, 0, 0, 0]);
        let drafted = json!({"kind": "half-year", "period": "2020-H2"});
        server.client.post("/api/v1/reports", &drafted).expect(201).json
    };
    killed_while(storage, "institute", "submit", &draft);
    let mut server = Server::start(storage, LEASE);
    server.client.log_in("ministry");
    let submitted = server.client.get(FIRST_REPORT).expect(200).json;
    assert_eq!(submitted["state"], "submitted");
    server.kill();
    killed_while(storage, "ministry", "accept", &submitted);
    let count =
        |of: &str| storage.number(&format!("SELECT count(*) AS n FROM {of} WHERE resource = 'reports'"));
    assert_eq!((count("audit_log"), count("change_journal")), (3, 3), "one record for each step");
}

#[test]
fn a_server_killed_while_freezing_a_report_on_postgres() {
    killed_while_freezing(&Storage::postgres());
}

#[test]
fn a_server_killed_while_freezing_a_report_on_sqlite() {
    killed_while_freezing(&Storage::sqlite());
}

/// An import that is called off while its file is read; none if that was over by then. No two people of two files are one.
fn called_off(admin: &Client, file: usize) -> Option<Reply> {
    let people = many_people().replace("\nid-", &format!("\nid-{file}-"));
    let sent = admin.send_file("staff", people).expect(202);
    let job = sent.json["job_id"].as_i64().unwrap();
    admin.job_when(job, |job| job["progress"]["done"].as_i64() > Some(0));
    let asked = admin.call("POST", &format!("/api/v1/jobs/{job}/cancel")).send();
    if asked.status == 202 && asked.json["state"] == "running" {
        return Some(sent);
    }
    admin.ended(job);
    None
}

both!(a_running_import_can_be_called_off, |world| {
    let admin = world.client(Role::Admin);
    let mut before = Vec::new();
    let sent = (0..5).find_map(|file| {
        before = world.storage.contents();
        called_off(&admin, file)
    });
    let sent = sent.expect("called off too late, again and again");
    let job = sent.json["job_id"].as_i64().unwrap();
    let ended = admin.ended(job);
    assert_eq!((&ended["state"], &ended["problem"]), (&json!("cancelled"), &Value::Null));
    let after = world.storage.contents();
    let grown: Vec<_> =
        before.iter().zip(&after).filter(|(b, a)| b != a).map(|(b, a)| (b.0, a.1 - b.1)).collect();
    assert_eq!(grown, [("change_journal", 1)], "the order to stop, and nothing else");
    let import = admin.get(sent.header("location")).expect(200).json;
    assert!(import["finished_at"].is_string() && import["report"].is_null(), "{import}");
    let chunks = format!("SELECT count(*) AS n FROM import_chunks WHERE import_id = {}", import["id"]);
    assert_eq!(world.storage.number(&chunks), 0, "its bytes make room");
    // The lane is free for the next file.
    let few: String = many_people().lines().take(3).map(|line| format!("{line}\n")).collect();
    admin.load("staff", few).succeeded([2, 0, 0, 0]);
});

mod a_killed_server_takes_its_job_up_again {
    use super::{Storage, killed_while_reading};

    #[test]
    fn sqlite() {
        killed_while_reading(&Storage::sqlite());
    }

    #[test]
    fn postgres() {
        killed_while_reading(&Storage::postgres());
    }
}

/// A full disk refuses what needs room and goes on answering what does not.
fn full(client: &Client, too_much: impl Fn(&Client)) {
    too_much(client);
    for path in ["/api/v1/schools", "/api/v1/schools/code:520101", "/health/ready", "/api/v1/imports"] {
        client.get(path).expect(200);
    }
}

#[test]
fn a_full_disk_on_sqlite() {
    let storage = Storage::sqlite();
    let node = Node::start(&storage, |config| config.sqlite_quota_mib = 2);
    let client = node.log_in("admin");
    full(&client, |client| {
        // The file alone is larger than the disk.
        client.send_file("staff", many_people()).expect(507).problem("storage_full");
        assert_eq!(storage.number("SELECT count(*) AS n FROM imports"), 0);
    });
    full(&client, |client| {
        // The file has room, what it makes has not.
        let part: String = many_people().lines().take(12_000).map(|line| format!("{line}\n")).collect();
        let loaded = client.load("staff", part).failed("storage_full");
        assert_eq!(loaded.import["report"], Value::Null);
        assert_eq!(storage.number("SELECT count(*) AS n FROM staff"), CODES.len() as i64);
        assert_eq!(storage.number("SELECT count(*) AS n FROM import_chunks"), 0, "its bytes make room");
    });
    // What has room is still taken.
    client.load("contexts", contexts(100)).succeeded([5, 0, 0, 0]);
}

/// PostgreSQL has no quota: a trigger says what the server says when the disk is full.
#[test]
fn a_full_disk_on_postgres() {
    let world = World::postgres();
    let full_disk = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'could not extend file \"base/1/2\": No space left on device' USING ERRCODE = 'disk_full';
        END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON municipalities FOR EACH ROW EXECUTE FUNCTION full_disk();
        CREATE TRIGGER full_disk BEFORE INSERT ON contexts FOR EACH ROW EXECUTE FUNCTION full_disk();";
    world.storage.connect().batch_execute(full_disk).unwrap();
    full(&world.client(Role::Admin), |client| {
        let body = json!({ "oktmo": "22699000", "name": "Дальний", "kind": "district" });
        client.post("/api/v1/municipalities", &body).expect(507).problem("storage_full");
        client.load("contexts", contexts(100)).failed("storage_full");
        assert_eq!(world.storage.number("SELECT count(*) AS n FROM import_chunks"), 0);
    });
}

/// Shuts everybody out of the database, or lets them in again.
fn let_in(storage: &Storage, allowed: bool) {
    let name = storage.url.rsplit('/').next().unwrap();
    let mut admin = crate::harness::storage::admin();
    admin.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}")).unwrap();
    if !allowed {
        cut(storage);
    }
}

/// Lets everybody in again and waits until the server has seen it.
fn back(storage: &Storage, client: &Client) {
    let_in(storage, true);
    within(LONG, "the server does not find its database again", || client.get("/health/ready").status == 200);
}

/// Ends every connection to the database.
fn cut(storage: &Storage) {
    let name = storage.url.rsplit('/').next().unwrap();
    let query = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    crate::harness::storage::admin().batch_execute(&query).unwrap();
}

#[test]
fn a_database_that_goes_away_and_comes_back() {
    let world = World::postgres();
    let node = world.another_node(|config| config.connection_wait_seconds = 1);
    let client = node.log_in("admin");
    client.get("/api/v1/schools").expect(200);
    let_in(&world.storage, false);
    for path in ["/api/v1/schools", "/health/ready"] {
        client.get(path).expect(503).problem("unavailable");
    }
    let body = json!({ "oktmo": "22699000", "name": "Дальний", "kind": "district" });
    client.post("/api/v1/municipalities", &body).expect(503).problem("unavailable");
    client.send_file("contexts", contexts(100)).expect(503).problem("unavailable");
    client.get("/health/live").expect(200);
    back(&world.storage, &client);
    client.get("/api/v1/schools").expect(200);
    client.post("/api/v1/municipalities", &body).expect(201);
    client.load("contexts", contexts(100)).succeeded([5, 0, 0, 0]);
}

/// A database that goes away under a running job: the job is taken up again once its lease has run out.
#[test]
fn an_outage_in_the_middle_of_an_import() {
    // One node alone: another would take the job over whenever this one is held up.
    let storage = Storage::postgres();
    let node = Node::start(&storage, |config| {
        (config.connection_wait_seconds, config.lease_seconds) = (1, 2);
    });
    let client = node.log_in("admin");
    let before = storage.number("SELECT count(*) AS n FROM staff");
    // It must not end before the database is gone, which ends this hold as well.
    let _stuck = Stuck::at(&storage, "INSERT", "staff");
    let sent = client.send_file("staff", many_people()).expect(202);
    let job = sent.json["job_id"].as_i64().unwrap();
    client.job_when(job, |job| job["progress"]["done"].as_i64() > Some(0));
    let_in(&storage, false);
    thread::sleep(Duration::from_secs(3));
    back(&storage, &client);
    let loaded = client.loaded(&sent).succeeded([MANY, 0, 0, 0]);
    assert_eq!(loaded.job["attempts"], 2);
    assert_eq!(storage.number("SELECT count(*) AS n FROM staff"), before + MANY);
}

/// Connections that died while they were idle: a write finds a live one, as a read does.
#[test]
fn a_write_after_an_outage_is_taken_at_once() {
    let world = World::postgres();
    let client = world.client(Role::Admin);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| client.get("/api/v1/schools").expect(200));
        }
    });
    cut(&world.storage);
    let body = json!({ "oktmo": "22699000", "name": "Дальний", "kind": "district" });
    client.post("/api/v1/municipalities", &body).expect(201);
}

/// SQLite has one writer. Others wait for it as long as for a connection, then they are told to come again.
#[test]
fn a_write_that_takes_long_holds_nobody_up_for_ever() {
    let world = World::sqlite();
    let node = world.another_node(|config| config.connection_wait_seconds = 1);
    let reader = node.log_in("admin");
    let database = node.state.database.clone();
    let ((begun, hear), (end, wait)) = (mpsc::channel(), mpsc::channel());
    let long = thread::spawn(move || {
        database.keep_books(|_| {
            begun.send(()).unwrap();
            wait.recv().unwrap();
            Ok(())
        })
    });
    hear.recv().unwrap();
    let refused = node.stranger().try_log_in("admin", PASSWORD).expect(503).problem("unavailable");
    assert!(!refused.header("retry-after").is_empty());
    reader.get("/api/v1/schools").expect(200);
    end.send(()).unwrap();
    long.join().unwrap().unwrap();
    node.stranger().try_log_in("admin", PASSWORD).expect(200);
}

/// A restart of the database between two requests is not seen by those who read.
#[test]
fn cut_connections_are_replaced() {
    let world = World::postgres();
    let client = world.client(Role::Admin);
    for _ in 0..3 {
        client.get("/api/v1/schools").expect(200);
        cut(&world.storage);
        client.get("/api/v1/schools").expect(200);
    }
}
