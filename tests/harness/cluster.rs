//! A PostgreSQL of its own, with a streaming replica that confirms every commit, on this machine: for tests that kill it.

use super::{proxy::free_address, storage::Storage};
use diesel::connection::SimpleConnection;
use opora_db::{BackEnd, Db};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const PASSWORD: &str = "of-a-test";

/// A primary and its replica.
pub struct Cluster {
    dir: TempDir,
    primary: u16,
    replica: u16,
}

impl Cluster {
    /// Starts both. The primary acknowledges nothing that the replica has not written.
    pub fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("opora-cluster").tempdir_in("/tmp").unwrap();
        let (primary, replica) = (free_address().port(), free_address().port());
        let cluster = Self { dir, primary, replica };
        std::fs::write(cluster.dir.path().join("password"), PASSWORD).unwrap();
        if is_root() {
            let owned = Command::new("chown").args(["-R", "postgres"]).arg(cluster.dir.path()).status();
            assert!(owned.unwrap().success());
        }
        cluster.program(
            "initdb",
            &[
                "-D",
                "primary",
                "--username=opora",
                "--pwfile=password",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ],
        );
        cluster.begin("primary", primary, "");
        let conninfo = format!(
            "host=127.0.0.1 port={primary} user=opora password={PASSWORD} application_name=opora_replica"
        );
        cluster.program(
            "pg_basebackup",
            &["-D", "replica", "-R", "-c", "fast", "-X", "stream", "-d", &conninfo],
        );
        // As impatient as a replica can be: reads that its replay cancels have to be made on the primary.
        cluster.begin("replica", replica, "-c max_standby_streaming_delay=0");
        // Given to the server that runs, not to its files: the replica has a copy of those.
        cluster.program("pg_ctl", &["-D", "primary", "-m", "fast", "-w", "stop"]);
        cluster.begin("primary", primary, "-c synchronous_standby_names=opora_replica");
        let streams = "DO $$ BEGIN FOR n IN 1..300 LOOP
                PERFORM pg_stat_clear_snapshot();
                IF EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync') THEN RETURN; END IF;
                PERFORM pg_sleep(0.1);
            END LOOP; RAISE 'the replica does not follow'; END $$";
        cluster.on_primary().batch_execute(streams).unwrap();
        cluster
    }

    /// A database on both, with tables and seed: its storage has the address that finds whichever can be written.
    pub fn storage(&self) -> Storage {
        self.on_primary().batch_execute("CREATE DATABASE opora TEMPLATE template0").unwrap();
        let hosts = format!("127.0.0.1:{},127.0.0.1:{}", self.primary, self.replica);
        let options = "target_session_attrs=read-write&connect_timeout=2";
        Storage::filled_at(format!("postgres://opora:{PASSWORD}@{hosts}/opora?{options}"))
    }

    /// The address of the replica.
    pub fn replica_url(&self) -> String {
        format!("postgres://opora:{PASSWORD}@127.0.0.1:{}/opora", self.replica)
    }

    fn on_primary(&self) -> Db {
        let url = format!("postgres://opora:{PASSWORD}@127.0.0.1:{}/postgres", self.primary);
        BackEnd::Postgres(url).connect(None).unwrap()
    }

    /// Lets the replica stay where it is.
    pub fn pause_replay(&self) {
        self.until_done("SELECT pg_wal_replay_pause()");
    }

    /// Lets the replica follow again.
    pub fn resume_replay(&self) {
        self.until_done("SELECT pg_wal_replay_resume()");
    }

    /// SIGKILL for the primary: nothing in it has a chance to tidy up.
    pub fn kill_primary(&self) {
        let file = self.dir.path().join("primary/postmaster.pid");
        let text = std::fs::read_to_string(file).unwrap();
        let id = text.lines().next().unwrap();
        assert!(Command::new("kill").args(["-9", id]).status().unwrap().success());
    }

    /// Makes the replica the primary.
    pub fn promote(&self) {
        self.until_done("DO $$ BEGIN IF NOT pg_promote(true) THEN RAISE 'not yet'; END IF; END $$");
    }

    /// Runs `statement` on the replica until it ends well, each time on a new connection: the replay cancels statements
    /// and ends sessions, and this may be the first.
    fn until_done(&self, statement: &str) {
        let begun = Instant::now();
        let run = || {
            let mut db = BackEnd::Postgres(self.replica_url()).connect(None).map_err(|e| e.to_string())?;
            db.batch_execute(statement).map_err(|e| e.to_string())
        };
        while let Err(error) = run() {
            assert!(begun.elapsed() < Duration::from_secs(30), "{statement}: {error}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn begin(&self, data: &str, port: u16, further: &str) {
        let dir = self.dir.path().display();
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={dir} -c max_connections=60 \
             -c hot_standby=on -c wal_level=replica {further}"
        );
        let log = format!("{data}.log");
        self.program("pg_ctl", &["-D", data, "-l", &log, "-o", &options, "-w", "-t", "60", "start"]);
    }

    /// Runs a program of the server as the server's user, in the folder of the cluster.
    fn program(&self, name: &str, arguments: &[&str]) {
        let program = programs().join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let said = self.dir.path().join(format!("{name}.said"));
        // A pipe would stay open for as long as the server that is begun here lives.
        let file = || std::fs::File::options().create(true).append(true).open(&said).unwrap();
        let command = command.args(arguments).current_dir(self.dir.path()).env("LC_ALL", "C");
        let status = command.stdout(file()).stderr(file()).status().unwrap();
        let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
        let logs = ["primary.log", "replica.log"].map(|log| read(&self.dir.path().join(log)));
        assert!(status.success(), "{name} {arguments:?}: {}\n{}", read(&said), logs.concat());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for data in ["replica", "primary"] {
            let file = self.dir.path().join(data).join("postmaster.pid");
            let Ok(text) = std::fs::read_to_string(file) else { continue };
            let id = text.lines().next().unwrap_or_default().to_owned();
            // Its number may be another's by now if the test has killed it.
            let command = std::fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
            if command.contains(&*self.dir.path().to_string_lossy()) {
                let _ = Command::new("kill").args(["-QUIT", &id]).status();
            }
        }
        // Its files go when the servers have let go of them.
        std::thread::sleep(Duration::from_millis(300));
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// The folder of the server programs, which `scripts/with-nginx.sh` has found.
fn programs() -> PathBuf {
    let programs = std::env::var_os("OPORA_TEST_PG_PROGRAMS");
    programs.expect("the programs of the PostgreSQL server: run scripts/with-nginx.sh").into()
}
