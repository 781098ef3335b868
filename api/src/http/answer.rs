//! Answers: a page of a list, a record with its version, what a removal took away.

use crate::{
    error::{Answer, ApiError},
    http::tag::digest_of,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ContentType, ETAG, IF_NONE_MATCH},
};
use opora_db::Error;
use opora_primitives::Page;
use serde::Serialize;

/// A list in pages.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Items<T> {
    /// The items of this page.
    pub items: Vec<T>,
}

/// How many records a removal took away.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Removed {
    /// How many there were.
    #[schema(minimum = 0, maximum = 50_000, example = 873)]
    pub removed: usize,
}

/// Bytes that a record takes as JSON, more or less.
const RECORD: usize = 512;

/// `body`, of so many records, as JSON. Its place is taken once: as it grew, it would be copied a dozen times.
///
/// # Errors
/// A body that has no JSON form.
fn written<T: Serialize>(records: usize, body: &T) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::with_capacity(records * RECORD);
    serde_json::to_writer(&mut bytes, body).map_err(Error::fault)?;
    Ok(bytes)
}

/// The response for a page: its items, and the address of the next page in `Link` (RFC 8288).
///
/// # Errors
/// Items that have no JSON form.
pub fn page<T: Serialize>(request: &HttpRequest, page: Page<T>) -> Answer {
    let mut response = HttpResponse::Ok();
    if let Some(cursor) = page.next {
        response.insert_header(next_page(request, &cursor));
    }
    let bytes = written(page.items.len(), &Items { items: page.items })?;
    Ok(response.insert_header(ContentType::json()).body(bytes))
}

/// The header that leads to the page that starts at `cursor`.
pub fn next_page(request: &HttpRequest, cursor: &str) -> (&'static str, String) {
    let rest = request.query_string().split('&').filter(|p| !p.is_empty() && !p.starts_with("cursor="));
    let query: Vec<String> = rest.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
    ("Link", format!("<{}?{}>; rel=\"next\"", request.path(), query.join("&")))
}

/// The response for one record at `version`: with its ETag, or 304 if the caller has it.
pub fn versioned<T: Serialize>(request: &HttpRequest, version: i64, body: &T) -> HttpResponse {
    let tag = format!("\"{version}\"");
    if is_known(request, &tag) {
        return HttpResponse::NotModified().insert_header((ETAG, tag)).finish();
    }
    changed_to(version, body)
}

/// As [`versioned`], for a body that holds more than the record, or depends on the day or the language: the tag names the
/// version, as a change needs it, and what is told (D284).
///
/// # Errors
/// A body that has no JSON form.
pub fn composed<T: Serialize>(request: &HttpRequest, version: i64, body: &T) -> Answer {
    let bytes = written(1, body)?;
    let tag = format!("\"{version}-{}\"", digest_of(&bytes));
    if is_known(request, &tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    Ok(HttpResponse::Ok().insert_header((ETAG, tag)).insert_header(ContentType::json()).body(bytes))
}

/// Whether `If-None-Match` says that the caller has the version `tag`.
pub fn is_known(request: &HttpRequest, tag: &str) -> bool {
    let sent = request.headers().get_all(IF_NONE_MATCH).filter_map(|header| header.to_str().ok());
    let mut tags = sent.flat_map(|header| header.split(',')).map(str::trim);
    tags.any(|known| known.trim_start_matches("W/") == tag || known == "*")
}

/// The response for a record that has just been changed to `version`: with its ETag, whatever the request named.
pub fn changed_to<T: Serialize>(version: i64, body: &T) -> HttpResponse {
    HttpResponse::Ok().insert_header((ETAG, format!("\"{version}\""))).json(body)
}
