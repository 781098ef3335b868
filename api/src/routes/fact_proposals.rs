//! Facts that the system counts itself and proposes, and the records behind each.

use crate::{
    auth::{DecideFacts, Guard, ReadFacts, Regional},
    error::Answer,
    http::{
        answer::{Items, page},
        extract::{Body, Query, list_query},
    },
    routes::plans::{PlanPath, named},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Data, Path},
};
use chrono::NaiveDate;
use opora_primitives::Moment;
use opora_reporting::{
    facts::{
        Fact, FactId,
        counted::store::{self, FactRow},
    },
    plan::store as plans,
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(propose).service(list_rows);
}

/// Of which day facts are counted.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactCount {
    /// The day as of which the answer is; today unless given.
    #[schema(example = "2020-12-31")]
    on: Option<NaiveDate>,
}

list_query! {
    /// Where in the list of records.
    FactRowQuery {}
}

/// Propose counted facts
///
/// Counts, as of a day, what the data says about the targets of the plan: the list of target groups (a run of the
/// models' rules), the schools and municipalities of the list. Of a value that confirmed facts say in part, the missing
/// part is proposed; proposals of earlier counts that no longer fit are taken back, and a count that was declined is not
/// proposed again. So it can be repeated at will. Answers the proposals that wait for a decision; each counts when it is
/// confirmed like any other fact.
#[utoipa::path(operation_id = "propose_facts", tag = "facts", params(PlanPath), request_body = FactCount, security(("bearer" = ["facts:decide"])),
    responses((status = 200, description = "The proposals that wait for a decision", body = Items<Fact>)))]
#[post("/plans/{id}/fact-proposals")]
async fn propose(
    Regional(guard): Regional<DecideFacts>,
    state: Data<State>,
    path: Path<PlanPath>,
    Body(body): Body<FactCount>,
) -> Answer {
    let (plan, user) = (named(&path.id)?, guard.user()?.0);
    let on = body.on.unwrap_or_else(|| Moment::now().date());
    let propose = move |tx: &mut opora_db::Tx| {
        let plan = plans::find(tx, &plan)?;
        store::propose(tx, &plan, user, on)
    };
    let items = state.write(guard.origin(), propose).await?;
    Ok(HttpResponse::Ok().json(Items { items }))
}

/// List the records behind a fact
///
/// That were counted for it, as they stood then; of a fact that was entered there are none.
#[utoipa::path(operation_id = "list_fact_rows", tag = "facts", params(("id" = FactId, Path, description = "The fact's id"), FactRowQuery), security(("bearer" = ["facts:read"])),
    responses((status = 200, description = "A page of records", body = Items<FactRow>, headers(("Link" = String, description = "The next page")))))]
#[get("/facts/{id}/rows")]
async fn list_rows(
    guard: Guard<ReadFacts>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<FactId>,
    Query(query): Query<FactRowQuery>,
) -> Answer {
    let (area, id, limit) = (guard.area(), id.into_inner(), query.limit()?);
    let found =
        state.read_consistent(move |db| store::behind(db, area, id, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}
