//! What goes wrong around the server: two files at once, a server killed at work, a full disk, a database that goes away.

use crate::harness::{Client, World, storage::Storage, world::Node};
use diesel::connection::SimpleConnection;
use opora_identity::Role;
use serde_json::{Value, json};
use std::{
    fmt::Write,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const CODES: [&str; 5] = ["520101", "520102", "520201", "520301", "529901"];

fn contexts(pupils: i64) -> String {
    let rows: String = CODES.iter().map(|code| format!("{code};2016/2017;{pupils}\n")).collect();
    format!("Код ОО;Учебный год;Количество обучающихся\n{rows}")
}

both!(two_files_of_one_kind_at_once_come_one_after_another, |world| {
    let second_node = world.another_node(|_| {});
    let clients = [world.client(Role::Admin), second_node.log_in("institute")];
    let loaded = std::thread::scope(|scope| {
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

/// The real binary, killed when the test ends.
struct Server {
    child: Child,
    client: Client,
}

/// The binary beside the tests: `make build-tests` builds it.
fn binary() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let binary = tests.parent().and_then(|deps| deps.parent()).unwrap().join("opora");
    assert!(binary.exists(), "{} is not there: run make build-tests", binary.display());
    binary
}

impl Server {
    fn start(storage: &Storage) -> Self {
        let mut child = Command::new(binary())
            .arg("serve")
            .current_dir(storage.dir.path())
            .env("OPORA_DATABASE_URL", &storage.url)
            .env("OPORA_DATA_DIR", storage.dir.path())
            .env("OPORA_LISTEN", "127.0.0.1:0")
            .env("OPORA_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let address = said.strip_prefix("serving on http://").and_then(|rest| rest.split(';').next());
        let mut client = Client::of(address.unwrap_or_else(|| panic!("no address: {said}")).parse().unwrap());
        client.log_in("admin");
        Self { child, client }
    }

    /// SIGKILL: nothing in the server has a chance to tidy up.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Dead already if the test has killed it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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

/// Lets the time until the end of all leases pass: half a minute on PostgreSQL, where another node may hold them.
fn let_leases_run_out(storage: &Storage) {
    storage
        .connect()
        .batch_execute("UPDATE jobs SET lease_until = '2020-01-01 00:00:00' WHERE state = 'running'")
        .unwrap();
}

fn killed_at_work(storage: &Storage) {
    let people = "SELECT count(*) AS n FROM staff";
    let before = storage.number(people);
    let mut server = Server::start(storage);
    let sent = server.client.send_file("staff", many_people()).expect(202);
    let job = sent.json["job_id"].as_i64().unwrap();
    let at_work = server.client.job_when(job, |job| job["progress"]["done"].as_i64() > Some(0));
    assert_eq!(
        (&at_work["state"], &at_work["attempts"]),
        (&json!("running"), &json!(1)),
        "killed too late: {at_work}"
    );
    server.kill();
    assert_eq!(storage.number(people), before, "a dead server has written a part");
    // The embedded database is let go of at the start.
    if storage.url.starts_with("postgres") {
        let_leases_run_out(storage);
    }
    let again = Server::start(storage);
    let loaded = again.client.loaded(&sent).succeeded([MANY, 0, 0, 0]);
    assert_eq!(loaded.job["attempts"], 2);
    assert_eq!(storage.number(people), before + MANY);
    assert_eq!(storage.number("SELECT count(*) AS n FROM staff WHERE version > 1"), 0);
    let journal = format!(
        "SELECT count(*) AS n FROM change_journal WHERE operation = 'load' AND resource_key = '{}'",
        loaded.id
    );
    assert_eq!(storage.number(&journal), 1);
}

mod a_killed_server_takes_its_job_up_again {
    use super::{Storage, killed_at_work};

    #[test]
    fn sqlite() {
        killed_at_work(&Storage::sqlite());
    }

    #[test]
    fn postgres() {
        killed_at_work(&Storage::postgres());
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

/// Shuts everybody out of the world's database, or lets them in again.
fn let_in(world: &World, allowed: bool) {
    let name = world.storage.url.rsplit('/').next().unwrap();
    let mut admin = crate::harness::storage::admin();
    admin.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}")).unwrap();
    if !allowed {
        cut(world);
    }
}

/// Ends every connection to the world's database.
fn cut(world: &World) {
    let name = world.storage.url.rsplit('/').next().unwrap();
    let query = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    crate::harness::storage::admin().batch_execute(&query).unwrap();
}

#[test]
fn a_database_that_goes_away_and_comes_back() {
    let world = World::postgres();
    let node = world.another_node(|config| config.connection_wait_seconds = 1);
    let client = node.log_in("admin");
    client.get("/api/v1/schools").expect(200);
    let_in(&world, false);
    for path in ["/api/v1/schools", "/health/ready"] {
        client.get(path).expect(503).problem("unavailable");
    }
    let body = json!({ "oktmo": "22699000", "name": "Дальний", "kind": "district" });
    client.post("/api/v1/municipalities", &body).expect(503).problem("unavailable");
    client.send_file("contexts", contexts(100)).expect(503).problem("unavailable");
    client.get("/health/live").expect(200);
    let_in(&world, true);
    let begun = Instant::now();
    while client.get("/health/ready").status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the server does not find its database again");
        std::thread::sleep(Duration::from_millis(50));
    }
    client.get("/api/v1/schools").expect(200);
    client.post("/api/v1/municipalities", &body).expect(201);
    client.load("contexts", contexts(100)).succeeded([5, 0, 0, 0]);
}

/// A restart of the database between two requests is not seen by those who read.
#[test]
fn cut_connections_are_replaced() {
    let world = World::postgres();
    let client = world.client(Role::Admin);
    for _ in 0..3 {
        client.get("/api/v1/schools").expect(200);
        cut(&world);
        client.get("/api/v1/schools").expect(200);
    }
}
