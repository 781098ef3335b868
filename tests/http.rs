//! What HTTP itself promises, looked at byte by byte: HEAD beside every GET, and an answer to a body that is refused
//! before it has come whole.

use crate::harness::{World, contract::operations, world::Node};
use opora_identity::Role;
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// An answer as it stands on the wire.
#[derive(Debug)]
struct Wire {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Wire {
    /// Reads to the end of the stream.
    fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let end =
            bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("an answer without an end of its head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let (first, rest) = head.split_once("\r\n").unwrap();
        let pair = |line: &str| line.split_once(": ").map(|(n, v)| (n.to_lowercase(), v.to_owned())).unwrap();
        Ok(Self {
            status: first.split(' ').nth(1).unwrap().parse().unwrap(),
            headers: rest.lines().map(pair).collect(),
            body: bytes[end + 4..].to_vec(),
        })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The headers but for the date, by name.
    fn lasting(&self) -> Vec<&(String, String)> {
        let mut headers: Vec<_> = self.headers.iter().filter(|(name, _)| name != "date").collect();
        headers.sort();
        headers
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn ask(world: &World, token: &str, method: &str, path: &str, encoding: &str) -> Wire {
    let mut stream = connect(world.node.address);
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: opora\r\nConnection: close\r\nX-Request-Id: one\r\n\
         Authorization: Bearer {token}\r\nAccept-Encoding: {encoding}\r\n\r\n"
    )
    .unwrap();
    Wire::read(&mut stream).unwrap()
}

#[track_caller]
fn head_is_get_without_body(world: &World, token: &str, path: &str, encoding: &str) -> u16 {
    let [get, head] = ["GET", "HEAD"].map(|method| ask(world, token, method, path, encoding));
    assert_eq!((head.status, head.lasting()), (get.status, get.lasting()), "{path}");
    assert!(head.body.is_empty(), "{path}: {head:?}");
    assert!(!get.body.is_empty(), "{path}: {get:?}");
    get.status
}

both!(a_method_that_nobody_knows_makes_no_series_of_its_own, |world| {
    let admin = world.log_in("admin");
    let refused = ask(world, admin.token.as_deref().unwrap(), "BREW", "/api/v1/schools", "identity");
    assert_eq!(refused.status, 405, "{refused:?}");
    let metrics = admin.get("/metrics").expect(200);
    assert!(metrics.text.contains("http_requests_total{method=\"other\""), "{metrics}");
    assert!(!metrics.text.contains("BREW"), "{metrics}");
});

both!(whatever_answers_get_answers_head, |world| {
    let token = world.client(Role::Institute).token.unwrap();
    let mut seen = Vec::new();
    // Metrics move on between two readings, and a stream has no end.
    let lasts = |id: &str| !["get_metrics", "stream_changes"].contains(&id);
    for operation in operations().iter().filter(|o| o.method == "GET" && lasts(o.id)) {
        let path = operation.path_with(|_| Some("1".into()));
        seen.push(head_is_get_without_body(world, &token, &path, "identity"));
    }
    for status in [200, 403, 404] {
        assert!(seen.contains(&status), "the walk meets {status}: {seen:?}");
    }
    for path in ["/openapi.yaml", "/docs/errors", "/docs/", "/api/v1/nothing"] {
        head_is_get_without_body(world, &token, path, "identity");
    }
    let length = ask(world, &token, "HEAD", "/openapi.json", "identity");
    assert!(length.header("content-length").and_then(|n| n.parse().ok()) > Some(100_000), "{length:?}");
    assert_eq!(head_is_get_without_body(world, &token, "/openapi.json", "gzip"), 200);
    assert_eq!(head_is_get_without_body(world, "garbage", "/api/v1/schools", "identity"), 401);
    // What cannot be read cannot be asked for its headers either.
    let refused = ask(world, &token, "HEAD", "/api/v1/auth/login", "identity");
    assert_eq!((refused.status, refused.header("allow")), (405, Some("POST")));
    let allowed = ask(world, &token, "PATCH", "/api/v1/schools", "identity");
    assert_eq!((allowed.status, allowed.header("allow")), (405, Some("GET, HEAD, POST")));
});

/// The two ways to send a body.
#[derive(Clone, Copy)]
enum Framing {
    Length,
    Chunked,
}

/// Begins to send a body without end and sends the first bytes of it.
fn begin(node: &Node, path: &str, framing: Framing, token: &str, sent: usize) -> io::Result<TcpStream> {
    let mut stream = connect(node.address);
    let kind = if path.contains("imports") { "text/csv" } else { "application/json" };
    let framed = match framing {
        Framing::Length => format!("Content-Length: {}", 1u64 << 40),
        Framing::Chunked => "Transfer-Encoding: chunked".to_owned(),
    };
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: opora\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\n{framed}\r\n\r\n"
    )?;
    let piece = [b' '; 64 * 1024];
    for _ in 0..sent.div_ceil(piece.len()) {
        match framing {
            Framing::Length => stream.write_all(&piece)?,
            Framing::Chunked => {
                write!(stream, "{:x}\r\n", piece.len())?;
                stream.write_all(&piece)?;
                stream.write_all(b"\r\n")?;
            }
        }
    }
    Ok(stream)
}

/// A body far larger than what is read of it, and than what the sockets' buffers hold.
const LARGE: usize = 24 * 1024 * 1024;

// A body that says that it is too long is refused before it comes: a client that waits for the answer before it sends on
// would wait for ever.
both!(a_body_that_is_said_to_be_too_long_is_refused_at_once, |world| {
    let node = world.another_node(|config| config.import_limit_mib = 1);
    let token = node.log_in("admin").token.unwrap();
    for path in ["/api/v1/auth/login", "/api/v1/imports?kind=schools"] {
        let mut stream = begin(&node, path, Framing::Length, &token, 0).unwrap();
        stream.write_all(b"{").unwrap();
        let begun = Instant::now();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 413", "{path}");
        // Half of what a body may take.
        assert!(begun.elapsed() < Duration::from_secs(15), "{path}: {:?}", begun.elapsed());
    }
});

both!(a_body_that_is_refused_early_gets_its_answer_and_the_end, |world| {
    let node = world.another_node(|config| config.import_limit_mib = 1);
    let token = node.log_in("admin").token.unwrap();
    // The client goes on sending; then it waits, and never ends its body. The server reads on for five seconds: who has not
    // sent all by then may lose the answer, and tries again.
    let once = |path: &str, framing, token: &str| {
        let begun = Instant::now();
        let stream = begin(&node, path, framing, token, LARGE);
        let in_time = begun.elapsed() < Duration::from_secs(4);
        let answer = stream.and_then(|mut stream| Wire::read(&mut stream));
        in_time.then(|| {
            assert!(begun.elapsed() < Duration::from_secs(25), "{path}: the connection stays open");
            answer.unwrap_or_else(|error| panic!("{path}: {error}"))
        })
    };
    let refused = |path: &str, framing, token: &str| {
        let answer = (0..3).find_map(|_| once(path, framing, token));
        let answer = answer.unwrap_or_else(|| panic!("{path}: the body is never sent in time"));
        assert_eq!(answer.header("connection"), Some("close"), "{path}: {answer:?}");
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(problem["status"], answer.status);
        (answer.status, problem["code"].as_str().unwrap().to_owned())
    };
    std::thread::scope(|scope| {
        for framing in [Framing::Length, Framing::Chunked] {
            for (path, token, status, code) in [
                ("/api/v1/auth/login", "", 413, "body_too_large"),
                ("/api/v1/imports?kind=schools", &*token, 413, "body_too_large"),
                ("/api/v1/imports?kind=schools", "garbage", 401, "invalid_token"),
            ] {
                let refused = &refused;
                scope.spawn(move || {
                    assert_eq!(refused(path, framing, token), (status, code.to_owned()));
                });
            }
        }
    });
});
