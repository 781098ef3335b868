//! The state of the installation: health, metrics, public keys.

use crate::{
    error::{Answer, ApiError},
    limits,
    state::{State, off_thread},
};
use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opora_db::migrations::{self, Standing};
use opora_identity::keys::PublicKey;
use opora_primitives::ProblemCode;
use serde::Serialize;
use std::sync::OnceLock;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(live).service(ready).service(show_metrics).service(keys);
}

/// Upper bounds of the buckets that durations are counted in, seconds. Unlike quantiles they can be added up over nodes, and
/// keep nothing of what was measured.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The recorder of metrics, one for the process.
pub fn recorder() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            // Refused only where there is no bucket.
            let recorder =
                PrometheusBuilder::new().set_buckets(&BUCKETS).unwrap_or_default().build_recorder();
            let handle = recorder.handle();
            // Fails only where the embedding program has set one of its own; then that one counts.
            let _ = metrics::set_global_recorder(recorder);
            handle
        })
        .clone()
}

/// How the installation is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// The state of the process: `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// The public keys that verify access tokens (RFC 7517).
#[derive(Serialize, ToSchema)]
pub struct KeySet {
    /// The keys; the newest first.
    keys: Vec<PublicKey>,
}

/// Get the liveness of the process
///
/// Answers as long as the process can answer at all; it looks at nothing else.
#[utoipa::path(operation_id = "get_liveness", tag = "service", security(()),
    responses((status = 200, description = "Alive", body = Health)))]
#[get("/health/live")]
async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

/// Get the readiness of the service
///
/// Ready when the database answers and this binary can serve its schema: the one it knows, or one to which a newer version
/// has only added.
#[utoipa::path(operation_id = "get_readiness", tag = "service", security(()),
    responses((status = 200, description = "Ready", body = Health)))]
#[get("/health/ready")]
async fn ready(state: Data<State>) -> Answer {
    let database = state.database.clone();
    let standing = off_thread(move || database.read(migrations::standing)).await?;
    if matches!(standing, Standing::Behind | Standing::TooNew) {
        return Err(ProblemCode::Unavailable.into());
    }
    Ok(HttpResponse::Ok().json(Health { status: "ok" }))
}

/// Get metrics for Prometheus
///
/// Counters and latencies by route template. By default only callers on the loopback interface get an answer.
#[utoipa::path(operation_id = "get_metrics", tag = "service", security(()),
    responses((status = 200, description = "Metrics in the text exposition format", body = String, content_type = "text/plain")))]
#[get("/metrics")]
async fn show_metrics(request: HttpRequest, state: Data<State>, handle: Data<PrometheusHandle>) -> Answer {
    let from_here = limits::address_of(&request).is_some_and(|address| address.is_loopback());
    match state.config.metrics.as_str() {
        "open" => {}
        "loopback" if from_here => {}
        _ => return Err(ApiError::from(ProblemCode::NotFound)),
    }
    if let Some((replica, primary)) = state.database.replica_reads() {
        metrics::counter!("database_reads_total", "place" => "replica").absolute(replica);
        metrics::counter!("database_reads_total", "place" => "primary").absolute(primary);
    }
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(handle.render()))
}

/// Get the public keys of the tokens
///
/// The keys that verify access tokens. A new key appears here five minutes before it signs.
#[utoipa::path(operation_id = "get_keys", tag = "service", security(()),
    responses((status = 200, description = "The key set", body = KeySet)))]
#[get("/.well-known/jwks.json")]
async fn keys(state: Data<State>) -> HttpResponse {
    let keys = state.tokens.public_keys();
    HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=60")).json(KeySet { keys })
}
