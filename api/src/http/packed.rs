//! ETags of packed answers. A strong ETag names the bytes that are sent, so those of a packed answer have a mark; a client
//! that sends it back means the same version of the record.

use crate::http::vary;
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
        let lines: Vec<HeaderValue> = headers.get_all(&name).cloned().collect();
        if !lines.iter().any(|line| plain(line).is_some()) {
            continue;
        }
        found = true;
        headers.remove(&name);
        lines.into_iter().for_each(|line| headers.append(name.clone(), plain(&line).unwrap_or(line)));
    }
    found
}

/// A line of tags without the marks; nothing if there are none in it.
fn plain(line: &HeaderValue) -> Option<HeaderValue> {
    let tags = line.to_str().ok().filter(|tags| tags.contains(MARK))?;
    HeaderValue::from_str(&tags.replace(MARK, "\"")).ok()
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
