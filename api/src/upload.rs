//! Files on their way in: spooled to the disk as they come, so that memory does not grow with them.

use crate::{error::ApiError, length, state::off_thread};
use actix_multipart::Multipart;
use actix_web::{FromRequest, HttpRequest, http::header::CONTENT_TYPE, web::Payload};
use futures_util::{Stream, StreamExt, TryStreamExt};
use opora_primitives::{Problem, ProblemCode};
use opora_schools::import::spool::{Spool, Spooled};

/// The media type of the request's body, without its parameters; empty if it names none.
pub fn media_type(request: &HttpRequest) -> &str {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    kind.split(';').next().unwrap_or("").trim()
}

/// Bytes of a form besides its file.
const FORM: u64 = 128 * 1024;

/// Spools the file of a request: the part `file` of a form, with the name that the form gives it, or the body itself, if
/// its media type `is_taken`.
///
/// # Errors
/// [`ProblemCode::UnsupportedMediaType`], [`ProblemCode::BodyTooLarge`], [`ProblemCode::BadRequest`]; those of the
/// spool.
pub async fn receive(
    spool: Spool,
    request: &HttpRequest,
    payload: Payload,
    is_taken: impl Fn(&str) -> bool,
) -> Result<(Spooled, Option<String>), ApiError> {
    match media_type(request) {
        "multipart/form-data" => {
            length::check(request, spool.most() + FORM)?;
            let mut inner = payload.into_inner();
            let mut form =
                Multipart::from_request(request, &mut inner).await.map_err(|_| ProblemCode::BadRequest)?;
            while let Some(field) = form.next().await {
                let field = field.map_err(|_| ProblemCode::BadRequest)?;
                if field.name() == Some("file") {
                    let name = field.content_disposition().and_then(|d| d.get_filename()).map(str::to_owned);
                    return Ok((fill(spool, field.map_err(drop)).await?, name));
                }
            }
            Err(Problem::new(
                ProblemCode::BadRequest,
                ("the form has no part named file", "в форме нет части file"),
            )
            .into())
        }
        sent if is_taken(sent) => {
            length::check(request, spool.most())?;
            Ok((fill(spool, payload.map_err(drop)).await?, None))
        }
        _ => Err(ProblemCode::UnsupportedMediaType.into()),
    }
}

/// Bytes that are worth a trip off the HTTP threads.
const WORTHWHILE: usize = 256 * 1024;

async fn fill<B: AsRef<[u8]>>(
    mut spool: Spool,
    bytes: impl Stream<Item = Result<B, ()>>,
) -> Result<Spooled, ApiError> {
    let mut bytes = std::pin::pin!(bytes);
    let mut waiting = Vec::with_capacity(WORTHWHILE);
    loop {
        let next = bytes.next().await;
        if let Some(chunk) = &next {
            waiting.extend_from_slice(chunk.as_ref().map_err(|()| ProblemCode::BadRequest)?.as_ref());
        }
        if next.is_none() || waiting.len() >= WORTHWHILE {
            let full = std::mem::replace(&mut waiting, Vec::with_capacity(WORTHWHILE));
            spool = off_thread(move || spool.take(&full).map(|()| spool)).await?;
        }
        if next.is_none() {
            return off_thread(move || spool.finish()).await;
        }
    }
}
