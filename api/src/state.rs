//! What every handler shares.

use crate::{
    config::Config,
    error::ApiError,
    feed::pulse::Pulse,
    http::cors::Origins,
    issuers::Issuers,
    limits::{Limiter, places::Places},
    traces::Traces,
};
use actix_web::web;
use opora_db::{Database, Db, Origin, Result, Tx};
use opora_identity::{Actor, Tokens};
use opora_reporting::facts::blobs::Blobs;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Shared by all workers; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// The database.
    pub database: Database,
    /// Issues and verifies access tokens.
    pub tokens: Arc<Tokens>,
    /// The foreign issuers that are trusted.
    pub issuers: Arc<Issuers>,
    /// The settings in force.
    pub config: Arc<Config>,
    /// Where the files of evidence lie.
    pub evidence: Blobs,
    /// Wakes the worker when a job is queued here.
    pub bell: Arc<Bell>,
    /// Tells those who wait for changes that there are some.
    pub pulse: Arc<Pulse>,
    /// Takes note of what was done, for a collector of traces.
    pub traces: Arc<Traces>,
    /// Origins whose pages may call the API.
    pub origins: Arc<Origins>,
    /// Who has asked how often.
    pub limiter: Arc<Limiter>,
    /// Streams of changes that are under way.
    pub streams: Places,
    /// Long answers that are under way: each holds a connection of the database for as long as its reader reads.
    pub exports: Places,
}

impl State {
    /// The database for a request, whose statements are bounded; jobs, exports and the command line take their time.
    fn hurried(&self) -> Database {
        self.database.bounded(self.config.statement_bound())
    }

    /// Runs a read off the HTTP threads, on the replica if there is one.
    ///
    /// # Errors
    /// What `work` answers.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Db) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, ApiError> {
        let database = self.hurried();
        off_thread(move || database.read_near(work)).await
    }

    /// As [`Self::read_consistent`], on the primary: for places in the change feed. A replica may show a write that the primary
    /// has not acknowledged yet: whoever has its place would be told by the primary that it is lost, or read the lists there
    /// without it (D272).
    ///
    /// # Errors
    /// What `work` answers.
    pub async fn read_feed<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Db) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, ApiError> {
        let database = self.hurried();
        off_thread(move || database.read_consistent(work)).await
    }

    /// Runs a read of one consistent state off the HTTP threads, on the replica if there is one.
    ///
    /// # Errors
    /// What `work` answers.
    pub async fn read_consistent<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Db) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, ApiError> {
        let database = self.hurried();
        off_thread(move || database.read_consistent_near(work)).await
    }

    /// Who holds `token`, whoever has issued it.
    ///
    /// # Errors
    /// What is wrong with the token, or why its holder has no access.
    pub async fn holder(&self, token: &str, request_id: &str) -> std::result::Result<Actor, ApiError> {
        match self.issuers.of(token) {
            Some(issuer) => issuer.actor(&self.database, request_id, token).await,
            None => Ok(self.tokens.verify(token)?),
        }
    }

    /// Refuses the tokens of all sessions that have ended, of clients from which something was taken, and of people who were
    /// shut out, from now on; other nodes learn of them in a few seconds.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn forget_ended(&self) -> std::result::Result<(), ApiError> {
        let state = self.clone();
        off_thread(move || state.reload()).await
    }

    /// Brings what is remembered of keys, sessions, clients and people up to date with the database.
    ///
    /// # Errors
    /// Faults of the database; what was known stays.
    pub fn reload(&self) -> Result<()> {
        self.tokens.reload(&self.database)?;
        self.issuers.reload(&self.database)
    }

    /// Runs a write off the HTTP threads.
    ///
    /// # Errors
    /// What `work` answers.
    pub async fn write<T: Send + 'static>(
        &self,
        origin: Origin,
        work: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, ApiError> {
        let database = self.hurried();
        off_thread(move || database.write(&origin, work)).await
    }
}

/// Runs blocking work off the HTTP threads.
///
/// # Errors
/// What `work` answers.
pub async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> std::result::Result<T, ApiError> {
    web::block(work)
        .await
        .map_err(|e| opora_db::Error::fault(e).into())
        .and_then(|answer| answer.map_err(Into::into))
}

/// Rings when there is work, so that a job begins at once and an idle worker sleeps.
#[derive(Default)]
pub struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
}

impl Bell {
    /// Wakes the worker.
    pub fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.heard.notify_all();
    }

    /// Waits for a ring, at most `patience`.
    pub fn wait(&self, patience: std::time::Duration) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut rung, _) = self
            .heard
            .wait_timeout_while(rung, patience, |rung| !*rung)
            .unwrap_or_else(PoisonError::into_inner);
        *rung = false;
    }
}
