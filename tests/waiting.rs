//! Those who wait for changes: rights that are taken back meanwhile count, and nobody takes all places.

use crate::{
    changes::position,
    harness::{Client, World, oauth::Made},
};
use opora_identity::Role;
use serde_json::json;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

const FEED: &str = "/api/v1/changes";
const SCHOOLS: &str = "/api/v1/schools";

fn follower(world: &World) -> (Made, Client, String) {
    let made = world.service_client(json!({ "scopes": ["registry:read", "changes:read"] }));
    let client = world.program(&made, None);
    let found = client.get(&format!("{FEED}/position")).expect(200);
    let after = found.json["position"].as_str().unwrap().to_owned();
    (made, client, after)
}

fn make(client: &Client, code: &str) {
    let draft = json!({ "code": code, "name": format!("Школа {code}"), "kind": "secondary", "locality": "rural", "founder": "state" });
    client.post(SCHOOLS, &draft).expect(201);
}

both!(who_was_shut_out_while_waiting_is_told_nothing, |world| {
    let (made, program, after) = follower(world);
    let institute = world.client(Role::Institute);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| program.get(&format!("{FEED}?after={after}&wait=30")));
        thread::sleep(Duration::from_millis(500));
        world.end_client(made.id).expect(204);
        make(&institute, "520901");
        let reply = waiting.join().unwrap().expect(401).problem("invalid_token");
        assert!(!reply.text.contains("520901"), "{reply}");
    });
});

both!(a_wait_is_no_longer_than_its_token, |world| {
    let after = position(&world.client(Role::Institute));
    let node = world.another_node(|config| config.token_seconds = 2);
    let client = node.log_in("institute");
    let path = format!("{FEED}?after={after}&wait=4");
    client.get(&path).expect(401).problem("expired_token");
});

/// A stream of changes after `after`, its first line read; none if there is no place for it.
fn try_open(client: &Client, after: &str) -> Option<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(client.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let token = client.token.as_ref().unwrap();
    write!(
        stream,
        "GET {FEED}/stream?after={after} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    .unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    assert!(line.contains(" 200 ") || line.contains(" 429 "), "{line}");
    line.contains(" 200 ").then_some(stream)
}

fn open(client: &Client, after: &str) -> BufReader<TcpStream> {
    try_open(client, after).expect("there is no place for a stream")
}

both!(a_stream_ends_with_the_rights_it_had, |world| {
    let (made, program, after) = follower(world);
    let institute = world.client(Role::Institute);
    let mut stream = open(&program, &after);
    make(&institute, "520901");
    let mut told = String::new();
    while !told.contains("520901") {
        assert_ne!(stream.read_line(&mut told).unwrap(), 0, "{told}");
    }
    world.end_client(made.id).expect(204);
    make(&institute, "520902");
    let begun = Instant::now();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    // Cleanly, and not only when its silence would have been over.
    assert!(rest.ends_with("0\r\n\r\n") && !rest.contains("520902"), "{rest}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
});

both!(nobody_takes_the_streams_of_all, |world| {
    let (institute, municipality) = (world.client(Role::Institute), world.client(Role::Municipality));
    let after = institute.get(&format!("{FEED}/position")).expect(200).json["position"].clone();
    let after = after.as_str().unwrap();
    let streams: Vec<_> = (0..16).map(|_| open(&institute, after)).collect();
    let path = format!("{FEED}/stream?after={after}");
    institute.get(&path).expect(429).problem("too_many_requests");
    // The same user with another token is the same caller; another user is not.
    world.client(Role::Institute).get(&path).expect(429);
    let another = open(&municipality, after);
    drop(streams);
    // A stream that nobody reads is noticed when it is written to.
    let admin = world.client(Role::Admin);
    let begun = Instant::now();
    for n in 0.. {
        make(&admin, &format!("53{n:04}"));
        if try_open(&institute, after).is_some() {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "places are not free again");
        thread::sleep(Duration::from_millis(200));
    }
    drop(another);
});
