//! The body of a request to `/oauth/...`: a form, and nothing else.

use super::OAuthError;
use crate::http::length;
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::CONTENT_TYPE, web};
use futures_util::{FutureExt, future::LocalBoxFuture};

/// The largest form, in bytes: an assertion signed with RSA has room.
const MOST: usize = 32 * 1024;

/// The parameters of a form. Unknown ones are ignored and empty ones count as absent, as RFC 6749 (3.2) asks; none
/// stands twice.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Takes the value of a parameter out.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(place).1)
    }

    /// Takes the value of a parameter out that must be there.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn require(&mut self, name: &str) -> Result<String, OAuthError> {
        self.take(name).ok_or_else(|| OAuthError::request(format!("{name} is missing")))
    }

    fn parse(bytes: &[u8]) -> Result<Self, OAuthError> {
        let unreadable = || OAuthError::request("the form cannot be read");
        let text = std::str::from_utf8(bytes).map_err(|_| unreadable())?;
        let pairs = web::Query::<Vec<(String, String)>>::from_query(text).map_err(|_| unreadable())?;
        let mut pairs = pairs.into_inner();
        let mut names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|two| two[0] == two[1]) {
            return Err(OAuthError::request("a parameter stands twice"));
        }
        pairs.retain(|(_, value)| !value.is_empty());
        Ok(Self(pairs))
    }
}

impl FromRequest for Form {
    type Error = OAuthError;
    type Future = LocalBoxFuture<'static, Result<Self, OAuthError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
        let media_type = media_type.split(';').next().unwrap_or("").trim();
        let is_form = media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        // Secrets in an address end in logs.
        let in_address = !request.query_string().is_empty();
        let too_long = length::check(request, MOST as u64).is_err();
        let payload = web::Payload::from_request(request, payload).into_inner();
        async move {
            if !is_form {
                return Err(OAuthError::request("the body must be application/x-www-form-urlencoded"));
            }
            if in_address {
                return Err(OAuthError::request("parameters go into the body, not into the address"));
            }
            let unreadable = || OAuthError::request("the body is too large or cannot be read");
            if too_long {
                return Err(unreadable());
            }
            match payload.map_err(|_| unreadable())?.to_bytes_limited(MOST).await {
                Ok(Ok(bytes)) => Self::parse(&bytes),
                _ => Err(unreadable()),
            }
        }
        .boxed_local()
    }
}
