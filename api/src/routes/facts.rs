//! Facts about the activities of a plan, and the institute's decisions on them.

use crate::{
    auth::{DecideFacts, Guard, Need, ReadFacts, Regional, WriteFacts},
    error::{Answer, ApiError},
    http::{
        answer::{Items, changed_to, page, versioned},
        create::{IdempotencyKey, create_once, created},
        extract::{Body, Draft, IfMatch, Query, list_query, require, said},
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get, patch, post,
    web::{Data, Path},
};
use opora_models::DecisionKind;
use opora_primitives::{MunicipalityId, Problem, Reason, SchoolId};
use opora_reporting::{
    facts::{
        Fact, FactId, FactKind, FactOrigin, FactState,
        decisions::{self, Decision},
        edit::{self, FactDraft, FactPatch, Writer},
        store::{self, Filter},
    },
    plan::{PlanId, is_activity_number, is_executor_code},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(get).service(update).service(remove);
    config.service(confirm).service(decline).service(decide_many);
}

/// The caller as one who enters facts: a person of a body that answers for them.
///
/// # Errors
/// [`ProblemCode::Forbidden`](opora_primitives::ProblemCode::Forbidden) for a service client.
pub(super) fn writer<P: Need>(guard: &Guard<P>) -> Result<Writer, ApiError> {
    Ok(Writer { user: guard.user()?.0, area: guard.area() })
}

list_query! {
    /// Which facts are wanted.
    FactQuery {
        /// Only facts about this plan.
        plan_id: PlanId,
        /// Only facts about the activity with this number.
        #[param(pattern = r"^[1-9]\d?\.[1-9]\d{0,2}$", example = "3.10")]
        activity: String,
        /// Only facts of this kind.
        kind: FactKind,
        /// Only facts in this state.
        state: FactState,
        /// Only facts of this origin.
        origin: FactOrigin,
        /// Only facts about activities that this executor carries out.
        #[param(pattern = "^[A-Z0-9_]{1,20}$", example = "NIRO")]
        executor: String,
        /// Only facts about this municipality itself.
        municipality_id: MunicipalityId,
        /// Only facts about this school.
        school_id: SchoolId,
    }
}

/// Why a fact is confirmed.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactConfirm {
    /// Why, where that needs saying.
    #[validate(length(max = 2000), custom(function = "said"))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: Option<String>,
}

/// Why a fact is declined.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactDecline {
    /// Why the fact is declined.
    #[validate(length(max = 2000), custom(function = "said"))]
    #[schema(min_length = 1, max_length = 2000, example = "Приказ не приложен")]
    reason: String,
}

/// A fact as it was read.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactSeen {
    /// The fact.
    id: FactId,
    /// The version that was read.
    #[schema(minimum = 1, example = 1)]
    version: i64,
}

/// A decision on many facts at once.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"facts": [{"id": 5, "version": 2}], "decision": "confirm"}))]
pub struct FactDecisions {
    /// The facts, each with the version that was read.
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_items = 1, max_items = 1000)]
    facts: Vec<FactSeen>,
    /// Whether the facts are confirmed or declined.
    decision: DecisionKind,
    /// Why; needed to decline.
    #[validate(length(max = 2000), custom(function = "said"))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: Option<String>,
}

/// List facts
///
/// By id: those about organisations of the caller's area.
#[utoipa::path(operation_id = "list_facts", tag = "facts", params(FactQuery), security(("bearer" = ["facts:read"])),
    responses((status = 200, description = "A page of facts", body = Items<Fact>, headers(("Link" = String, description = "The next page")))))]
#[get("/facts")]
async fn list(
    guard: Guard<ReadFacts>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<FactQuery>,
) -> Answer {
    let (area, limit) = (guard.area(), query.limit()?);
    require("activity", query.activity.as_ref(), Reason::WrongFormat, |number| is_activity_number(number))?;
    require("executor", query.executor.as_ref(), Reason::WrongFormat, |code| is_executor_code(code))?;
    let filter = Filter {
        plan: query.plan_id,
        activity: query.activity,
        kind: query.kind,
        state: query.state,
        origin: query.origin,
        executor: query.executor,
        municipality: query.municipality_id,
        school: query.school_id,
    };
    let found = state.read(move |db| store::list(db, area, &filter, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Get a fact
///
/// With the ETag that a change or a decision needs.
#[utoipa::path(operation_id = "get_fact", tag = "facts", params(("id" = FactId, Path, description = "The fact's id")), security(("bearer" = ["facts:read"])),
    responses((status = 200, description = "The fact", body = Fact, headers(("ETag" = String, description = "The version")))))]
#[get("/facts/{id}")]
async fn get(guard: Guard<ReadFacts>, request: HttpRequest, state: Data<State>, id: Path<FactId>) -> Answer {
    let (area, id) = (guard.area(), id.into_inner());
    let found = state.read(move |db| store::find(db, area, id)).await?;
    Ok(versioned(&request, found.version, &found))
}

/// Create a fact
///
/// About an activity of the plan's version in force: in one of its windows, of a metric of its targets, by one of its
/// executors. A fact of a municipality or a school is about an organisation of its area. It counts when the institute
/// has confirmed it. `already_exists` if the same stands there and was not declined.
#[utoipa::path(operation_id = "create_fact", tag = "facts", params(IdempotencyKey), request_body = FactDraft, security(("bearer" = ["facts:write"])),
    responses((status = 201, description = "The new fact", body = Fact, headers(("Location" = String, description = "Its address"), ("ETag" = String, description = "The version")))))]
#[post("/facts")]
async fn create(
    guard: Guard<WriteFacts>,
    request: HttpRequest,
    state: Data<State>,
    Draft(draft): Draft<FactDraft>,
) -> Answer {
    let writer = writer(&guard)?;
    create_once(&state, &guard, &request, move |tx| {
        let fact = edit::create(tx, writer, draft.clone())?;
        created(format!("/api/v1/facts/{}", fact.id), &fact)
    })
    .await
}

/// Update a fact
///
/// Until it is decided (`fact_decided`), and only by users of the body that entered it: with the same role and area. A
/// field that is not sent stays; `null` clears it. Needs `If-Match` with the fact's ETag.
#[utoipa::path(operation_id = "update_fact", tag = "facts", request_body = FactPatch,
    extensions(("x-problems" = json!(["fact_decided"]))),
    params(("id" = FactId, Path, description = "The fact's id"), IfMatch), security(("bearer" = ["facts:write"])),
    responses((status = 200, description = "The changed fact", body = Fact, headers(("ETag" = String, description = "The version")))))]
#[patch("/facts/{id}")]
async fn update(
    guard: Guard<WriteFacts>,
    state: Data<State>,
    id: Path<FactId>,
    IfMatch { version }: IfMatch,
    Draft(patch): Draft<FactPatch>,
) -> Answer {
    let (writer, id) = (writer(&guard)?, id.into_inner());
    let changed =
        state.write(guard.origin(), move |tx| edit::update(tx, writer, id, version, patch.clone())).await?;
    Ok(changed_to(changed.version, &changed))
}

/// Delete a fact
///
/// With its evidence, as it may be changed: until it is decided, by the body that entered it. Needs `If-Match` with its
/// ETag.
#[utoipa::path(operation_id = "delete_fact", tag = "facts",
    extensions(("x-problems" = json!(["fact_decided"]))),
    params(("id" = FactId, Path, description = "The fact's id"), IfMatch), security(("bearer" = ["facts:write"])),
    responses((status = 204, description = "The fact is gone")))]
#[delete("/facts/{id}")]
async fn remove(
    guard: Guard<WriteFacts>,
    state: Data<State>,
    id: Path<FactId>,
    IfMatch { version }: IfMatch,
) -> Answer {
    let (writer, id) = (writer(&guard)?, id.into_inner());
    state.write(guard.origin(), move |tx| edit::delete(tx, writer, id, version)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Confirm a fact
///
/// As it was read: needs `If-Match` with its ETag, which new evidence changes too. It counts from now on, and neither it
/// nor its evidence changes any more. A fact that says that evidence is there needs some: `wrong_state`.
#[utoipa::path(operation_id = "confirm_fact", tag = "facts", params(("id" = FactId, Path, description = "The fact's id"), IfMatch), request_body = FactConfirm,
    extensions(("x-problems" = json!(["fact_decided"]))),
    security(("bearer" = ["facts:decide"])),
    responses((status = 200, description = "The confirmed fact", body = Fact, headers(("ETag" = String, description = "The version")))))]
#[post("/facts/{id}/confirm")]
async fn confirm(
    Regional(guard): Regional<DecideFacts>,
    state: Data<State>,
    id: Path<FactId>,
    IfMatch { version }: IfMatch,
    Body(body): Body<FactConfirm>,
) -> Answer {
    decide(&state, &guard, id.into_inner(), version, DecisionKind::Confirm, body.reason).await
}

/// Decline a fact
///
/// With a reason. It does not count; its author may enter it anew. Needs `If-Match` with its ETag.
#[utoipa::path(operation_id = "decline_fact", tag = "facts", params(("id" = FactId, Path, description = "The fact's id"), IfMatch), request_body = FactDecline,
    extensions(("x-problems" = json!(["fact_decided"]))),
    security(("bearer" = ["facts:decide"])),
    responses((status = 200, description = "The declined fact", body = Fact, headers(("ETag" = String, description = "The version")))))]
#[post("/facts/{id}/decline")]
async fn decline(
    Regional(guard): Regional<DecideFacts>,
    state: Data<State>,
    id: Path<FactId>,
    IfMatch { version }: IfMatch,
    Body(body): Body<FactDecline>,
) -> Answer {
    decide(&state, &guard, id.into_inner(), version, DecisionKind::Decline, Some(body.reason)).await
}

async fn decide(
    state: &State,
    guard: &Guard<DecideFacts>,
    id: FactId,
    version: opora_db::edit::Expected,
    kind: DecisionKind,
    reason: Option<String>,
) -> Answer {
    let area = guard.area();
    let decision = Decision { kind, reason, actor: guard.user()?.0 };
    let decided =
        state.write(guard.origin(), move |tx| decisions::decide(tx, area, id, version, &decision)).await?;
    Ok(changed_to(decided.version, &decided))
}

/// Decide on many facts
///
/// Confirms or declines all of them or, if one of them cannot be decided so, none: the refusal then names each such fact
/// by its place in `facts`. A fact that is no longer at the version that was read is a `conflict`.
#[utoipa::path(operation_id = "decide_facts", tag = "facts", request_body = FactDecisions, security(("bearer" = ["facts:decide"])),
    extensions(("x-problems" = json!(["fact_decided"]))),
    responses((status = 200, description = "The decided facts", body = Items<Fact>)))]
#[post("/fact-decisions")]
async fn decide_many(
    Regional(guard): Regional<DecideFacts>,
    state: Data<State>,
    Body(body): Body<FactDecisions>,
) -> Answer {
    if body.decision == DecisionKind::Decline && body.reason.is_none() {
        return Err(Problem::field("/reason", Reason::Required).into());
    }
    let facts: Vec<(FactId, i64)> = body.facts.iter().map(|fact| (fact.id, fact.version)).collect();
    let (area, actor) = (guard.area(), guard.user()?.0);
    let decision = Decision { kind: body.decision, reason: body.reason, actor };
    let decide = move |tx: &mut opora_db::Tx| decisions::decide_many(tx, area, &facts, &decision);
    let items = state.write(guard.origin(), decide).await?;
    Ok(HttpResponse::Ok().json(Items { items }))
}
