//! The log, on standard error. What says that a request was answered is collected for a moment and written many lines at once
//! (D287); every other line is written at once, behind what was collected before it.

use crate::config::Config;
use std::{
    io::{self, BufWriter, Stderr, Write},
    sync::{LazyLock, Mutex, MutexGuard, Once, PoisonError},
    thread,
    time::Duration,
};
use tracing::Metadata;
use tracing_subscriber::{
    EnvFilter,
    fmt::{self, MakeWriter},
};

/// The target of the lines about requests that were answered.
pub const ANSWERS: &str = "opora::answers";

/// How long such a line waits at most.
const MOMENT: Duration = Duration::from_millis(100);

static LINES: LazyLock<Mutex<BufWriter<Stderr>>> =
    LazyLock::new(|| Mutex::new(BufWriter::with_capacity(16 * 1024, io::stderr())));

fn lines() -> MutexGuard<'static, BufWriter<Stderr>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The log of a process: what waits is written when it ends.
#[must_use = "what waits is written when it is dropped"]
pub struct Log(());

impl Log {
    /// Starts it as configured. A second start in one process changes nothing.
    pub fn start(config: &Config) -> Self {
        static WRITER: Once = Once::new();
        let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
        let log = fmt::fmt().with_env_filter(filter).with_writer(Collected);
        let _ = match config.log_format.as_str() {
            "json" => log.json().try_init(),
            _ => log.with_ansi(false).try_init(),
        };
        WRITER.call_once(|| drop(thread::spawn(write_now_and_then)));
        Self(())
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let _ = lines().flush();
    }
}

fn write_now_and_then() {
    loop {
        thread::sleep(MOMENT);
        let _ = lines().flush();
    }
}

/// Makes the writer of each line.
struct Collected;

impl MakeWriter<'_> for Collected {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line { lines: lines(), may_wait: false }
    }

    fn make_writer_for(&self, about: &Metadata<'_>) -> Line {
        Line { lines: lines(), may_wait: about.target() == ANSWERS }
    }
}

/// A line that is being written.
struct Line {
    lines: MutexGuard<'static, BufWriter<Stderr>>,
    may_wait: bool,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lines.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.flush()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.may_wait {
            let _ = self.lines.flush();
        }
    }
}
