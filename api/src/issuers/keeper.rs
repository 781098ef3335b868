//! The keys of an issuer: fetched at start, again when they are no longer fresh, and at once (but not more often than every few
//! seconds) when a token names a key that is not known. While the issuer does not answer, the keys it had stay for a day.

use super::{
    Expected,
    fetch::{Fetcher, PATIENCE},
    people::People,
};
use actix_web::rt::time::{sleep, timeout};
use opora_identity::issuers::{KeySet, Refusal, Trust, Vouched};
use opora_primitives::{Moment, Problem, ProblemCode};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Notify, watch};

/// The shortest pause between two fetches, whatever tokens name.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// The pause after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(15);
/// How long keys are kept that cannot be fetched anew.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);

/// A foreign issuer: what is expected of it, and what is known of it and of its people.
pub struct Issuer {
    pub(super) trust: Arc<Trust>,
    pub(super) people: People,
    fetcher: Fetcher,
    fresh_for: Duration,
    ring: watch::Sender<Ring>,
    /// Wakes the keeper for a key that is not known.
    bell: Notify,
}

/// The keys as they were last seen.
#[derive(Clone, Default)]
struct Ring {
    keys: Option<Arc<KeySet>>,
    fetched_at: Option<Instant>,
    tried_at: Option<Instant>,
}

impl Ring {
    /// Whether the last attempt to fetch them failed.
    fn is_behind(&self) -> bool {
        self.keys.is_none() || self.fetched_at != self.tried_at
    }
}

impl Issuer {
    /// The issuer as it is `expected`; nothing is fetched yet.
    ///
    /// # Errors
    /// A machine without certificates to verify servers by.
    pub fn open(expected: Expected) -> Result<Self, String> {
        let fetcher = Fetcher::new(&expected)?;
        let Expected { trust, fresh_for, .. } = expected;
        let (ring, bell) = (watch::Sender::default(), Notify::new());
        Ok(Self { trust: Arc::new(trust), people: People::default(), fetcher, fresh_for, ring, bell })
    }

    /// The word for it.
    pub fn name(&self) -> &str {
        &self.trust.name
    }

    /// What `token` proves.
    ///
    /// # Errors
    /// What is wrong with it; [`ProblemCode::IssuerUnavailable`] if it names a key that is not known while the issuer
    /// does not answer.
    pub async fn check(&self, token: &str) -> Result<Vouched, Problem> {
        let mut checked = self.try_check(token);
        if matches!(checked, Err(Refusal::UnknownKey)) {
            self.look_again().await;
            checked = self.try_check(token);
        }
        let problem = match checked {
            Ok(vouched) => return Ok(vouched),
            Err(Refusal::Problem(problem)) => problem,
            Err(Refusal::UnknownKey) if self.ring.borrow().is_behind() => {
                ProblemCode::IssuerUnavailable.into()
            }
            Err(Refusal::UnknownKey) => {
                let words = (
                    "its key is not among those its issuer publishes",
                    "его ключа нет среди тех, что публикует поставщик",
                );
                Problem::new(ProblemCode::InvalidToken, words)
            }
        };
        tracing::debug!(issuer = self.name(), %problem, "a token was refused");
        Err(problem)
    }

    fn try_check(&self, token: &str) -> Result<Vouched, Refusal> {
        let keys = self.ring.borrow().keys.clone().ok_or(Refusal::UnknownKey)?;
        self.trust.check(token, &keys, Moment::now())
    }

    /// Has the keys fetched anew and waits for it, unless that was done just now: all who ask wait for one fetch.
    async fn look_again(&self) {
        let mut ring = self.ring.subscribe();
        if ring.borrow_and_update().tried_at.is_some_and(|at| at.elapsed() < AGAIN_AFTER) {
            return;
        }
        self.bell.notify_one();
        // Whether they came or not is seen in the ring.
        let _ = timeout(PATIENCE + AGAIN_AFTER, ring.changed()).await;
    }

    /// Keeps the keys fresh, for good.
    pub(super) async fn keep(self: Arc<Self>) {
        loop {
            let pause = match self.fetch().await {
                Ok(keys) => {
                    let (usable, passed_over) = (keys.usable(), keys.passed_over);
                    tracing::debug!(issuer = self.name(), usable, passed_over, "keys fetched");
                    self.fresh_for
                }
                Err(words) => {
                    tracing::warn!(issuer = self.name(), %words, "the keys cannot be fetched");
                    RETRY_AFTER.min(self.fresh_for)
                }
            };
            let first = pause.min(AGAIN_AFTER);
            sleep(first).await;
            // Rung or not, it is time.
            let _ = timeout(pause - first, self.bell.notified()).await;
        }
    }

    /// Fetches the keys and keeps what came.
    ///
    /// # Errors
    /// Why they did not come, in words for the operator; those that were there stay for a day.
    pub async fn fetch(&self) -> Result<Arc<KeySet>, String> {
        let came = self.fetcher.keys(&self.trust).await.map(Arc::new);
        let now = Instant::now();
        self.ring.send_modify(|ring| {
            ring.tried_at = Some(now);
            if let Ok(keys) = &came {
                (ring.keys, ring.fetched_at) = (Some(keys.clone()), Some(now));
            } else if ring.fetched_at.is_some_and(|at| at + KEPT_FOR < now) {
                ring.keys = None;
            }
        });
        came
    }
}
