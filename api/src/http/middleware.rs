//! What happens to every request: an id, a log line, a metric, HEAD as GET without the body, and problem documents for
//! whatever went wrong.

use crate::{
    error::{self, Language},
    http::{answered, cors, door, packed, route, unread::Incoming, vary},
    limits, oauth,
    state::State,
    traces::{Begun, Ended, SpanKind, TraceContext, Traces},
};
use actix_web::{
    Error, HttpMessage, HttpRequest, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{
            ALLOW, CACHE_CONTROL, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
            CROSS_ORIGIN_RESOURCE_POLICY, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
            STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
    web::Data,
};
use opora_primitives::{Problem, ProblemCode};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Instant, SystemTime},
};
use tracing::Instrument;

/// The id of a request: the caller's `X-Request-Id` if it has a sane form, else a new one.
#[derive(Clone)]
pub struct RequestId(String);

impl RequestId {
    /// The id given to `request` at the door.
    pub fn of(request: &HttpRequest) -> String {
        request.extensions().get::<Self>().map(|id| id.0.clone()).unwrap_or_default()
    }

    fn choose(request: &ServiceRequest) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let sane = |id: &&str| {
            (1..=64).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        let given = request.headers().get("x-request-id").and_then(|v| v.to_str().ok()).filter(sane);
        Self(given.map(str::to_owned).unwrap_or_else(|| {
            let micros = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_micros());
            format!("{micros:x}-{:x}", COUNT.fetch_add(1, Ordering::Relaxed))
        }))
    }
}

/// Wraps every request.
///
/// # Errors
/// Only what the framework itself cannot answer; refusals and faults of handlers are responses by then.
pub async fn attend(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = RequestId::choose(&request);
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let traces = request.app_data::<Data<State>>().map(|state| state.traces.clone()).unwrap_or_default();
    let begun = Begun::now(context(&traces, &request));
    let (trace_id, span_id) = (begun.context.trace_id(), begun.context.span_id());
    let span = tracing::info_span!("request", id = %id.0, %method, path = loggable(request.path()), trace_id, span_id, caller = tracing::field::Empty);
    if method == Method::HEAD {
        // Whatever answers GET answers HEAD: the framework writes the headers and leaves the body out.
        request.head_mut().method = Method::GET;
    }
    let asked_by_mark = packed::unmark(&mut request);
    let incoming = Incoming::of(&mut request);
    async {
        let mut response = match door::admit(request.request()) {
            Ok(None) => next.call(request).await?.map_into_boxed_body(),
            Ok(Some(answer)) => request.into_response(answer),
            Err(refusal) => request.into_response(refusal.error_response()),
        };
        let late = incoming.as_ref().is_some_and(Incoming::is_late);
        if let Some(problem) =
            late.then(|| ProblemCode::RequestTimeout.into()).or_else(|| problem_of(&response))
        {
            let http = response.request().clone();
            let mut rendered = match oauth::speaks_at(http.path()) {
                true => oauth::OAuthError::of(problem).error_response(),
                false => error::render(&problem, &http, &id.0),
            };
            for told in [ALLOW, CONTENT_RANGE] {
                if let Some(value) = response.headers().get(&told) {
                    rendered.headers_mut().insert(told, value.clone());
                }
            }
            response = ServiceResponse::new(http, rendered);
        }
        packed::mark(&mut response, asked_by_mark);
        secure(&mut response, &id);
        address_the_caller(&mut response);
        Language::tell(&mut response);
        vary::tell(&mut response);
        answered::note(&method, &response, started);
        traces.note(&begun, || ended(&method, &response, &id));
        Ok(match incoming {
            Some(body) => body.keep_until_end(response),
            None => response,
        })
    }
    .instrument(span)
    .await
}

/// The place of a request in the caller's trace. More than one header is as good as none.
fn context(traces: &Traces, request: &ServiceRequest) -> TraceContext {
    let mut said = request.headers().get_all("traceparent");
    let only = said.next().filter(|_| said.next().is_none());
    traces.context(only.and_then(|value| value.to_str().ok()))
}

/// What a collector is told of a request: never its parameters, which may name people.
fn ended(method: &Method, response: &ServiceResponse, id: &RequestId) -> Ended {
    let (route, status, method) = (route::of(response.request()), response.status(), answered::label(method));
    let name = route.as_ref().map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    let mut attributes = vec![
        ("http.request.method", method.into()),
        ("http.response.status_code", status.as_u16().into()),
        ("opora.request_id", id.0.as_str().into()),
    ];
    attributes.extend(route.map(|route| ("http.route", route.to_string().into())));
    Ended { name, kind: SpanKind::Server, attributes, failed: status.is_server_error() }
}

/// The path of a request as the log may hold it: that of a feed has a secret in it.
fn loggable(path: &str) -> &str {
    const FEEDS: &str = "/feeds/";
    if path.starts_with(FEEDS) { FEEDS } else { path }
}

/// The problem inside a response: ours, or the one a bare error of the framework stands for.
fn problem_of(response: &ServiceResponse) -> Option<Problem> {
    if let Some(problem) = response.response().extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let status = response.status();
    let ours = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|v| v == error::PROBLEM_JSON || v == "application/json");
    ((status.is_client_error() || status.is_server_error()) && !ours).then(|| error::of_status(status))
}

/// What a browser may do with an answer that is no page: nothing.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// What a report may do: be drawn.
const PAGE: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// What the documentation may do: run its own scripts and try operations out.
const DOCUMENTATION: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

fn secure(response: &mut ServiceResponse, id: &RequestId) {
    let is_documentation = response.request().path().starts_with("/docs");
    let headers = response.headers_mut();
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let is_page = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let policy = match is_documentation {
        true => DOCUMENTATION,
        false if is_page => PAGE,
        false => NOTHING,
    };
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
}

/// What depends on who asks: where it stands with its limit, and whether its page may read the answer.
fn address_the_caller(response: &mut ServiceResponse) {
    let request = response.request().clone();
    let Some(state) = request.app_data::<Data<State>>() else { return };
    let headers = response.headers_mut();
    limits::tell(&request, headers);
    if !state.origins.is_empty() {
        vary::note(&request, ORIGIN);
        cors::tell(&request, &state.origins, headers);
    }
    let seconds = state.config.hsts_seconds;
    if seconds > 0
        && let Ok(value) = HeaderValue::from_str(&format!("max-age={seconds}; includeSubDomains"))
    {
        headers.insert(STRICT_TRANSPORT_SECURITY, value);
    }
}
