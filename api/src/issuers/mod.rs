//! Tokens of foreign issuers on requests: whose keys verify them, and which user stands behind them. Keys and users are
//! remembered, so that an ordinary request asks neither the issuer nor the database.

mod fetch;
mod keeper;
mod people;

pub use fetch::{Source, permitted};
pub use keeper::Issuer;

use crate::{config::Config, error::ApiError, state::off_thread};
use actix_web::rt;
use opora_db::{Database, Error, Result};
use opora_identity::{
    Actor,
    issuers::{self as rules, Trust, claimed_issuer},
    users::User,
};
use opora_primitives::Moment;
use std::{sync::Arc, time::Duration};

/// What is expected of an issuer, by configuration.
pub struct Expected {
    /// Whom and what is trusted.
    pub trust: Trust,
    /// Where its keys are.
    pub source: Source,
    /// How long its keys are used before they are fetched anew.
    pub fresh_for: Duration,
    /// Whether they may be fetched without TLS from another machine.
    pub allow_http: bool,
}

/// The foreign issuers that are trusted.
#[derive(Default)]
pub struct Issuers(Vec<Arc<Issuer>>);

impl Issuers {
    /// Those of `config`; their keys are not fetched yet.
    ///
    /// # Errors
    /// Settings that [`Config::load`] would have refused; a machine without certificates to verify servers by.
    pub fn open(config: &Config) -> Result<Self> {
        let open = |written: &crate::config::Issuer| {
            let issuer = written.expected().and_then(Issuer::open).map_err(Error::Fault)?;
            Ok(Arc::new(issuer))
        };
        config.issuers.iter().map(open).collect::<Result<_>>().map(Self)
    }

    /// Every one of them.
    pub fn iter(&self) -> impl Iterator<Item = &Issuer> {
        self.0.iter().map(Arc::as_ref)
    }

    /// Fetches keys from now on, in the runtime of the caller, as long as that runs.
    pub fn keep(&self) {
        for issuer in &self.0 {
            drop(rt::spawn(issuer.clone().keep()));
        }
    }

    /// The issuer that `token` says it is of, if that is one of these.
    pub fn of(&self, token: &str) -> Option<&Issuer> {
        if self.0.is_empty() {
            return None;
        }
        let named = claimed_issuer(token)?;
        self.iter().find(|issuer| issuer.trust.issuer == named)
    }

    /// Forgets what was known of people who have changed; called every few seconds.
    ///
    /// # Errors
    /// Faults of the database; what was known stays.
    pub fn reload(&self, database: &Database) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let since = Moment::now().plus_seconds(-people::KNOWN_FOR.as_secs().cast_signed() - 60);
        let changed = database.read(|db| rules::people::changed_since(db, since))?;
        for issuer in self.iter() {
            issuer.people.forget_older(&changed);
        }
        Ok(())
    }
}

impl Issuer {
    /// Who holds `token`, which says it is of this issuer.
    ///
    /// # Errors
    /// As [`Issuer::check`] and [`rules::people::admit`].
    pub async fn actor(
        &self,
        database: &Database,
        request_id: &str,
        token: &str,
    ) -> std::result::Result<Actor, ApiError> {
        let vouched = self.check(token).await?;
        if let Some(known) = self.people.find(&vouched) {
            return known.map_err(ApiError);
        }
        let (database, trust, request_id) = (database.clone(), self.trust.clone(), request_id.to_owned());
        let (admitted, vouched) = off_thread(move || {
            let admitted = rules::people::admit(&database, &request_id, &trust, &vouched);
            Ok((judged(admitted)?, vouched))
        })
        .await?;
        self.people.remember(&vouched, admitted).map_err(ApiError)
    }
}

/// A refusal of the person is an answer, to be remembered like an admission; a fault is none.
fn judged(admitted: Result<User>) -> Result<people::Found> {
    match admitted {
        Ok(user) => Ok(Ok(user)),
        Err(Error::Problem(problem)) if [401, 403].contains(&problem.code.status()) => Ok(Err(problem)),
        Err(fault) => Err(fault),
    }
}
