//! How soon `opora serve` is ready, what it holds when idle, and that an import's memory does not grow with its file.

use crate::{
    Outcome,
    child::{self, Task},
    client::{self, Client},
    data,
    place::Place,
    report::{self, Bound},
};
use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

const ROUNDS: usize = 7;
/// What the start may take, in milliseconds.
const MOST_MILLIS: f64 = 300.0;
/// What an idle server may hold, in MiB.
const MOST_MIB: f64 = 60.0;
/// Schools of the small file, 540,000 rows: enough to fill SQLite's page cache, whose size is fixed. The large file has five
/// times as many.
const SCHOOLS: u32 = 3000;
const TIMES: u32 = 5;

/// Runs it on both databases.
pub fn run() -> Outcome {
    report::title(
        "start",
        "from exec to the first 200 of /health/ready, against what it may take; memory when idle",
    );
    let binary = binary()?;
    for place in Place::all()? {
        place.fill(&data::schools(900), data::TABLES)?;
        Server::start(&binary, &place)?;
        let mut idle = Vec::new();
        let starts: Outcome<Vec<f64>> = (0..ROUNDS)
            .map(|_| {
                let server = Server::start(&binary, &place)?;
                sleep(Duration::from_millis(500));
                idle.push(child::memory(&server.process.id().to_string(), "VmRSS:")?);
                Ok(report::millis(server.ready))
            })
            .collect();
        report::line(
            &format!("{}: ready", place.name),
            "ms",
            report::median(starts?),
            MOST_MILLIS,
            Bound::AtMost(1.0),
        );
        report::line(
            &format!("{}: idle", place.name),
            "MiB",
            report::median(idle),
            MOST_MIB,
            Bound::AtMost(1.0),
        );
    }
    imports()
}

/// The peak of an import of 2,700,000 rows against that of 540,000, each in a process of its own.
fn imports() -> Outcome {
    report::title(
        "start",
        "peak of own memory (without mapped files): an import of 2,700,000 results against one of 540,000",
    );
    for place in Place::all()? {
        place.fill(&(data::schools(TIMES * SCHOOLS) + &data::procedures()), data::TABLES)?;
        let peak = |schools| -> Outcome<f64> {
            let file = place.folder().join("results.csv");
            data::write_results(&file, schools)?;
            let task = Task::Import(place.url.clone(), file.display().to_string());
            Ok(task.in_child()?.own)
        };
        let small = peak(SCHOOLS)?;
        let large = peak(TIMES * SCHOOLS)?;
        report::line(&format!("{}: 2,700,000 rows", place.name), "MiB", large, small, Bound::AtMost(1.2));
    }
    Ok(())
}

/// The `opora` binary beside this one.
///
/// # Errors
/// It is not built.
pub fn binary() -> Outcome<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("opora");
    if path.exists() { Ok(path) } else { Err(format!("{} is not built", path.display()).into()) }
}

/// A running server; killed when dropped.
pub struct Server {
    /// Its process.
    pub process: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From exec to the first 200.
    pub ready: Duration,
}

impl Server {
    /// Starts it on `place` and waits until it is ready.
    ///
    /// # Errors
    /// One that does not get ready.
    pub fn start(binary: &Path, place: &Place) -> Outcome<Self> {
        // A port that was free a moment ago.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let begun = Instant::now();
        let process = Command::new(binary)
            .arg("serve")
            .current_dir(place.folder())
            .env("DATABASE_URL", &place.url)
            .env("OPORA_DATA_DIR", place.folder())
            .env("OPORA_LISTEN", address.to_string())
            // Counted as in production, and never reached.
            .env("OPORA_RATE_LIMIT", u32::MAX.to_string())
            .env("OPORA_RATE_LIMIT_ANONYMOUS", u32::MAX.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self { process, address, ready: Duration::ZERO };
        while !is_ready(address) {
            if begun.elapsed() > Duration::from_secs(30) || server.process.try_wait()?.is_some() {
                return Err("the server does not get ready".into());
            }
            sleep(Duration::from_millis(1));
        }
        server.ready = begun.elapsed();
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_ready(address: SocketAddr) -> bool {
    let answer =
        Client::connect(address).and_then(|mut client| client.send(&client::get("/health/ready", None)));
    answer.is_ok_and(|answer| answer.status == 200)
}
