//! Several servers on one PostgreSQL, behind nginx; a replica for reads; a primary that dies. Ignored where nginx is not at
//! hand: `make test-nodes` sees to it.

use crate::harness::{
    Client, Server,
    cluster::Cluster,
    process::run,
    proxy::Proxy,
    storage::Storage,
    stuck::Stuck,
    time::{LONG, within},
};
use chrono::Timelike;
use diesel::{RunQueryDsl, connection::SimpleConnection, dsl::sql, sql_types::Text};
use opora_db::{Database, Error, jobs};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{BufRead, BufReader, Write as _},
    net::TcpStream,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const SCHOOLS: &str = "/api/v1/schools";
const SETTINGS: &[(&str, &str)] = &[("LEASE_SECONDS", "2"), ("CONNECTIONS", "8")];
/// What the documentation promises is about five seconds; a busy machine needs more. Without learning of it by itself a
/// node would never do what is waited for.
const SOON: Duration = Duration::from_secs(30);

/// Two servers on one database, and a proxy before them.
struct Pair {
    nodes: [Server; 2],
    proxy: Proxy,
}

impl Pair {
    fn on(storage: &Storage, settings: &[(&str, &str)]) -> Self {
        let nodes = [0, 1].map(|_| Server::start(storage, &[SETTINGS, settings].concat()));
        let proxy = Proxy::before(&nodes.each_ref().map(|node| node.address));
        Self { nodes, proxy }
    }

    fn client(&self, login: &str) -> Client {
        let mut client = Client::of(self.proxy.address);
        client.log_in(login);
        client
    }

    /// The client as it talks to one node alone.
    fn at(&self, node: usize, client: &Client) -> Client {
        let token = client.token.clone().expect("it has logged in");
        Client::of(self.nodes[node].address).with_token(token)
    }
}

fn school(code: &str) -> Value {
    json!({ "code": code, "name": format!("Школа {code}"), "kind": "secondary", "locality": "rural", "founder": "state" })
}

fn staff(prefix: &str, rows: usize) -> String {
    let mut text = String::from("Идентификатор;Код ОО;Должность;Предмет;ФИО;Стаж (лет)\n");
    for n in 0..rows {
        writeln!(text, "{prefix}-{n};520101;Учитель;Математика;Учитель;{}", n % 40).unwrap();
    }
    text
}

#[test]
#[ignore = "needs nginx: make test-nodes"]
fn every_job_runs_once() {
    let storage = Storage::postgres();
    // Nobody dies here, and a node that is held up for seconds is to keep its job.
    let pair = Pair::on(&storage, &[("LEASE_SECONDS", "60")]);
    let client = pair.client("institute");
    let sent: Vec<_> =
        (0..12).map(|n| client.send_file("staff", staff(&format!("n{n}"), 200)).expect(202)).collect();
    for reply in &sent {
        assert_eq!(client.loaded(reply).succeeded([200, 0, 0, 0]).job["attempts"], 1);
    }
    assert_eq!(storage.number("SELECT count(*) AS n FROM staff WHERE external_id LIKE 'n%'"), 2400);
    let told = "SELECT count(*) AS n FROM change_journal WHERE operation = 'load' AND resource = 'staff'";
    assert_eq!(storage.number(told), 12, "an entry for the school of each file");
}

#[derive(diesel::QueryableByName)]
struct Owner {
    #[diesel(sql_type = Text)]
    lease_owner: String,
}

/// The number of the process that holds the job.
fn holder(storage: &Storage, job: i64) -> u32 {
    let query = format!("SELECT lease_owner FROM jobs WHERE id = {job}");
    let mut db = storage.connect();
    let owner: Owner = opora_db::on_each!(&mut db, c => diesel::sql_query(query).get_result(c)).unwrap();
    owner.lease_owner.split('-').next().unwrap().parse().unwrap()
}

#[test]
#[ignore = "needs nginx: make test-nodes"]
fn the_job_of_a_killed_node_is_taken_over_by_the_other() {
    let storage = Storage::postgres();
    let mut pair = Pair::on(&storage, &[("LEASE_SECONDS", "10")]);
    let client = pair.client("institute");
    // It must not end before its node is killed.
    let stuck = Stuck::at(&storage, "INSERT", "staff");
    let sent = client.send_file("staff", staff("many", 60_000)).expect(202);
    let job = sent.json["job_id"].as_i64().unwrap();
    client.job_when(job, |job| job["progress"]["done"].as_i64() > Some(0));
    let id = holder(&storage, job);
    let dead = pair.nodes.iter_mut().position(|node| node.id() == id).expect("a node holds it");
    pair.nodes[dead].kill();
    drop(stuck);
    // The proxy finds the one that is left.
    assert_eq!(client.loaded(&sent).succeeded([60_000, 0, 0, 0]).job["attempts"], 2);
    assert_eq!(
        storage.number("SELECT count(*) AS n FROM staff WHERE external_id LIKE 'many-%' AND version = 1"),
        60_000
    );
}

#[test]
#[ignore = "needs nginx: make test-nodes"]
fn one_key_on_two_nodes_at_once_has_one_effect() {
    let storage = Storage::postgres();
    let pair = Pair::on(&storage, &[]);
    let client = pair.client("institute");
    for round in 0..25 {
        let body = school(&format!("5209{round:02}"));
        let answers: Vec<_> = thread::scope(|scope| {
            let send = |node: usize| {
                let (client, body) = (pair.at(node, &client), body.clone());
                scope.spawn(move || {
                    let call =
                        client.call("POST", SCHOOLS).header("Idempotency-Key", &format!("round-{round}"));
                    call.json(&body).send().expect(201)
                })
            };
            [send(0), send(1)].map(|call| call.join().unwrap()).into()
        });
        assert_eq!(answers[0].json, answers[1].json);
        assert_eq!(answers[0].header("location"), answers[1].header("location"));
    }
    assert_eq!(storage.number("SELECT count(*) AS n FROM schools WHERE code LIKE '5209%'"), 25);
}

#[test]
#[ignore = "needs nginx: make test-nodes"]
fn a_limit_holds_for_both_nodes_together() {
    const LIMIT: usize = 200;
    let storage = Storage::postgres();
    let pair = Pair::on(&storage, &[("RATE_LIMIT", &LIMIT.to_string())]);
    let client = pair.client("institute");
    // Both count by the minute: all of it has to lie in one.
    while chrono::Utc::now().second() >= 20 {
        thread::sleep(Duration::from_millis(100));
    }
    let refused = (0..2 * LIMIT).find(|_| {
        thread::sleep(Duration::from_millis(20));
        client.get("/api/v1/me").status == 429
    });
    // A tenth for each node, and what is sent until the nodes have told each other.
    let most = LIMIT + LIMIT / 5 + 50;
    assert!(refused.is_some_and(|count| (LIMIT / 2..most).contains(&count)), "{refused:?}");
    assert!([0, 1].into_iter().any(|node| pair.at(node, &client).get("/api/v1/me").status == 429));
}

fn kid(client: &Client) -> String {
    jsonwebtoken::decode_header(client.token.as_deref().unwrap()).unwrap().kid.unwrap()
}

#[test]
#[ignore = "needs nginx: make test-nodes"]
fn keys_rotate_for_both() {
    let storage = Storage::postgres();
    let pair = Pair::on(&storage, &[]);
    let old = pair.client("institute");
    assert!(run(&storage, &["keys", "rotate"], &[]).status.success());
    for node in &pair.nodes {
        let published =
            || node.client.get("/.well-known/jwks.json").expect(200).json["keys"].as_array().map(Vec::len);
        within(SOON, "a node does not publish the new key", || published() == Some(2));
    }
    // The minutes between publishing and signing pass at once.
    let now = "UPDATE signing_keys SET signs_from = (now() AT TIME ZONE 'UTC') - interval '1 second' WHERE signs_from > (now() AT TIME ZONE 'UTC')";
    storage.connect().batch_execute(now).unwrap();
    for node in [0, 1] {
        let mut client = Client::of(pair.nodes[node].address);
        within(SOON, "a node does not sign with the new key", || {
            client.log_in("institute");
            kid(&client) != kid(&old)
        });
        pair.at(1 - node, &client).get(SCHOOLS).expect(200);
        pair.at(node, &old).get(SCHOOLS).expect(200);
    }
}

#[test]
#[ignore = "needs nginx: make test-nodes"]
fn a_session_that_ended_on_one_node_is_refused_on_the_other() {
    let storage = Storage::postgres();
    let pair = Pair::on(&storage, &[]);
    let client = pair.client("institute");
    let [here, there] = [0, 1].map(|node| pair.at(node, &client));
    there.get(SCHOOLS).expect(200);
    here.call("POST", "/api/v1/auth/logout").send().expect(204);
    here.get(SCHOOLS).expect(401);
    within(SOON, "the other node does not learn of it", || there.get(SCHOOLS).status == 401);
}

/// Sends until it is answered: as a client does that has a key for its request.
fn insist(client: &Client, code: &str) {
    let begun = Instant::now();
    loop {
        let call = client.call("POST", SCHOOLS).header("Idempotency-Key", code).json(&school(code));
        match call.try_send() {
            Ok(reply) if reply.status == 201 => return,
            Ok(reply) => assert!([502, 503, 504].contains(&reply.status), "{reply}"),
            Err(_) => {}
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{code} is never taken");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Writers that insist; each acknowledged code is noted.
fn write_on(clients: &[Client], over: &AtomicBool, written: &Mutex<BTreeSet<String>>, count: &AtomicUsize) {
    thread::scope(|scope| {
        for client in clients {
            scope.spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    let code = format!("6{:05}", count.fetch_add(1, Ordering::SeqCst));
                    insist(client, &code);
                    written.lock().unwrap().insert(code);
                }
            });
        }
    });
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

/// Nodes are replaced one after the other under load, on a schema to which a newer version has added meanwhile.
#[test]
#[ignore = "needs nginx: make test-nodes"]
fn a_rolling_replacement_loses_nothing() {
    let storage = Storage::postgres();
    let mut pair = Pair::on(&storage, &[]);
    let clients = [0; 3].map(|_| pair.client("institute"));
    let (over, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let written = Mutex::<BTreeSet<String>>::default();
    thread::scope(|scope| {
        scope.spawn(|| write_on(&clients, &over, &written, &count));
        thread::sleep(Duration::from_millis(500));
        let added = "ALTER TABLE schools ADD COLUMN novelty TEXT;
            INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000001')";
        storage.connect().batch_execute(added).unwrap();
        for node in &mut pair.nodes {
            let listen = node.address.to_string();
            node.stop();
            *node = Server::start(&storage, &[SETTINGS, &[("LISTEN", &listen)]].concat());
            thread::sleep(Duration::from_millis(500));
        }
        over.store(true, Ordering::SeqCst);
    });
    let written = written.into_inner().unwrap();
    assert!(written.len() > 20, "hardly anything was written");
    assert!(written.is_subset(&codes(&clients[0])), "an acknowledged write is missing");
}

/// Reads that a node has made on the replica, and on the primary instead.
fn places(node: &Server) -> [u64; 2] {
    let metrics = node.client.get("/metrics").expect(200).text;
    ["replica", "primary"].map(|place| {
        let name = format!("database_reads_total{{place=\"{place}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
    })
}

#[test]
#[ignore = "needs nginx: make test-nodes"]
fn reads_go_to_the_replica_and_see_what_was_written_on_any_node() {
    let cluster = Cluster::start();
    let storage = cluster.storage();
    // A busy machine's replica is not quick.
    let replica = cluster.replica_url();
    let pair =
        Pair::on(&storage, &[("DATABASE_REPLICA_URL", &replica), ("DATABASE_REPLICA_WAIT_MS", "1000")]);
    let client = pair.client("institute");
    let write_and_read = |from: usize| {
        for n in from..from + 60 {
            let (here, there) = (pair.at(n % 2, &client), pair.at(1 - n % 2, &client));
            let made = here.post(SCHOOLS, &school(&format!("6{n:05}"))).expect(201);
            let read = there.get(made.header("location")).expect(200);
            let name = json!({ "name": "Иная" });
            there.patch(made.header("location"), read.header("etag"), &name).expect(200);
            assert_eq!(here.get(made.header("location")).expect(200).json["name"], "Иная");
        }
    };
    // A node leaves a replica alone for some time that was late or cut it off: on a busy machine it is tried again.
    let mut before = pair.nodes.each_ref().map(places);
    let well_read = (0..5).any(|round| {
        write_and_read(100 * round);
        let then = std::mem::replace(&mut before, pair.nodes.each_ref().map(places));
        before.iter().zip(then).all(|(now, then)| {
            let [replica, primary] = [0, 1].map(|place| now[place] - then[place]);
            replica > 30 && replica > primary
        })
    });
    assert!(well_read, "{before:?}");
    // A replica that stays behind: nobody is shown what was before, nobody waits long.
    cluster.pause_replay();
    write_and_read(500);
    let behind = pair.nodes.each_ref().map(places);
    assert!(behind.iter().zip(&before).all(|(now, then)| now[1] > then[1] + 20), "{before:?} {behind:?}");
    cluster.resume_replay();
    within(LONG, "the replica is never read again", || {
        pair.at(0, &client).get(SCHOOLS).expect(200);
        places(&pair.nodes[0])[0] > behind[0][0]
    });
}

/// An event comes through a proxy that collects answers in its buffers unless it is told not to.
#[test]
#[ignore = "needs nginx: make test-nodes"]
fn a_stream_comes_through_the_proxy_as_it_is_told() {
    let storage = Storage::postgres();
    let pair = Pair::on(&storage, &[]);
    let client = pair.client("institute");
    let mut stream = TcpStream::connect(pair.proxy.address).unwrap();
    // Shorter than the life of its token, at whose end it would come as a whole.
    stream.set_read_timeout(Some(2 * LONG)).unwrap();
    let token = client.token.as_ref().unwrap();
    let head = format!("Host: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    write!(stream, "GET /api/v1/changes/stream?resource=schools HTTP/1.1\r\n{head}").unwrap();
    client.post(SCHOOLS, &school("520901")).expect(201);
    let told = BufReader::new(stream).lines().any(|line| line.unwrap().starts_with("data: "));
    assert!(told, "the stream has ended");
}

/// A replica may show a write before the primary has acknowledged it, and its place in the feed with it.
#[test]
#[ignore = "needs nginx: make test-nodes"]
fn the_feed_is_read_on_the_primary_and_the_rest_of_a_replica_is_bounded() {
    let cluster = Cluster::start();
    let storage = cluster.storage();
    let replica = cluster.replica_url();
    let node =
        Server::start(&storage, &[("DATABASE_REPLICA_URL", &replica), ("DATABASE_REPLICA_WAIT_MS", "10000")]);
    let before = places(&node);
    let client = &node.client;
    client.get("/api/v1/changes").expect(200);
    let position = client.get("/api/v1/changes/position").expect(200).json["position"].clone();
    client.get(&format!("/api/v1/changes?after={}", position.as_str().unwrap())).expect(200);
    client.get("/api/v1/changes/stream?after=ffff-0-1").expect(410).problem("position_lost");
    assert_eq!(places(&node), before, "a place in the feed was asked of the replica");
    client.get(SCHOOLS).expect(200);
    assert_eq!(places(&node).iter().sum::<u64>(), before.iter().sum::<u64>() + 1);

    let open = |url: &str| opora_db::Settings {
        back_end: url.parse().unwrap(),
        connections: 1,
        wait: LONG,
        quota_mib: None,
    };
    let database = Database::open(open(&storage.url)).with_replica(open(&replica), LONG);
    let database = database.bounded(Some(Duration::from_millis(1234)));
    within(LONG, "the replica is never read", || {
        let bound = database.read_near(|db| {
            let bound = sql::<Text>("current_setting('statement_timeout')");
            Ok(opora_db::on_each!(db, c => diesel::select(bound.clone()).get_result::<String>(c))?)
        });
        assert_eq!(bound.unwrap(), "1234ms");
        database.replica_reads().is_some_and(|(read, _)| read > 0)
    });

    // Whoever takes the replica for the primary is told that it cannot be had, and leaves the connection.
    let standby = Database::open(open(&replica));
    let write = standby.keep_books(jobs::release_all);
    assert!(matches!(write, Err(Error::Unavailable(_))), "{write:?}");
    let read = standby.with_replica(open(&replica), LONG).read_near(|_| Ok(()));
    assert!(matches!(read, Err(Error::Unavailable(_))), "{read:?}");
}

#[test]
#[ignore = "needs nginx: make test-nodes"]
fn after_a_failover_writes_go_on_and_nothing_acknowledged_is_lost() {
    let cluster = Cluster::start();
    let storage = cluster.storage();
    let pair = Pair::on(&storage, &[("DATABASE_REPLICA_URL", &cluster.replica_url())]);
    let clients = [0; 4].map(|_| pair.client("institute"));
    let (over, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let written = Mutex::<BTreeSet<String>>::default();
    let acknowledged = || written.lock().unwrap().len();
    thread::scope(|scope| {
        scope.spawn(|| write_on(&clients, &over, &written, &count));
        within(LONG, "nothing is written", || acknowledged() > 60);
        cluster.kill_primary();
        thread::sleep(Duration::from_millis(500));
        cluster.promote();
        let then = acknowledged();
        within(2 * LONG, "writes do not go on", || acknowledged() > then + 60);
        over.store(true, Ordering::SeqCst);
    });
    let written = written.into_inner().unwrap();
    let found = codes(&clients[0]);
    let lost: Vec<_> = written.difference(&found).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let made = found.iter().filter(|code| code.starts_with('6')).count();
    assert_eq!(made as i64, storage.number("SELECT count(*) AS n FROM schools WHERE code LIKE '6%'"));
    let verified = run(&storage, &["audit", "verify"], &[]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
