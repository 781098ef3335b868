//! Assignments of models, and what happens to them.

use super::{
    proposals::{shown, viewer},
    schools::SchoolPath,
};
use crate::{
    auth::{Assign, Guard, ReadAssignments},
    error::Answer,
    http::{
        answer::{Items, composed, page},
        create::{IdempotencyKey, create_once, created},
        extract::{Body, Query, list_query, said},
    },
    state::State,
};
use actix_web::{
    HttpRequest, get, post,
    web::{Data, Path},
};
use chrono::NaiveDate;
use opora_models::{
    AssignmentId, AssignmentState, EventKind, ModelCode, SubjectKind,
    store::assignments::{self, Assignment, AssignmentHistory, ByHand, Filter},
};
use opora_primitives::{Moment, MunicipalityId, SchoolId};
use opora_schools::{registry::schools, types::StaffId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(get).service(add_event).service(list_of_school);
}

list_query! {
    /// Which assignments are wanted.
    AssignmentQuery {
        /// The day of the state; today unless given.
        on: NaiveDate,
        /// Only assignments in this state on that day.
        state: AssignmentState,
        /// Only assignments of this model.
        model: ModelCode,
        /// Only assignments of this kind of subject.
        subject_kind: SubjectKind,
        /// Only assignments of this school or its people.
        school_id: SchoolId,
        /// Only assignments of this municipality itself.
        municipality_id: MunicipalityId,
    }
}

list_query! {
    /// Which of a school's assignments are wanted.
    SchoolAssignmentQuery {
        /// The day of the state; today unless given.
        on: NaiveDate,
        /// Only assignments in this state on that day.
        state: AssignmentState,
        /// Only assignments of this model.
        model: ModelCode,
    }
}

/// On which day.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DayQuery {
    /// The day of the state; today unless given.
    on: Option<NaiveDate>,
}

/// An assignment by hand. Exactly the ids that the kind of subject asks for: `school_id`, `municipality_id` or
/// `staff_id`.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignmentCreate {
    /// The model.
    model: ModelCode,
    /// What the subject is; one that the model takes.
    subject_kind: SubjectKind,
    /// The school.
    school_id: Option<SchoolId>,
    /// The municipality.
    municipality_id: Option<MunicipalityId>,
    /// The head or the teacher.
    staff_id: Option<StaffId>,
    /// First day, within the term of the model.
    valid_from: NaiveDate,
    /// Last day, within the period of the model that holds the first one; the end of that period unless given.
    valid_to: Option<NaiveDate>,
    /// Whether the subject may be one that the rules of the model do not hold on the first day.
    #[serde(default)]
    #[schema(required = false)]
    exception: bool,
    /// Why there is no proposal behind it.
    #[validate(length(max = 2000), custom(function = "said"))]
    #[schema(min_length = 1, max_length = 2000, example = "По заявлению школы")]
    reason: String,
}

/// Something that happened to an assignment.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignmentEventCreate {
    /// What happened: `paused`, `resumed` or `ended`. An assignment is `started` when it is made, and only then.
    kind: EventKind,
    /// The day it happened, within the term.
    on_date: NaiveDate,
    /// Why the model is paused, resumed or ended.
    #[validate(length(max = 2000), custom(function = "said"))]
    #[schema(min_length = 1, max_length = 2000, example = "Карантин")]
    reason: String,
}

fn today() -> NaiveDate {
    Moment::now().date()
}

/// List assignments
///
/// By id: those of the caller's area, with the state each has on the day. Assignments of people are shown only to those
/// who may read staff, and that reading is recorded in the audit log.
#[utoipa::path(operation_id = "list_assignments", tag = "models", params(AssignmentQuery), security(("bearer" = ["assignments:read"])),
    responses((status = 200, description = "A page of assignments", body = Items<Assignment>, headers(("Link" = String, description = "The next page")))))]
#[get("/assignments")]
async fn list(
    guard: Guard<ReadAssignments>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<AssignmentQuery>,
) -> Answer {
    let (viewer, limit) = (viewer(&guard), query.limit()?);
    let filter = Filter {
        on: query.on.unwrap_or_else(today),
        state: query.state,
        model: query.model,
        subject_kind: query.subject_kind,
        school: query.school_id,
        municipality: query.municipality_id,
    };
    let cursor = query.cursor;
    let found = state
        .read_consistent(move |db| assignments::list(db, viewer, &filter, limit, cursor.as_deref()))
        .await?;
    shown(&state, &guard, "assignments", found.items.iter().filter_map(|a| a.record.staff_id).collect())
        .await?;
    page(&request, found)
}

/// List a school's assignments
///
/// Of the school itself and, for those who may read staff, of its people; by id.
#[utoipa::path(operation_id = "list_school_assignments", tag = "models", params(SchoolPath, SchoolAssignmentQuery), security(("bearer" = ["assignments:read"])),
    responses((status = 200, description = "A page of assignments", body = Items<Assignment>, headers(("Link" = String, description = "The next page")))))]
#[get("/schools/{id}/assignments")]
async fn list_of_school(
    guard: Guard<ReadAssignments>,
    request: HttpRequest,
    state: Data<State>,
    path: Path<SchoolPath>,
    Query(query): Query<SchoolAssignmentQuery>,
) -> Answer {
    let (viewer, wanted, limit) = (viewer(&guard), path.school()?, query.limit()?);
    let (on, cursor) = (query.on.unwrap_or_else(today), query.cursor);
    let found = state
        .read_consistent(move |db| {
            let school = Some(schools::resolve(db, viewer.area, &wanted)?);
            let filter = Filter { school, state: query.state, model: query.model, ..Filter::on(on) };
            assignments::list(db, viewer, &filter, limit, cursor.as_deref())
        })
        .await?;
    shown(&state, &guard, "assignments", found.items.iter().filter_map(|a| a.record.staff_id).collect())
        .await?;
    page(&request, found)
}

/// Get an assignment
///
/// With everything that happened to it and the state that follows on the day.
#[utoipa::path(operation_id = "get_assignment", tag = "models", params(("id" = AssignmentId, Path, description = "The assignment's id"), DayQuery), security(("bearer" = ["assignments:read"])),
    responses((status = 200, description = "The assignment", body = AssignmentHistory, headers(("ETag" = String, description = "The version and a digest of the answer")))))]
#[get("/assignments/{id}")]
async fn get(
    guard: Guard<ReadAssignments>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<AssignmentId>,
    Query(query): Query<DayQuery>,
) -> Answer {
    let (viewer, id, on) = (viewer(&guard), id.into_inner(), query.on.unwrap_or_else(today));
    let found = state.read_consistent(move |db| assignments::find(db, viewer, id, on)).await?;
    let record = &found.assignment.record;
    shown(&state, &guard, "assignments", record.staff_id.into_iter().collect()).await?;
    composed(&request, record.version, &found)
}

/// Create an assignment by hand
///
/// Without a proposal, for a reason. The same checks as for a confirmation: days outside the term of the model are refused
/// (`outside_term`), `model_excluded`, `already_exists`. A subject that the rules of the model do not hold on the first day is
/// refused with `not_eligible`, unless the request says `exception`; the assignment then says so too. The network is open
/// to all.
#[utoipa::path(operation_id = "create_assignment", tag = "models", params(IdempotencyKey), request_body = AssignmentCreate, security(("bearer" = ["assignments:write"])),
    extensions(("x-problems" = json!(["model_excluded", "not_eligible"]))),
    responses((status = 201, description = "The new assignment", body = AssignmentHistory, headers(("Location" = String, description = "Its address")))))]
#[post("/assignments")]
async fn create(
    guard: Guard<Assign>,
    request: HttpRequest,
    state: Data<State>,
    Body(body): Body<AssignmentCreate>,
) -> Answer {
    let (viewer, actor) = (viewer(&guard), Some(guard.user()?.0));
    let by_hand = body.by(actor);
    create_once(&state, &guard, &request, move |tx| {
        let id = assignments::create(tx, viewer, &by_hand)?;
        let today = tx.at.date();
        created(format!("/api/v1/assignments/{id}"), &assignments::find(tx, viewer, id, today)?)
    })
    .await
}

impl AssignmentCreate {
    fn by(self, actor: Option<i64>) -> ByHand {
        ByHand {
            model: self.model,
            subject_kind: self.subject_kind,
            school: self.school_id,
            municipality: self.municipality_id,
            staff: self.staff_id,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            exception: self.exception,
            reason: self.reason,
            actor,
        }
    }
}

/// Create an event of an assignment
///
/// A pause, the end of a pause, or the end. The day may lie in the past, if what was recorded after it still follows;
/// otherwise `wrong_state`. Nothing is overwritten.
#[utoipa::path(operation_id = "create_assignment_event", tag = "models", params(("id" = AssignmentId, Path, description = "The assignment's id"), IdempotencyKey), request_body = AssignmentEventCreate,
    security(("bearer" = ["assignments:write"])),
    responses((status = 201, description = "The assignment with the event", body = AssignmentHistory, headers(("Location" = String, description = "The assignment's address")))))]
#[post("/assignments/{id}/events")]
async fn add_event(
    guard: Guard<Assign>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<AssignmentId>,
    Body(body): Body<AssignmentEventCreate>,
) -> Answer {
    let (viewer, id, actor) = (viewer(&guard), id.into_inner(), Some(guard.user()?.0));
    create_once(&state, &guard, &request, move |tx| {
        assignments::add(tx, viewer, id, (body.kind, body.on_date), &body.reason, actor)?;
        let today = tx.at.date();
        created(format!("/api/v1/assignments/{id}"), &assignments::find(tx, viewer, id, today)?)
    })
    .await
}
