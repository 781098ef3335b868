//! Designations of schools and municipalities by acts.

use crate::{
    auth::{Guard, ReadRegistry, Regional, WriteRegistry},
    error::Answer,
    http::{
        answer::{Items, changed_to, page, versioned},
        create::{IdempotencyKey, create_once, created},
        extract::{Draft, IfMatch, Query, list_query},
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get, patch, post,
    web::{Data, Path},
};
use opora_primitives::{MunicipalityId, SchoolId};
use opora_schools::{
    registry::{
        designations::{self, Designation, Filter},
        edit::designations::{self as edit, DesignationDraft, DesignationPatch},
    },
    types::{DesignationId, DesignationKind},
};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(get).service(update).service(remove);
}

list_query! {
    /// Which designations are wanted.
    DesignationQuery {
        /// Only designations of this kind.
        kind: DesignationKind,
        /// Only records of this school.
        school_id: SchoolId,
        /// Only designations of this municipality.
        municipality_id: MunicipalityId,
    }
}

/// List designations
///
/// By id: those of the caller's area.
#[utoipa::path(operation_id = "list_designations", tag = "registry", params(DesignationQuery), security(("bearer" = ["registry:read"])),
    responses((status = 200, description = "A page of designations", body = Items<Designation>, headers(("Link" = String, description = "The next page")))))]
#[get("/designations")]
async fn list(
    guard: Guard<ReadRegistry>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<DesignationQuery>,
) -> Answer {
    let (area, limit) = (guard.area(), query.limit()?);
    let filter = Filter { kind: query.kind, school: query.school_id, municipality: query.municipality_id };
    let found =
        state.read(move |db| designations::list(db, area, &filter, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Get a designation
///
/// With the ETag that a change needs.
#[utoipa::path(operation_id = "get_designation", tag = "registry", params(("id" = DesignationId, Path, description = "The designation's id")), security(("bearer" = ["registry:read"])),
    responses((status = 200, description = "The designation", body = Designation, headers(("ETag" = String, description = "The version")))))]
#[get("/designations/{id}")]
async fn get(
    guard: Guard<ReadRegistry>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<DesignationId>,
) -> Answer {
    let (area, id) = (guard.area(), id.into_inner());
    let found = state.read(move |db| designations::find(db, area, id)).await?;
    Ok(versioned(&request, found.version, &found))
}

/// Create a designation
///
/// Of a school or of a municipality, once for each kind.
#[utoipa::path(operation_id = "create_designation", tag = "registry", params(IdempotencyKey), request_body = DesignationDraft, security(("bearer" = ["registry:write"])),
    responses((status = 201, description = "The new designation", body = Designation, headers(("Location" = String, description = "Its address"), ("ETag" = String, description = "The version")))))]
#[post("/designations")]
async fn create(
    Regional(guard): Regional<WriteRegistry>,
    request: HttpRequest,
    state: Data<State>,
    Draft(draft): Draft<DesignationDraft>,
) -> Answer {
    create_once(&state, &guard, &request, move |tx| {
        let designation = edit::create(tx, draft.clone())?;
        created(format!("/api/v1/designations/{}", designation.id), &designation)
    })
    .await
}

/// Update a designation
///
/// Its act and its dates. A field that is not sent stays; `null` clears it. Needs `If-Match` with the designation's
/// ETag.
#[utoipa::path(operation_id = "update_designation", tag = "registry", request_body = DesignationPatch,
    params(("id" = DesignationId, Path, description = "The designation's id"), IfMatch), security(("bearer" = ["registry:write"])),
    responses((status = 200, description = "The changed designation", body = Designation, headers(("ETag" = String, description = "The version")))))]
#[patch("/designations/{id}")]
async fn update(
    Regional(guard): Regional<WriteRegistry>,
    state: Data<State>,
    id: Path<DesignationId>,
    IfMatch { version }: IfMatch,
    Draft(patch): Draft<DesignationPatch>,
) -> Answer {
    let id = id.into_inner();
    let changed = state.write(guard.origin(), move |tx| edit::update(tx, id, version, patch.clone())).await?;
    Ok(changed_to(changed.version, &changed))
}

/// Delete a designation
///
/// One that was recorded by mistake; one that has run out gets an end instead. Needs `If-Match` with its ETag.
#[utoipa::path(operation_id = "delete_designation", tag = "registry",
    params(("id" = DesignationId, Path, description = "The designation's id"), IfMatch), security(("bearer" = ["registry:write"])),
    responses((status = 204, description = "The designation is gone")))]
#[delete("/designations/{id}")]
async fn remove(
    Regional(guard): Regional<WriteRegistry>,
    state: Data<State>,
    id: Path<DesignationId>,
    IfMatch { version }: IfMatch,
) -> Answer {
    let id = id.into_inner();
    state.write(guard.origin(), move |tx| edit::delete(tx, id, version)).await?;
    Ok(HttpResponse::NoContent().finish())
}
