//! The change feed: nothing is missed, nothing is told twice, and everybody is told what is theirs.

use crate::{
    harness::{Client, World, seed::Seed},
    oauth::part,
};
use opora_identity::Role;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

const FEED: &str = "/api/v1/changes";
const SCHOOLS: &str = "/api/v1/schools";

/// Where the feed is now.
pub fn position(client: &Client) -> String {
    let found = client.get(&format!("{FEED}/position")).expect(200);
    found.json["position"].as_str().unwrap().to_owned()
}

/// Everything after `after`, in parts of at most `limit`.
pub fn told(client: &Client, after: &str, rest: &str, limit: usize) -> Vec<Value> {
    let (mut after, mut all) = (after.to_owned(), Vec::new());
    loop {
        let part = client.get(&format!("{FEED}?after={after}&limit={limit}{rest}")).expect(200);
        assert!(part.items().len() <= limit);
        assert_eq!(part.json["more"].as_bool().unwrap(), part.next().is_some(), "{part}");
        all.extend(part.items().iter().cloned());
        after = part.json["next"].as_str().unwrap().to_owned();
        if part.json["more"] == false {
            return all;
        }
    }
}

/// Operation and natural key of each change.
pub fn said(changes: &[Value]) -> Vec<(&str, &Value)> {
    changes.iter().map(|change| (change["operation"].as_str().unwrap(), &change["natural_key"])).collect()
}

fn draft(code: &str, municipality: Option<i64>) -> Value {
    let founder = if municipality.is_some() { "municipal" } else { "state" };
    json!({ "code": code, "name": format!("Школа {code}"), "municipality_id": municipality, "kind": "secondary",
        "locality": "rural", "founder": founder })
}

both!(a_record_is_followed_from_its_beginning_to_its_end, |world| {
    let institute = world.client(Role::Institute);
    let start = position(&institute);
    let made = institute.post(SCHOOLS, &draft("520901", Some(world.seed.own.0))).expect(201);
    let path = format!("{SCHOOLS}/{}", made.json["id"]);
    institute.patch(&path, made.header("etag"), &json!({ "name": "Иная" })).expect(200);
    let renamed = institute.patch(&path, "\"2\"", &json!({ "code": "520902" })).expect(200);
    institute.call("DELETE", &path).header("If-Match", renamed.header("etag")).send().expect(204);
    let changes = told(&institute, &start, "&resource=schools,staff", 100);
    let (old, new) = (json!({ "code": "520901" }), json!({ "code": "520902" }));
    let expected = [("create", &old), ("update", &old), ("update", &new), ("delete", &new)];
    assert_eq!(said(&changes), expected);
    assert_eq!(changes[2]["previous_key"], old);
    assert_eq!(changes[1]["previous_key"], Value::Null);
    for (change, href) in changes.iter().zip([json!(path), json!(path), json!(path), Value::Null]) {
        assert_eq!(change["key"], made.json["id"].to_string());
        assert_eq!(change["href"], href);
        assert_eq!(change["municipality_id"], world.seed.own.0);
    }
    // One at a time it is the same, and from the middle on it is the rest.
    assert_eq!(told(&institute, &start, "&resource=schools", 1), changes);
    let middle = changes[1]["position"].as_str().unwrap();
    assert_eq!(told(&institute, middle, "&resource=schools", 100), changes[2..]);
});

const RESULTS: &str = "school_code;academic_year;type;grade;subject;participants;below_minimum\n";

fn result(school: &str, subject: &str, below: u32) -> String {
    format!("{school};2019/2020;VPR;5;{subject};30;{below}\n")
}

both!(every_row_of_a_file_is_told, |world| {
    let institute = world.client(Role::Institute);
    let start = position(&institute);
    let first = [result("520101", "01", 3), result("520101", "02", 4), result("520201", "01", 5)].concat();
    institute.load("results", format!("{RESULTS}{first}")).succeeded([3, 0, 0, 0]);
    let key = |school: &str, subject: &str| {
        json!({ "school_code": school, "academic_year": "2019/2020", "type": "VPR", "grade": 5, "subject": subject,
            "attempt": "main" })
    };
    let keys = [key("520101", "01"), key("520101", "02"), key("520201", "01")];
    let changes = told(&institute, &start, "", 100);
    assert_eq!(said(&changes), keys.each_ref().map(|key| ("create", key)));
    // A place inside the file is a place like any other.
    assert_eq!(told(&institute, &start, "", 1), changes);
    assert_eq!(told(&institute, changes[0]["position"].as_str().unwrap(), "", 2), changes[1..]);
    let href = changes[1]["href"].as_str().unwrap();
    let there = institute.get(href).expect(200);
    assert_eq!((there.items().len(), &there.items()[0]["below_minimum"]), (1, &json!(4)));
    // The same file again tells nothing; one other number tells one change.
    let middle = position(&institute);
    institute.load("results", format!("{RESULTS}{first}")).succeeded([0, 0, 3, 0]);
    assert_eq!(told(&institute, &middle, "", 100), Vec::<Value>::new());
    institute.load("results", format!("{RESULTS}{}", result("520101", "02", 6))).succeeded([0, 1, 0, 0]);
    assert_eq!(said(&told(&institute, &middle, "", 100)), [("update", &keys[1])]);
    let contexts = "school_code;academic_year;pupils\n520101;2018/2019;300\n520101;2019/2020;310\n";
    let middle = position(&institute);
    institute.load("contexts", contexts).succeeded([1, 1, 0, 0]);
    let year = |year: &str| json!({ "school_code": "520101", "academic_year": year });
    assert_eq!(
        said(&told(&institute, &middle, "", 100)),
        [("create", &year("2018/2019")), ("update", &year("2019/2020"))]
    );
});

both!(who_goes_to_another_school_leaves_the_first, |world| {
    let Seed { own, other, school, neighbour, .. } = world.seed;
    let institute = world.client(Role::Institute);
    let start = position(&institute);
    let head = "external_id;school_code;role;full_name\n";
    let moves = "person-520101;520201;teacher;Учитель Один\nperson-520102;520101;teacher;Учитель Два\n";
    institute.load("staff", format!("{head}{moves}")).succeeded([0, 2, 0, 0]);
    let [one, two] = ["person-520101", "person-520102"].map(|id| json!({ "external_id": id }));
    let seen = |login: &str| told(&world.log_in(login), &start, "&resource=staff", 100);
    assert_eq!(said(&seen("institute")), [("update", &two), ("update", &one)]);
    // Within the municipality nobody has left but the one who went to another.
    assert_eq!(said(&seen("municipality")), [("leave", &one), ("update", &two)]);
    assert_eq!(said(&seen("school")), [("leave", &one), ("update", &two)]);
    assert_eq!(said(&seen("other_municipality")), [("update", &one)]);
    let left = &seen("school")[0];
    assert_eq!((&left["school_id"], &left["municipality_id"]), (&json!(school.0), &json!(own.0)));
    assert_ne!((neighbour, other), (school, own));
});

both!(a_school_that_moves_leaves_its_municipality, |world| {
    let Seed { other, school, city, .. } = world.seed;
    let institute = world.client(Role::Institute);
    let start = position(&institute);
    let path = format!("{SCHOOLS}/{school}");
    institute.patch(&path, "\"1\"", &json!({ "municipality_id": other })).expect(200);
    let key = json!({ "code": "520101" });
    let seen = |login: &str| told(&world.log_in(login), &start, "", 100);
    assert_eq!(said(&seen("institute")), [("update", &key)]);
    assert_eq!(said(&seen("municipality")), [("leave", &key)]);
    assert_eq!(said(&seen("other_municipality")), [("update", &key)]);
    assert_eq!(said(&seen("city")), []);
    // From the city to its own district: inside the area.
    let district_school = format!("{SCHOOLS}/{}", world.seed.district_school);
    institute.patch(&district_school, "\"1\"", &json!({ "municipality_id": city })).expect(200);
    assert_eq!(said(&seen("city")), [("update", &json!({ "code": "520301" }))]);
});

both!(one_is_told_only_what_one_may_read, |world| {
    let reader = world.client(Role::Reader);
    let refusal = reader.get(&format!("{FEED}?resource=schools,staff")).expect(403).problem("forbidden");
    let detail = refusal.json["detail"].as_str().unwrap();
    assert!(detail.contains("staff") && detail.contains("staff:read"), "{refusal}");
    let start = position(&reader);
    let institute = world.client(Role::Institute);
    institute
        .load("staff", "external_id;school_code;role;full_name\nnew;520101;teacher;Учитель\n")
        .succeeded([1, 0, 0, 0]);
    assert_eq!(told(&reader, &start, "", 100), Vec::<Value>::new());
    assert_eq!(told(&institute, &start, "", 100).len(), 1);
});

both!(a_place_where_the_feed_has_not_been_is_refused, |world| {
    let client = world.client(Role::Institute);
    client.post(SCHOOLS, &draft("520901", None)).expect(201);
    let place = position(&client);
    let parts: Vec<&str> = place.split('-').collect();
    for lost in [format!("{}ff-0-{}", parts[0], parts[2]), format!("{}-0-1", parts[0])] {
        client.get(&format!("{FEED}?after={lost}")).expect(410).problem("position_lost");
        client.get(&format!("{FEED}/stream?after={lost}")).expect(410).problem("position_lost");
    }
    for garbage in ["x", "1", "1-2", "1-2-3-4", "+1-0-0", "-1-0-0", "fffffffffffffffff-0-0", "%D0%96"] {
        client.get(&format!("{FEED}?after={garbage}")).expect(400).problem("invalid_parameter");
    }
    for wrong in
        ["wait=61", "wait=-1", "limit=0", "resource=pupils", "resource=", "resource=schools,", "afterr=0"]
    {
        client.get(&format!("{FEED}?{wrong}")).expect(400).refused_query();
    }
});

both!(one_who_waits_is_told_at_once, |world| {
    let client = world.client(Role::Institute);
    let start = position(&client);
    let nothing = client.get(&format!("{FEED}?after={start}&wait=1")).expect(200);
    assert_eq!((nothing.items().len(), &nothing.json["more"]), (0, &json!(false)));
    let another = world.another_node(|_| {});
    thread::scope(|scope| {
        let waiting = scope.spawn(|| client.get(&format!("{FEED}?after={start}&wait=60")).expect(200));
        thread::sleep(Duration::from_millis(300));
        another.log_in("institute").post(SCHOOLS, &draft("520901", None)).expect(201);
        // The client gives up before the minute is over.
        assert_eq!(said(waiting.join().unwrap().items()), [("create", &json!({ "code": "520901" }))]);
    });
});

/// Events of a stream until `enough`: their ids and data.
fn events(world: &World, client: &Client, head: &str, enough: usize) -> Vec<(String, Value)> {
    let mut stream = TcpStream::connect(world.node.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let token = client.token.as_ref().unwrap();
    write!(stream, "GET {FEED}/stream?resource=schools HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{head}\r\n")
        .unwrap();
    let (mut id, mut found) = (String::new(), Vec::new());
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        assert!(!line.starts_with("HTTP/1.1 ") || line.ends_with("200 OK"), "{line}");
        if let Some(value) = line.strip_prefix("id: ") {
            id = value.to_owned();
        } else if let Some(data) = line.strip_prefix("data: ") {
            found.push((id.clone(), serde_json::from_str(data).unwrap()));
        }
        if found.len() == enough {
            break;
        }
    }
    found
}

both!(a_stream_goes_on_where_it_broke, |world| {
    let client = world.client(Role::Institute);
    for code in ["520901", "520902", "520903"] {
        client.post(SCHOOLS, &draft(code, None)).expect(201);
    }
    let first = events(world, &client, "", 2);
    assert_eq!(first[1].1["natural_key"], json!({ "code": "520902" }));
    assert_eq!(first[1].0, first[1].1["position"].as_str().unwrap());
    thread::scope(|scope| {
        let last = format!("Last-Event-ID: {}\r\n", first[1].0);
        let rest = scope.spawn({
            let client = client.clone();
            move || events(world, &client, &last, 2)
        });
        thread::sleep(Duration::from_millis(300));
        client.post(SCHOOLS, &draft("520904", None)).expect(201);
        let rest = rest.join().unwrap();
        let codes: Vec<&Value> = rest.iter().map(|(_, change)| &change["natural_key"]["code"]).collect();
        assert_eq!(codes, ["520903", "520904"]);
    });
});

fn harvest(client: &Client, first: &str) -> Vec<Value> {
    let (mut path, mut found) = (first.to_owned(), Vec::new());
    loop {
        let page = client.get(&path).expect(200);
        found.extend(page.items().iter().cloned());
        match page.next() {
            Some(next) => path = next,
            None => return found,
        }
    }
}

both!(the_parts_of_a_resource_are_the_whole, |world| {
    let client = world.client(Role::Institute);
    let by_text = |mut rows: Vec<Value>| {
        rows.sort_by_key(Value::to_string);
        rows
    };
    for resource in ["schools", "contexts", "results", "staff", "support-records"] {
        let whole = by_text(harvest(&client, &format!("/api/v1/{resource}?limit=2")));
        for count in [1, 2, 3, 256] {
            let parts =
                client.get(&format!("{FEED}/partitions?resource={resource}&count={count}")).expect(200);
            assert!((1..=count).contains(&parts.items().len()));
            let rows = parts.items().iter().flat_map(|part| harvest(&client, part["href"].as_str().unwrap()));
            assert_eq!(by_text(rows.collect()), whole, "{resource} in {count}");
        }
    }
    let parts = client.get(&format!("{FEED}/partitions?resource=schools")).expect(200);
    let token = parts.items()[0]["partition"].as_str().unwrap();
    client.get(&format!("/api/v1/results?partition={token}")).expect(400).problem("invalid_cursor");
    client
        .get(&format!("{FEED}/partitions?resource=schools&count=257"))
        .expect(400)
        .problem("invalid_parameter");
    let reader = world.client(Role::Reader);
    reader.get(&format!("{FEED}/partitions?resource=staff")).expect(403).problem("forbidden");
});

/// A copy of the schools and of their results, kept by the feed alone.
#[derive(Default)]
struct Mirror {
    schools: BTreeMap<String, Value>,
    results: BTreeMap<String, Value>,
    changes: usize,
}

fn result_key(result: &Value) -> String {
    ["school_code", "academic_year", "type", "grade", "subject", "attempt"]
        .map(|f| result[f].to_string())
        .join(" ")
}

impl Mirror {
    /// The position first, then the lists: what changes meanwhile is told again.
    fn begin(client: &Client) -> (Self, String) {
        let start = position(client);
        let mut mirror = Self::default();
        for school in harvest(client, "/api/v1/schools?limit=3") {
            mirror.schools.insert(school["id"].to_string(), school);
        }
        for result in harvest(client, "/api/v1/results?limit=3") {
            mirror.results.insert(result_key(&result), result);
        }
        (mirror, start)
    }

    fn take(&mut self, client: &Client, change: &Value) {
        self.changes += 1;
        let gone = change["operation"] == "delete";
        let key = change["key"].as_str().unwrap_or_default().to_owned();
        match change["resource"].as_str().unwrap() {
            "schools" if gone => drop(self.schools.remove(&key)),
            "schools" => match client.get(change["href"].as_str().unwrap()) {
                // Changed and then removed: that is told later.
                reply if reply.status == 404 => drop(self.schools.remove(&key)),
                reply => drop(self.schools.insert(key, reply.expect(200).json)),
            },
            "results" => {
                let found = client.get(change["href"].as_str().unwrap()).expect(200);
                self.results.insert(result_key(&change["natural_key"]), found.items()[0].clone());
            }
            other => panic!("{other} was not asked for"),
        }
    }

    fn follow(&mut self, client: &Client, mut after: String, done: impl Fn() -> bool) {
        loop {
            let over = done();
            let part = client
                .get(&format!("{FEED}?after={after}&resource=schools,results&limit=7&wait=1"))
                .expect(200);
            part.items().iter().for_each(|change| self.take(client, change));
            after = part.json["next"].as_str().unwrap().to_owned();
            // Whatever was written before `over` was known is in this part or in one that follows at once.
            if over && part.items().is_empty() {
                return;
            }
        }
    }
}

/// Makes, renames and removes schools of its own, and loads results of a seeded one. Answers how many changes that was.
fn storm(client: &Client, writer: usize) -> usize {
    const ROUNDS: usize = 8;
    let mut changes = 0;
    for round in 0..ROUNDS {
        let code = format!("53{writer}{round:03}");
        let made = client.post(SCHOOLS, &draft(&code, None)).expect(201);
        let path = format!("{SCHOOLS}/{}", made.json["id"]);
        client.patch(&path, "\"1\"", &json!({ "name": format!("Иная {round}") })).expect(200);
        changes += 2;
        if round % 2 == 0 {
            client.call("DELETE", &path).header("If-Match", "\"2\"").send().expect(204);
            changes += 1;
        }
        if round % 4 == writer % 4 {
            let rows =
                [result("520101", &format!("0{}", writer + 1), 2), result("520201", "08", round as u32)];
            let loaded = client.load("results", format!("{RESULTS}{}", rows.concat()));
            let report = &loaded.import["report"];
            changes +=
                ["created", "updated"].map(|n| report[n].as_u64().unwrap() as usize).iter().sum::<usize>();
        }
    }
    changes
}

both!(a_mirror_equals_its_source_after_a_storm, |world| {
    const WRITERS: usize = 4;
    let institute = world.client(Role::Institute);
    let (mut mirror, start) = Mirror::begin(&institute);
    let (storming, written) = (AtomicUsize::new(WRITERS), AtomicUsize::new(0));
    let nodes = [&world.node, &world.another_node(|_| {})];
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (storming, written) = (&storming, &written);
            let client = nodes[writer % 2].log_in("institute");
            scope.spawn(move || {
                written.fetch_add(storm(&client, writer), Ordering::SeqCst);
                storming.fetch_sub(1, Ordering::SeqCst);
            });
        }
        mirror.follow(&institute, start, || storming.load(Ordering::SeqCst) == 0);
    });
    let (source, _) = Mirror::begin(&institute);
    assert_eq!(mirror.schools, source.schools);
    assert_eq!(mirror.results, source.results);
    assert_eq!(mirror.changes, written.load(Ordering::SeqCst), "each change is told once");
});

/// Opens a stream and tells when it has begun; answers what came, when it has ended.
fn until_the_end(address: std::net::SocketAddr, token: &str, begun: impl FnOnce()) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    write!(stream, "GET {FEED}/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n").unwrap();
    let (mut stream, mut text) = (BufReader::new(stream), String::new());
    stream.read_line(&mut text).unwrap();
    begun();
    stream.read_to_string(&mut text).unwrap_or_else(|error| panic!("still open: {error}"));
    text
}

both!(a_stream_ends_with_its_token, |world| {
    let node = world.another_node(|config| config.token_seconds = 10);
    let client = node.log_in("institute");
    let token = client.token.as_ref().unwrap();
    let text = until_the_end(node.address, token, || ());
    let late = chrono::Utc::now().timestamp() - part(token, 1)["exp"].as_i64().unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
    // Cleanly: the last chunk of a body that is whole.
    assert!(text.ends_with("0\r\n\r\n"), "{text}");
    // Proxies are to pass events on as they come.
    for header in ["x-accel-buffering: no", "cache-control: no-store"] {
        assert!(text.contains(&format!("\r\n{header}\r\n")), "{text}");
    }
    assert!((0..30).contains(&late), "it ended {late} s after its token");
    client.get(&format!("{FEED}/stream")).expect(401).problem("expired_token");
});

fn a_stream_ends_with_its_server(storage: &crate::harness::storage::Storage) {
    let mut server = crate::harness::Server::start(storage, &[]);
    let token = server.client.token.clone().unwrap();
    let address = server.client.address();
    thread::scope(|scope| {
        let (tell, hear) = mpsc::channel();
        let stream = scope.spawn(move || until_the_end(address, &token, || tell.send(()).unwrap()));
        hear.recv().unwrap();
        let begun = std::time::Instant::now();
        server.stop();
        assert!(begun.elapsed() < Duration::from_secs(14), "the server waited for its streams");
        let text = stream.join().unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK") && text.ends_with("0\r\n\r\n"), "{text}");
    });
}

#[test]
fn a_stream_ends_with_its_server_on_sqlite() {
    a_stream_ends_with_its_server(&crate::harness::storage::Storage::sqlite());
}

#[test]
fn a_stream_ends_with_its_server_on_postgres() {
    a_stream_ends_with_its_server(&crate::harness::storage::Storage::postgres());
}
