//! From a configuration to a running server.

use crate::{
    config::Config,
    http::{cors::Origins, middleware, tag},
    issuers::Issuers,
    limits::{Limiter, places::Places},
    notify, routes,
    state::State,
    traces::Traces,
    worker,
};
use actix_web::{
    App, HttpServer,
    dev::{Extensions, Server},
    middleware::{Compress, from_fn},
    rt::{
        self,
        net::TcpStream,
        signal::unix::{SignalKind, signal},
    },
    web,
};
use opora_db::{
    BackEnd, Database, Error, Result,
    backup::Presence,
    jobs,
    migrations::{self, Standing},
};
use opora_identity::{Tokens, tokens};
use opora_reporting::facts::blobs::Blobs;
use opora_schools::import::scratch;
use socket2::SockRef;
use std::{any::Any, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

/// How long what still comes is read and dropped after an answer that did not wait for the whole body. A client that
/// sends without reading for longer may see a reset instead of the answer.
const LINGER: Duration = Duration::from_secs(5);

/// Streams of changes that one node sends at once, and those of one caller.
const STREAMS: (usize, usize) = (256, 16);

/// A server that has bound its port.
pub struct Running {
    /// Where it listens; the real port where port 0 was asked for.
    pub address: SocketAddr,
    /// Runs until it is stopped.
    pub server: Server,
    /// What its handlers share.
    pub state: State,
    worker: worker::Worker,
}

impl Running {
    /// Serves until a signal or [`Server::handle`]'s stop, then lets the worker end what it can.
    ///
    /// # Errors
    /// A fault of the network layer; signals that cannot be listened to.
    pub async fn run(self) -> std::io::Result<()> {
        let (server, pulse) = (self.server.handle(), self.state.pulse.clone());
        // Before anybody is told that it serves: an order to stop that comes at once must be heard.
        let mut terminated = signal(SignalKind::terminate())?;
        let mut interrupted = signal(SignalKind::interrupt())?;
        notify::ready();
        rt::spawn(async move {
            let (terminated, interrupted) = (pin!(terminated.recv()), pin!(interrupted.recv()));
            futures_util::future::select(terminated, interrupted).await;
            // Those who wait for changes are told before the server waits for them.
            notify::stopping();
            pulse.close();
            server.stop(true).await;
        });
        let answer = self.server.await;
        self.worker.stop();
        answer
    }
}

/// Has the system close a connection whose client takes nothing of what it was sent for so long: an answer that waits in
/// memory would wait for ever. (Linux: `TCP_USER_TIMEOUT` counts a closed window too.)
fn cut_off_slow_readers(patience: Duration) -> impl Fn(&dyn Any, &mut Extensions) + Clone {
    move |connection, _| {
        let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
        #[cfg(target_os = "linux")]
        if let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(patience)) {
            tracing::debug!(%error, "a slow reader will not be cut off");
        }
    }
}

/// Opens the database and brings its schema up to date.
///
/// # Errors
/// A database that cannot be opened or migrated.
pub fn open(config: &Config) -> Result<Database> {
    let settings = config.database().map_err(Error::Fault)?;
    let mut presence = None;
    if let BackEnd::Sqlite(path) = &settings.back_end {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(Error::fault)?;
        }
        presence = Some(Presence::join(path)?);
    }
    if settings.back_end.may_find_a_standby() {
        tracing::warn!("the database address names several hosts without target_session_attrs=read-write");
    }
    let mut database = Database::open(settings).with_presence(presence);
    if let Some((settings, patience)) = config.replica().map_err(Error::Fault)? {
        database = database.with_replica(settings, patience);
    }
    let applied = migrations::apply(
        &mut database.back_end().connect(config.database().map_err(Error::Fault)?.quota_mib)?,
    )?;
    if !applied.is_empty() {
        tracing::info!(count = applied.len(), "migrations applied");
    }
    match database.read(migrations::standing)? {
        Standing::TooNew => {
            Err(Error::fault("the schema is that of a newer version, which this one cannot serve"))
        }
        Standing::Ahead => {
            tracing::warn!("the schema is that of a newer version, which has only added to it");
            Ok(database)
        }
        Standing::Behind | Standing::Current => Ok(database),
    }
}

/// What the handlers and the command line share.
///
/// # Errors
/// A database that cannot be used; a master key that does not fit.
pub fn state(config: Config) -> Result<State> {
    std::fs::create_dir_all(&config.data_dir).map_err(Error::fault)?;
    let database = open(&config)?;
    opora_schools::methodologies::ensure_default(&database)?;
    let settings = tokens::Settings {
        issuer: config.issuer.clone(),
        audience: config.audience.clone(),
        life: config.token_seconds,
    };
    let tokens = Tokens::open(&database, settings, config.master_key()?)?;
    let evidence = Blobs::open(&config.evidence())?;
    // The other connections are left to short requests, and half of these to other callers.
    let exports = (config.connections as usize / 4).max(1);
    let exports = Places::new(exports, exports.div_ceil(2));
    let issuers = Arc::new(Issuers::open(&config)?);
    let (tokens, config) = (Arc::new(tokens), Arc::new(config));
    let streams = Places::new(STREAMS.0, STREAMS.1);
    let (bell, pulse) = (Arc::default(), Arc::default());
    let traces = Arc::new(Traces::to(&config.otlp_endpoint));
    let limiter = Arc::new(Limiter::new(&config));
    let origins = Arc::new(Origins::parse(&config.cors_origins).unwrap_or(Origins::Some(Vec::new())));
    Ok(State {
        database,
        tokens,
        issuers,
        config,
        evidence,
        bell,
        pulse,
        traces,
        origins,
        limiter,
        streams,
        exports,
    })
}

/// Binds the port, starts the worker and the keepers of foreign keys. These live in the runtime of the caller, which is
/// not that of the HTTP threads.
///
/// # Errors
/// As [`state`]; a port that is taken.
pub fn build(config: Config) -> Result<Running> {
    let state = state(config)?;
    if matches!(state.database.back_end(), BackEnd::Sqlite(_)) {
        state.database.keep_books(jobs::release_all)?;
    }
    match scratch::sweep(&state.config.data_dir) {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "temporary files of a server that was killed were removed"),
        Err(error) => tracing::warn!(%error, "temporary files that nobody uses could not be removed"),
    }
    let contract = web::Data::new(routes::contract::Published::default());
    let shared = web::Data::new(state.clone());
    let metrics = web::Data::new(routes::service::recorder());
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .app_data(contract.clone())
            .app_data(metrics.clone())
            .configure(routes::serve)
            .configure(routes::contract::pages)
            .default_service(web::to(routes::contract::unmatched))
            .wrap(from_fn(tag::tag))
            .wrap(Compress::default())
            .wrap(from_fn(middleware::attend))
    })
    .client_request_timeout(Duration::from_secs(state.config.header_timeout_seconds))
    .on_connect(cut_off_slow_readers(Duration::from_secs(state.config.reader_timeout_seconds)))
    .client_disconnect_timeout(LINGER)
    .shutdown_timeout(20)
    .disable_signals();
    if state.config.workers > 0 {
        server = server.workers(state.config.workers);
    }
    let server = server
        .bind(&state.config.listen)
        .map_err(|e| Error::fault(format!("{}: {e}", state.config.listen)))?;
    let address = *server.addrs().first().ok_or_else(|| Error::fault("no address was bound"))?;
    let worker = worker::Worker::start(state.clone());
    state.issuers.keep();
    Ok(Running { address, server: server.run(), state, worker })
}
