//! Methodical support of staff: personal data. Each reading is written to the audit log before it is answered.

use crate::{
    auth::{Guard, Need, ReadSupport, WriteSupport},
    error::{Answer, ApiError},
    http::{
        answer::{Items, changed_to, composed, page},
        create::{IdempotencyKey, create_once, created},
        extract::{Draft, IfMatch, Query, list_query},
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get, patch, post,
    web::{Data, Path},
};
use opora_identity::Permission;
use opora_primitives::SchoolId;
use opora_schools::{
    registry::{
        edit::support::{self as edit, SupportDraft, SupportPatch},
        partitions::Harvest,
        support::{self, Filter, SupportRecord},
    },
    types::{StaffId, SupportForm, SupportId},
};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(get).service(update).service(remove);
}

list_query! {
    /// Which records are wanted.
    SupportQuery in parts {
        /// Only support of the people of this school.
        school_id: SchoolId,
        /// Only support of this person.
        staff_id: StaffId,
        /// Only support in this form.
        form: SupportForm,
        /// Only completed support, or only support that is not completed.
        completed: bool,
    }
}

/// Support is known of people, so whoever may not read staff may not read it either.
fn may_see_people<P: Need>(guard: &Guard<P>) -> Result<(), ApiError> {
    guard.may(Permission::ReadStaff)
}

/// Records that the caller was shown `people`. If that cannot be recorded nobody is shown.
async fn shown<P: Need>(state: &State, guard: &Guard<P>, people: Vec<StaffId>) -> Result<(), ApiError> {
    state
        .write(guard.origin(), move |tx| {
            support::note_reading(tx, people.clone());
            Ok(())
        })
        .await
}

/// List records of methodical support
///
/// By id: those of people of the caller's area. Personal data: needs `staff:read` besides, and the reading is recorded in
/// the audit log.
#[utoipa::path(operation_id = "list_support_records", tag = "registry", params(SupportQuery), security(("bearer" = ["support:read"])),
    responses((status = 200, description = "A page of records", body = Items<SupportRecord>, headers(("Link" = String, description = "The next page")))))]
#[get("/support-records")]
async fn list(
    guard: Guard<ReadSupport>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<SupportQuery>,
) -> Answer {
    may_see_people(&guard)?;
    let (area, limit) = (guard.area(), query.limit()?);
    let filter = Filter {
        school: query.school_id,
        person: query.staff_id,
        form: query.form,
        completed: query.completed,
        partition: query.part(Harvest::SupportRecords)?,
    };
    let found =
        state.read(move |db| support::list(db, area, &filter, limit, query.cursor.as_deref())).await?;
    shown(&state, &guard, found.items.iter().map(|record| record.staff_id).collect()).await?;
    page(&request, found)
}

/// Get a record of methodical support
///
/// With the ETag that a change needs. Personal data: needs `staff:read` besides, and the reading is recorded in the audit
/// log.
#[utoipa::path(operation_id = "get_support_record", tag = "registry", params(("id" = SupportId, Path, description = "The record's id")), security(("bearer" = ["support:read"])),
    responses((status = 200, description = "The record", body = SupportRecord, headers(("ETag" = String, description = "The version and a digest of the answer")))))]
#[get("/support-records/{id}")]
async fn get(
    guard: Guard<ReadSupport>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<SupportId>,
) -> Answer {
    may_see_people(&guard)?;
    let (area, id) = (guard.area(), id.into_inner());
    let found = state.read(move |db| support::find(db, area, id)).await?;
    shown(&state, &guard, vec![found.staff_id]).await?;
    composed(&request, found.version, &found)
}

/// Create a record of methodical support
///
/// Of a person of the caller's area; once for each form, programme and first day. A completed record needs its last day.
#[utoipa::path(operation_id = "create_support_record", tag = "registry", params(IdempotencyKey), request_body = SupportDraft, security(("bearer" = ["support:write"])),
    responses((status = 201, description = "The new record", body = SupportRecord, headers(("Location" = String, description = "Its address"), ("ETag" = String, description = "The version")))))]
#[post("/support-records")]
async fn create(
    guard: Guard<WriteSupport>,
    request: HttpRequest,
    state: Data<State>,
    Draft(draft): Draft<SupportDraft>,
) -> Answer {
    let area = guard.area();
    create_once(&state, &guard, &request, move |tx| {
        let record = edit::create(tx, area, draft.clone())?;
        created(format!("/api/v1/support-records/{}", record.id), &record)
    })
    .await
}

/// Update a record of methodical support
///
/// Whose it is does not change. A field that is not sent stays; `null` clears it. Needs `If-Match` with the record's ETag.
#[utoipa::path(operation_id = "update_support_record", tag = "registry", request_body = SupportPatch,
    params(("id" = SupportId, Path, description = "The record's id"), IfMatch), security(("bearer" = ["support:write"])),
    responses((status = 200, description = "The changed record", body = SupportRecord, headers(("ETag" = String, description = "The version")))))]
#[patch("/support-records/{id}")]
async fn update(
    guard: Guard<WriteSupport>,
    state: Data<State>,
    id: Path<SupportId>,
    IfMatch { version }: IfMatch,
    Draft(patch): Draft<SupportPatch>,
) -> Answer {
    let (area, id) = (guard.area(), id.into_inner());
    let changed =
        state.write(guard.origin(), move |tx| edit::update(tx, area, id, version, patch.clone())).await?;
    Ok(changed_to(changed.version, &changed))
}

/// Delete a record of methodical support
///
/// One that was made by mistake. Needs `If-Match` with its ETag.
#[utoipa::path(operation_id = "delete_support_record", tag = "registry",
    params(("id" = SupportId, Path, description = "The record's id"), IfMatch), security(("bearer" = ["support:write"])),
    responses((status = 204, description = "The record is gone")))]
#[delete("/support-records/{id}")]
async fn remove(
    guard: Guard<WriteSupport>,
    state: Data<State>,
    id: Path<SupportId>,
    IfMatch { version }: IfMatch,
) -> Answer {
    let (area, id) = (guard.area(), id.into_inner());
    state.write(guard.origin(), move |tx| edit::delete(tx, area, id, version)).await?;
    Ok(HttpResponse::NoContent().finish())
}
