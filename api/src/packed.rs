//! ETags of packed answers. A strong ETag names the bytes that are sent, so those of a packed answer have a mark; a client
//! that sends it back means the same version of the record.

use crate::vary;
use actix_web::{
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderValue, IF_MATCH, IF_NONE_MATCH},
    },
};

/// What stands behind the tag of a packed answer.
const MARK: &str = "-gzip\"";

/// Takes the marks off the conditions of `request`. Answers whether there were any.
pub fn unmark(request: &mut ServiceRequest) -> bool {
    let headers = request.headers_mut();
    let mut found = false;
    for name in [IF_MATCH, IF_NONE_MATCH] {
        let marked = headers.get(&name).and_then(|value| value.to_str().ok()).filter(|v| v.contains(MARK));
        if let Some(plain) = marked.and_then(|value| HeaderValue::from_str(&value.replace(MARK, "\"")).ok()) {
            headers.insert(name, plain);
            found = true;
        }
    }
    found
}

/// Marks the tag of a packed answer, and of a 304 to a caller that has one.
pub fn mark(response: &mut ServiceResponse, asked_by_mark: bool) {
    let unchanged = response.status() == StatusCode::NOT_MODIFIED;
    // The same address is answered packed or not, whichever this answer is.
    vary::note(response.request(), ACCEPT_ENCODING);
    let headers = response.headers_mut();
    let packed = headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip");
    if !(packed || (unchanged && asked_by_mark)) {
        return;
    }
    let tag = headers.get(ETAG).and_then(|tag| tag.to_str().ok()?.strip_suffix('"').map(str::to_owned));
    if let Some(marked) = tag.and_then(|tag| HeaderValue::from_str(&format!("{tag}{MARK}")).ok()) {
        headers.insert(ETAG, marked);
    }
}
