//! Bodies that say beforehand that they are too long.

use actix_web::{HttpRequest, http::header::CONTENT_LENGTH};
use opora_primitives::ProblemCode;

/// Refuses the body of `request` if it says that it is longer than `most` bytes, before any of it has come. One that
/// says nothing, or the wrong thing, is counted while it is read.
///
/// # Errors
/// [`ProblemCode::BodyTooLarge`].
pub fn check(request: &HttpRequest, most: u64) -> Result<(), ProblemCode> {
    let said =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|length| length > most) { Err(ProblemCode::BodyTooLarge) } else { Ok(()) }
}
