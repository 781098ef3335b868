//! The public summary: for everybody, where the installation shows it.

use crate::{
    error::Answer,
    http::{answer::is_known, extract::Query, middleware::RequestId},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{CACHE_CONTROL, ContentType, ETAG},
    web::Data,
};
use opora_db::Origin;
use opora_primitives::{Moment, ProblemCode};
use opora_reporting::publication::summary::{PublicSummary, store};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(summary);
}

/// For how long a copy may be shown: an hour, in which a month may begin.
const CACHED: &str = "public, max-age=3600";

/// No day, no filter: whoever could choose would subtract one answer from another.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoParameters {}

/// Get the public summary
///
/// Figures of the whole region for everybody, without a login, if the installation shows them (`public_summary`). Counts
/// under five are withheld, and as many others as it takes that none of those can be worked out. There is an edition for
/// each calendar month, which never changes; no other day can be asked for.
#[utoipa::path(operation_id = "get_public_summary", tag = "publication", security(()),
    responses((status = 200, description = "The edition of this month", body = PublicSummary, headers(("ETag" = String, description = "The edition")))))]
#[get("/public/summary")]
async fn summary(_: Query<NoParameters>, request: HttpRequest, state: Data<State>) -> Answer {
    if !state.config.public_summary {
        return Err(ProblemCode::NotFound.into());
    }
    let today = Moment::now().date();
    let edition = match state.read(move |db| store::find(db, today)).await? {
        Some(edition) => edition,
        None => {
            let origin = Origin::system(RequestId::of(&request));
            state.write(origin, move |tx| store::find_or_make(tx, today)).await?
        }
    };
    let tag = format!("\"{}\"", edition.sha256);
    let known = is_known(&request, &tag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, CACHED));
    Ok(if known { response.finish() } else { response.content_type(ContentType::json()).body(edition.body) })
}
