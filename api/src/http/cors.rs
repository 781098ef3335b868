//! Which pages of other origins may call the API from a browser. Tokens are sent in a header and never in a cookie, so no
//! credentials of the browser's are ever allowed.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap,
            HeaderValue, ORIGIN,
        },
    },
};
use url::Url;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";

const REQUEST_HEADERS: &str = "Authorization, Content-Type, Accept, Accept-Language, If-Match, If-Modified-Since, If-None-Match, If-Range, Range, \
    Idempotency-Key, Last-Event-ID, Prefer, X-Request-Id, traceparent, tracestate";

const ANSWER_HEADERS: &str = "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, Preference-Applied, X-Request-Id, \
    Content-Disposition, Content-Range, Accept-Ranges, Digest, Repr-Digest, WWW-Authenticate";

/// How long a browser may remember what a preflight was told, in seconds.
const REMEMBERED: &str = "600";

/// The origins that a configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Every one.
    Any,
    /// These, in the form in which browsers send them.
    Some(Vec<String>),
}

impl Origins {
    /// Reads origins with commas between, or `*`; nothing if one of them is none.
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim() == "*" {
            return Some(Self::Any);
        }
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(origin).collect::<Option<_>>().map(Self::Some)
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Some(list) if list.is_empty())
    }

    fn hold(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Some(list) => list.iter().any(|known| known == origin),
        }
    }
}

fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none();
    (plain && url.fragment().is_none() && !text.ends_with('/')).then(|| url.origin().ascii_serialization())
}

/// The answer to a preflight: what a page may send. Nothing if `request` is none.
pub fn preflight(request: &HttpRequest, origins: &Origins) -> Option<HttpResponse> {
    let asks = request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if request.method() != Method::OPTIONS || !asks || origins.is_empty() {
        return None;
    }
    let mut response = HttpResponse::NoContent();
    if allowed(request, origins).is_some() {
        response
            .insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS))
            .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS))
            .insert_header((ACCESS_CONTROL_MAX_AGE, REMEMBERED));
    }
    Some(response.finish())
}

/// Tells in `headers`, those of an answer to `request`, that its page may read the answer.
pub fn tell(request: &HttpRequest, origins: &Origins, headers: &mut HeaderMap) {
    if let Some(value) = allowed(request, origins) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, value);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(ANSWER_HEADERS));
    }
}

fn allowed(request: &HttpRequest, origins: &Origins) -> Option<HeaderValue> {
    let origin = request.headers().get(ORIGIN)?;
    origins.hold(origin.to_str().ok()?).then(|| match origins {
        Origins::Any => HeaderValue::from_static("*"),
        Origins::Some(_) => origin.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_scheme_host_and_port() {
        let two = Origins::parse("https://example.org, http://localhost:5173").unwrap();
        assert!(two.hold("https://example.org") && two.hold("http://localhost:5173"));
        for other in ["http://example.org", "https://example.org.evil", "null", "https://sub.example.org"] {
            assert!(!two.hold(other), "{other}");
        }
        assert!(Origins::parse("").unwrap().is_empty());
        assert_eq!(Origins::parse("*"), Some(Origins::Any));
        for wrong in
            ["example.org", "https://example.org/", "https://example.org/path", "ftp://example.org", "*,x"]
        {
            assert_eq!(Origins::parse(wrong), None, "{wrong}");
        }
    }
}
