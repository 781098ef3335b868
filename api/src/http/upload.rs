//! Files on their way in: spooled to the disk as they come, so that memory does not grow with them.

use crate::{
    error::ApiError,
    http::{length, shape::escaped},
    state::off_thread,
};
use actix_multipart::{Field, Multipart};
use actix_web::{FromRequest, HttpRequest, http::header::CONTENT_TYPE, web::Payload};
use futures_util::{Stream, StreamExt, TryStreamExt};
use opora_primitives::{Flaw, Problem, ProblemCode, Reason};
use opora_schools::import::spool::{Spool, Spooled};
use std::collections::BTreeMap;

/// The media type of the request's body, without its parameters; empty if it names none.
pub fn media_type(request: &HttpRequest) -> &str {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    kind.split(';').next().unwrap_or("").trim()
}

/// Bytes of a form besides its file.
const FORM: u64 = 128 * 1024;

/// Bytes of a part of a form that is no file.
const MOST_TEXT: usize = 2048;

/// A file that came in, with what was said of it.
pub struct Received {
    /// Its bytes.
    pub spooled: Spooled,
    /// The name that the form gives it.
    pub name: Option<String>,
    /// The other parts of the form, by their names.
    pub parts: BTreeMap<String, String>,
}

/// Spools the file of a request: the part `file` of a form, with the name that the form gives it, or the body itself, if
/// its media type `is_taken`. A form may have the parts `known` besides, in any order, each once.
///
/// # Errors
/// [`ProblemCode::UnsupportedMediaType`], [`ProblemCode::BodyTooLarge`], [`ProblemCode::BadRequest`]; those of the
/// spool.
pub async fn receive(
    spool: Spool,
    request: &HttpRequest,
    payload: Payload,
    known: &[&str],
    is_taken: impl Fn(&str) -> bool,
) -> Result<Received, ApiError> {
    match media_type(request) {
        "multipart/form-data" => {
            length::check(request, spool.most() + FORM)?;
            let mut inner = payload.into_inner();
            let form =
                Multipart::from_request(request, &mut inner).await.map_err(|_| ProblemCode::BadRequest)?;
            read_form(form, spool, known).await
        }
        sent if is_taken(sent) => {
            length::check(request, spool.most())?;
            let spooled = fill(spool, payload.map_err(drop)).await?;
            Ok(Received { spooled, name: None, parts: BTreeMap::new() })
        }
        _ => Err(ProblemCode::UnsupportedMediaType.into()),
    }
}

async fn read_form(mut form: Multipart, spool: Spool, known: &[&str]) -> Result<Received, ApiError> {
    let (mut spool, mut file, mut parts) = (Some(spool), None, BTreeMap::new());
    while let Some(field) = form.next().await {
        let field = field.map_err(|_| ProblemCode::BadRequest)?;
        let part = field.name().unwrap_or_default().to_owned();
        if part == "file" {
            let spool = spool.take().ok_or_else(|| refused_part(Flaw::at("/file", Reason::Repeated)))?;
            let name = field.content_disposition().and_then(|d| d.get_filename()).map(str::to_owned);
            file = Some((fill(spool, field.map_err(drop)).await?, name));
        } else if !known.contains(&part.as_str()) {
            let names = known.iter().copied().chain(["file"]);
            return Err(refused_part(Flaw::unknown(format!("/{}", escaped(&part)), names)).into());
        } else {
            let refused = |reason| refused_part(Flaw::at(format!("/{part}"), reason));
            let text = read_text(field).await?.map_err(refused)?;
            if parts.insert(part.clone(), text).is_some() {
                return Err(refused_part(Flaw::at(format!("/{part}"), Reason::Repeated)).into());
            }
        }
    }
    let (spooled, name) = file.ok_or_else(|| refused_part(Flaw::at("/file", Reason::Required)))?;
    Ok(Received { spooled, name, parts })
}

/// The text of a part, or why it is none.
async fn read_text(mut field: Field) -> Result<Result<String, Reason>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.next().await {
        bytes.extend_from_slice(&chunk.map_err(|_| ProblemCode::BadRequest)?);
        if bytes.len() > MOST_TEXT {
            return Ok(Err(Reason::WrongLength));
        }
    }
    Ok(String::from_utf8(bytes).map_err(|_| Reason::WrongFormat))
}

/// A form with a part that is not taken as it is.
fn refused_part(flaw: Flaw) -> Problem {
    let part = flaw.pointer.trim_start_matches('/');
    let words = match flaw.reason {
        Reason::Required => ("the form has no part named file".into(), "в форме нет части file".into()),
        _ => (format!("the part {part} of the form"), format!("часть формы {part}")),
    };
    Problem { flaws: vec![flaw], ..Problem::new(ProblemCode::BadRequest, words) }
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
