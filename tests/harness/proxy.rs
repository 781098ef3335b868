//! A reverse proxy (nginx) before servers.

use std::{
    collections::hash_map::RandomState,
    fmt::Write,
    hash::{BuildHasher, Hasher},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The proxy; killed when it is dropped.
pub struct Proxy {
    child: Child,
    dir: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Proxy {
    /// Starts a proxy that takes the servers in turns and passes over one that does not take connections.
    pub fn before(servers: &[SocketAddr]) -> Self {
        let dir = TempDir::new().unwrap();
        let address = free_address();
        std::fs::write(dir.path().join("nginx.conf"), configuration(&dir, address, servers)).unwrap();
        let child = Command::new(std::env::var("OPORA_TEST_NGINX").expect("run scripts/with-nginx.sh"))
            .arg("-p")
            .arg(dir.path())
            .args(["-c", "nginx.conf", "-e", "stderr"])
            .stderr(std::fs::File::create(dir.path().join("error.log")).unwrap())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let proxy = Self { child, dir, address };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "nginx does not start: {}", proxy.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        proxy
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("error.log")).unwrap_or_default()
    }
}

/// An address on this machine that nobody listens at, below the range of outgoing connections: none of them takes it
/// before it is used.
pub fn free_address() -> SocketAddr {
    let draw = || 20_000 + (RandomState::new().build_hasher().finish() % 12_000) as u16;
    let bound = (0..100).find_map(|_| TcpListener::bind(("127.0.0.1", draw())).ok());
    bound.expect("no free port").local_addr().unwrap()
}

fn configuration(dir: &TempDir, address: SocketAddr, servers: &[SocketAddr]) -> String {
    let dir = dir.path().display();
    let upstream = servers.iter().fold(String::new(), |mut list, server| {
        writeln!(list, "server {server} max_fails=1 fail_timeout=1s;").unwrap();
        list
    });
    let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {dir}/{kind};\n"))
        .concat();
    // One process: it needs no other user, and goes as a whole.
    format!(
        "daemon off; master_process off; pid {dir}/nginx.pid;
        events {{ worker_connections 512; }}
        http {{
            access_log off;
            {folders}
            client_max_body_size 0;
            upstream opora {{ {upstream} }}
            server {{
                listen {address};
                location / {{
                    proxy_pass http://opora;
                    proxy_connect_timeout 2s;
                    proxy_next_upstream error timeout http_503;
                    proxy_set_header Host $http_host;
                    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                }}
            }}
        }}"
    )
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
