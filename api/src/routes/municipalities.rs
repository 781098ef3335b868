//! Municipalities.

use crate::{
    auth::{Guard, ReadRegistry, Regional, WriteRegistry},
    error::Answer,
    http::{
        answer::{Items, changed_to, page, versioned},
        create::{IdempotencyKey, create_once, created},
        extract::{Draft, IfMatch, Query, list_query, searchable},
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get, patch, post,
    web::{Data, Path},
};
use chrono::NaiveDate;
use opora_primitives::MunicipalityId;
use opora_schools::{
    registry::{
        edit::municipalities::{self as edit, Links, MunicipalityDraft, MunicipalityPatch},
        municipalities::{self, Filter, Municipality},
    },
    types::MunicipalityKind,
};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(get).service(update).service(remove);
}

list_query! {
    /// Which municipalities are wanted.
    MunicipalityQuery {
        /// A part of the name; case and `ё` do not matter.
        #[param(min_length = 1, max_length = 200, example = "Урен", pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
        name: String,
        /// Only municipalities of this kind.
        kind: MunicipalityKind,
        /// Only municipalities whose code is valid on this day.
        #[param(example = "2020-06-01")]
        on: NaiveDate,
    }
}

/// List municipalities
///
/// In the order of their codes: those of the caller's area.
#[utoipa::path(operation_id = "list_municipalities", tag = "registry", params(MunicipalityQuery), security(("bearer" = ["registry:read"])),
    responses((status = 200, description = "A page of municipalities", body = Items<Municipality>, headers(("Link" = String, description = "The next page")))))]
#[get("/municipalities")]
async fn list(
    guard: Guard<ReadRegistry>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<MunicipalityQuery>,
) -> Answer {
    let (area, limit) = (guard.area(), query.limit()?);
    searchable("name", query.name.as_ref())?;
    let filter = Filter { name: query.name, kind: query.kind, on: query.on };
    let found =
        state.read(move |db| municipalities::list(db, area, &filter, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Get a municipality
///
/// With the ETag that a change needs.
#[utoipa::path(operation_id = "get_municipality", tag = "registry", params(("id" = MunicipalityId, Path, description = "The municipality's id")), security(("bearer" = ["registry:read"])),
    responses((status = 200, description = "The municipality", body = Municipality, headers(("ETag" = String, description = "The version")))))]
#[get("/municipalities/{id}")]
async fn get(
    guard: Guard<ReadRegistry>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<MunicipalityId>,
) -> Answer {
    let (area, id) = (guard.area(), id.into_inner());
    let found = state.read(move |db| municipalities::find(db, area, id)).await?;
    Ok(versioned(&request, found.version, &found))
}

/// Create a municipality
///
/// A city district needs the city it lies in. A municipality whose code ended may name its successor: on earlier days it
/// stands for its schools, and who works for the successor sees it.
#[utoipa::path(operation_id = "create_municipality", tag = "registry", params(IdempotencyKey), request_body = MunicipalityDraft, security(("bearer" = ["registry:write"])),
    responses((status = 201, description = "The new municipality", body = Municipality, headers(("Location" = String, description = "Its address"), ("ETag" = String, description = "The version")))))]
#[post("/municipalities")]
async fn create(
    Regional(guard): Regional<WriteRegistry>,
    request: HttpRequest,
    state: Data<State>,
    Draft(draft): Draft<MunicipalityDraft>,
) -> Answer {
    create_once(&state, &guard, &request, move |tx| {
        let municipality = edit::create(tx, draft.clone(), Links::Check)?;
        created(format!("/api/v1/municipalities/{}", municipality.id), &municipality)
    })
    .await
}

/// Update a municipality
///
/// A field that is not sent stays; `null` clears a field. Needs `If-Match` with the municipality's ETag.
#[utoipa::path(operation_id = "update_municipality", tag = "registry", request_body = MunicipalityPatch,
    params(("id" = MunicipalityId, Path, description = "The municipality's id"), IfMatch), security(("bearer" = ["registry:write"])),
    responses((status = 200, description = "The changed municipality", body = Municipality, headers(("ETag" = String, description = "The version")))))]
#[patch("/municipalities/{id}")]
async fn update(
    Regional(guard): Regional<WriteRegistry>,
    state: Data<State>,
    id: Path<MunicipalityId>,
    IfMatch { version }: IfMatch,
    Draft(patch): Draft<MunicipalityPatch>,
) -> Answer {
    let id = id.into_inner();
    let changed = state.write(guard.origin(), move |tx| edit::update(tx, id, version, patch.clone())).await?;
    Ok(changed_to(changed.version, &changed))
}

/// Delete a municipality
///
/// Only one that nothing refers to. Needs `If-Match` with the municipality's ETag.
#[utoipa::path(operation_id = "delete_municipality", tag = "registry",
    params(("id" = MunicipalityId, Path, description = "The municipality's id"), IfMatch), security(("bearer" = ["registry:write"])),
    responses((status = 204, description = "The municipality is gone")))]
#[delete("/municipalities/{id}")]
async fn remove(
    Regional(guard): Regional<WriteRegistry>,
    state: Data<State>,
    id: Path<MunicipalityId>,
    IfMatch { version }: IfMatch,
) -> Answer {
    let id = id.into_inner();
    state.write(guard.origin(), move |tx| edit::delete(tx, id, version)).await?;
    Ok(HttpResponse::NoContent().finish())
}
