//! The audit log as a chain: it holds whatever many writers do at once and whenever a server dies, and what another hand
//! did to it is found.

use crate::harness::{Client, Server, process::run, storage::Storage};
use diesel::{connection::SimpleConnection, prelude::*};
use opora_db::{
    Change, Database, Operation, Origin,
    audit::{
        Head,
        chain::hash_of,
        seal::{Seal, last, seal},
        verify::{AuditFault, against, unsealed, verify},
    },
    schema::{audit_log, audit_seals},
};
use serde_json::json;
use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::Duration,
};

/// A fault, its block, and the entry it is about.
type Found = (AuditFault, i64, Option<i64>);

/// A log of six blocks, of four entries each after the first, which the seed has filled.
struct Log {
    storage: Storage,
    database: Database,
    blocks: Vec<Seal>,
}

fn write(database: &Database, key: &str, operation: Operation) {
    let write = database.write(&Origin::system("audit"), |tx| {
        let change = Change::new("test", key, operation);
        tx.record(change.before(json!({"n": key})).after(json!({"n": key, "is": true})));
        Ok(())
    });
    write.unwrap();
}

/// Leaves ten ids without an entry, as a write that was undone does on PostgreSQL.
fn leave_a_gap(storage: &Storage) {
    let skip = match storage.url.starts_with("sqlite:") {
        true => "UPDATE sqlite_sequence SET seq = seq + 10 WHERE name = 'audit_log'",
        false => {
            "SELECT setval(pg_get_serial_sequence('audit_log', 'id'), (SELECT max(id) + 10 FROM audit_log))"
        }
    };
    storage.connect().batch_execute(skip).unwrap();
}

impl Log {
    fn new(storage: Storage) -> Self {
        let database = storage.open(2);
        seal(&database, || true).unwrap().expect("the seed has written");
        for block in 2..=6 {
            if block == 5 {
                leave_a_gap(&storage);
            }
            for n in 0..4 {
                write(&database, &format!("{block}-{n}"), Operation::Update);
            }
            assert_eq!(seal(&database, || true).unwrap().unwrap().block, block);
        }
        let read = |db: &mut opora_db::Db| {
            Ok(audit_seals::table.order(audit_seals::block).select(Seal::as_select()).load(db)?)
        };
        let blocks = database.read(read).unwrap();
        let log = Self { storage, database, blocks };
        log.sql(match log.storage.url.starts_with("sqlite:") {
            true => {
                "DROP TRIGGER audit_log_update; DROP TRIGGER audit_log_delete;
                 DROP TRIGGER audit_seals_update; DROP TRIGGER audit_seals_delete"
            }
            false => "DROP TRIGGER append_only ON audit_log; DROP TRIGGER append_only ON audit_seals",
        });
        log.sql("CREATE TABLE kept_log AS SELECT * FROM audit_log; CREATE TABLE kept_seals AS SELECT * FROM audit_seals");
        log
    }

    fn sql(&self, statements: &str) {
        self.storage.connect().batch_execute(statements).unwrap_or_else(|e| panic!("{e}: {statements}"));
    }

    /// The id of the first entry of a block.
    fn first(&self, block: usize) -> i64 {
        self.blocks[block - 1].first_id
    }

    fn found(&self) -> Vec<Found> {
        let found = verify(&self.database, 0, usize::MAX).unwrap().findings;
        assert_eq!(found.more, 0);
        found.told.iter().map(|f| (f.fault, f.block, f.entry_id)).collect()
    }

    /// What is found after `statements`; then the log is as it was.
    #[track_caller]
    fn tampered(&self, statements: &str, expected: &[Found]) {
        self.sql(statements);
        assert_eq!(self.found(), expected, "{statements}");
        self.sql(
            "DELETE FROM audit_log; INSERT INTO audit_log SELECT * FROM kept_log;
             DELETE FROM audit_seals; INSERT INTO audit_seals SELECT * FROM kept_seals",
        );
        assert_eq!(self.found(), []);
    }

    /// Seals block `block` anew, as one who knows how.
    fn forge(&self, block: usize, previous: &str) -> Seal {
        let old = &self.blocks[block - 1];
        let hash = hash_of(old.block, previous, old.sealed_at, &old.manifest);
        let changed = (audit_seals::previous.eq(previous), audit_seals::hash.eq(&hash));
        diesel::update(audit_seals::table.find(old.block))
            .set(changed)
            .execute(&mut self.storage.connect())
            .unwrap();
        Seal { hash, previous: previous.to_owned(), ..old.clone() }
    }
}

/// The same scenario on a log of its own in either database.
macro_rules! on_a_log {
    ($name:ident, |$log:ident| $body:block) => {
        fn $name($log: &Log) $body

        mod $name {
            use super::{Log, Storage};

            #[test]
            fn sqlite() {
                super::$name(&Log::new(Storage::sqlite()));
            }

            #[test]
            fn postgres() {
                super::$name(&Log::new(Storage::postgres()));
            }
        }
    };
}

on_a_log!(what_was_done_to_an_entry_is_found, |log| {
    let second = log.first(3) + 1;
    let columns = [
        "at = '2020-01-01 00:00:00'",
        "actor_kind = 'client'",
        "actor_id = 1",
        "actor = 'nobody'",
        "request_id = ''",
        "action = 'read'",
        "resource = 'tests'",
        "resource_key = '3-2'",
        "before = NULL",
        "before = '{\"n\": \"3-1\"}'",
        "after = before",
    ];
    for column in columns {
        let change = format!("UPDATE audit_log SET {column} WHERE id = {second}");
        log.tampered(&change, &[(AuditFault::EntryChanged, 3, Some(second))]);
    }
    let gone = format!("DELETE FROM audit_log WHERE id = {second}");
    log.tampered(&gone, &[(AuditFault::EntryMissing, 3, Some(second))]);
    let all: Vec<Found> =
        (second - 1..second + 3).map(|id| (AuditFault::EntryMissing, 3, Some(id))).collect();
    log.tampered(&format!("DELETE FROM audit_log WHERE id >= {second} - 1 AND id < {second} + 3"), &all);
    let last = log.first(6) + 3;
    let cut = format!("DELETE FROM audit_log WHERE id = {last}");
    log.tampered(&cut, &[(AuditFault::EntryMissing, 6, Some(last))]);
});

on_a_log!(what_was_put_in_between_is_found, |log| {
    let insert = |id: i64| {
        format!(
            "INSERT INTO audit_log SELECT {id}, at, actor_id, actor, request_id, action, resource, resource_key, before, after, actor_kind
                 FROM audit_log WHERE id = {}",
            log.first(3)
        )
    };
    // Where a write that was undone has left room, before everything, and as another's id.
    let room = log.first(5) - 3;
    log.tampered(&insert(room), &[(AuditFault::EntryInserted, 5, Some(room))]);
    log.tampered(&insert(-7), &[(AuditFault::EntryInserted, 1, Some(-7))]);
    let second = log.first(3) + 1;
    log.tampered(
        &format!("UPDATE audit_log SET id = {room} WHERE id = {second}"),
        &[(AuditFault::EntryMissing, 3, Some(second)), (AuditFault::EntryInserted, 5, Some(room))],
    );
    let newest = log.first(6) + 4;
    log.sql(&insert(newest));
    assert_eq!(log.found(), [], "an entry that nobody has sealed");
    assert_eq!(log.database.read(unsealed).unwrap(), 1);
});

on_a_log!(what_was_done_to_a_seal_is_found, |log| {
    let zeros = "0".repeat(64);
    let columns = [
        format!("hash = '{zeros}'"),
        format!("previous = '{zeros}'"),
        "sealed_at = '2020-01-01 00:00:00'".into(),
        "first_id = first_id + 1".into(),
        "entries = 3".into(),
    ];
    for column in columns {
        let change = format!("UPDATE audit_seals SET {column} WHERE block = 3");
        log.tampered(&change, &[(AuditFault::SealChanged, 3, None)]);
    }
    // The manifest says what the entries should be.
    let id = log.first(3);
    let digest = log.blocks[2].manifest.split([' ', '\n']).nth(1).unwrap();
    let other =
        format!("UPDATE audit_seals SET manifest = replace(manifest, '{digest}', '{zeros}') WHERE block = 3");
    log.tampered(&other, &[(AuditFault::SealChanged, 3, None), (AuditFault::EntryChanged, 3, Some(id))]);
    let unreadable = "UPDATE audit_seals SET manifest = 'nothing' WHERE block = 3";
    let unnamed = (id..id + 4).map(|id| (AuditFault::EntryInserted, 3, Some(id)));
    log.tampered(
        unreadable,
        &[(AuditFault::SealChanged, 3, None)].into_iter().chain(unnamed).collect::<Vec<_>>(),
    );
    log.tampered("DELETE FROM audit_seals WHERE block = 3", &[(AuditFault::SealMissing, 3, None)]);
    log.tampered("DELETE FROM audit_seals WHERE block = 1", &[(AuditFault::SealMissing, 1, None)]);
    // Two seals changed, each by itself.
    log.tampered(
        &format!("UPDATE audit_seals SET hash = '{zeros}' WHERE block IN (3, 4)"),
        &[(AuditFault::SealChanged, 3, None), (AuditFault::SealChanged, 4, None)],
    );
});

on_a_log!(a_block_sealed_anew_does_not_fit, |log| {
    let zeros = "0".repeat(64);
    log.forge(3, &zeros);
    assert_eq!(log.found(), [(AuditFault::SealUnlinked, 3, None), (AuditFault::SealUnlinked, 4, None)]);
});

on_a_log!(a_head_that_was_kept_shows_what_nothing_else_can, |log| {
    let kept: Vec<Head> = log.blocks.iter().map(Seal::head).collect();
    let strayed = |head: &Head| log.database.read(|db| against(db, head)).unwrap().map(|found| found.fault);
    assert!(kept.iter().all(|head| strayed(head).is_none()));
    // The end is cut off, entries and seal.
    log.sql(&format!(
        "DELETE FROM audit_log WHERE id >= {}; DELETE FROM audit_seals WHERE block = 6",
        log.first(6)
    ));
    assert_eq!((log.found(), strayed(&kept[4])), (vec![], None));
    assert_eq!(strayed(&kept[5]), Some(AuditFault::HeadMissing));
    // What comes later takes its place.
    write(&log.database, "later", Operation::Create);
    assert_eq!(seal(&log.database, || true).unwrap().unwrap().block, 6);
    assert_eq!((log.found(), strayed(&kept[5])), (vec![], Some(AuditFault::HeadDiffers)));
    // The chain is written anew from a block to the end.
    log.forge(5, &log.blocks[3].hash);
    let mut previous = log.blocks[3].hash.clone();
    log.sql("UPDATE audit_seals SET sealed_at = '2020-01-01 00:00:00' WHERE block = 5");
    for block in [5, 6] {
        let read = |db: &mut opora_db::Db| {
            Ok(audit_seals::table.find(block).select(Seal::as_select()).first::<Seal>(db)?)
        };
        let now = log.database.read(read).unwrap();
        let hash = hash_of(block, &previous, now.sealed_at, &now.manifest);
        diesel::update(audit_seals::table.find(block))
            .set((audit_seals::previous.eq(&previous), audit_seals::hash.eq(&hash)))
            .execute(&mut log.storage.connect())
            .unwrap();
        previous = hash;
    }
    assert_eq!(log.found(), []);
    assert_eq!((strayed(&kept[3]), strayed(&kept[4])), (None, Some(AuditFault::HeadDiffers)));
});

on_a_log!(the_command_line_tells_whether_the_log_holds, |log| {
    let verify = |arguments: &[&str]| {
        let output = run(&log.storage, &[&["audit", "verify"], arguments].concat(), &[]);
        let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), said(output.stdout), said(output.stderr))
    };
    let (code, said, _) = verify(&[]);
    let head = said.lines().last().unwrap().to_owned();
    assert!(code == Some(0) && head.parse::<Head>().is_ok(), "{said}");
    assert_eq!(verify(&["--head", &head]).0, Some(0));
    let (code, _, complaint) = verify(&["--head", "6"]);
    assert!(code == Some(2) && complaint.contains("BLOCK:HASH"), "{complaint}");
    let second = log.first(3) + 1;
    log.sql(&format!("UPDATE audit_log SET actor = 'nobody' WHERE id = {second}"));
    let (code, said, complaint) = verify(&["--head", &format!("900:{}", "0".repeat(64))]);
    assert!(said.contains(&format!("block 3: entry {second} was changed")), "{said}");
    assert!(said.contains("block 900: the chain ends before this head"), "{said}");
    assert!(code == Some(1) && complaint.contains("2 findings"), "{complaint}");
});

both!(the_database_refuses_to_change_the_log, |world| {
    let database = &world.node.state.database;
    seal(database, || true).unwrap();
    let refused = |statement: &str| {
        let refusal = world.storage.connect().batch_execute(statement).unwrap_err().to_string();
        assert!(refusal.contains("is append-only"), "{statement}: {refusal}");
    };
    for table in ["audit_log", "audit_seals"] {
        refused(&format!("DELETE FROM {table}"));
    }
    refused("UPDATE audit_log SET actor = 'nobody'");
    refused("UPDATE audit_seals SET hash = ''");
    if world.storage.url.starts_with("postgres") {
        refused("TRUNCATE audit_log");
        refused("TRUNCATE audit_seals");
    }
});

/// Writes and readings from many threads on two pools, which know nothing of each other, while two sealers seal as fast
/// as they can.
fn storm(databases: [&Database; 2]) -> usize {
    const WRITERS: usize = 12;
    const ROUNDS: usize = 40;
    let over = &AtomicBool::new(false);
    thread::scope(|scope| {
        let sealers: Vec<_> = databases
            .map(|database| {
                scope.spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        seal(database, || true).unwrap();
                    }
                })
            })
            .into();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        let operation = if writer % 3 == 0 { Operation::Create } else { Operation::Read };
                        write(databases[(writer + round) % 2], &format!("{writer}-{round}"), operation);
                    }
                })
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        over.store(true, Ordering::Relaxed);
        sealers.into_iter().for_each(|sealer| sealer.join().unwrap());
    });
    WRITERS * ROUNDS
}

both!(a_storm_of_writes_ends_in_a_chain_that_holds, |world| {
    let (one, two) = (world.storage.open(8), world.storage.open(8));
    let written = storm([&one, &two]);
    let head = seal(&one, || true).unwrap().unwrap();
    let verification = verify(&one, 0, usize::MAX).unwrap();
    assert!(verification.findings.is_empty(), "{:?}", verification.findings);
    assert_eq!((verification.upto, one.read(unsealed).unwrap()), (Some(head), 0));
    let stormed = audit_log::table.filter(audit_log::resource.eq("test")).count();
    let kept: i64 = one.read(|db| Ok(stormed.get_result(db)?)).unwrap();
    assert_eq!(kept, written as i64);
    let all: i64 = one.read(|db| Ok(audit_log::table.count().get_result(db)?)).unwrap();
    assert_eq!(verification.entries, all as u64);
});

both!(a_server_seals_by_itself, |world| {
    let sealed = |log: &Database| log.read(last).unwrap().map_or(0, |seal| seal.last_id);
    let newest = || world.storage.number("SELECT max(id) AS n FROM audit_log");
    let database = &world.node.state.database;
    for _ in 0..3 {
        world.client(opora_identity::Role::Admin).get("/api/v1/users").expect(200);
        let waiting = std::time::Instant::now();
        while sealed(database) < newest() {
            assert!(waiting.elapsed() < Duration::from_secs(20), "nobody seals");
            thread::sleep(Duration::from_millis(50));
        }
    }
    assert_eq!(verify(database, 0, usize::MAX).unwrap().findings.told, []);
});

/// A server that is told to stop seals what it wrote last, and says where the chain ends.
fn stopped(storage: &Storage) {
    for _ in 0..3 {
        let mut server = Server::start(storage, &[("LOG", "info")]);
        server.client.get("/api/v1/users").expect(200);
        server.stop();
        let head = storage.open(1).read(last).unwrap().unwrap().head();
        assert_eq!(storage.open(1).read(unsealed).unwrap(), 0);
        assert!(server.log().contains(&format!("the audit log is sealed up to this head head={head}")));
    }
}

#[test]
fn a_server_that_stops_seals_the_rest_on_sqlite() {
    stopped(&Storage::sqlite());
}

#[test]
fn a_server_that_stops_seals_the_rest_on_postgres() {
    stopped(&Storage::postgres());
}

/// Sends writes until the server is gone; answers the request ids of those it has acknowledged.
fn write_until_gone(client: &Client, writer: u32, count: &AtomicU32) -> Vec<String> {
    let mut acknowledged = Vec::new();
    loop {
        let n = count.fetch_add(1, Ordering::Relaxed);
        let id = format!("storm-{writer}-{n}");
        let body = json!({ "oktmo": format!("9{n:07}"), "name": format!("Район {n}"), "kind": "district" });
        let call = client.call("POST", "/api/v1/municipalities").header("X-Request-Id", &id).json(&body);
        match call.try_send() {
            Ok(reply) if reply.status == 201 => acknowledged.push(id),
            // Too busy: the next one.
            Ok(reply) => assert_eq!(reply.status, 503, "{reply}"),
            Err(_) => return acknowledged,
        }
    }
}

/// A server killed in the middle of a storm, again and again: whatever it acknowledged is in the log, and the chain holds.
fn killed_in_the_storm(storage: &Storage) {
    let (count, mut acknowledged) = (AtomicU32::new(0), Vec::new());
    for round in 0..4 {
        let mut server = Server::start(storage, &[]);
        let (client, count) = (&server.client.clone(), &count);
        thread::scope(|scope| {
            let writers: Vec<_> =
                (0..6).map(|writer| scope.spawn(move || write_until_gone(client, writer, count))).collect();
            // Each time at another point of a sealer's second.
            thread::sleep(Duration::from_millis(900 + 350 * round));
            server.kill();
            writers.into_iter().for_each(|writer| acknowledged.extend(writer.join().unwrap()));
        });
        let output = run(storage, &["audit", "verify"], &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert!(acknowledged.len() > 20, "too few to tell: {}", acknowledged.len());
    let database = storage.open(1);
    for id in acknowledged {
        let entries = audit_log::table.filter(audit_log::request_id.eq(&id)).count();
        assert_eq!(database.read(|db| Ok(entries.get_result::<i64>(db)?)).unwrap(), 1, "{id}");
    }
}

#[test]
fn a_server_killed_in_a_storm_on_sqlite() {
    killed_in_the_storm(&Storage::sqlite());
}

#[test]
fn a_server_killed_in_a_storm_on_postgres() {
    killed_in_the_storm(&Storage::postgres());
}
