//! Errors as problem documents (RFC 9457): one shape for every refusal and every fault.

use crate::http::vary;
use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    dev::ServiceResponse,
    http::{
        StatusCode,
        header::{
            ACCEPT_LANGUAGE, AcceptLanguage, CONTENT_LANGUAGE, Header, HeaderValue, Quality, RETRY_AFTER,
            WWW_AUTHENTICATE,
        },
    },
};
use opora_db::Error;
use opora_primitives::{Flaw, Problem, ProblemCode, Words};
use serde::Serialize;

/// The media type of a problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What a handler answers.
pub type Answer = Result<HttpResponse, ApiError>;

/// A refusal on its way out. The words are chosen when the response leaves (see [`render`]), where the request's
/// language and id are known.
#[derive(Debug, Clone)]
pub struct ApiError(pub Problem);

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<ProblemCode> for ApiError {
    fn from(code: ProblemCode) -> Self {
        Self(code.into())
    }
}

impl From<Error> for ApiError {
    /// Faults of ours are logged here, in the request's span; the caller gets a code and the request id.
    fn from(error: Error) -> Self {
        match error {
            Error::Problem(problem) => Self(problem),
            Error::Unavailable(words) => {
                tracing::warn!(%words, "database unavailable");
                ProblemCode::Unavailable.into()
            }
            other => {
                tracing::error!(error = %other, "request failed");
                ProblemCode::Internal.into()
            }
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        response.extensions_mut().insert(self.0.clone());
        response
    }
}

/// The language a person reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Russian.
    Ru,
    /// English.
    En,
}

impl Language {
    /// Of ru and en the one with the greater weight in `Accept-Language`, of equal ones the first; English if neither is
    /// wanted (D310).
    pub fn of(request: &HttpRequest) -> Self {
        vary::note(request, ACCEPT_LANGUAGE);
        let mut wanted = AcceptLanguage::parse(request).unwrap_or(AcceptLanguage(Vec::new()));
        wanted.retain(|language| language.quality > Quality::ZERO);
        wanted
            .ranked()
            .iter()
            .find_map(|language| match language.item()?.primary_language().to_ascii_lowercase().as_str() {
                "ru" => Some(Self::Ru),
                "en" => Some(Self::En),
                _ => None,
            })
            .unwrap_or(Self::En)
    }

    /// The word that `Content-Language` holds.
    pub fn code(self) -> &'static str {
        self.pick(("en", "ru"))
    }

    /// Tells in `Content-Language` the language of an answer for which it was chosen.
    pub fn tell(response: &mut ServiceResponse) {
        if vary::was_noted(response.request(), &ACCEPT_LANGUAGE) {
            let code = HeaderValue::from_static(Self::of(response.request()).code());
            response.headers_mut().insert(CONTENT_LANGUAGE, code);
        }
    }

    /// The language of the terminal, by the variables that say so: Russian if they name it, else English.
    pub fn of_terminal() -> Self {
        let mut said =
            ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
        match said.find(|value| !value.is_empty()) {
            Some(value) if value.starts_with("ru") => Self::Ru,
            _ => Self::En,
        }
    }

    /// Those of the words that are in this language.
    pub fn of_words(self, words: &Words) -> &str {
        self.pick((&words.en, &words.ru))
    }

    /// The wording in this language.
    pub fn pick<T>(self, (en, ru): (T, T)) -> T {
        match self {
            Self::En => en,
            Self::Ru => ru,
        }
    }
}

/// A problem document.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemDocument {
    /// Where the problem is explained.
    #[serde(rename = "type")]
    #[schema(example = "/docs/errors#not_found")]
    pub kind: String,
    /// What is wrong, in the language asked for.
    #[schema(example = "There is no such thing, or it is outside your area")]
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    pub status: u16,
    /// The stable name of the problem: what a program should look at.
    #[schema(example = "not_found")]
    pub code: String,
    /// What exactly is wrong this time, in the language asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub detail: Option<String>,
    /// The id under which the request stands in the log.
    #[schema(example = "01J8ZQ6M8E-42")]
    pub request_id: String,
    /// Every refused field at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
}

/// A refused field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// A JSON pointer into the body, or the name of a query parameter.
    #[schema(example = "/password")]
    pub pointer: String,
    /// The stable name of the reason.
    #[schema(example = "wrong_length")]
    pub code: String,
    /// The reason in the language asked for.
    #[schema(example = "too short or too long")]
    pub message: String,
    /// The known name or word that was probably meant, where one was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "password")]
    pub suggestion: Option<String>,
}

impl FieldError {
    /// `flaw` in the words of `language`.
    pub fn of(flaw: &Flaw, language: Language) -> Self {
        Self {
            pointer: flaw.pointer.clone(),
            code: flaw.reason.as_str().to_owned(),
            message: language.pick(flaw.reason.messages()).to_owned(),
            suggestion: flaw.suggestion.clone(),
        }
    }
}

/// The response that tells `problem` to the one who sent `request`.
pub fn render(problem: &Problem, request: &HttpRequest, request_id: &str) -> HttpResponse {
    let language = Language::of(request);
    let code = problem.code;
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.content_type(PROBLEM_JSON);
    match code.status() {
        401 | 403 => {
            response.insert_header((WWW_AUTHENTICATE, challenge(problem)));
        }
        429 => {
            response.insert_header((RETRY_AFTER, problem.wait.unwrap_or(60)));
        }
        503 => {
            response.insert_header((RETRY_AFTER, "5"));
        }
        _ => {}
    }
    response.json(ProblemDocument {
        kind: format!("/docs/errors#{}", code.as_str()),
        title: language.pick(code.titles()).to_owned(),
        status: code.status(),
        code: code.as_str().to_owned(),
        detail: problem.detail.as_ref().map(|words| language.of_words(words).to_owned()),
        request_id: request_id.to_owned(),
        errors: problem.flaws.iter().map(|flaw| FieldError::of(flaw, language)).collect(),
    })
}

/// How a caller is asked for a token, or for a better one (RFC 6750, 3): without an attribute `error` where none was sent.
fn challenge(problem: &Problem) -> String {
    let realm = "Bearer realm=\"opora\"";
    match (problem.code, problem.lacking) {
        (ProblemCode::InvalidToken | ProblemCode::ExpiredToken, _) => {
            format!("{realm}, error=\"invalid_token\"")
        }
        (ProblemCode::Forbidden, Some(scope)) => {
            format!("{realm}, error=\"insufficient_scope\", scope=\"{scope}\"")
        }
        (ProblemCode::Forbidden, None) => format!("{realm}, error=\"insufficient_scope\""),
        _ => realm.to_owned(),
    }
}

/// The problem behind a bare error status of the framework.
pub fn of_status(status: StatusCode) -> Problem {
    match status.as_u16() {
        404 => ProblemCode::NotFound,
        405 => ProblemCode::MethodNotAllowed,
        408 => ProblemCode::RequestTimeout,
        413 => ProblemCode::BodyTooLarge,
        414 => ProblemCode::UriTooLong,
        415 => ProblemCode::UnsupportedMediaType,
        416 => ProblemCode::RangeNotSatisfiable,
        431 => ProblemCode::HeadersTooLarge,
        400..=499 => ProblemCode::BadRequest,
        _ => ProblemCode::Internal,
    }
    .into()
}
