//! Traces by the W3C's Trace Context: what a caller says of the trace it is in is taken up, stands in the log, and is sent
//! to a collector if the configuration names one.

mod collector;
mod context;

pub use collector::keep_sending;
pub use context::TraceContext;

use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// The most spans that wait for the collector; more are lost, so that a collector that is away costs a bounded memory.
const MOST: usize = 8192;

/// Which side of a call a span is (the numbers of OTLP).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Work of this process.
    Internal = 1,
    /// A request that was answered.
    Server = 2,
    /// A request that was sent.
    Client = 3,
}

/// Work that is going on.
pub struct Begun {
    /// Its place in its trace.
    pub context: TraceContext,
    at: SystemTime,
    clock: Instant,
}

impl Begun {
    /// Work that begins now.
    pub fn now(context: TraceContext) -> Self {
        Self { context, at: SystemTime::now(), clock: Instant::now() }
    }
}

/// What is known of work when it has ended.
pub struct Ended {
    /// What it is called: few different names.
    pub name: String,
    /// Which side it is.
    pub kind: SpanKind,
    /// What else is known; no personal data, no secret.
    pub attributes: Vec<(&'static str, Value)>,
    /// Whether it failed by a fault.
    pub failed: bool,
}

/// A span as it is told.
struct Span {
    context: TraceContext,
    began: Duration,
    took: Duration,
    ended: Ended,
}

impl Span {
    /// In the JSON of OTLP, where whole numbers of 64 bits are texts.
    fn told(&self) -> Value {
        let Ended { name, kind, attributes, failed } = &self.ended;
        let value = |value: &Value| match value {
            Value::Number(number) => json!({"intValue": number.to_string()}),
            Value::String(text) => json!({"stringValue": text}),
            other => json!({"stringValue": other.to_string()}),
        };
        let attributes: Vec<Value> =
            attributes.iter().map(|(key, told)| json!({"key": key, "value": value(told)})).collect();
        let mut span = json!({
            "traceId": self.context.trace_id(),
            "spanId": self.context.span_id(),
            "name": name,
            "kind": *kind as u8,
            "startTimeUnixNano": self.began.as_nanos().to_string(),
            "endTimeUnixNano": (self.began + self.took).as_nanos().to_string(),
            "attributes": attributes,
            "status": if *failed { json!({"code": 2}) } else { json!({}) },
        });
        if let Some(parent) = self.context.parent() {
            span["parentSpanId"] = parent.into();
        }
        span
    }
}

/// Where spans go: to the collector that the configuration names, or nowhere.
#[derive(Default)]
pub struct Traces {
    address: Option<String>,
    waiting: Mutex<VecDeque<Span>>,
}

impl Traces {
    /// For the collector at `endpoint`; empty: none.
    pub fn to(endpoint: &str) -> Self {
        let base = endpoint.trim_end_matches('/');
        let address = (!base.is_empty()).then(|| {
            if base.ends_with("/v1/traces") { base.to_owned() } else { format!("{base}/v1/traces") }
        });
        Self { address, waiting: Mutex::default() }
    }

    /// The context of a request that says this in its header `traceparent`, if it says anything that can be read.
    pub fn context(&self, traceparent: Option<&str>) -> TraceContext {
        traceparent
            .and_then(TraceContext::continuing)
            .unwrap_or_else(|| TraceContext::beginning(self.address.is_some()))
    }

    /// Takes note of work that has ended; in no more time than it takes to put it into a list.
    pub fn note(&self, begun: &Begun, ended: impl FnOnce() -> Ended) {
        if self.address.is_none() || !begun.context.sampled() {
            return;
        }
        let began = begun.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let span = Span { context: begun.context, began, took: begun.clock.elapsed(), ended: ended() };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST {
            waiting.push_back(span);
        } else {
            drop(waiting);
            collector::lost(1);
        }
    }

    fn take(&self, most: usize) -> Vec<Span> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(most);
        waiting.drain(..count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended() -> Ended {
        Ended {
            name: "GET /a".into(),
            kind: SpanKind::Server,
            attributes: vec![("http.route", json!("/a")), ("http.response.status_code", json!(503))],
            failed: true,
        }
    }

    #[test]
    fn a_span_is_told_as_otlp_writes_it() {
        let traces = Traces::to("http://127.0.0.1:4318/");
        assert_eq!(traces.address.as_deref(), Some("http://127.0.0.1:4318/v1/traces"));
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let begun = Begun::now(traces.context(Some(parent)));
        traces.note(&begun, ended);
        let told = traces.take(10)[0].told();
        assert_eq!(told["traceId"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(told["parentSpanId"], "b7ad6b7169203331");
        assert_eq!((&told["kind"], &told["status"]["code"]), (&json!(2), &json!(2)));
        assert_eq!(told["attributes"][1]["value"], json!({"intValue": "503"}));
        let nanos = |key: &str| told[key].as_str().unwrap().parse::<u128>().unwrap();
        assert!(nanos("startTimeUnixNano") > 1_600_000_000_000_000_000);
        assert!(nanos("startTimeUnixNano") <= nanos("endTimeUnixNano"));
    }

    #[test]
    fn what_nobody_wants_is_not_kept_and_what_waits_is_bounded() {
        let nowhere = Traces::default();
        nowhere.note(&Begun::now(nowhere.context(None)), || unreachable!());
        let traces = Traces::to("http://127.0.0.1:4318");
        let unwanted = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        traces.note(&Begun::now(traces.context(Some(unwanted))), || unreachable!());
        let begun = Begun::now(traces.context(None));
        (0..MOST + 7).for_each(|_| traces.note(&begun, ended));
        assert_eq!(traces.take(usize::MAX).len(), MOST);
    }
}
