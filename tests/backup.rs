//! Backups of an installation on SQLite, made while it serves, and what is refused to be put in its place.

use crate::harness::{
    Client, Server,
    facts::{FACTS, draft, enter},
    process::{begin, run},
    storage::Storage,
    time::{LONG, within},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Output,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

const PLAN: &str = include_str!("../crates/demo/data/plan-2020-2021.yaml");
const SCHOOLS: &str = "/api/v1/schools";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[track_caller]
fn well(output: Output) -> String {
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

#[track_caller]
fn refused(output: &Output, words: &str) {
    assert!(!output.status.success(), "{}", said(output));
    assert!(said(output).contains(words), "{}", said(output));
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn back_up(storage: &Storage, to: &Path) -> Output {
    run(storage, &["backup", text(to)], &[])
}

fn restore(storage: &Storage, from: &Path, further: &[&str]) -> Output {
    run(storage, &[&["restore", text(from)], further].concat(), &[])
}

/// Gives `storage` the master key of `other`: it is not in a backup.
fn same_key(storage: &Storage, other: &Storage) {
    fs::copy(other.dir.path().join("master.key"), storage.dir.path().join("master.key")).unwrap();
}

fn make_school(client: &Client, code: &str) {
    let body = json!({ "code": code, "name": format!("Школа {code}"), "municipality_id": null, "kind": "secondary",
        "locality": "rural", "founder": "state" });
    client.post(SCHOOLS, &body).expect(201);
}

fn codes(client: &Client) -> BTreeSet<String> {
    let (mut found, mut path) = (BTreeSet::new(), Some(format!("{SCHOOLS}?limit=1000")));
    while let Some(next) = path {
        let page = client.get(&next).expect(200);
        found.extend(page.items().iter().map(|school| school["code"].as_str().unwrap().to_owned()));
        path = page.next();
    }
    found
}

/// Makes schools until told to stop; notes each that was acknowledged.
fn make_schools(client: &Client, writer: usize, made: &Mutex<BTreeSet<String>>, stop: &AtomicBool) {
    for round in 0.. {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let code = format!("7{writer}{round:04}");
        make_school(client, &code);
        made.lock().unwrap().insert(code);
    }
}

/// Attaches a file to the fact at `path`.
fn attach_file(client: &Client, path: &str, number: usize) {
    let call = client.call("POST", &format!("{path}?file_name={number}.txt"));
    call.body("text/plain", format!("Приказ № {number}")).send().expect(201);
}

/// Attaches further files to the fact at `path` until told to stop, at most as many as a fact may have.
fn attach_files(client: &Client, path: &str, stop: &AtomicBool) {
    for number in 1..100 {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        attach_file(client, path, number);
    }
}

/// Tells writers to stop, also where the test fails beside them.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_backup_made_in_a_storm_is_the_state_of_one_moment() {
    let (storage, backups) = (Storage::sqlite(), tempfile::tempdir().unwrap());
    let mut server = Server::start(&storage, &[]);
    server.client.log_in("institute");
    let client = server.client.clone();
    client.load("plan", PLAN).succeeded([54, 0, 0, 0]);
    let path = format!("{FACTS}/{}/evidence", enter(&client, &draft(&client))["id"]);
    attach_file(&client, &path, 0);
    let (made, stop) = (Mutex::new(BTreeSet::new()), AtomicBool::new(false));
    let copies: Vec<(PathBuf, BTreeSet<String>, String)> = thread::scope(|scope| {
        for writer in 0..3 {
            let (client, made, stop) = (client.clone(), &made, &stop);
            scope.spawn(move || make_schools(&client, writer, made, stop));
        }
        scope.spawn(|| attach_files(&client, &path, &stop));
        let _stop = Stop(&stop);
        let mut known = 0;
        let copies = (0..3).map(|n| {
            within(LONG, "nobody writes meanwhile", || made.lock().unwrap().len() > known);
            let acknowledged = made.lock().unwrap().clone();
            known = acknowledged.len();
            let folder = backups.path().join(format!("copy {n}"));
            (folder.clone(), acknowledged, well(back_up(&storage, &folder)))
        });
        copies.collect()
    });
    let all = codes(&client);
    server.stop();
    for (folder, acknowledged, said) in copies {
        assert!(!folder.join("master.key").exists() && said.contains("master key"), "{said}");
        let fresh = Storage::empty_sqlite();
        same_key(&fresh, &storage);
        well(restore(&fresh, &folder, &[]));
        let mut restored = Server::start(&fresh, &[]);
        restored.client.log_in("institute");
        let found = codes(&restored.client);
        assert!(acknowledged.is_subset(&found), "an acknowledged write is missing");
        assert!(found.is_subset(&all));
        let pieces = restored.client.get(&format!("{path}?limit=1000")).expect(200);
        assert!(!pieces.items().is_empty());
        for piece in pieces.items() {
            let content =
                restored.client.get(&format!("/api/v1/evidence/{}/content", piece["id"])).expect(200);
            let number = piece["file_name"].as_str().unwrap().trim_end_matches(".txt");
            assert_eq!(content.text, format!("Приказ № {number}"));
        }
        let head = said.lines().find_map(|line| line.strip_prefix("audit log sealed up to ")).unwrap();
        well(run(&fresh, &["audit", "verify", "--head", head], &[]));
        // It goes on as the original would have.
        make_school(&restored.client, "799999");
    }
}

/// An installation that was stopped, and a backup of it.
fn backed_up() -> (Storage, tempfile::TempDir, PathBuf) {
    let (storage, backups) = (Storage::sqlite(), tempfile::tempdir().unwrap());
    let mut server = Server::start(&storage, &[]);
    server.client.log_in("institute");
    let client = &server.client;
    client.load("plan", PLAN).succeeded([54, 0, 0, 0]);
    let path = format!("{FACTS}/{}/evidence", enter(client, &draft(client))["id"]);
    client.call("POST", &format!("{path}?file_name=a.txt")).body("text/plain", "приказ").send().expect(201);
    server.stop();
    let folder = backups.path().join("copy");
    well(back_up(&storage, &folder));
    (storage, backups, folder)
}

#[test]
fn what_is_in_use_or_there_already_is_not_replaced() {
    let (storage, backups, folder) = backed_up();
    refused(&back_up(&storage, &folder), "is there already");
    refused(&restore(&storage, &folder, &[]), "--force");
    {
        let server = Server::start(&storage, &[]);
        refused(&restore(&storage, &folder, &["--force"]), "is in use");
        server.client.get(SCHOOLS).expect(200);
    }
    let kept = text(&folder).to_owned();
    well(restore(&storage, Path::new(&kept), &["--force"]));
    Server::start(&storage, &[]).client.get(SCHOOLS).expect(200);
    assert_eq!(fs::read_dir(backups.path()).unwrap().count(), 1, "refusals leave nothing");
}

/// What the refusal names, and what is done to a backup.
type Damage = (&'static str, fn(&Path));

/// A copy of the backup at `folder` in which `change` was made.
fn changed(folder: &Path, change: impl FnOnce(&Path)) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("cp").arg("-a").arg(folder.join(".")).arg(copy.path()).status();
    assert!(status.unwrap().success());
    change(copy.path());
    copy
}

fn flip(path: &Path, place: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// The only file of evidence in a backup.
fn piece(folder: &Path) -> PathBuf {
    let first = |folder: &Path| fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    first(&first(&folder.join("evidence")))
}

/// Changes what is known about a backup, with digests that fit.
fn tell(folder: &Path, change: impl FnOnce(&mut Value)) {
    let about = folder.join("backup.json");
    let mut value: Value = serde_json::from_str(&fs::read_to_string(&about).unwrap()).unwrap();
    change(&mut value);
    fs::write(&about, value.to_string()).unwrap();
    let sums = "sha256sum backup.json > new && grep -v backup.json SHA256SUMS >> new && mv new SHA256SUMS";
    let status = std::process::Command::new("sh").args(["-c", sums]).current_dir(folder).status();
    assert!(status.unwrap().success());
}

#[test]
fn a_damaged_or_newer_backup_is_refused_and_touches_nothing() {
    let (storage, _backups, folder) = backed_up();
    let checks = std::process::Command::new("sha256sum")
        .args(["--check", "--quiet", "SHA256SUMS"])
        .current_dir(&folder)
        .status();
    assert!(checks.unwrap().success(), "others can check it too");
    let before = storage.contents();
    let damages: [Damage; 7] = [
        ("opora.db", |at| flip(&at.join("opora.db"), 5000)),
        ("evidence", |at| flip(&piece(at), 0)),
        ("evidence", |at| fs::remove_file(piece(at)).unwrap()),
        ("SHA256SUMS", |at| {
            let sums = fs::read_to_string(at.join("SHA256SUMS")).unwrap();
            let first = sums.find('\n').unwrap() + 1;
            fs::write(at.join("SHA256SUMS"), &sums[first..]).unwrap();
        }),
        ("backup.json", |at| fs::write(at.join("backup.json"), "{}").unwrap()),
        ("newer version", |at| tell(at, |about| about["form"] = json!(2))),
        ("newer version", |at| {
            tell(at, |about| about["migrations"].as_array_mut().unwrap().push(json!("29990101000001")));
        }),
    ];
    for (words, damage) in damages {
        let damaged = changed(&folder, damage);
        refused(&restore(&storage, damaged.path(), &["--force"]), words);
        let fresh = Storage::empty_sqlite();
        refused(&restore(&fresh, damaged.path(), &[]), words);
        assert!(!fresh.dir.path().join("opora.db").exists());
    }
    assert_eq!(storage.contents(), before);
}

#[test]
fn a_backup_that_is_killed_is_none() {
    let (storage, backups, _) = backed_up();
    let mut whole = 0;
    for n in 0..12 {
        let folder = backups.path().join(format!("killed-{n}"));
        let mut making = begin(&storage, &["backup", text(&folder)]);
        thread::sleep(Duration::from_millis(10 + 30 * n));
        making.kill().unwrap();
        making.wait().unwrap();
        if folder.exists() {
            whole += 1;
            well(restore(&Storage::empty_sqlite(), &folder, &[]));
        }
    }
    well(back_up(&storage, &backups.path().join("last")));
    let left = fs::read_dir(backups.path()).unwrap().count();
    assert_eq!(left, whole + 2, "the next backup removes what killed ones left");
}

#[test]
fn a_restore_that_is_killed_leaves_the_one_state_or_the_other() {
    let (storage, _backups, folder) = backed_up();
    // More than the backup has, in files beside the database, as a killed server leaves it.
    let mut server = Server::start(&storage, &[]);
    server.client.log_in("institute");
    make_school(&server.client, "799999");
    server.kill();
    let count = "SELECT count(*) AS n FROM schools WHERE code = '799999'";
    let mut states = BTreeSet::new();
    for n in 0..16 {
        let mut restoring = begin(&storage, &["restore", text(&folder), "--force"]);
        thread::sleep(Duration::from_millis(10 + 30 * n));
        restoring.kill().unwrap();
        restoring.wait().unwrap();
        assert_eq!(
            storage.number("SELECT count(*) AS n FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
            0
        );
        let state = storage.number(count);
        states.insert(state);
        if state == 0 {
            let mut server = Server::start(&storage, &[]);
            server.client.log_in("institute");
            make_school(&server.client, "799999");
            server.kill();
        }
    }
    assert!(states.contains(&1), "killed too late");
    well(restore(&storage, &folder, &["--force"]));
    assert_eq!(storage.number(count), 0);
    assert_eq!(storage.temporary_files(), 0);
}

#[test]
fn postgres_has_its_own_programs() {
    let storage = Storage::empty_postgres();
    let folder = storage.dir.path().join("copy");
    for command in ["backup", "restore"] {
        let output = run(&storage, &[command, text(&folder)], &[]);
        refused(&output, "PostgreSQL");
        assert_eq!(said(&output).lines().count(), 1);
    }
}
