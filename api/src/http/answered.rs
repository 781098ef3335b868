//! What is counted and logged of every answer.

use crate::{http::route, limits, log::ANSWERS};
use actix_web::{dev::ServiceResponse, http::Method};
use metrics::{Counter, Histogram};
use std::{cell::RefCell, collections::HashMap, rc::Rc, time::Instant};

/// What answers are counted by: method, route and status.
type Kind = (&'static str, Rc<str>, u16);

/// What is counted of one kind. Looking it up in the recorder takes a lock and makes texts of its labels, so it is kept.
struct Meters {
    answers: Counter,
    seconds: Histogram,
}

impl Meters {
    fn of((method, route, status): &Kind) -> Self {
        let (route, status) = (route.to_string(), status.to_string());
        Self {
            answers: metrics::counter!("http_requests_total", "method" => *method, "route" => route.clone(), "status" => status),
            seconds: metrics::histogram!("http_request_seconds", "route" => route),
        }
    }
}

thread_local! {
    static METERS: RefCell<HashMap<Kind, Meters>> = RefCell::default();
}

/// The method as others are told of it: there are as many words for methods as callers can think of, and each would be a
/// series (D288).
pub fn label(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| method == known).unwrap_or("other")
}

/// Counts `response` to a request with `method` that came when it `started`, and writes its line of the log.
pub fn note(method: &Method, response: &ServiceResponse, started: Instant) {
    let route = route::of(response.request()).unwrap_or_else(|| "unmatched".into());
    let status = response.status().as_u16();
    let took = started.elapsed();
    METERS.with_borrow_mut(|meters| {
        let kind = (label(method), route.clone(), status);
        let meters = meters.entry(kind).or_insert_with_key(Meters::of);
        meters.answers.increment(1);
        meters.seconds.record(took.as_secs_f64());
    });
    let (route, micros) = (&*route, took.as_micros() as u64);
    // Probes and collectors of metrics ask every few seconds.
    if limits::is_limited(response.request().path()) {
        tracing::info!(target: ANSWERS, route, status, micros, "answered");
    } else {
        tracing::debug!(target: ANSWERS, route, status, micros, "answered");
    }
}
