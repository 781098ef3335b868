//! A small server in place of an identity provider: answers as it is told, and counts who asks.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// What is answered at an address.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// How long the answer takes to come.
    pub delay: Duration,
}

impl Answer {
    /// 200 with this body.
    pub fn of(body: impl ToString) -> Self {
        let body = body.to_string().into_bytes();
        Self { status: 200, headers: Vec::new(), body, delay: Duration::ZERO }
    }

    /// An empty answer with this status.
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::of("") }
    }
}

#[derive(Default)]
struct Script {
    answers: HashMap<String, Answer>,
    asked: HashMap<String, usize>,
}

/// A server on a free port of this machine; away when dropped.
pub struct Provider {
    pub address: SocketAddr,
    script: Arc<Mutex<Script>>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Provider {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (script, stopping) = (Arc::<Mutex<Script>>::default(), Arc::new(AtomicBool::new(false)));
        let shared = (script.clone(), stopping.clone());
        let thread = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.1.load(Ordering::Relaxed) {
                    return;
                }
                let script = shared.0.clone();
                thread::spawn(move || serve(stream, &script));
            }
        });
        Self { address, script, stopping, thread: Some(thread) }
    }

    /// The address of something here.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers so from now on.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.script.lock().unwrap().answers.insert(path.to_owned(), answer);
    }

    /// How often somebody asked here.
    pub fn asked(&self, path: &str) -> usize {
        self.script.lock().unwrap().asked.get(path).copied().unwrap_or_default()
    }

    /// Goes away: nobody answers any more.
    pub fn stop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.stopping.store(true, Ordering::Relaxed);
            // Wakes the listener.
            drop(TcpStream::connect(self.address));
            thread.join().unwrap();
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(mut stream: TcpStream, script: &Mutex<Script>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(first)) = lines.next() else { return };
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let answer = {
        let mut script = script.lock().unwrap();
        *script.asked.entry(path.clone()).or_default() += 1;
        script.answers.get(&path).cloned().unwrap_or_else(|| Answer::status(404))
    };
    thread::sleep(answer.delay);
    let mut head = format!("HTTP/1.1 {} -\r\ncontent-length: {}\r\n", answer.status, answer.body.len());
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    // Whoever asked may have lost patience.
    let _ = stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes());
    let _ = stream.write_all(&answer.body);
}
