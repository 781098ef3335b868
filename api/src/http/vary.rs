//! Which headers of a request an answer hangs on: what a cache between must know.

use actix_web::{
    HttpMessage, HttpRequest,
    dev::ServiceResponse,
    http::header::{HeaderName, HeaderValue, VARY},
};

/// The headers that were looked at to choose an answer.
#[derive(Default)]
struct Looked(Vec<HeaderName>);

/// Notes that the answer hangs on `header`.
pub fn note(request: &HttpRequest, header: HeaderName) {
    let mut extensions = request.extensions_mut();
    match extensions.get_mut::<Looked>() {
        Some(looked) => looked.0.push(header),
        None => drop(extensions.insert(Looked(vec![header]))),
    }
}

/// Whether the answer hangs on `header`.
pub fn was_noted(request: &HttpRequest, header: &HeaderName) -> bool {
    request.extensions().get::<Looked>().is_some_and(|looked| looked.0.contains(header))
}

/// Tells it in `Vary`, beside what stands there already.
pub fn tell(response: &mut ServiceResponse) {
    let looked = response.request().extensions_mut().remove::<Looked>().unwrap_or_default().0;
    if looked.is_empty() {
        return;
    }
    let headers = response.headers_mut();
    let mut named: Vec<String> = Vec::new();
    let there =
        headers.get_all(VARY).filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    for name in
        there.map(|name| name.trim().to_ascii_lowercase()).chain(looked.iter().map(HeaderName::to_string))
    {
        if !name.is_empty() && !named.contains(&name) {
            named.push(name);
        }
    }
    // Names of headers: always a value.
    if let Ok(value) = HeaderValue::from_str(&named.join(", ")) {
        headers.insert(VARY, value);
    }
}
