//! A receiver of webhooks: a small HTTP server on the loopback interface that keeps what it was sent.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

/// A message as it came.
#[derive(Clone, Debug, Default)]
pub struct Received {
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    /// A header's value, empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Kept {
    /// What it answers next, each once; 204 when there is nothing more.
    answers: VecDeque<&'static str>,
    /// It answers nothing at all.
    silent: bool,
    /// It answers later.
    held: bool,
    received: Vec<Received>,
}

/// The receiver; it goes with the test.
#[derive(Clone)]
pub struct Receiver {
    port: u16,
    kept: Arc<(Mutex<Kept>, Condvar)>,
}

impl Receiver {
    /// One that gives these answers, each once, and then 204. An answer is a status line's end, and headers if need be.
    pub fn answering(answers: &[&'static str]) -> Self {
        Self::start(Kept { answers: answers.iter().copied().collect(), ..Kept::default() })
    }

    /// One that takes messages and never answers.
    pub fn silent() -> Self {
        Self::start(Kept { silent: true, ..Kept::default() })
    }

    fn start(kept: Kept) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let receiver = Self { port, kept: Arc::new((Mutex::new(kept), Condvar::new())) };
        let server = receiver.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let server = server.clone();
                thread::spawn(move || server.serve(stream.unwrap()));
            }
        });
        receiver
    }

    /// Its address, with this host instead of its own.
    pub fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/hook", self.port)
    }

    /// Its address without a path.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What has come, as soon as that is at least `count`.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Received> {
        let (kept, news) = &*self.kept;
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut kept = kept.lock().unwrap();
        while kept.received.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "only {} of {count} messages came", kept.received.len());
            kept = news.wait_timeout(kept, left).unwrap().0;
        }
        kept.received.clone()
    }

    /// Keeps its answers to itself for now, or gives them.
    pub fn hold(&self, held: bool) {
        let (kept, news) = &*self.kept;
        kept.lock().unwrap().held = held;
        news.notify_all();
    }

    /// What has come so far.
    pub fn received(&self) -> Vec<Received> {
        self.kept.0.lock().unwrap().received.clone()
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(&stream);
        loop {
            let (mut line, mut message) = (String::new(), Received::default());
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).unwrap();
                let Some((name, value)) = header.trim_end().split_once(": ") else { break };
                message.headers.push((name.to_ascii_lowercase(), value.to_owned()));
            }
            let mut body = vec![0; message.header("content-length").parse().unwrap_or(0)];
            reader.read_exact(&mut body).unwrap();
            message.body = String::from_utf8(body).unwrap();
            let (kept, news) = &*self.kept;
            let answer = {
                let mut kept = kept.lock().unwrap();
                kept.received.push(message);
                news.notify_all();
                if kept.silent {
                    continue;
                }
                while kept.held {
                    kept = news.wait(kept).unwrap();
                }
                kept.answers.pop_front().unwrap_or("204 No Content")
            };
            let mut out = &stream;
            if write!(out, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").is_err() {
                return;
            }
        }
    }
}
