//! A world: one database and one or more servers on it.

use super::{client::Client, seed::Seed, storage::Storage};
use actix_web::dev::ServerHandle;
use opora::{config::Config, startup, state::State};
use opora_identity::{Role, Tokens, tokens::Settings};
use std::{
    net::SocketAddr,
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

/// A running server on a database of its own.
pub struct World {
    /// The server the clients talk to.
    pub node: Node,
    /// What the seed holds.
    pub seed: Seed,
    // After the node: a database goes when nobody uses it any more.
    pub storage: Storage,
}

impl World {
    /// On SQLite.
    pub fn sqlite() -> Self {
        Self::on(Storage::sqlite())
    }

    /// On PostgreSQL.
    pub fn postgres() -> Self {
        Self::on(Storage::postgres())
    }

    fn on(storage: Storage) -> Self {
        let seed = Seed::find(&mut storage.connect());
        Self { node: Node::start(&storage, |_| {}), seed, storage }
    }

    /// A further server on the same database.
    pub fn another_node(&self, change: impl FnOnce(&mut Config)) -> Node {
        Node::start(&self.storage, change)
    }

    /// A client that has logged in as the seeded user of this role.
    pub fn client(&self, role: Role) -> Client {
        self.log_in(role.as_str())
    }

    /// A client that has logged in as this seeded user.
    pub fn log_in(&self, login: &str) -> Client {
        self.node.log_in(login)
    }

    /// A client without a token.
    pub fn stranger(&self) -> Client {
        self.node.stranger()
    }

    /// Tokens signed with this installation's keys under other settings.
    pub fn tokens(&self, change: impl FnOnce(&mut Settings)) -> Tokens {
        let config = &self.node.state.config;
        let (issuer, audience) = (config.issuer.clone(), config.audience.clone());
        let mut settings = Settings { issuer, audience, life: config.token_seconds };
        change(&mut settings);
        Tokens::open(&self.node.state.database, settings, self.node.state.tokens.master().clone()).unwrap()
    }
}

/// A server in a thread of its own; stops when dropped.
pub struct Node {
    /// Where it listens.
    pub address: SocketAddr,
    /// What its handlers share.
    pub state: State,
    handle: ServerHandle,
    thread: JoinHandle<()>,
}

impl Node {
    /// A server on `storage`.
    pub fn start(storage: &Storage, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            database_url: storage.url.clone(),
            listen: "127.0.0.1:0".into(),
            data_dir: storage.dir.path().to_owned(),
            workers: 1,
            connections: 4,
            // Receivers are on this machine, and nobody waits for minutes.
            webhook_private_networks: true,
            webhook_retries: "1,1".into(),
            // A test asks for a limit if it is about limits.
            rate_limit: 0,
            rate_limit_anonymous: 0,
            ..Config::default()
        };
        change(&mut config);
        let (started, hear) = mpsc::channel();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let running = startup::build(config).unwrap();
                started.send((running.address, running.state.clone(), running.server.handle())).unwrap();
                running.run().await.unwrap();
            });
        });
        let (address, state, handle) =
            hear.recv_timeout(Duration::from_secs(30)).expect("the server does not start");
        Self { address, state, handle, thread }
    }

    /// A client that has logged in here.
    pub fn log_in(&self, login: &str) -> Client {
        let mut client = self.stranger();
        client.log_in(login);
        client
    }

    /// A client without a token.
    pub fn stranger(&self) -> Client {
        Client::of(self.address)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let ended_early = self.thread.is_finished();
        // The order is sent at once; its completion, a few tenths of a second of waiting threads, is not awaited.
        drop(self.handle.stop(false));
        assert!(thread::panicking() || !ended_early, "the server ended by itself");
    }
}
