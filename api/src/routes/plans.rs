//! Plans of support: versions, what differs between them, and the status of activities on a day. A plan comes in as a
//! file (`POST /api/v1/imports?kind=plan`).

use crate::{
    auth::{Guard, ReadPlans},
    error::{Answer, ApiError},
    http::{
        answer::{Items, page, versioned},
        extract::{Query, list_query, require},
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};
use chrono::NaiveDate;
use opora_db::Db;
use opora_models::types::ModelCode;
use opora_primitives::{Moment, Reason};
use opora_reporting::plan::{
    PlanDocument,
    activities::{self, ActivityOnDay, Filter, When},
    diff::{self, PlanChange},
    is_executor_code,
    overlaps::{PlanOverlap, overlaps},
    status::ActivityStatus,
    store::{self, Plan, PlanRef, PlanVersion},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(get).service(list_versions).service(get_version).service(compare);
    config.service(list_activities).service(get_activity).service(list_warnings);
}

/// The plan that an address names.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct PlanPath {
    /// The plan: its id or its code.
    #[param(pattern = "^[0-9A-Za-z-]{1,40}$", example = "2020-2021")]
    pub(super) id: String,
}

/// A version that an address names.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct PlanVersionPath {
    /// The plan: its id or its code.
    #[param(pattern = "^[0-9A-Za-z-]{1,40}$", example = "2020-2021")]
    id: String,
    /// The number of the version
    #[param(minimum = 1, example = 1)]
    version: i32,
}

/// An activity that an address names.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ActivityPath {
    /// The plan: its id or its code.
    #[param(pattern = "^[0-9A-Za-z-]{1,40}$", example = "2020-2021")]
    id: String,
    /// The number of the activity
    #[param(pattern = r"^[1-9]\d?\.[1-9]\d{0,2}$", example = "1.4")]
    activity: String,
}

list_query! {
    /// Where in the list of plans.
    PlanQuery {}
}

list_query! {
    /// Where in the list of versions.
    PlanVersionQuery {}
}

/// Which versions are compared.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlanDiffQuery {
    /// The earlier version; the one before the later unless given.
    #[param(minimum = 1)]
    from: Option<i32>,
    /// The later version; the one in force unless given.
    #[param(minimum = 1)]
    to: Option<i32>,
}

list_query! {
    /// Which activities are wanted, and of which day.
    ActivityQuery {
        /// The day as of which the answer is; today unless given.
        on: NaiveDate,
        /// The version of the plan; the one in force unless given.
        #[param(minimum = 1)]
        version: i32,
        /// Only activities of this section.
        #[param(minimum = 1, maximum = 99, example = 1)]
        section: i32,
        /// Only activities that this executor carries out, alone or with others.
        #[param(pattern = "^[A-Z0-9_]{1,20}$", example = "NIRO")]
        executor: String,
        /// Only activities that serve this model.
        model: ModelCode,
        /// Only activities with this status.
        status: ActivityStatus,
    }
}

/// Of which day.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhenQuery {
    /// The day as of which the answer is; today unless given.
    on: Option<NaiveDate>,
    /// The version of the plan; the one in force unless given.
    #[param(minimum = 1)]
    version: Option<i32>,
}

/// Of which version.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlanWarningQuery {
    /// The version of the plan; the one in force unless given.
    #[param(minimum = 1)]
    version: Option<i32>,
}

/// A version of a plan with its contents.
#[derive(Serialize, ToSchema)]
pub struct PlanVersionDetail {
    /// The version.
    #[serde(flatten)]
    version: PlanVersion,
    /// Its contents.
    document: PlanDocument,
}

/// What differs between two versions of a plan.
#[derive(Serialize, ToSchema)]
pub struct PlanDiff {
    /// The earlier version.
    from: PlanVersion,
    /// The later version.
    to: PlanVersion,
    /// What differs: the plan as a whole, then executors, sections and activities by number.
    changes: Vec<PlanChange>,
}

/// The plan that the text of an address names.
pub(super) fn named(id: &str) -> Result<PlanRef, ApiError> {
    Ok(id.parse::<PlanRef>()?)
}

fn when(on: Option<NaiveDate>, version: Option<i32>) -> Result<When, ApiError> {
    require("version", version.as_ref(), Reason::OutOfRange, |version| *version >= 1)?;
    Ok(When { on: on.unwrap_or_else(|| Moment::now().date()), version })
}

/// List plans
///
/// The one loaded last first.
#[utoipa::path(operation_id = "list_plans", tag = "plans", params(PlanQuery), security(("bearer" = ["plans:read"])),
    responses((status = 200, description = "A page of plans", body = Items<Plan>, headers(("Link" = String, description = "The next page")))))]
#[get("/plans")]
async fn list(
    _: Guard<ReadPlans>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<PlanQuery>,
) -> Answer {
    let limit = query.limit()?;
    let found = state.read(move |db| store::list(db, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Get a plan
///
/// With the number of the version in force, which is its ETag too.
#[utoipa::path(operation_id = "get_plan", tag = "plans", params(PlanPath), security(("bearer" = ["plans:read"])),
    responses((status = 200, description = "The plan", body = Plan, headers(("ETag" = String, description = "The number of the version in force")))))]
#[get("/plans/{id}")]
async fn get(_: Guard<ReadPlans>, request: HttpRequest, state: Data<State>, path: Path<PlanPath>) -> Answer {
    let plan = named(&path.id)?;
    let found = state.read(move |db| store::find(db, &plan)).await?;
    Ok(versioned(&request, found.current_version.into(), &found))
}

/// List the versions of a plan
///
/// The newest first. A version never changes; an amendment is a new one with a reason.
#[utoipa::path(operation_id = "list_plan_versions", tag = "plans", params(PlanPath, PlanVersionQuery), security(("bearer" = ["plans:read"])),
    responses((status = 200, description = "A page of versions", body = Items<PlanVersion>, headers(("Link" = String, description = "The next page")))))]
#[get("/plans/{id}/versions")]
async fn list_versions(
    _: Guard<ReadPlans>,
    request: HttpRequest,
    state: Data<State>,
    path: Path<PlanPath>,
    Query(query): Query<PlanVersionQuery>,
) -> Answer {
    let (plan, limit) = (named(&path.id)?, query.limit()?);
    let versions = move |db: &mut Db| {
        let plan = store::find(db, &plan)?;
        store::list_versions(db, plan.id, limit, query.cursor.as_deref())
    };
    page(&request, state.read(versions).await?)
}

/// Get a version of a plan
///
/// Its contents whole: sections, executors, activities with windows and targets.
#[utoipa::path(operation_id = "get_plan_version", tag = "plans", params(PlanVersionPath), security(("bearer" = ["plans:read"])),
    responses((status = 200, description = "The version", body = PlanVersionDetail)))]
#[get("/plans/{id}/versions/{version}")]
async fn get_version(_: Guard<ReadPlans>, state: Data<State>, path: Path<PlanVersionPath>) -> Answer {
    let (plan, number) = (named(&path.id)?, path.version);
    let found = move |db: &mut Db| {
        let plan = store::find(db, &plan)?;
        let (version, document) = store::version(db, &plan, Some(number))?;
        Ok(PlanVersionDetail { version, document })
    };
    Ok(HttpResponse::Ok().json(state.read(found).await?))
}

/// Compare two versions of a plan
///
/// Every field that differs, with its contents in both. The order of parts in the file does not count.
#[utoipa::path(operation_id = "compare_plan_versions", tag = "plans", params(PlanPath, PlanDiffQuery), security(("bearer" = ["plans:read"])),
    responses((status = 200, description = "What differs", body = PlanDiff)))]
#[get("/plans/{id}/diff")]
async fn compare(
    _: Guard<ReadPlans>,
    state: Data<State>,
    path: Path<PlanPath>,
    Query(PlanDiffQuery { from, to }): Query<PlanDiffQuery>,
) -> Answer {
    let plan = named(&path.id)?;
    require("from", from.as_ref(), Reason::OutOfRange, |number| *number >= 1)?;
    require("to", to.as_ref(), Reason::OutOfRange, |number| *number >= 1)?;
    let compared = move |db: &mut Db| {
        let plan = store::find(db, &plan)?;
        let (to, after) = store::version(db, &plan, to)?;
        let (from, before) = store::version(db, &plan, Some(from.unwrap_or(to.number - 1)))?;
        Ok(PlanDiff { from, to, changes: diff::diff(&before, &after)? })
    };
    Ok(HttpResponse::Ok().json(state.read(compared).await?))
}

/// List activities as they stand on a day
///
/// In the order of the plan: each with its status, computed from the confirmed facts up to that day, and the reason.
/// Numbers only, no organisation: everybody sees the same.
#[utoipa::path(operation_id = "list_plan_activities", tag = "plans", params(PlanPath, ActivityQuery), security(("bearer" = ["plans:read"])),
    responses((status = 200, description = "A page of activities", body = Items<ActivityOnDay>, headers(("Link" = String, description = "The next page")))))]
#[get("/plans/{id}/activities")]
async fn list_activities(
    _: Guard<ReadPlans>,
    request: HttpRequest,
    state: Data<State>,
    path: Path<PlanPath>,
    Query(query): Query<ActivityQuery>,
) -> Answer {
    let (plan, limit, when) = (named(&path.id)?, query.limit()?, when(query.on, query.version)?);
    require("section", query.section.as_ref(), Reason::OutOfRange, |n| (1..=99).contains(n))?;
    require("executor", query.executor.as_ref(), Reason::WrongFormat, |code| is_executor_code(code))?;
    let ActivityQuery { section, executor, model, status, cursor, .. } = query;
    let filter = Filter { section, executor, model, status };
    let found = move |db: &mut Db| activities::list(db, &plan, when, &filter, limit, cursor.as_deref());
    page(&request, state.read_consistent(found).await?)
}

/// Get an activity as it stands on a day
///
/// By its number in the plan.
#[utoipa::path(operation_id = "get_plan_activity", tag = "plans", params(ActivityPath, WhenQuery), security(("bearer" = ["plans:read"])),
    responses((status = 200, description = "The activity", body = ActivityOnDay)))]
#[get("/plans/{id}/activities/{activity}")]
async fn get_activity(
    _: Guard<ReadPlans>,
    state: Data<State>,
    path: Path<ActivityPath>,
    Query(query): Query<WhenQuery>,
) -> Answer {
    let (plan, when) = (named(&path.id)?, when(query.on, query.version)?);
    let number = path.into_inner().activity;
    let found = state.read_consistent(move |db| activities::find(db, &plan, &number, when)).await?;
    Ok(HttpResponse::Ok().json(found))
}

/// List warnings about a plan
///
/// Activities that start before another ends whose result they need.
#[utoipa::path(operation_id = "list_plan_warnings", tag = "plans", params(PlanPath, PlanWarningQuery), security(("bearer" = ["plans:read"])),
    responses((status = 200, description = "The warnings", body = Items<PlanOverlap>)))]
#[get("/plans/{id}/warnings")]
async fn list_warnings(
    _: Guard<ReadPlans>,
    state: Data<State>,
    path: Path<PlanPath>,
    Query(query): Query<PlanWarningQuery>,
) -> Answer {
    let plan = named(&path.id)?;
    require("version", query.version.as_ref(), Reason::OutOfRange, |version| *version >= 1)?;
    let found = move |db: &mut Db| {
        let plan = store::find(db, &plan)?;
        Ok(overlaps(&store::version(db, &plan, query.version)?.1))
    };
    Ok(HttpResponse::Ok().json(Items { items: state.read(found).await? }))
}
