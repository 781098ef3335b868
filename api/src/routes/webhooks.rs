//! Webhooks: subscriptions to changes, and the messages that are on their way.

use crate::{
    auth::{Guard, ManageWebhooks},
    error::Answer,
    feed::Reader,
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
use opora_db::{self as db, Db, Tx};
use opora_identity::Permission;
use opora_primitives::{Area, Problem, Reason};
use opora_schools::registry;
use opora_webhooks::{
    deliveries,
    subscriptions::{self, WebhookDraft, WebhookPatch, Whose},
    types::{Delivery, DeliveryId, DeliveryState, EventType, Webhook, WebhookId},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(get).service(update).service(remove).service(rotate);
    config.service(list_deliveries).service(replay).service(replay_all);
}

list_query! {
    /// Where in the list.
    WebhookQuery {}
}

list_query! {
    /// Which messages are wanted.
    DeliveryQuery {
        /// Only messages in this state.
        state: DeliveryState,
    }
}

/// A webhook, with the only sight of its secret.
#[derive(Serialize, ToSchema)]
pub struct NewWebhook {
    /// The webhook.
    #[serde(flatten)]
    webhook: Webhook,
    /// What messages are signed with. It is told in this answer alone, and under its `Idempotency-Key` for a day.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

/// Messages that are sent again.
#[derive(Serialize, ToSchema)]
pub struct Replayed {
    /// How many messages are sent again.
    #[schema(minimum = 0, example = 3)]
    replayed: usize,
}

/// Whose webhooks the caller sees.
fn whose(guard: &Guard<ManageWebhooks>) -> Whose {
    let (kind, id) = guard.actor.key();
    if guard.actor.may(Permission::ManageUsers) { Whose::All } else { Whose::Of(kind, id) }
}

/// The part of the caller's area that `draft` names; all of it if it names none.
fn area(db: &mut Db, own: Area, draft: &WebhookDraft) -> db::Result<Area> {
    let (at, part) = match (draft.municipality_id, draft.school_id) {
        (None, None) => return Ok(own),
        (Some(id), None) => ("/municipality_id", Area::Municipality(id)),
        (None, Some(id)) => ("/school_id", Area::School(id)),
        (Some(_), Some(_)) => return Err(Problem::field("/school_id", Reason::Contradiction).into()),
    };
    // One that is not there at all is refused when it is referred to.
    if registry::lies_within(db, part, own)? {
        Ok(part)
    } else {
        Err(Problem::field(at, Reason::UnknownReference).into())
    }
}

/// List webhooks
///
/// One's own, in the order in which they were made; with `users:manage` everybody's.
#[utoipa::path(operation_id = "list_webhooks", tag = "webhooks", params(WebhookQuery), security(("bearer" = ["webhooks:manage"])),
    responses((status = 200, description = "A page of webhooks", body = Items<Webhook>, headers(("Link" = String, description = "The next page")))))]
#[get("/webhooks")]
async fn list(
    guard: Guard<ManageWebhooks>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<WebhookQuery>,
) -> Answer {
    let (whose, limit) = (whose(&guard), query.limit()?);
    let found = state.read(move |db| subscriptions::list(db, whose, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Create a webhook
///
/// From now on changes of the given kinds, as far as the caller may read them, are sent to the address as they come: signed by
/// the convention of Standard Webhooks, at least once, and one after another for the same record. What the caller may read is
/// looked at again whenever something is sent: a webhook whose owner may have none any more, or no longer works for its area,
/// is disabled. The answer shows the secret this once. A caller has at most 20.
#[utoipa::path(operation_id = "create_webhook", tag = "webhooks", params(IdempotencyKey), request_body = WebhookDraft, security(("bearer" = ["webhooks:manage"])),
    responses((status = 201, description = "The webhook and its secret", body = NewWebhook, headers(("Location" = String, description = "Its address"), ("ETag" = String, description = "The version")))))]
#[post("/webhooks")]
async fn create(
    guard: Guard<ManageWebhooks>,
    request: HttpRequest,
    state: Data<State>,
    Draft(draft): Draft<WebhookDraft>,
) -> Answer {
    check_readable(&guard, &draft.events)?;
    let (own, (kind, id), name) = (guard.area(), guard.actor.key(), guard.actor.name.clone());
    let (tokens, private) = (state.tokens.clone(), state.config.webhook_private_networks);
    create_once(&state, &guard, &request, move |tx| {
        let area = area(tx, own, &draft)?;
        let (webhook, secret) =
            subscriptions::create(tx, tokens.master(), (kind, id, &name), area, &draft, private)?;
        created(at(webhook.id), &NewWebhook { webhook, secret })
    })
    .await
}

fn at(id: WebhookId) -> String {
    format!("/api/v1/webhooks/{id}")
}

/// What its owner may not read a webhook is never told of: who asks for it would wait in vain.
fn check_readable(guard: &Guard<ManageWebhooks>, events: &[String]) -> Result<(), Problem> {
    let known = events.iter().filter_map(|event| event.parse::<EventType>().ok());
    let resources: Vec<_> = known.map(|event| event.resource).collect();
    Reader::check(&guard.actor, &resources)
}

/// Get a webhook
///
/// With the ETag that a change needs.
#[utoipa::path(operation_id = "get_webhook", tag = "webhooks", params(("id" = WebhookId, Path, description = "The webhook's id")), security(("bearer" = ["webhooks:manage"])),
    responses((status = 200, description = "The webhook", body = Webhook, headers(("ETag" = String, description = "The version")))))]
#[get("/webhooks/{id}")]
async fn get(
    guard: Guard<ManageWebhooks>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<WebhookId>,
) -> Answer {
    let (whose, id) = (whose(&guard), id.into_inner());
    let found = state.read(move |db| subscriptions::find(db, whose, id)).await?;
    Ok(versioned(&request, found.version, &found))
}

/// Update a webhook
///
/// Its address, its kinds of changes, whether it is active. One that is enabled again is told what it missed; if its place in
/// the feed was lost it begins at the present. Needs `If-Match` with its ETag.
#[utoipa::path(operation_id = "update_webhook", tag = "webhooks", request_body = WebhookPatch,
    params(("id" = WebhookId, Path, description = "The webhook's id"), IfMatch), security(("bearer" = ["webhooks:manage"])),
    responses((status = 200, description = "The changed webhook", body = Webhook, headers(("ETag" = String, description = "The version")))))]
#[patch("/webhooks/{id}")]
async fn update(
    guard: Guard<ManageWebhooks>,
    state: Data<State>,
    id: Path<WebhookId>,
    IfMatch { version }: IfMatch,
    Draft(patch): Draft<WebhookPatch>,
) -> Answer {
    check_readable(&guard, patch.events.as_deref().unwrap_or_default())?;
    let (whose, id, private) = (whose(&guard), id.into_inner(), state.config.webhook_private_networks);
    let work = move |tx: &mut Tx<'_>| subscriptions::update(tx, whose, id, version, patch.clone(), private);
    let changed = state.write(guard.origin(), work).await?;
    Ok(changed_to(changed.version, &changed))
}

/// Delete a webhook
///
/// With all its messages, those on their way too. Needs `If-Match` with its ETag.
#[utoipa::path(operation_id = "delete_webhook", tag = "webhooks", params(("id" = WebhookId, Path, description = "The webhook's id"), IfMatch), security(("bearer" = ["webhooks:manage"])),
    responses((status = 204, description = "It is gone")))]
#[delete("/webhooks/{id}")]
async fn remove(
    guard: Guard<ManageWebhooks>,
    state: Data<State>,
    id: Path<WebhookId>,
    IfMatch { version }: IfMatch,
) -> Answer {
    let (whose, id) = (whose(&guard), id.into_inner());
    state.write(guard.origin(), move |tx| subscriptions::delete(tx, whose, id, version)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Rotate the secret of a webhook
///
/// The answer shows the new one this once. For a day messages are signed with both, so that the receiver can change over.
#[utoipa::path(operation_id = "rotate_webhook_secret", tag = "webhooks", params(("id" = WebhookId, Path, description = "The webhook's id"), IdempotencyKey), security(("bearer" = ["webhooks:manage"])),
    responses((status = 201, description = "The webhook and its new secret", body = NewWebhook, headers(("Location" = String, description = "The webhook's address"), ("ETag" = String, description = "The version")))))]
#[post("/webhooks/{id}/secrets")]
async fn rotate(
    guard: Guard<ManageWebhooks>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<WebhookId>,
) -> Answer {
    let (whose, id, tokens) = (whose(&guard), id.into_inner(), state.tokens.clone());
    create_once(&state, &guard, &request, move |tx| {
        let (webhook, secret) = subscriptions::rotate(tx, tokens.master(), whose, id)?;
        created(at(webhook.id), &NewWebhook { webhook, secret })
    })
    .await
}

/// List messages of a webhook
///
/// The newest first. Messages that were taken or given up are kept for 30 days.
#[utoipa::path(operation_id = "list_webhook_deliveries", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook's id"), DeliveryQuery), security(("bearer" = ["webhooks:manage"])),
    responses((status = 200, description = "A page of messages", body = Items<Delivery>, headers(("Link" = String, description = "The next page")))))]
#[get("/webhooks/{id}/deliveries")]
async fn list_deliveries(
    guard: Guard<ManageWebhooks>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<WebhookId>,
    Query(query): Query<DeliveryQuery>,
) -> Answer {
    let (whose, id, limit) = (whose(&guard), id.into_inner(), query.limit()?);
    let find = move |db: &mut Db| {
        let webhook = subscriptions::find(db, whose, id)?;
        deliveries::list(db, webhook.id, query.state, limit, query.cursor.as_deref())
    };
    let found = state.read(find).await?;
    page(&request, found)
}

/// Replay a message
///
/// Sends a dead message again, with the same id and a new round of attempts. One that is not dead is refused with
/// `wrong_state`.
#[utoipa::path(operation_id = "replay_webhook_delivery", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook's id"), ("delivery_id" = DeliveryId, Path, description = "The message's id")),
    security(("bearer" = ["webhooks:manage"])), responses((status = 202, description = "It is on its way", body = Replayed)))]
#[post("/webhooks/{id}/deliveries/{delivery_id}/replay")]
async fn replay(
    guard: Guard<ManageWebhooks>,
    state: Data<State>,
    path: Path<(WebhookId, DeliveryId)>,
) -> Answer {
    let (id, delivery) = path.into_inner();
    again(guard, state, id, Some(delivery)).await
}

/// Replay all dead messages
///
/// Sends every dead message of the webhook again, with the same ids and a new round of attempts.
#[utoipa::path(operation_id = "replay_webhook_deliveries", tag = "webhooks", params(("id" = WebhookId, Path, description = "The webhook's id")), security(("bearer" = ["webhooks:manage"])),
    responses((status = 202, description = "They are on their way", body = Replayed)))]
#[post("/webhooks/{id}/replay")]
async fn replay_all(guard: Guard<ManageWebhooks>, state: Data<State>, id: Path<WebhookId>) -> Answer {
    again(guard, state, id.into_inner(), None).await
}

async fn again(
    guard: Guard<ManageWebhooks>,
    state: Data<State>,
    id: WebhookId,
    only: Option<DeliveryId>,
) -> Answer {
    let whose = whose(&guard);
    let work = move |tx: &mut Tx<'_>| {
        let webhook = subscriptions::find(tx, whose, id)?;
        deliveries::replay(tx, webhook.id, only)
    };
    let replayed = state.write(guard.origin(), work).await?;
    Ok(HttpResponse::Accepted().json(Replayed { replayed }))
}
