//! What is looked at before a request is routed: how much of it there is, and whether it may come in at all.

use crate::{error::ApiError, http::cors, limits, state::State};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use opora_primitives::{Problem, ProblemCode};

/// The longest address, in bytes.
const MOST_URI: usize = 8 * 1024;

/// The most headers.
const MOST_HEADERS: usize = 64;

/// Bytes of all headers together.
const MOST_HEADER_BYTES: usize = 32 * 1024;

/// The most query parameters.
const MOST_PARAMETERS: usize = 64;

/// Lets `request` in, or answers in its place.
///
/// # Errors
/// [`ProblemCode::UriTooLong`], [`ProblemCode::NotFound`], [`ProblemCode::HeadersTooLarge`], [`ProblemCode::UnknownParameter`],
/// [`ProblemCode::TooManyRequests`].
pub fn admit(request: &HttpRequest) -> Result<Option<HttpResponse>, ApiError> {
    measure(request)?;
    if let Some(state) = request.app_data::<Data<State>>()
        && let Some(answer) = cors::preflight(request, &state.origins)
    {
        return Ok(Some(answer));
    }
    limits::charge_stranger(request)?;
    Ok(None)
}

fn measure(request: &HttpRequest) -> Result<(), ApiError> {
    let uri = request.uri().path_and_query().map_or(0, |whole| whole.as_str().len());
    if uri > MOST_URI {
        let words = (format!("at most {MOST_URI} bytes"), format!("не более {MOST_URI} байт"));
        return Err(Problem::new(ProblemCode::UriTooLong, words).into());
    }
    let bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if request.headers().len() > MOST_HEADERS || bytes > MOST_HEADER_BYTES {
        let words = (
            format!("at most {MOST_HEADERS} headers, {MOST_HEADER_BYTES} bytes"),
            format!("не более {MOST_HEADERS} заголовков, {MOST_HEADER_BYTES} байт"),
        );
        return Err(Problem::new(ProblemCode::HeadersTooLarge, words).into());
    }
    // No key holds U+0000, which PostgreSQL keeps in no text (D283).
    if request.path().contains("%00") {
        return Err(ProblemCode::NotFound.into());
    }
    let query = request.query_string();
    if !query.is_empty() && query.split('&').count() > MOST_PARAMETERS {
        let words = (
            format!("at most {MOST_PARAMETERS} query parameters"),
            format!("не более {MOST_PARAMETERS} параметров запроса"),
        );
        return Err(Problem::new(ProblemCode::UnknownParameter, words).into());
    }
    Ok(())
}
