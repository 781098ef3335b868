//! Service clients: programs of other systems, made and ended by the administrator.

use crate::{
    auth::{Guard, ManageClients},
    error::Answer,
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
use opora_identity::clients::{
    self, ClientId, ServiceClient,
    edit::{self, ClientDraft, ClientPatch},
    secrets::{self, ClientSecret, SecretId},
};
use opora_primitives::Moment;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(get).service(update).service(revoke);
    config.service(add_secret).service(remove_secret);
}

list_query! {
    /// Where in the list.
    ServiceClientQuery {}
}

/// A new secret.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientSecretCreate {
    /// When it ends by itself.
    expires_at: Option<Moment>,
}

/// A new secret, with the only sight of it.
#[derive(Serialize, ToSchema)]
pub struct NewClientSecret {
    /// What is kept of it.
    #[serde(flatten)]
    kept: ClientSecret,
    /// The secret. It is told in this answer alone, and under its `Idempotency-Key` for a day.
    #[schema(example = "opora_cs_kq0Vb0R9wCkqg4dJr4qZ0Jq8eJm9w3l2mS5o7t1u2vY")]
    secret: String,
}

/// List service clients
///
/// In the order in which they were made, ended ones with them.
#[utoipa::path(operation_id = "list_service_clients", tag = "oauth", params(ServiceClientQuery), security(("bearer" = ["clients:manage"])),
    responses((status = 200, description = "A page of clients", body = Items<ServiceClient>, headers(("Link" = String, description = "The next page")))))]
#[get("/service-clients")]
async fn list(
    _: Guard<ManageClients>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<ServiceClientQuery>,
) -> Answer {
    let limit = query.limit()?;
    let found = state.read(move |db| clients::list(db, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Create a service client
///
/// With its scopes and its area. Scopes are permissions; those reserved to people (users, clients, decisions, facts,
/// reports) are refused, and one that names people is given like any other, by name. The client has no secret yet: make
/// one, unless it signs assertions with a key of its own.
#[utoipa::path(operation_id = "create_service_client", tag = "oauth", params(IdempotencyKey), request_body = ClientDraft, security(("bearer" = ["clients:manage"])),
    responses((status = 201, description = "The new client", body = ServiceClient, headers(("Location" = String, description = "Its address"), ("ETag" = String, description = "The version")))))]
#[post("/service-clients")]
async fn create(
    guard: Guard<ManageClients>,
    request: HttpRequest,
    state: Data<State>,
    Draft(draft): Draft<ClientDraft>,
) -> Answer {
    create_once(&state, &guard, &request, move |tx| {
        let made = edit::create(tx, &draft)?;
        created(format!("/api/v1/service-clients/{}", made.id), &made)
    })
    .await
}

/// Get a service client
///
/// With the ETag that a change needs, and what is known of its secrets but never the secrets themselves.
#[utoipa::path(operation_id = "get_service_client", tag = "oauth", params(("id" = ClientId, Path, description = "The client's id")), security(("bearer" = ["clients:manage"])),
    responses((status = 200, description = "The client", body = ServiceClient, headers(("ETag" = String, description = "The version and a digest of the answer")))))]
#[get("/service-clients/{id}")]
async fn get(
    _: Guard<ManageClients>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<ClientId>,
) -> Answer {
    let id = id.into_inner();
    let found = state.read(move |db| clients::find(db, id)).await?;
    // A use is no change, and yet something else to read.
    composed(&request, found.version, &found)
}

/// Update a service client
///
/// Needs `If-Match` with its ETag. Whatever takes something from it (a scope, a key, time, its being enabled) voids its
/// tokens at once; on other servers of the installation within five seconds. Its area does not change: make another
/// client. One that was ended is refused with `wrong_state`.
#[utoipa::path(operation_id = "update_service_client", tag = "oauth", request_body = ClientPatch,
    params(("id" = ClientId, Path, description = "The client's id"), IfMatch), security(("bearer" = ["clients:manage"])),
    responses((status = 200, description = "The changed client", body = ServiceClient, headers(("ETag" = String, description = "The version")))))]
#[patch("/service-clients/{id}")]
async fn update(
    guard: Guard<ManageClients>,
    state: Data<State>,
    id: Path<ClientId>,
    IfMatch { version }: IfMatch,
    Draft(patch): Draft<ClientPatch>,
) -> Answer {
    let id = id.into_inner();
    let changed = state.write(guard.origin(), move |tx| edit::update(tx, id, version, &patch)).await?;
    state.forget_ended().await?;
    Ok(changed_to(changed.version, &changed))
}

/// Delete a service client
///
/// For good: its secrets and keys go, its tokens are refused at once; on other servers of the installation within five
/// seconds. Needs `If-Match` with its ETag. The record stays with `revoked_at`, so that the audit log can be read.
#[utoipa::path(operation_id = "delete_service_client", tag = "oauth", params(("id" = ClientId, Path, description = "The client's id"), IfMatch), security(("bearer" = ["clients:manage"])),
    responses((status = 204, description = "It is ended")))]
#[delete("/service-clients/{id}")]
async fn revoke(
    guard: Guard<ManageClients>,
    state: Data<State>,
    id: Path<ClientId>,
    IfMatch { version }: IfMatch,
) -> Answer {
    let id = id.into_inner();
    state.write(guard.origin(), move |tx| edit::revoke(tx, id, version)).await?;
    state.forget_ended().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Create a secret of a client
///
/// Shown this once. Two live at a time, so that the new one can replace the old one while the client runs; a third is a
/// `conflict`. An answer that was lost is told again under its `Idempotency-Key` for a day.
#[utoipa::path(operation_id = "create_client_secret", tag = "oauth", request_body = ClientSecretCreate,
    params(("id" = ClientId, Path, description = "The client's id"), IdempotencyKey), security(("bearer" = ["clients:manage"])),
    responses((status = 201, description = "The secret", body = NewClientSecret, headers(("Location" = String, description = "Where it can be removed")))))]
#[post("/service-clients/{id}/secrets")]
async fn add_secret(
    guard: Guard<ManageClients>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<ClientId>,
    Draft(body): Draft<ClientSecretCreate>,
) -> Answer {
    let (id, end) = (id.into_inner(), body.expires_at);
    create_once(&state, &guard, &request, move |tx| {
        let (kept, secret) = secrets::add(tx, id, end)?;
        let location = format!("/api/v1/service-clients/{id}/secrets/{}", kept.id);
        created(location, &NewClientSecret { kept, secret })
    })
    .await
}

/// Delete a secret of a client
///
/// All tokens of the client are refused at once, because one of them may have been got with a leaked secret; whoever
/// holds the other secret gets new ones.
#[utoipa::path(operation_id = "delete_client_secret", tag = "oauth",
    params(("id" = ClientId, Path, description = "The client's id"), ("secret_id" = SecretId, Path, description = "The secret's id")),
    security(("bearer" = ["clients:manage"])), responses((status = 204, description = "It is gone")))]
#[delete("/service-clients/{id}/secrets/{secret_id}")]
async fn remove_secret(
    guard: Guard<ManageClients>,
    state: Data<State>,
    path: Path<(ClientId, SecretId)>,
) -> Answer {
    let (id, secret) = path.into_inner();
    state.write(guard.origin(), move |tx| secrets::remove(tx, id, secret)).await?;
    state.forget_ended().await?;
    Ok(HttpResponse::NoContent().finish())
}
