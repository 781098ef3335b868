//! Traces: a request is part of its caller's trace, in the log and at a collector; a collector that is slow or away costs
//! nothing.

use crate::harness::{Client, Reply, Server, receiver::Receiver, storage::Storage, world::Node};
use opora_identity::Role;
use serde_json::{Value, json};
use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn within(client: &Client, path: &str, flags: &str) -> Reply {
    client.call("GET", path).header("traceparent", &format!("00-{TRACE}-{PARENT}-{flags}")).send()
}

fn told_to(storage: &Storage, collector: &Receiver) -> Node {
    Node::start(storage, |config| config.otlp_endpoint = collector.base())
}

/// Every span that the collector has.
fn spans(collector: &Receiver) -> Vec<Value> {
    let messages = collector.received();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    messages
        .iter()
        .flat_map(|message| list(&message.json()["resourceSpans"]))
        .flat_map(|resource| {
            assert!(resource["resource"].to_string().contains("opora"), "{resource}");
            list(&resource["scopeSpans"])
        })
        .flat_map(|scope| list(&scope["spans"]))
        .collect()
}

/// The span for which `holds`, as soon as it has come.
#[track_caller]
fn span(collector: &Receiver, holds: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        if let Some(found) = spans(collector).into_iter().find(&holds) {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "it does not come: {:?}", spans(collector));
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn attribute<'a>(span: &'a Value, key: &str) -> &'a Value {
    let found = span["attributes"].as_array().unwrap().iter().find(|attribute| attribute["key"] == key);
    found.map_or(&Value::Null, |attribute| &attribute["value"])
}

#[test]
fn a_request_is_part_of_its_callers_trace() {
    let (storage, collector) = (Storage::sqlite(), Receiver::answering(&[]));
    let node = told_to(&storage, &collector);
    let client = node.log_in("reader");
    let id = client.get("/api/v1/schools").expect(200).items()[0]["id"].clone();
    let path = format!("/api/v1/schools/{id}");
    let reply = within(&client, &path, "01").expect(200);
    let found = span(&collector, |span| span["traceId"] == TRACE);
    assert_eq!(found["parentSpanId"], PARENT);
    assert_eq!((&found["name"], &found["kind"]), (&json!("GET /api/v1/schools/{id}"), &json!(2)));
    assert_eq!(attribute(&found, "http.response.status_code"), &json!({"intValue": "200"}));
    assert_eq!(attribute(&found, "opora.request_id"), &json!({"stringValue": reply.header("x-request-id")}));
    // Without a word of the caller a trace begins here.
    let own = span(&collector, |span| span["name"] == "GET /api/v1/schools");
    assert!(own["traceId"] != TRACE && own["parentSpanId"].is_null(), "{own}");
    // Whoever began the trace decides whether it is kept.
    let count = || spans(&collector).iter().filter(|span| span["traceId"] == TRACE).count();
    within(&client, "/api/v1/municipalities", "00").expect(200);
    within(&client, "/health/live", "01").expect(200);
    span(&collector, |span| span["name"] == "GET /health/live");
    assert_eq!(count(), 2);
    assert!(spans(&collector).iter().all(|span| span["name"] != "GET /api/v1/municipalities"));
}

#[test]
fn a_job_and_a_webhook_are_traces_of_their_own() {
    let (storage, collector, hook) = (Storage::sqlite(), Receiver::answering(&[]), Receiver::answering(&[]));
    let node = told_to(&storage, &collector);
    let admin = node.log_in(Role::Admin.as_str());
    let body = json!({"url": hook.url("127.0.0.1"), "events": ["contexts.*"]});
    admin.post("/api/v1/webhooks", &body).expect(201);
    let file = "Код ОО;Учебный год;Количество обучающихся\n520101;2016/2017;90\n";
    let sent = admin.send_file("contexts", file).expect(202);
    admin.loaded(&sent).succeeded([1, 0, 0, 0]);
    let job = span(&collector, |span| span["name"] == "job import_contexts");
    assert_eq!(attribute(&job, "opora.request_id"), &json!({"stringValue": sent.header("x-request-id")}));
    let message = hook.wait_for(1)[0].clone();
    let parts: Vec<&str> = message.header("traceparent").split('-').collect();
    assert_eq!((parts.len(), parts[0], parts[1].len(), parts[2].len()), (4, "00", 32, 16), "{message:?}");
    let attempt = span(&collector, |span| span["traceId"] == parts[1]);
    assert_eq!((&attempt["name"], &attempt["spanId"]), (&json!("webhook"), &json!(parts[2])));
}

#[test]
fn the_log_names_the_trace() {
    let storage = Storage::sqlite();
    let mut server = Server::start(&storage, &[("LOG", "info"), ("LOG_FORMAT", "json")]);
    let reply = within(&server.client, "/api/v1/schools", "01").expect(200);
    server.stop();
    let log = server.log();
    let line = log.lines().find(|line| line.contains(TRACE)).unwrap_or_else(|| panic!("{log}"));
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["span"]["trace_id"], TRACE, "{line}");
    assert_eq!(line["span"]["id"], reply.header("x-request-id"), "{line}");
    assert_eq!(line["span"]["span_id"].as_str().map(str::len), Some(16), "{line}");
    assert_eq!(
        (&line["fields"]["route"], &line["fields"]["status"]),
        (&json!("/api/v1/schools"), &json!(200)),
        "{line}"
    );
    assert!(line["span"]["caller"].as_str().is_some_and(|caller| caller.starts_with("user ")), "{line}");
}

/// A server whose collector is at `endpoint` answers as quickly as any, says once what is the matter, and stops in time.
fn costs_nothing(endpoint: &str, lost: bool) {
    let storage = Storage::sqlite();
    let mut server = Server::start(&storage, &[("OTLP_ENDPOINT", endpoint)]);
    let begun = Instant::now();
    for _ in 0..200 {
        server.client.get("/health/live").expect(200);
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    if lost {
        let counted = || server.client.get("/metrics").expect(200).text.contains("trace_spans_lost_total");
        assert!((0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            counted()
        }));
    }
    let begun = Instant::now();
    server.stop();
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(server.log().matches("collector of traces").count() <= 1, "{}", server.log());
}

#[test]
fn a_collector_that_is_away_costs_nothing() {
    costs_nothing("http://127.0.0.1:1", true);
}

#[test]
fn a_collector_that_never_answers_costs_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    costs_nothing(&format!("http://{}", silent.local_addr().unwrap()), false);
}
