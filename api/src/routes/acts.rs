//! Normative acts.

use crate::{
    auth::{Guard, ReadPassport, Regional, WriteActs},
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
use opora_reporting::passport::{
    ActId, ActKind,
    acts::{self, Filter, NormativeAct},
    edit::acts::{self as edit, ActDraft, ActPatch},
};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(get).service(update).service(remove);
}

list_query! {
    /// Which acts are wanted.
    ActQuery {
        /// Only acts in force on this day.
        #[param(example = "2020-06-01")]
        on: NaiveDate,
        /// Only acts of this kind.
        kind: ActKind,
        /// Only acts with this number; case does not matter.
        #[param(min_length = 1, max_length = 200, example = "316-01-63-950/20", pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
        number: String,
    }
}

/// List acts
///
/// By the day they were signed; with `on` those in force on that day.
#[utoipa::path(operation_id = "list_acts", tag = "passport", params(ActQuery), security(("bearer" = ["passport:read"])),
    responses((status = 200, description = "A page of acts", body = Items<NormativeAct>, headers(("Link" = String, description = "The next page")))))]
#[get("/acts")]
async fn list(
    _: Guard<ReadPassport>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<ActQuery>,
) -> Answer {
    let limit = query.limit()?;
    searchable("number", query.number.as_ref())?;
    let filter = Filter { on: query.on, kind: query.kind, number: query.number };
    let found =
        state.read_consistent(move |db| acts::list(db, &filter, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Get an act
///
/// With the ETag that a change needs.
#[utoipa::path(operation_id = "get_act", tag = "passport", params(("id" = ActId, Path, description = "The act's id")), security(("bearer" = ["passport:read"])),
    responses((status = 200, description = "The act", body = NormativeAct, headers(("ETag" = String, description = "The version")))))]
#[get("/acts/{id}")]
async fn get(_: Guard<ReadPassport>, request: HttpRequest, state: Data<State>, id: Path<ActId>) -> Answer {
    let id = id.into_inner();
    let found = state.read_consistent(move |db| acts::find(db, id)).await?;
    Ok(versioned(&request, found.version, &found))
}

/// Create an act
///
/// Issuer, number and date are its key. An act that it supersedes ends the day before it comes into force, unless that
/// one has an end of its own, and gets a new version.
#[utoipa::path(operation_id = "create_act", tag = "passport", params(IdempotencyKey), request_body = ActDraft, security(("bearer" = ["acts:write"])),
    responses((status = 201, description = "The new act", body = NormativeAct, headers(("Location" = String, description = "Its address"), ("ETag" = String, description = "The version")))))]
#[post("/acts")]
async fn create(
    Regional(guard): Regional<WriteActs>,
    request: HttpRequest,
    state: Data<State>,
    Draft(draft): Draft<ActDraft>,
) -> Answer {
    create_once(&state, &guard, &request, move |tx| {
        let act = edit::create(tx, &draft)?;
        created(format!("/api/v1/acts/{}", act.id), &act)
    })
    .await
}

/// Update an act
///
/// A field that is not sent stays; `null` clears it. Needs `If-Match` with the act's ETag.
#[utoipa::path(operation_id = "update_act", tag = "passport", request_body = ActPatch,
    params(("id" = ActId, Path, description = "The act's id"), IfMatch), security(("bearer" = ["acts:write"])),
    responses((status = 200, description = "The changed act", body = NormativeAct, headers(("ETag" = String, description = "The version")))))]
#[patch("/acts/{id}")]
async fn update(
    Regional(guard): Regional<WriteActs>,
    state: Data<State>,
    id: Path<ActId>,
    IfMatch { version }: IfMatch,
    Draft(patch): Draft<ActPatch>,
) -> Answer {
    let id = id.into_inner();
    let changed = state.write(guard.origin(), move |tx| edit::update(tx, id, version, patch.clone())).await?;
    Ok(changed_to(changed.version, &changed))
}

/// Delete an act
///
/// One that was recorded by mistake and that nothing refers to; one that has run out gets an end instead. Needs
/// `If-Match` with its ETag.
#[utoipa::path(operation_id = "delete_act", tag = "passport",
    params(("id" = ActId, Path, description = "The act's id"), IfMatch), security(("bearer" = ["acts:write"])),
    responses((status = 204, description = "The act is gone")))]
#[delete("/acts/{id}")]
async fn remove(
    Regional(guard): Regional<WriteActs>,
    state: Data<State>,
    id: Path<ActId>,
    IfMatch { version }: IfMatch,
) -> Answer {
    let id = id.into_inner();
    state.write(guard.origin(), move |tx| edit::delete(tx, id, version)).await?;
    Ok(HttpResponse::NoContent().finish())
}
