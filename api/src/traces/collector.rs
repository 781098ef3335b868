//! Sends spans to a collector by OTLP over HTTP, in JSON. A collector that is slow or away holds nothing up: what it does
//! not take is lost and counted.

use super::Span;
use crate::state::State;
use actix_web::rt;
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// The most spans of one message.
const BATCH: usize = 512;
/// How often it is looked whether there are any.
const LOOK: Duration = Duration::from_millis(300);
/// How long the collector may take for its answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long at the end, when the server waits for this.
const FAREWELL: Duration = Duration::from_millis(500);

/// Sends what has come until `stopping`, and then what is left, once.
pub fn keep_sending(state: &State, stopping: &AtomicBool) {
    let Some(address) = &state.traces.address else { return };
    rt::System::new().block_on(async {
        let client = Client::builder().redirect(Policy::none()).no_proxy().build();
        let client = match client {
            Ok(client) => client,
            Err(error) => return tracing::error!(%error, "spans cannot be sent"),
        };
        let (mut silent, instance) = (false, instance());
        loop {
            let ending = stopping.load(Ordering::Relaxed);
            let spans = state.traces.take(if ending { usize::MAX } else { BATCH });
            if !spans.is_empty() {
                let patience = if ending { FAREWELL } else { PATIENCE };
                let sent = client.post(address).timeout(patience).header("content-type", "application/json");
                let outcome = sent.body(message(&spans, &instance)).send().await;
                let refused = match outcome.and_then(reqwest::Response::error_for_status) {
                    Ok(_) => None,
                    Err(error) => Some(error.without_url().to_string()),
                };
                tell(&mut silent, refused, spans.len());
            }
            if ending {
                return;
            }
            if spans.len() < BATCH {
                rt::time::sleep(LOOK).await;
            }
        }
    });
}

/// Counts what is lost; says in the log when that begins and when it is over.
fn tell(silent: &mut bool, refused: Option<String>, count: usize) {
    match refused {
        Some(why) => {
            lost(count as u64);
            if !std::mem::replace(silent, true) {
                tracing::warn!(why, "the collector of traces does not take spans; they are lost meanwhile");
            }
        }
        None if std::mem::take(silent) => tracing::info!("the collector of traces takes spans again"),
        None => {}
    }
}

pub(super) fn lost(count: u64) {
    metrics::counter!("trace_spans_lost_total").increment(count);
}

/// Tells the nodes of an installation, and its restarts, apart.
fn instance() -> String {
    super::TraceContext::beginning(false).trace_id()
}

fn message(spans: &[Span], instance: &str) -> String {
    let attribute = |key: &str, text: &str| json!({"key": key, "value": {"stringValue": text}});
    let version = env!("CARGO_PKG_VERSION");
    let resource = json!({"attributes": [
        attribute("service.name", "opora"),
        attribute("service.version", version),
        attribute("service.instance.id", instance),
    ]});
    let spans: Vec<Value> = spans.iter().map(Span::told).collect();
    let scope = json!({"scope": {"name": "opora", "version": version}, "spans": spans});
    json!({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}).to_string()
}
