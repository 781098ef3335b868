//! Who reports in time.

use super::plans::{PlanPath, named};
use crate::{
    auth::{Guard, ReadPlans},
    error::Answer,
    extract::{Items, Query, page},
    state::State,
};
use actix_web::{
    HttpRequest, get,
    web::{Data, Path},
};
use chrono::NaiveDate;
use opora_db::Db;
use opora_primitives::{Limit, Moment};
use opora_reporting::discipline::store::{self, DisciplineBy, DisciplineRow};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list);
}

/// What is counted, and on which day.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DisciplineQuery {
    /// What reports are counted by.
    #[param(inline)]
    by: DisciplineBy,
    /// The day; today unless given.
    on: Option<NaiveDate>,
    /// How many items a page holds.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u16>,
    /// Where the page starts; taken from the `Link` of the page before.
    cursor: Option<String>,
}

/// List who reports in time
///
/// For every window of an activity one report, at least one fact that was not declined, is expected of every organisation
/// that carries it out, by the due day of the half-yearly report that covers the end of the window. Counted inside the
/// caller's area: by municipality together with its schools, or by executor of the plan.
#[utoipa::path(operation_id = "list_plan_discipline", tag = "plans", params(PlanPath, DisciplineQuery), security(("bearer" = ["plans:read"])),
    responses((status = 200, description = "A page of counts", body = Items<DisciplineRow>, headers(("Link" = String, description = "The next page")))))]
#[get("/api/v1/plans/{id}/discipline")]
async fn list(
    guard: Guard<ReadPlans>,
    request: HttpRequest,
    state: Data<State>,
    path: Path<PlanPath>,
    Query(DisciplineQuery { by, on, limit, cursor }): Query<DisciplineQuery>,
) -> Answer {
    let (area, plan, limit) = (guard.area(), named(&path.id)?, Limit::new(limit)?);
    let on = on.unwrap_or_else(|| Moment::now().date());
    let found = move |db: &mut Db| store::list(db, area, &plan, by, on, limit, cursor.as_deref());
    Ok(page(&request, state.read_consistent(found).await?))
}
