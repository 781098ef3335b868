//! Refusals in the words of RFC 6749 (5.2): clients of OAuth know these and no problem documents.

use crate::error::ApiError;
use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use opora_primitives::{Problem, ProblemCode};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// A refusal of an OAuth endpoint.
#[derive(Debug, Clone)]
pub struct OAuthError {
    status: StatusCode,
    error: &'static str,
    description: Cow<'static, str>,
    challenge: Option<&'static str>,
    wait: Option<i64>,
}

/// A refusal as it is sent (RFC 6749, 5.2).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OAuthError)]
pub struct OAuthErrorBody {
    /// What is wrong: `invalid_request`, `invalid_client`, `invalid_scope`, `unsupported_grant_type`, `invalid_token`,
    /// `temporarily_unavailable` or `server_error`.
    #[schema(example = "invalid_client")]
    error: &'static str,
    /// The same for people, in English.
    #[schema(example = "the client is not known, not live, or did not prove who it is")]
    error_description: String,
}

impl OAuthError {
    fn new(status: StatusCode, error: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self { status, error, description: description.into(), challenge: None, wait: None }
    }

    /// The request lacks something, repeats something or cannot be read.
    pub fn request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    /// A scope is unknown, or more than the client has.
    pub fn scope(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_scope", description)
    }

    /// Tokens are not given in this way.
    pub fn grant_type() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unsupported_grant_type", "grant_type must be client_credentials")
    }

    /// The client did not prove who it is; whatever was wrong, the answer is the same.
    pub fn client() -> Self {
        let words = "the client is not known, not live, or did not prove who it is";
        let challenge = Some("Basic realm=\"opora\", charset=\"UTF-8\"");
        Self { challenge, ..Self::new(StatusCode::UNAUTHORIZED, "invalid_client", words) }
    }

    /// A refusal from outside the endpoints: of what was counted or measured at the door, or of an address or a method that
    /// there is not. Whatever else it may be is ours.
    pub fn of(problem: Problem) -> Self {
        let status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if !status.is_client_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return ApiError(problem).into();
        }
        let (title, detail) = (problem.code.titles().0, problem.detail.map(|words| words.en));
        let words = detail.map_or_else(|| title.to_owned(), |detail| format!("{title}: {detail}"));
        Self::new(status, "invalid_request", words)
    }

    /// The bearer token of the caller is not valid (RFC 6750, 3.1).
    pub fn token() -> Self {
        let challenge = Some("Bearer realm=\"opora\", error=\"invalid_token\"");
        let words = "the access token of the caller is not valid";
        Self { challenge, ..Self::new(StatusCode::UNAUTHORIZED, "invalid_token", words) }
    }
}

impl From<ApiError> for OAuthError {
    fn from(error: ApiError) -> Self {
        let wait = error.0.wait;
        let refusal = match error.0.code {
            ProblemCode::WrongCredentials => Self::client(),
            ProblemCode::MissingToken
            | ProblemCode::InvalidToken
            | ProblemCode::ExpiredToken
            | ProblemCode::NotAdmitted => Self::token(),
            ProblemCode::TooManyAttempts => {
                let words = "too many failures; wait a quarter of an hour";
                Self::new(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", words)
            }
            ProblemCode::TooManyRequests => {
                let words = error.0.detail.map_or_else(String::new, |words| format!(": {}", words.en));
                let words = format!("too many requests; wait{words}");
                Self::new(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", words)
            }
            ProblemCode::Unavailable | ProblemCode::IssuerUnavailable => {
                let words = "the database, or an issuer of tokens, does not answer; try again";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", words)
            }
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "something failed on our side"),
        };
        Self { wait, ..refusal }
    }
}

impl From<opora_db::Error> for OAuthError {
    fn from(error: opora_db::Error) -> Self {
        ApiError::from(error).into()
    }
}

impl std::fmt::Display for OAuthError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.error)
    }
}

impl ResponseError for OAuthError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, "no-cache"));
        if let Some(challenge) = self.challenge {
            response.insert_header((WWW_AUTHENTICATE, challenge));
        }
        let wait = match self.status.as_u16() {
            429 => Some(self.wait.unwrap_or(60)),
            503 => Some(self.wait.unwrap_or(5)),
            _ => None,
        };
        if let Some(seconds) = wait {
            response.insert_header((RETRY_AFTER, seconds));
        }
        let error_description = self.description.clone().into_owned();
        response.json(OAuthErrorBody { error: self.error, error_description })
    }
}
