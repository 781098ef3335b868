//! A server that is killed again and again under writes: what was acknowledged is there, every job has one effect, the audit
//! chain holds, and followers of the change feed miss nothing.
//!
//! OPORA_TEST_CRASH_ROUNDS: how often, 6 unless said.

use crate::harness::{Client, Server, process::run, storage::Storage, time::LONG};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const SCHOOLS: &str = "/api/v1/schools";
const FEED: &str = "/api/v1/changes";
const LEASE: &[(&str, &str)] = &[("LEASE_SECONDS", "2")];
const STAFF: &str = "Идентификатор;Код ОО;Должность;Предмет;ФИО;Стаж (лет)\n";
/// Rows of each file.
const ROWS: usize = 40;

/// What servers have acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// Schools by code, with the name last acknowledged.
    schools: Mutex<BTreeMap<String, String>>,
    /// Imports, each with its job.
    imports: Mutex<Vec<(i64, i64)>>,
    /// Draws numbers that no two writers share.
    count: AtomicUsize,
}

impl Acknowledged {
    /// How many schools and files there are.
    fn written(&self) -> usize {
        self.schools.lock().unwrap().len() + self.imports.lock().unwrap().len()
    }

    fn number(&self) -> usize {
        self.count.fetch_add(1, Ordering::SeqCst)
    }

    /// Makes and renames schools until the server is gone. A request whose answer does not come is neither.
    fn make_schools(&self, client: &Client, over: &AtomicBool) {
        while !over.load(Ordering::SeqCst) {
            let code = format!("6{:05}", self.number());
            let name = format!("Школа {code}");
            let body = json!({ "code": code, "name": name, "kind": "secondary", "locality": "rural", "founder": "state" });
            let Ok(made) = client.call("POST", SCHOOLS).json(&body).try_send() else { return };
            let path = format!("{SCHOOLS}/{}", made.expect(201).json["id"]);
            self.schools.lock().unwrap().insert(code.clone(), name);
            let renamed = json!({ "name": format!("Гимназия {code}") });
            let sent = client.call("PATCH", &path).header("If-Match", "\"1\"").json(&renamed).try_send();
            let Ok(renamed) = sent else {
                // Either name is right.
                self.schools.lock().unwrap().insert(code, String::new());
                return;
            };
            let name = renamed.expect(200).json["name"].as_str().unwrap().to_owned();
            self.schools.lock().unwrap().insert(code, name);
        }
    }

    /// Sends files until the server is gone.
    fn send_files(&self, client: &Client, over: &AtomicBool) {
        while !over.load(Ordering::SeqCst) {
            let file = self.number();
            let rows =
                (0..ROWS).map(|row| format!("crash-{file}-{row};520101;Учитель;Математика;Учитель;{row}\n"));
            let text: String = std::iter::once(STAFF.to_owned()).chain(rows).collect();
            let call =
                client.call("POST", "/api/v1/imports?kind=staff").body("application/octet-stream", text);
            let Ok(sent) = call.try_send() else { return };
            let sent = sent.expect(202);
            let numbers = ["id", "job_id"].map(|key| sent.json[key].as_i64().unwrap());
            self.imports.lock().unwrap().push((numbers[0], numbers[1]));
            thread::sleep(Duration::from_millis(60));
        }
    }
}

fn rounds() -> u64 {
    std::env::var("OPORA_TEST_CRASH_ROUNDS").map_or(6, |text| text.parse().expect("a number of rounds"))
}

/// One life of a server, ended in the middle of writes. In every second one what its forerunners left is done first: a job
/// that was begun too often is given up.
fn live_and_die(storage: &Storage, known: &Acknowledged, round: u64) {
    let left = storage.number("SELECT COALESCE(max(id), 0) AS n FROM jobs");
    let open = format!("SELECT count(*) AS n FROM jobs WHERE id <= {left} AND finished_at IS NULL");
    let mut server = Server::start(storage, LEASE);
    server.client.log_in("institute");
    let client = server.client.clone();
    let (over, before) = (AtomicBool::new(false), known.written());
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| known.make_schools(&client, &over));
        }
        scope.spawn(|| known.send_files(&client, &over));
        let begun = Instant::now();
        while known.written() < before + 5 && begun.elapsed() < LONG {
            thread::sleep(Duration::from_millis(10));
        }
        while round % 2 == 1 && storage.number(&open) > 0 && begun.elapsed() < 2 * LONG {
            thread::sleep(Duration::from_millis(50));
        }
        // Another moment in each round.
        thread::sleep(Duration::from_millis(round * 97 % 400));
        server.kill();
        over.store(true, Ordering::SeqCst);
    });
}

/// Every change after `after`, as a follower reads them.
fn follow(client: &Client, after: &str) -> Vec<(String, serde_json::Value)> {
    let (mut after, mut all) = (after.to_owned(), Vec::new());
    loop {
        let part = client.get(&format!("{FEED}?after={after}&limit=1000&resource=schools")).expect(200);
        let change = |change: &serde_json::Value| {
            (change["operation"].as_str().unwrap().to_owned(), change["natural_key"]["code"].clone())
        };
        all.extend(part.items().iter().map(change));
        after = part.json["next"].as_str().unwrap().to_owned();
        if part.json["more"] == false {
            return all;
        }
    }
}

fn schools(client: &Client) -> BTreeMap<String, String> {
    let (mut found, mut path) = (BTreeMap::new(), Some(format!("{SCHOOLS}?limit=1000")));
    while let Some(next) = path {
        let page = client.get(&next).expect(200);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        found.extend(page.items().iter().map(|school| (text(&school["code"]), text(&school["name"]))));
        path = page.next();
    }
    found
}

fn killed_again_and_again(storage: &Storage) {
    let start = {
        let mut server = Server::start(storage, LEASE);
        server.client.log_in("institute");
        let found = server.client.get(&format!("{FEED}/position")).expect(200);
        server.stop();
        found.json["position"].as_str().unwrap().to_owned()
    };
    let known = Acknowledged::default();
    (0..rounds()).for_each(|round| live_and_die(storage, &known, round));
    let mut server = Server::start(storage, LEASE);
    server.client.log_in("institute");
    let client = &server.client;

    let (acknowledged, imports) = (known.schools.into_inner().unwrap(), known.imports.into_inner().unwrap());
    assert!(acknowledged.len() as u64 > rounds() && !imports.is_empty(), "hardly anything was written");
    let found = schools(client);
    for (code, name) in &acknowledged {
        let there = found.get(code).unwrap_or_else(|| panic!("{code} was acknowledged and is not there"));
        assert!(name.is_empty() || there == name, "{code}: {name} was acknowledged, {there} is there");
    }

    for (import, job) in &imports {
        assert_eq!(client.ended(*job)["state"], "succeeded");
        let report = client.get(&format!("/api/v1/imports/{import}")).expect(200).json["report"].clone();
        assert_eq!((&report["created"], &report["updated"]), (&json!(ROWS), &json!(0)), "{report}");
    }
    // Files whose answer did not come may be there too, as a whole.
    let loaded = storage.number("SELECT count(*) AS n FROM staff WHERE external_id LIKE 'crash-%'") as usize;
    assert!(loaded >= imports.len() * ROWS && loaded.is_multiple_of(ROWS), "{loaded} rows");
    assert_eq!(
        storage.number("SELECT count(*) AS n FROM staff WHERE external_id LIKE 'crash-%' AND version > 1"),
        0
    );

    let told = follow(client, &start);
    let made: Vec<&str> = told
        .iter()
        .filter(|(operation, _)| operation == "create")
        .filter_map(|(_, code)| code.as_str())
        .collect();
    let once: BTreeSet<&str> = made.iter().copied().collect();
    assert_eq!(made.len(), once.len(), "a school is told twice");
    let there: BTreeSet<&str> =
        found.keys().map(String::as_str).filter(|code| code.starts_with('6')).collect();
    assert_eq!(once, there, "followers know other schools than there are");

    server.stop();
    let verified = run(storage, &["audit", "verify"], &[]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

#[test]
fn a_server_killed_again_and_again_on_sqlite() {
    killed_again_and_again(&Storage::sqlite());
}

#[test]
fn a_server_killed_again_and_again_on_postgres() {
    killed_again_and_again(&Storage::postgres());
}
