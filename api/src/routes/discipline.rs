//! Who reports in time.

use super::plans::{PlanPath, named};
use crate::{
    auth::{Guard, ReadPlans},
    error::Answer,
    http::{
        answer::{Items, page},
        extract::{Query, list_query},
    },
    state::State,
};
use actix_web::{
    HttpRequest, get,
    web::{Data, Path},
};
use chrono::NaiveDate;
use opora_db::Db;
use opora_primitives::{Limit, Moment, MunicipalityId, SchoolId};
use opora_reporting::{
    discipline::{
        expected::{self, ExpectedReport, Filter},
        store::{self, DisciplineBy, DisciplineRow},
    },
    timeliness::Timeliness,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(list_expected);
}

/// What is counted, and on which day.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DisciplineQuery {
    /// What the reports are counted by.
    #[param(inline)]
    by: DisciplineBy,
    /// The day as of which the answer is; today unless given.
    on: Option<NaiveDate>,
    /// The greatest number of items on the page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u16>,
    /// Where the page starts: taken from the `Link` of the page before.
    cursor: Option<String>,
}

list_query! {
    /// Which expected reports are wanted.
    ExpectedReportQuery {
        /// Only reports of this municipality and of the schools in it.
        municipality_id: MunicipalityId,
        /// Only records of this school.
        school_id: SchoolId,
        /// Only reports of organisations behind this executor.
        #[param(min_length = 1, max_length = 20, example = "MOUO")]
        executor: String,
        /// Only reports about the activity with this number.
        #[param(max_length = 20, example = "2.13")]
        activity: String,
        /// Only reports in this state.
        state: Timeliness,
        /// As they stand on this day; today unless given.
        #[param(example = "2021-02-01")]
        on: NaiveDate,
    }
}

/// List the discipline of reporting
///
/// For every window of an activity one report, at least one fact that was not declined, is expected of every organisation
/// that carries it out, by the due day of the half-yearly report that covers the end of the window. Counted inside the
/// caller's area: by municipality together with its schools, or by executor of the plan.
#[utoipa::path(operation_id = "list_plan_discipline", tag = "plans", params(PlanPath, DisciplineQuery), security(("bearer" = ["plans:read"])),
    responses((status = 200, description = "A page of counts", body = Items<DisciplineRow>, headers(("Link" = String, description = "The next page")))))]
#[get("/plans/{id}/discipline")]
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
    page(&request, state.read_consistent(found).await?)
}

/// List expected reports
///
/// What is behind the counts: who owes which report about which window of which activity, when it is due, how it stands on
/// a day, and since when it is missing. Inside the caller's area, in the order of the plan.
#[utoipa::path(operation_id = "list_expected_reports", tag = "plans", params(PlanPath, ExpectedReportQuery), security(("bearer" = ["plans:read"])),
    responses((status = 200, description = "A page of expected reports", body = Items<ExpectedReport>, headers(("Link" = String, description = "The next page")))))]
#[get("/plans/{id}/discipline/expected")]
async fn list_expected(
    guard: Guard<ReadPlans>,
    request: HttpRequest,
    state: Data<State>,
    path: Path<PlanPath>,
    Query(query): Query<ExpectedReportQuery>,
) -> Answer {
    let (area, plan, limit) = (guard.area(), named(&path.id)?, query.limit()?);
    let on = query.on.unwrap_or_else(|| Moment::now().date());
    let filter = Filter {
        municipality: query.municipality_id,
        school: query.school_id,
        executor: query.executor,
        activity: query.activity,
        state: query.state,
    };
    let found =
        move |db: &mut Db| expected::list(db, area, &plan, on, &filter, limit, query.cursor.as_deref());
    page(&request, state.read_consistent(found).await?)
}
