//! The command line beside a server: one way for a file, whichever door it comes through.

use crate::harness::{World, load::Busy, process::run};
use opora_identity::Role;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CONTEXTS: &str =
    "Код ОО;Учебный год;Количество обучающихся\n520101;2016/2017;90\n520201;2016/2017;80\n";

/// Runs `opora import contexts` on a file with these contents; answers whether it went well, and what it said.
fn import(world: &World, contents: &str) -> (bool, String) {
    let file = world.storage.dir.path().join("contexts.csv");
    std::fs::write(&file, contents).unwrap();
    let output = run(&world.storage, &["import", "contexts", file.to_str().unwrap()], &[]);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.success(), said)
}

/// The newest import with its job, as a client sees them.
fn newest(world: &World) -> (Value, Value) {
    let admin = world.client(Role::Admin);
    let id = admin.get("/api/v1/imports").expect(200).items()[0]["id"].clone();
    let import = admin.get(&format!("/api/v1/imports/{id}")).expect(200).json;
    let job = admin.get(&format!("/api/v1/jobs/{}", import["job_id"])).expect(200).json;
    (import, job)
}

both!(a_file_from_the_command_line_is_an_import_like_any_other, |world| {
    let (well, said) = import(world, CONTEXTS);
    assert!(well && said.contains("2 rows: 2 created, 0 updated, 0 unchanged, 0 refused"), "{said}");
    let (import, job) = newest(world);
    assert_eq!((&import["report"]["created"], &import["file_name"]), (&json!(2), &json!("contexts.csv")));
    assert_eq!(
        (&job["state"], &job["kind"], &job["attempts"]),
        (&json!("succeeded"), &json!("import_contexts"), &json!(1))
    );
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM import_chunks"), 0);
});

both!(a_refused_file_keeps_its_report_and_an_unreadable_one_its_reason, |world| {
    let (well, said) = import(world, &CONTEXTS.replace(";80", ";-80"));
    assert!(!well && said.contains("row 3, pupils: ") && said.contains("nothing was written"), "{said}");
    let (refused, job) = newest(world);
    assert_eq!((&refused["report"]["rejected"], &job["state"]), (&json!(1), &json!("failed")));
    let rejects = world.client(Role::Admin).rejects(refused["id"].as_i64().unwrap());
    assert_eq!(rejects.len(), 1);

    let (well, said) = import(world, "Код ОО;Под опекой\n520101;1\n");
    assert!(!well && said.contains("pupils"), "{said}");
    let (unreadable, job) = newest(world);
    assert!(unreadable["id"].as_i64() > refused["id"].as_i64());
    assert!(unreadable["report"].is_null() && unreadable["finished_at"].is_string(), "{unreadable}");
    assert_eq!((&job["state"], &job["problem"]["code"]), (&json!("failed"), &json!("invalid_file")));
});

both!(the_command_line_waits_for_a_file_of_the_same_kind, |world| {
    let other = Busy::with(world, "import_contexts");
    const BUSY: Duration = Duration::from_secs(2);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| import(world, CONTEXTS));
        std::thread::sleep(BUSY);
        assert_eq!(world.storage.number("SELECT count(*) AS n FROM contexts WHERE academic_year = 2016"), 0);
        other.end(world);
        let (well, said) = waiting.join().unwrap();
        assert!(well && begun.elapsed() >= BUSY, "{said}");
    });
    assert_eq!(world.storage.number("SELECT count(*) AS n FROM contexts WHERE academic_year = 2016"), 2);
});
