//! Schools, their social contexts and results.

use crate::{
    auth::{Guard, ReadRegistry, Regional, WriteRegistry},
    error::{Answer, ApiError},
    http::{
        answer::{Items, changed_to, composed, page},
        create::{IdempotencyKey, create_once, created},
        extract::{Draft, IfMatch, Query, list_query, searchable},
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get, patch, post,
    web::{Data, Path},
};
use opora_db::Tx;
use opora_primitives::MunicipalityId;
use opora_schools::{
    registry::{
        edit::schools::{self as edit, SchoolDraft, SchoolPatch},
        partitions::Harvest,
        schools::{self, Filter, School, SchoolRef},
    },
    types::{Founder, Locality, SchoolKind, SchoolStatus},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(get).service(update).service(remove);
}

/// Which school.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct SchoolPath {
    /// The school: its id, or `code:` and its code in the exam system.
    #[param(pattern = r"^(\d{1,16}|code:[0-9A-Za-zА-Яа-яЁё_.-]{1,20})$", example = "code:520101")]
    id: String,
}

impl SchoolPath {
    /// The school it names.
    ///
    /// # Errors
    /// Not found, for text that names none.
    pub fn school(&self) -> Result<SchoolRef, ApiError> {
        Ok(self.id.parse::<SchoolRef>()?)
    }
}

list_query! {
    /// Which schools are wanted.
    SchoolQuery in parts {
        /// A part of the name, the short name or the code; case and `ё` do not matter.
        #[param(min_length = 1, max_length = 200, example = "школа 12", pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
        name: String,
        /// Only schools of this municipality or, for a city, of its districts.
        municipality_id: MunicipalityId,
        /// Only schools of this kind.
        kind: SchoolKind,
        /// Only schools in this kind of locality.
        locality: Locality,
        /// Only schools of this kind of founder.
        founder: Founder,
        /// Only schools with this status.
        status: SchoolStatus,
    }
}

/// List schools
///
/// In the order of their codes: those of the caller's area.
#[utoipa::path(operation_id = "list_schools", tag = "registry", params(SchoolQuery), security(("bearer" = ["registry:read"])),
    responses((status = 200, description = "A page of schools", body = Items<School>, headers(("Link" = String, description = "The next page")))))]
#[get("/schools")]
async fn list(
    guard: Guard<ReadRegistry>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<SchoolQuery>,
) -> Answer {
    let (area, limit) = (guard.area(), query.limit()?);
    searchable("name", query.name.as_ref())?;
    let partition = query.part(Harvest::Schools)?;
    let SchoolQuery { name, municipality_id: municipality, kind, locality, founder, status, cursor, .. } =
        query;
    let filter = Filter { name, municipality, kind, locality, founder, status, partition };
    let found = state.read(move |db| schools::list(db, area, &filter, limit, cursor.as_deref())).await?;
    page(&request, found)
}

/// Get a school
///
/// By its id or by its code, with the ETag that a change needs.
#[utoipa::path(operation_id = "get_school", tag = "registry", params(SchoolPath), security(("bearer" = ["registry:read"])),
    responses((status = 200, description = "The school", body = School, headers(("ETag" = String, description = "The version and a digest of the answer")))))]
#[get("/schools/{id}")]
async fn get(
    guard: Guard<ReadRegistry>,
    request: HttpRequest,
    state: Data<State>,
    path: Path<SchoolPath>,
) -> Answer {
    let (area, wanted) = (guard.area(), path.school()?);
    let found = state.read(move |db| schools::find(db, area, &wanted)).await?;
    composed(&request, found.version, &found)
}

/// Create a school
///
/// A municipal school needs a municipality, a state school has none.
#[utoipa::path(operation_id = "create_school", tag = "registry", params(IdempotencyKey), request_body = SchoolDraft, security(("bearer" = ["registry:write"])),
    responses((status = 201, description = "The new school", body = School, headers(("Location" = String, description = "Its address"), ("ETag" = String, description = "The version")))))]
#[post("/schools")]
async fn create(
    Regional(guard): Regional<WriteRegistry>,
    request: HttpRequest,
    state: Data<State>,
    Draft(draft): Draft<SchoolDraft>,
) -> Answer {
    let any_code = state.config.any_school_code;
    create_once(&state, &guard, &request, move |tx| {
        let school = edit::create(tx, draft.clone(), any_code)?;
        created(format!("/api/v1/schools/{}", school.id), &school)
    })
    .await
}

/// Update a school
///
/// A field that is not sent stays; `null` clears a field. Needs `If-Match` with the school's ETag.
#[utoipa::path(operation_id = "update_school", tag = "registry", params(SchoolPath, IfMatch), request_body = SchoolPatch, security(("bearer" = ["registry:write"])),
    responses((status = 200, description = "The changed school", body = School, headers(("ETag" = String, description = "The version")))))]
#[patch("/schools/{id}")]
async fn update(
    Regional(guard): Regional<WriteRegistry>,
    state: Data<State>,
    path: Path<SchoolPath>,
    IfMatch { version }: IfMatch,
    Draft(patch): Draft<SchoolPatch>,
) -> Answer {
    let (wanted, any_code) = (path.school()?, state.config.any_school_code);
    let change = move |tx: &mut Tx<'_>| edit::update(tx, &wanted, version, patch.clone(), any_code);
    let changed = state.write(guard.origin(), change).await?;
    Ok(changed_to(changed.version, &changed))
}

/// Delete a school
///
/// Only one that nothing refers to; a school that closed gets the status `closed` instead. Needs `If-Match` with the
/// school's ETag.
#[utoipa::path(operation_id = "delete_school", tag = "registry", params(SchoolPath, IfMatch), security(("bearer" = ["registry:write"])),
    responses((status = 204, description = "The school is gone")))]
#[delete("/schools/{id}")]
async fn remove(
    Regional(guard): Regional<WriteRegistry>,
    state: Data<State>,
    path: Path<SchoolPath>,
    IfMatch { version }: IfMatch,
) -> Answer {
    let wanted = path.school()?;
    state.write(guard.origin(), move |tx| edit::delete(tx, &wanted, version)).await?;
    Ok(HttpResponse::NoContent().finish())
}
