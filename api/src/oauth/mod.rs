//! What the addresses under `/oauth/` share: forms, credentials of clients, and errors in the words of RFC 6749.

mod error;
mod form;

pub use error::{OAuthError, OAuthErrorBody};
pub use form::Form;

use crate::{
    limits,
    state::{State, off_thread},
};
use actix_web::{
    HttpRequest,
    http::header::{AUTHORIZATION, HeaderValue},
    web,
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use opora_identity::clients::authenticate::{Authenticated, Credential, authenticate};

/// Where a client gets its tokens.
pub const TOKEN_PATH: &str = "/oauth/token";
/// Where a token is looked into.
pub const INTROSPECTION_PATH: &str = "/oauth/introspect";

/// Whether refusals at `path` are told in the words of OAuth.
pub fn speaks_at(path: &str) -> bool {
    path.starts_with("/oauth/")
}

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The client that sends `request`: by its secret in a Basic header or in the form, or by a signed assertion.
///
/// # Errors
/// `invalid_client` for whatever is wrong with the credentials, `invalid_request` for more than one kind of them; too many
/// failures.
pub async fn client(
    state: &State,
    request: &HttpRequest,
    form: &mut Form,
) -> Result<Authenticated, OAuthError> {
    let credential = credential(request, form)?;
    let base = state.config.base();
    let audiences = [format!("{base}{TOKEN_PATH}"), state.config.issuer.clone(), base];
    let address = limits::address_of(request).map(|a| a.to_string()).unwrap_or_default();
    let database = state.database.clone();
    Ok(off_thread(move || authenticate(&database, &credential, &audiences, &address)).await?)
}

fn credential(request: &HttpRequest, form: &mut Form) -> Result<Credential, OAuthError> {
    let basic = request.headers().get(AUTHORIZATION).map(basic).transpose()?;
    let (client_id, secret) = (form.take("client_id"), form.take("client_secret"));
    let (kind, jwt) = (form.take("client_assertion_type"), form.take("client_assertion"));
    let ways = [basic.is_some(), secret.is_some(), kind.is_some() || jwt.is_some()];
    if ways.iter().filter(|way| **way).count() > 1 {
        return Err(OAuthError::request("a client authenticates in one way, not in several"));
    }
    match (basic, secret, jwt) {
        (Some((id, _)), ..) if client_id.as_ref().is_some_and(|named| *named != id) => {
            Err(OAuthError::request("client_id is not that of the Authorization header"))
        }
        (Some((client_id, secret)), ..) => Ok(Credential::Secret { client_id, secret }),
        (None, Some(secret), _) => match client_id {
            Some(client_id) => Ok(Credential::Secret { client_id, secret }),
            None => Err(OAuthError::request("client_id is missing")),
        },
        (None, None, Some(jwt)) if kind.as_deref() == Some(ASSERTION) => {
            Ok(Credential::Assertion { client_id, jwt })
        }
        (None, None, Some(_)) => Err(OAuthError::request("client_assertion_type is missing or unknown")),
        (None, None, None) if kind.is_some() => Err(OAuthError::request("client_assertion is missing")),
        (None, None, None) => Err(OAuthError::client()),
    }
}

/// Id and secret of a Basic header; both are form-encoded in it (RFC 6749, 2.3.1).
fn basic(header: &HeaderValue) -> Result<(String, String), OAuthError> {
    let read = || {
        let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
        let decoded = BASE64.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        let decoded = String::from_utf8(decoded).ok()?;
        let (id, secret) = decoded.split_once(':')?;
        Some((unescaped(id)?, unescaped(secret)?))
    };
    read().ok_or_else(OAuthError::client)
}

/// A form-encoded text in the clear.
fn unescaped(text: &str) -> Option<String> {
    if text.contains(['&', '=']) {
        return None;
    }
    let pair = web::Query::<Vec<(String, String)>>::from_query(&format!("v={text}")).ok()?;
    pair.into_inner().pop().map(|(_, value)| value)
}
