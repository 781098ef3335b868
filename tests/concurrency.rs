//! Many writers at once: nothing is lost, and the journal can be read while it grows.

use crate::harness::{World, stuck::Stuck};
use diesel::{connection::SimpleConnection, prelude::*};
use opora_db::{
    Change, Database, Operation, Origin, Result, dialect,
    schema::{change_journal, contexts, municipalities},
};
use opora_identity::Role;
use opora_primitives::MunicipalityId;
use serde_json::json;
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

const WRITERS: usize = 16;
const ROUNDS: usize = 50;

fn version(database: &Database, id: MunicipalityId) -> i64 {
    database.read(|db| Ok(municipalities::table.find(id).select(municipalities::version).first(db)?)).unwrap()
}

/// Reads a number and writes it back one greater.
fn count_up(database: &Database, id: MunicipalityId) -> Result<()> {
    database.write(&Origin::system("counting"), |tx| {
        let row = municipalities::table.find(id);
        let version: i64 = row.select(municipalities::version).first(&mut **tx)?;
        diesel::update(row).set(municipalities::version.eq(version + 1)).execute(&mut **tx)?;
        tx.record(Change::new("municipalities", id, Operation::Update));
        Ok(())
    })
}

fn count_up_from_many_threads(databases: &[&Database], world: &World) {
    let id = world.seed.own;
    let before = version(databases[0], id);
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        for n in 0..WRITERS {
            let (database, done) = (databases[n % databases.len()], &done);
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    // A writer that is told to come back comes back, as a client does.
                    while let Err(error) = count_up(database, id) {
                        assert!(matches!(error, opora_db::Error::Unavailable(_)), "{error}");
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(done.load(Ordering::Relaxed), WRITERS * ROUNDS);
    assert_eq!(version(databases[0], id) - before, (WRITERS * ROUNDS) as i64);
}

both!(a_shared_read_sees_the_state_it_was_named_in, |world| {
    let (database, id) = (world.storage.open(3), world.seed.own);
    let own = municipalities::table.find(id).select(municipalities::version);
    database
        .read_consistent(|db| {
            let before: i64 = own.first(db)?;
            // SQLite has no names for its states.
            let Some(state) = dialect::share_snapshot(db)? else { return Ok(()) };
            count_up(&database, id)?;
            let shared: i64 = database.read_shared(&state, |db| Ok(own.first(db)?))?;
            assert_eq!((shared, version(&database, id)), (before, before + 1));
            Ok(())
        })
        .unwrap();
});

both!(no_increment_is_lost, |world| {
    count_up_from_many_threads(&[&world.storage.open(WRITERS as u32)], world);
});

both!(no_increment_is_lost_between_nodes, |world| {
    // Two pools know nothing of each other, as two processes do not.
    let (one, two) = (world.storage.open(8), world.storage.open(8));
    count_up_from_many_threads(&[&one, &two], world);
});

both!(a_failed_write_leaves_nothing_behind, |world| {
    let database = &world.node.state.database;
    let count = || database.read(|db| Ok(change_journal::table.count().get_result::<i64>(db)?)).unwrap();
    let (version_before, entries) = (version(database, world.seed.own), count());
    let refused: Result<()> = database.write(&Origin::system("failing"), |tx| {
        let row = municipalities::table.find(world.seed.own);
        diesel::update(row).set(municipalities::version.eq(99)).execute(&mut **tx)?;
        tx.record(Change::new("municipalities", world.seed.own, Operation::Update));
        // Breaks a check of the table.
        diesel::update(contexts::table).set(contexts::pupils.eq(-1)).execute(&mut **tx)?;
        Ok(())
    });
    assert!(refused.is_err());
    assert_eq!(version(database, world.seed.own), version_before);
    assert_eq!(count(), entries);
});

/// Writes one to three journal entries at a time, so that transactions overlap.
fn write_entries(database: &Database, writer: usize) {
    for round in 0..ROUNDS {
        let origin = Origin::system(format!("writer {writer}"));
        database
            .write(&origin, |tx| {
                for part in 0..=(round + writer) % 3 {
                    tx.record(Change::new("test", format!("{writer}-{round}-{part}"), Operation::Create));
                }
                Ok(())
            })
            .unwrap();
    }
}

/// Reads on from `after`; answers the entries' keys and the last number.
fn read_on(database: &Database, after: i64) -> (Vec<String>, i64) {
    let rows: Vec<(i64, String)> = database
        .read(|db| {
            Ok(change_journal::table
                .filter(change_journal::seq.gt(after))
                .order(change_journal::seq)
                .limit(20)
                .select((change_journal::seq, change_journal::resource_key))
                .load(db)?)
        })
        .unwrap();
    let last = rows.last().map_or(after, |(seq, _)| *seq);
    (rows.into_iter().map(|(_, key)| key).collect(), last)
}

/// The number of the newest entry.
fn newest(database: &Database) -> i64 {
    let newest = change_journal::table.select(diesel::dsl::max(change_journal::seq));
    database.read(|db| Ok(newest.first::<Option<i64>>(db)?)).unwrap().unwrap_or(0)
}

/// PostgreSQL gives an entry its number before it commits it: a write that dawdles between the two is waited for, or whoever
/// has read the next entry would never see its own.
#[test]
fn a_late_commit_is_not_overtaken() {
    let world = World::postgres();
    let database = &world.storage.open(3);
    let dawdling = "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
        CREATE TRIGGER dawdle AFTER INSERT ON change_journal FOR EACH ROW WHEN (NEW.resource_key = 'first')
            EXECUTE FUNCTION dawdle()";
    world.storage.connect().batch_execute(dawdling).unwrap();
    let tell = |key: &str| {
        let told = database.write(&Origin::system("telling"), |tx| {
            tx.record(Change::new("test", key, Operation::Create));
            Ok(())
        });
        told.unwrap();
    };
    let asleep = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    let start = newest(database);
    let (mut seen, place) = thread::scope(|scope| {
        scope.spawn(|| tell("first"));
        while world.storage.number(asleep) == 0 {
            thread::sleep(Duration::from_millis(10));
        }
        tell("second");
        read_on(database, start)
    });
    seen.extend(read_on(database, place).0);
    assert_eq!(seen, ["first", "second"]);
}

/// Others wait for the journal only while entries are copied into it, not for a file of people to be merged.
#[test]
fn a_merge_that_takes_long_holds_nobody_up() {
    let world = World::postgres();
    let admin = world.client(Role::Admin);
    let stuck = Stuck::at(&world.storage, "INSERT", "staff");
    let file = "Идентификатор;Код ОО;Должность;ФИО\nid-1;520101;Учитель;Учитель номер 1\n";
    let sent = admin.send_file("staff", file).expect(202);
    stuck.wait();
    let body = json!({ "oktmo": "22699000", "name": "Дальний", "kind": "district" });
    admin.post("/api/v1/municipalities", &body).expect(201);
    drop(stuck);
    admin.loaded(&sent).succeeded([1, 0, 0, 0]);
}

both!(a_reader_of_the_journal_misses_nothing, |world| {
    const JOURNAL_WRITERS: usize = 6;
    let database = &world.storage.open(JOURNAL_WRITERS as u32 + 1);
    let start = newest(database);
    let writing = &AtomicUsize::new(JOURNAL_WRITERS);
    let seen = thread::scope(|scope| {
        for writer in 0..JOURNAL_WRITERS {
            scope.spawn(move || {
                write_entries(database, writer);
                writing.fetch_sub(1, Ordering::SeqCst);
            });
        }
        let (mut seen, mut last) = (BTreeSet::new(), start);
        loop {
            let over = writing.load(Ordering::SeqCst) == 0;
            let (keys, upto) = read_on(database, last);
            if over && keys.is_empty() {
                return seen;
            }
            last = upto;
            for key in keys {
                assert!(seen.insert(key.clone()), "{key} came twice");
            }
        }
    });
    let expected: BTreeSet<String> = (0..JOURNAL_WRITERS)
        .flat_map(|w| (0..ROUNDS).flat_map(move |r| (0..=(r + w) % 3).map(move |p| format!("{w}-{r}-{p}"))))
        .collect();
    assert_eq!(seen.len(), expected.len());
    assert_eq!(seen, expected);
});
