//! How a client proves who it is: by a secret, or by an assertion signed with its own key (RFC 7523).

use super::{ClientId, ServiceClient, named, secrets};
use crate::{
    attempts::Attempt,
    jwt::{self, Audience, Head},
    secret::hashed,
};
use diesel::prelude::*;
use opora_db::{
    Database, Db, Error, Result, if_found,
    schema::{client_assertions as assertions, client_secrets, service_clients},
};
use opora_primitives::{Moment, ProblemCode};
use serde::Deserialize;
use serde_json::Value;

/// The longest life of an assertion, in seconds.
pub const ASSERTION_LIFE: i64 = 300;
/// How far the clock of a client may be off, in seconds.
const SKEW: i64 = 30;
/// A use is noted if the one noted last is older, in seconds.
const NOTED_EVERY: i64 = 60;

/// What a client sends to prove who it is.
#[derive(Clone)]
pub enum Credential {
    /// The id and the secret.
    Secret {
        /// The public id.
        client_id: String,
        /// The secret.
        secret: String,
    },
    /// A JWT signed with the client's own key.
    Assertion {
        /// The public id, where it is sent besides.
        client_id: Option<String>,
        /// The JWT.
        jwt: String,
    },
}

/// A client that has proved who it is.
pub struct Authenticated {
    /// The client.
    pub client: ServiceClient,
    /// How often its rights had been taken back by then.
    pub epoch: i64,
}

/// Which client `credential` proves; it is sent to one of `audiences` from `address`.
///
/// # Errors
/// [`ProblemCode::WrongCredentials`], the same for whatever is wrong: no such client, one that is disabled, expired or
/// ended, a wrong secret, an assertion with any fault or used before; [`ProblemCode::TooManyAttempts`].
pub fn authenticate(
    database: &Database,
    credential: &Credential,
    audiences: &[String],
    address: &str,
) -> Result<Authenticated> {
    let now = Moment::now();
    let claimed = credential.client_id().unwrap_or_default();
    let attempt = Attempt::of_client(&claimed, address);
    let (proved, forgive) = database.read(|db| {
        let forgive = attempt.check(db, now)?;
        let client = if_found(named(db, &claimed))?;
        let proof = prove(db, credential, client.as_ref(), audiences, now)?;
        let live = client.filter(|client| client.is_live(now));
        let epoch = live.as_ref().map(|client| epoch(db, client.id)).transpose()?;
        Ok((live.zip(epoch).zip(proof), forgive))
    })?;
    let accepted = match proved {
        Some(((client, epoch), proof)) => accept(database, &attempt, &client, &proof, now, forgive)?
            .then_some(Authenticated { client, epoch }),
        None => None,
    };
    match accepted {
        Some(authenticated) => Ok(authenticated),
        None => {
            attempt.failed(database, now)?;
            Err(ProblemCode::WrongCredentials.into())
        }
    }
}

impl Credential {
    /// The client it says it is, as far as it can be one.
    fn client_id(&self) -> Option<String> {
        let claimed = match self {
            Self::Secret { client_id, .. } => Some(client_id.clone()),
            Self::Assertion { client_id, jwt } => {
                let sub =
                    jwt::part::<Value>(jwt, 1).and_then(|claims| claims["sub"].as_str().map(str::to_owned));
                sub.filter(|sub| client_id.as_ref().is_none_or(|id| id == sub))
            }
        };
        claimed.filter(|id| id.len() <= 64 && id.bytes().all(|b| b.is_ascii_graphic()))
    }
}

/// What was proved with.
#[derive(Clone)]
enum Proof {
    Secret(secrets::SecretId),
    Assertion { jti: String, expires_at: Moment },
}

fn prove(
    db: &mut Db,
    credential: &Credential,
    client: Option<&ServiceClient>,
    audiences: &[String],
    now: Moment,
) -> Result<Option<Proof>> {
    match credential {
        Credential::Secret { secret, .. } => {
            Ok(secrets::matching(db, client, secret, now)?.map(Proof::Secret))
        }
        Credential::Assertion { jwt, .. } => {
            Ok(client.and_then(|client| asserted(jwt, client, audiences, now)))
        }
    }
}

/// Notes the use, at most once a minute, and takes an assertion's id for good. No: it was used before.
fn accept(
    database: &Database,
    attempt: &Attempt,
    client: &ServiceClient,
    proof: &Proof,
    now: Moment,
    forgive: bool,
) -> Result<bool> {
    let due = |last: Option<Moment>| last.is_none_or(|at| at.plus_seconds(NOTED_EVERY) <= now);
    let secret = match proof {
        Proof::Secret(id) => client.secrets.iter().find(|s| s.id == *id && due(s.last_used_at)).map(|_| *id),
        Proof::Assertion { .. } => None,
    };
    let note = due(client.last_used_at);
    if !note && !forgive && secret.is_none() && matches!(proof, Proof::Secret(_)) {
        return Ok(true);
    }
    let written = database.keep_books(|db| {
        if let Proof::Assertion { jti, expires_at } = proof {
            take(db, client.id, jti, *expires_at, now)?;
        }
        if note {
            let own = service_clients::table.find(client.id);
            diesel::update(own).set(service_clients::last_used_at.eq(now)).execute(db)?;
        }
        if let Some(id) = secret {
            let own = client_secrets::table.find(id);
            diesel::update(own).set(client_secrets::last_used_at.eq(now)).execute(db)?;
        }
        if forgive { attempt.succeeded(db, now) } else { Ok(()) }
    });
    match written {
        Ok(()) => Ok(true),
        Err(Error::Problem(problem)) if problem.code == ProblemCode::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Keeps the id of an assertion until it expires: the second of two finds it taken, on whichever node.
fn take(db: &mut Db, client: ClientId, jti: &str, expires_at: Moment, now: Moment) -> Result<()> {
    diesel::delete(assertions::table.filter(assertions::expires_at.lt(now))).execute(db)?;
    let row = (
        assertions::client_id.eq(client),
        assertions::jti_hash.eq(hashed(jti)),
        assertions::expires_at.eq(expires_at),
    );
    diesel::insert_into(assertions::table).values(row).execute(db)?;
    Ok(())
}

fn epoch(db: &mut Db, id: ClientId) -> Result<i64> {
    Ok(service_clients::table.find(id).select(service_clients::epoch).first(db)?)
}

/// What an assertion says (RFC 7523, 3).
#[derive(Deserialize)]
struct Assertion {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    jti: String,
    nbf: Option<f64>,
    iat: Option<f64>,
}

/// The proof in `jwt`, if it is signed with a key of the client and says what it must. The header chooses among the
/// client's own keys and nothing else.
fn asserted(jwt: &str, client: &ServiceClient, audiences: &[String], now: Moment) -> Option<Proof> {
    let kid = Head::of(jwt)?.kid;
    let key = client.jwks.as_ref()?.choose(kid.as_deref())?;
    let said: Assertion = jwt::verified(jwt, &key.decoding()?, key.algorithms())?;
    // One audience only: an assertion for several could be carried from one to another.
    let [aud] = said.aud.names() else { return None };
    let (now, expires) = (now.unix(), said.exp as i64);
    let in_time = expires > now - SKEW && expires <= now + ASSERTION_LIFE + SKEW;
    let begun = [said.nbf, said.iat].into_iter().flatten().all(|at| at as i64 <= now + SKEW);
    let right = said.iss == client.client_id && said.sub == client.client_id && audiences.contains(aud);
    let named = (1..=200).contains(&said.jti.len());
    if !(right && in_time && begun && named) {
        return None;
    }
    let expires_at = Moment::from_unix(expires)?.plus_seconds(SKEW);
    Some(Proof::Assertion { jti: said.jti, expires_at })
}
