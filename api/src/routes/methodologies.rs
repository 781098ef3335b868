//! Methodologies: drafted, published, then never changed.

use crate::{
    auth::{Guard, ReadMethodologies, WriteMethodologies},
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
use opora_schools::{
    identification::Parameters,
    methodologies::{self, Methodology, MethodologyChange, MethodologyState, NewMethodology},
    types::MethodologyId,
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(get).service(update).service(publish).service(remove);
}

list_query! {
    /// Which methodologies are wanted.
    MethodologyQuery {
        /// Only methodologies in this state.
        state: MethodologyState,
    }
}

/// A new draft.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MethodologyCreate {
    /// What the editions of a methodology share; with a known code the draft is its next edition.
    #[schema(min_length = 1, max_length = 60, pattern = "^[a-z0-9_-]+$", example = "default")]
    code: String,
    /// The name people read.
    #[schema(min_length = 1, max_length = 200, example = "Базовая методика")]
    title: String,
    /// The thresholds; absent ones take the documented defaults.
    #[serde(default)]
    parameters: Parameters,
}

/// What changes in a draft; an absent part stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MethodologyUpdate {
    /// Another title.
    #[schema(min_length = 1, max_length = 200, example = "Базовая методика, порог 25 %")]
    title: Option<String>,
    /// Other thresholds, all of them: absent ones take the documented defaults.
    parameters: Option<Parameters>,
}

/// List methodologies
///
/// Those made last come first.
#[utoipa::path(operation_id = "list_methodologies", tag = "identification", params(MethodologyQuery), security(("bearer" = ["methodologies:read"])),
    responses((status = 200, description = "A page of methodologies", body = Items<Methodology>, headers(("Link" = String, description = "The next page")))))]
#[get("/methodologies")]
async fn list(
    _: Guard<ReadMethodologies>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<MethodologyQuery>,
) -> Answer {
    let limit = query.limit()?;
    let found =
        state.read(move |db| methodologies::list(db, query.state, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Create a methodology
///
/// A draft may be changed and removed. Runs use it only when it is published.
#[utoipa::path(operation_id = "create_methodology", tag = "identification", params(IdempotencyKey), request_body = MethodologyCreate, security(("bearer" = ["methodologies:write"])),
    responses((status = 201, description = "The draft", body = Methodology,
        headers(("Location" = String, description = "Its address"), ("ETag" = String, description = "The version")))))]
#[post("/methodologies")]
async fn create(
    guard: Guard<WriteMethodologies>,
    request: HttpRequest,
    state: Data<State>,
    Draft(body): Draft<MethodologyCreate>,
) -> Answer {
    let MethodologyCreate { code, title, parameters } = body;
    let new = NewMethodology { code, title, parameters };
    create_once(&state, &guard, &request, move |tx| {
        let made = methodologies::create(tx, &new)?;
        created(format!("/api/v1/methodologies/{}", made.id), &made)
    })
    .await
}

/// Get a methodology
///
/// With the ETag that a change needs.
#[utoipa::path(operation_id = "get_methodology", tag = "identification", params(("id" = MethodologyId, Path, description = "The methodology's id")),
    security(("bearer" = ["methodologies:read"])),
    responses((status = 200, description = "The methodology", body = Methodology, headers(("ETag" = String, description = "The version")))))]
#[get("/methodologies/{id}")]
async fn get(
    _: Guard<ReadMethodologies>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<MethodologyId>,
) -> Answer {
    let id = id.into_inner();
    let found = state.read(move |db| methodologies::find(db, id)).await?;
    Ok(versioned(&request, found.version, &found))
}

/// Update a methodology
///
/// Needs `If-Match` with the draft's ETag. A published methodology is refused with `methodology_frozen`.
#[utoipa::path(operation_id = "update_methodology", tag = "identification", request_body = MethodologyUpdate,
    extensions(("x-problems" = json!(["methodology_frozen"]))),
    params(("id" = MethodologyId, Path, description = "The methodology's id"), IfMatch),
    security(("bearer" = ["methodologies:write"])),
    responses((status = 200, description = "The changed draft", body = Methodology, headers(("ETag" = String, description = "The version")))))]
#[patch("/methodologies/{id}")]
async fn update(
    guard: Guard<WriteMethodologies>,
    state: Data<State>,
    id: Path<MethodologyId>,
    IfMatch { version }: IfMatch,
    Draft(body): Draft<MethodologyUpdate>,
) -> Answer {
    let id = id.into_inner();
    let change = MethodologyChange { title: body.title, parameters: body.parameters };
    let changed =
        state.write(guard.origin(), move |tx| methodologies::update(tx, id, version, &change)).await?;
    Ok(changed_to(changed.version, &changed))
}

/// Publish a methodology
///
/// From now on it never changes, and runs may use it. It is the one that runs take unless told otherwise. Needs `If-Match` with
/// the draft's ETag: what is frozen is what was read.
#[utoipa::path(operation_id = "publish_methodology", tag = "identification",
    extensions(("x-problems" = json!(["methodology_frozen"]))),
    params(("id" = MethodologyId, Path, description = "The methodology's id"), IfMatch),
    security(("bearer" = ["methodologies:write"])),
    responses((status = 200, description = "The published methodology", body = Methodology, headers(("ETag" = String, description = "The version")))))]
#[post("/methodologies/{id}/publish")]
async fn publish(
    guard: Guard<WriteMethodologies>,
    state: Data<State>,
    id: Path<MethodologyId>,
    IfMatch { version }: IfMatch,
) -> Answer {
    let id = id.into_inner();
    let published = state.write(guard.origin(), move |tx| methodologies::publish(tx, id, version)).await?;
    Ok(changed_to(published.version, &published))
}

/// Delete a methodology
///
/// Needs `If-Match` with the draft's ETag. A published methodology is refused with `methodology_frozen`.
#[utoipa::path(operation_id = "delete_methodology", tag = "identification",
    extensions(("x-problems" = json!(["methodology_frozen"]))),
    params(("id" = MethodologyId, Path, description = "The methodology's id"), IfMatch),
    security(("bearer" = ["methodologies:write"])), responses((status = 204, description = "It is gone")))]
#[delete("/methodologies/{id}")]
async fn remove(
    guard: Guard<WriteMethodologies>,
    state: Data<State>,
    id: Path<MethodologyId>,
    IfMatch { version }: IfMatch,
) -> Answer {
    let id = id.into_inner();
    state.write(guard.origin(), move |tx| methodologies::delete(tx, id, version)).await?;
    Ok(HttpResponse::NoContent().finish())
}
