//! Stops and outages: what is left of a job, whose job it then is, and connections that are of no more use.

use crate::harness::{
    Client, Server, World,
    storage::{Storage, admin},
    time::{LONG, within},
};
use diesel::connection::SimpleConnection;
use opora_db::{
    Database, Error, Origin,
    jobs::{self, Holder, Job, JobId, JobState},
};
use opora_identity::Role;
use opora_primitives::{Moment, Problem, ProblemCode};
use serde_json::json;
use std::fmt::Write;

/// How long a lease lasts here, in seconds.
const LEASE: i64 = 30;

/// A job that nobody works on, of a kind that no server knows.
fn queued(storage: &Storage) -> (Database, JobId) {
    let database = storage.open(2);
    let origin = Origin::system("a test");
    let id = database.write(&origin, |tx| jobs::enqueue(tx, &origin, "test", 1)).unwrap();
    (database, id)
}

fn claimed(database: &Database, holder: &Holder, now: Moment) -> Job {
    database.keep_books(|db| jobs::claim(db, None, holder, now)).unwrap().expect("a job is free")
}

/// A worker that was silent for too long, and then fails for a reason of its own.
fn the_job_of_another_is_not_ended(storage: &Storage) {
    let (database, id) = queued(storage);
    let [late, new] = [0, 1].map(|_| Holder::new(LEASE));
    let begun = Moment::now();
    claimed(&database, &late, begun);
    assert_eq!(claimed(&database, &new, begun.plus_seconds(LEASE + 1)).attempts, 2);
    let problem = Problem::from(ProblemCode::InvalidFile);
    let fail = |holder: &Holder| {
        database.keep_books(|db| jobs::close(db, id, holder, JobState::Failed, Some(&problem), Moment::now()))
    };
    assert!(matches!(fail(&late), Err(Error::Problem(p)) if p.code == ProblemCode::WrongState));
    database.keep_books(|db| jobs::take_back(db, id, &late)).unwrap();
    let job = database.read(|db| jobs::find(db, id)).unwrap();
    assert_eq!((job.state, job.attempts), (JobState::Running, 2));
    fail(&new).unwrap();
    assert_eq!(database.read(|db| jobs::find(db, id)).unwrap().state, JobState::Failed);
}

#[test]
fn the_job_of_another_is_not_ended_on_sqlite() {
    the_job_of_another_is_not_ended(&Storage::sqlite());
}

#[test]
fn the_job_of_another_is_not_ended_on_postgres() {
    the_job_of_another_is_not_ended(&Storage::postgres());
}

/// Any number of stops leaves a job to be done; five workers that died over it do not.
fn beginnings_that_a_stop_ended_do_not_count(storage: &Storage) {
    let (database, id) = queued(storage);
    let mut now = Moment::now();
    for _ in 0..12 {
        let holder = Holder::new(LEASE);
        assert_eq!(claimed(&database, &holder, now).attempts, 1);
        database.keep_books(|db| jobs::take_back(db, id, &holder)).unwrap();
    }
    for attempt in 1..=5 {
        assert_eq!(claimed(&database, &Holder::new(LEASE), now).attempts, attempt);
        now = now.plus_seconds(LEASE + 1);
    }
    let sixth = database.keep_books(|db| jobs::claim(db, None, &Holder::new(LEASE), now)).unwrap();
    assert!(sixth.is_none());
    assert_eq!(database.read(|db| jobs::find(db, id)).unwrap().state, JobState::Failed);
}

#[test]
fn beginnings_that_a_stop_ended_do_not_count_on_sqlite() {
    beginnings_that_a_stop_ended_do_not_count(&Storage::sqlite());
}

#[test]
fn beginnings_that_a_stop_ended_do_not_count_on_postgres() {
    beginnings_that_a_stop_ended_do_not_count(&Storage::postgres());
}

fn many_people() -> String {
    let mut text = String::from("Идентификатор;Код ОО;Должность;Предмет;ФИО;Стаж (лет)\n");
    for n in 0..60_000 {
        writeln!(text, "id-{n};520101;Учитель;Математика;Учитель номер {n};{}", n % 40).unwrap();
    }
    text
}

/// A server that is stopped as an operator does it, while it carries a job out; the lease is far longer than the test.
fn a_job_outlives_restarts(storage: &Storage) {
    let settings = [("LEASE_SECONDS", "3600")];
    let mut server = Server::start(storage, &settings);
    let sent = server.client.send_file("staff", many_people()).expect(202);
    let job = sent.json["job_id"].as_i64().unwrap();
    for _ in 0..2 {
        server.client.job_when(job, |job| job["progress"]["done"].as_i64() > Some(0));
        server.stop();
        server = Server::start(storage, &settings);
    }
    assert_eq!(server.client.loaded(&sent).succeeded([60_000, 0, 0, 0]).job["attempts"], 1);
}

#[test]
fn a_job_outlives_restarts_on_sqlite() {
    a_job_outlives_restarts(&Storage::sqlite());
}

#[test]
fn a_job_outlives_restarts_on_postgres() {
    a_job_outlives_restarts(&Storage::postgres());
}

/// The server's own watch over its clients, as the connection asks for it; that of the client is a matter of the address.
#[test]
fn the_server_of_the_database_watches_for_clients_that_vanish() {
    let storage = Storage::postgres();
    for (name, value) in [
        ("tcp_keepalives_idle", 10),
        ("tcp_keepalives_interval", 5),
        ("tcp_keepalives_count", 3),
        ("tcp_user_timeout", 20_000),
    ] {
        let query = format!("SELECT CAST(setting AS BIGINT) AS n FROM pg_settings WHERE name = '{name}'");
        assert_eq!(storage.number(&query), value, "{name}");
    }
}

/// Has new transactions of the world's database read only, or no longer.
fn read_only(world: &World, is: bool) {
    let name = world.storage.url.rsplit('/').next().unwrap();
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = {is}");
    admin().batch_execute(&set).unwrap();
    if is {
        admin().batch_execute(&end).unwrap();
    }
}

/// Connections to a server that cannot write: nobody is told of a fault, and they are left for one that can.
#[test]
fn a_database_that_is_read_only_is_left() {
    let world = World::postgres();
    let client = world.client(Role::Admin);
    let body = json!({ "oktmo": "22699000", "name": "Дальний", "kind": "district" });
    let write = |client: &Client| client.post("/api/v1/municipalities", &body);
    read_only(&world, true);
    write(&client).expect(503).problem("unavailable");
    read_only(&world, false);
    // Each attempt leaves one of the connections that were made meanwhile.
    within(LONG, "the server stays with connections that cannot write", || {
        let answer = write(&client);
        assert!([201, 503].contains(&answer.status), "{answer}");
        answer.status == 201
    });
}
