//! Requests that create something, and the key under which a client may safely send one again.

use crate::{
    auth::{Guard, Need},
    error::{Answer, ApiError},
    http::extract::SentBody,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{ContentType, ETAG, LOCATION},
    },
};
use opora_db::{
    Error, Result, Tx,
    idempotency::{self, Claim, Created},
};
use opora_identity::seal::MasterKey;
use opora_primitives::{Problem, ProblemCode};
use serde::Serialize;
use utoipa::IntoParams;

/// The header that makes a creating request safe to repeat.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The contract's words for that header.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKey {
    /// A key of the caller's choice, remembered for a day. The same request under the same key gets the first answer
    /// again and creates nothing more; another request under it is refused with `idempotency_mismatch`.
    #[param(rename = "Idempotency-Key", value_type = String, required = false, min_length = 1, max_length = 200, pattern = "^[!-~]{1,200}$", example = "4b2d2f4e-7f0c-4c63-9f0e-2f6d1b7a3c55")]
    pub key: Option<String>,
}

/// The answer 201 for `value`, created at `location`.
///
/// # Errors
/// A value that has no JSON form.
pub fn created<T: Serialize>(location: String, value: &T) -> Result<Created> {
    Created::new(StatusCode::CREATED.as_u16(), location, value)
}

/// Runs `work` as one write and answers with what it created; under a key that was used already, answers as the first
/// time. The effect, the key and the answer are one transaction.
///
/// # Errors
/// What `work` answers; a key of a wrong form; [`ProblemCode::IdempotencyMismatch`].
pub async fn create_once<P: Need>(
    state: &State,
    guard: &Guard<P>,
    request: &HttpRequest,
    work: impl Fn(&mut Tx) -> Result<Created> + Send + 'static,
) -> Answer {
    respond(create(state, guard, request, work).await?)
}

/// What `work` has created now, or the first time.
///
/// # Errors
/// As [`create_once`].
pub async fn create<P: Need>(
    state: &State,
    guard: &Guard<P>,
    request: &HttpRequest,
    work: impl Fn(&mut Tx) -> Result<Created> + Send + 'static,
) -> std::result::Result<Created, ApiError> {
    let claim = claim(state, guard, request)?;
    let master = state.tokens.master().clone();
    let work = move |tx: &mut Tx| match &claim {
        None => work(tx),
        Some(claim) => open(&master, idempotency::once(tx, claim, |tx| seal(&master, work(tx)?))?),
    };
    state.write(guard.origin(), work).await
}

/// What kept answers are sealed for: some of them tell a secret, which is kept nowhere else or sealed too.
const PURPOSE: &str = "idempotency";

fn seal(master: &MasterKey, created: Created) -> Result<Created> {
    Ok(Created { body: master.seal(PURPOSE, created.body.as_bytes())?, ..created })
}

fn open(master: &MasterKey, kept: Created) -> Result<Created> {
    let body = master.open(PURPOSE, &kept.body)?;
    Ok(Created { body: String::from_utf8(body).map_err(Error::fault)?, ..kept })
}

/// What the request's key stands for, if it has one.
fn claim<P: Need>(
    state: &State,
    guard: &Guard<P>,
    request: &HttpRequest,
) -> std::result::Result<Option<Claim>, ApiError> {
    let Some(header) = request.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let visible = |key: &&str| (1..=200).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    let key = header.to_str().ok().filter(visible).ok_or_else(|| {
        Problem::new(
            ProblemCode::BadRequest,
            (
                "Idempotency-Key: 1 to 200 visible ASCII characters",
                "Idempotency-Key: от 1 до 200 видимых символов ASCII",
            ),
        )
    })?;
    let body = SentBody::of(request);
    let parts = [request.method().as_str().as_bytes(), request.path().as_bytes(), &body];
    // Keyed, because a body may hold a password, which a plain digest would let one guess.
    let fingerprint = state.tokens.master().fingerprint(PURPOSE, &parts);
    Ok(Some(Claim { actor: guard.actor.key(), key: key.to_owned(), fingerprint }))
}

/// The response that tells what was created.
///
/// # Errors
/// An answer that was kept and cannot be read.
pub fn respond(created: Created) -> Answer {
    let status = StatusCode::from_u16(created.status).map_err(Error::fault)?;
    let value: serde_json::Value = serde_json::from_str(&created.body).map_err(Error::fault)?;
    let mut response = HttpResponse::build(status);
    response.insert_header((LOCATION, created.location)).insert_header(ContentType::json());
    if let Some(version) = value["version"].as_i64() {
        response.insert_header((ETAG, format!("\"{version}\"")));
    }
    Ok(response.body(created.body))
}
