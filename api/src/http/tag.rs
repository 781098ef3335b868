//! ETags made of a digest of the answer: of records that no version is counted of, and behind the version of those whose
//! answer holds what is no part of the record (D284). A GET of one record has one of them or the version's, so that whoever
//! looks again may ask whether it has changed.

use crate::http::{answer::is_known, route};
use actix_web::{
    Error, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{CONTENT_TYPE, ETAG, HeaderValue},
    },
    middleware::Next,
};
use aws_lc_rs::digest::{SHA256, digest};

/// Whether GET of the route `path` answers one record: an address that ends with a key, or the caller itself.
pub fn is_record(path: &str) -> bool {
    path.starts_with("/api/v1/") && path.ends_with('}')
        || ["/api/v1/me", "/api/v1/token-info"].contains(&path)
}

/// What tells an answer from others: the beginning of its SHA-256, in hexadecimal.
pub fn digest_of(bytes: &[u8]) -> String {
    let head = digest(&SHA256, bytes).as_ref().first_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(head))
}

/// Gives the answers of records a tag, and answers 304 to whoever has it.
///
/// # Errors
/// None of its own.
pub async fn tag(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    if !wants_tag(&response) {
        return Ok(response);
    }
    let (request, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let bytes = match body.try_into_bytes() {
        Ok(bytes) => bytes,
        Err(body) => return Ok(ServiceResponse::new(request, head.set_body(body))),
    };
    let tag = format!("\"c{}\"", digest_of(&bytes));
    if is_known(&request, &tag) {
        let unchanged = HttpResponse::NotModified().insert_header((ETAG, tag)).finish();
        return Ok(ServiceResponse::new(request, unchanged));
    }
    let mut response = head.set_body(BoxBody::new(bytes));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, value);
    }
    Ok(ServiceResponse::new(request, response))
}

fn wants_tag(response: &ServiceResponse) -> bool {
    let request = response.request();
    let headers = response.headers();
    request.method() == Method::GET
        && response.status() == StatusCode::OK
        && !headers.contains_key(ETAG)
        && headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
        && route::of(request).is_some_and(|path| is_record(&path))
}
