//! Servers are replaced one by one: an older one goes on with a schema to which a newer one has added, and says so when it no
//! longer can.

use crate::harness::process::run;
use diesel::connection::SimpleConnection;
use opora_identity::Role;
use serde_json::json;

/// What a later version's migration may do while older servers serve.
const ADDED: &str = "
    ALTER TABLE schools ADD COLUMN novelty TEXT;
    CREATE TABLE novelties (id INTEGER PRIMARY KEY, words TEXT);
    CREATE INDEX novelties_words ON novelties (words);
    INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000001')";

const RAISED: &str = "UPDATE schema_floor SET migration = '29990101000001'";

both!(an_older_server_serves_a_schema_that_was_added_to, |world| {
    world.storage.connect().batch_execute(ADDED).unwrap();
    // One that was running, and one that starts now.
    let started = world.another_node(|_| {});
    for (n, client) in [world.client(Role::Institute), started.log_in("institute")].iter().enumerate() {
        client.get("/health/ready").expect(200);
        let code = format!("52090{n}");
        let body = json!({ "code": code, "name": "Школа", "kind": "secondary", "locality": "rural", "founder": "state" });
        let made = client.post("/api/v1/schools", &body).expect(201);
        client.patch(made.header("location"), "\"1\"", &json!({ "name": "Иная" })).expect(200);
        let file = format!("Код ОО;Учебный год;Количество обучающихся\n520101;201{n}/201{};90\n", n + 1);
        client.load("contexts", file).succeeded([1, 0, 0, 0]);
    }
});

both!(a_server_that_cannot_serve_a_newer_schema_says_so, |world| {
    let client = world.stranger();
    world.storage.connect().batch_execute(&format!("{ADDED}; {RAISED}")).unwrap();
    // A proxy sends nobody there any more; what is on its way may end.
    client.get("/health/ready").expect(503).problem("unavailable");
    client.get("/health/live").expect(200);
    for command in ["migrate", "serve"] {
        let refused = run(&world.storage, &[command], &[]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains("newer version"), "{said}");
    }
});
