//! The real binary, as an operator runs it.

use super::{client::Client, storage::Storage};
use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU64, Ordering},
};

/// Built by `make build-tests`, beside the tests.
fn binary() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let binary = tests.parent().and_then(|deps| deps.parent()).unwrap().join("opora");
    assert!(binary.exists(), "{} is not there: run make build-tests", binary.display());
    binary
}

/// `opora` with `arguments` on `storage`; `settings` are names of the environment without `OPORA_`, or `LC_ALL`, and values.
fn command(storage: &Storage, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = placed(Command::new(binary()), storage);
    command.args(arguments);
    for (name, value) in settings {
        let name = if *name == "LC_ALL" { (*name).to_owned() } else { format!("OPORA_{name}") };
        command.env(name, value);
    }
    command
}

/// A command that would find `storage`.
fn placed(mut command: Command, storage: &Storage) -> Command {
    command
        .current_dir(storage.dir.path())
        .env_remove("DATABASE_URL")
        .env("OPORA_DATABASE_URL", &storage.url)
        .env("OPORA_DATA_DIR", storage.dir.path())
        .env("OPORA_LISTEN", "127.0.0.1:0")
        .env("OPORA_RATE_LIMIT", "0")
        .env("OPORA_RATE_LIMIT_ANONYMOUS", "0")
        .env("OPORA_LOG", "warn")
        // Words for the operator are in the language of the terminal.
        .env("LC_ALL", "C");
    command
}

/// Runs a line of the shell, in which `$0` is `opora`.
pub fn shell(storage: &Storage, script: &str) -> Output {
    let mut command = placed(Command::new("sh"), storage);
    command.args(["-c", script]).arg(binary()).output().unwrap()
}

/// Runs a command to its end.
pub fn run(storage: &Storage, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    command(storage, arguments, settings).output().unwrap()
}

/// Starts a command whose end nobody waits for yet; what it says goes nowhere.
pub fn begin(storage: &Storage, arguments: &[&str]) -> Child {
    command(storage, arguments, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Runs a command until `enough` and kills it then, or to its end if that comes first. Answers whether it was killed.
pub fn run_until(
    storage: &Storage,
    arguments: &[&str],
    settings: &[(&str, &str)],
    enough: impl Fn() -> bool,
) -> bool {
    let mut child = command(storage, arguments, settings).stdout(Stdio::null()).spawn().unwrap();
    loop {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if enough() {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// A server, killed when it is dropped.
pub struct Server {
    child: Child,
    log: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    /// Has logged in as the administrator.
    pub client: Client,
}

impl Server {
    /// Starts `opora serve`; what it logs goes to a file.
    pub fn start(storage: &Storage, settings: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let log = storage.dir.path().join(format!("server-{}.log", COUNT.fetch_add(1, Ordering::Relaxed)));
        let mut child = command(storage, &["serve"], settings)
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let address = said.strip_prefix("serving on http://").and_then(|rest| rest.split(';').next());
        let address = address.unwrap_or_else(|| panic!("no address: {said}{}", read(&log)));
        let address = address.parse().unwrap();
        let mut client = Client::of(address);
        client.log_in("admin");
        Self { child, log, address, client }
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: nothing in the server has a chance to tidy up.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, as an operator stops it; answers when it has ended.
    pub fn stop(&mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        read(&self.log)
    }
}

fn read(log: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(log).unwrap()).into_owned()
}

impl Drop for Server {
    fn drop(&mut self) {
        // Dead already if the test has killed it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
