//! The stages of the passport.

use crate::{
    auth::{Guard, ReadPassport, Regional, WritePassport},
    error::Answer,
    http::{
        answer::{Items, changed_to, composed, page},
        extract::{Draft, IfMatch, Query},
    },
    state::State,
};
use actix_web::{
    HttpRequest, get, patch,
    web::{Data, Path},
};
use chrono::NaiveDate;
use opora_primitives::Page;
use opora_reporting::passport::{
    StageCode,
    edit::stages::{self as edit, StagePatch},
    stages::{self, PassportStage},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(get).service(update);
}

/// As of when.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StageQuery {
    /// The day of the states; without one, they are as the dates say today.
    #[param(example = "2020-12-31")]
    on: Option<NaiveDate>,
}

/// List passport stages
///
/// All six, in the passport's order, with the state each had at the end of the day `on`.
#[utoipa::path(operation_id = "list_passport_stages", tag = "passport", params(StageQuery), security(("bearer" = ["passport:read"])),
    responses((status = 200, description = "The stages", body = Items<PassportStage>)))]
#[get("/passport/stages")]
async fn list(
    _: Guard<ReadPassport>,
    request: HttpRequest,
    state: Data<State>,
    Query(StageQuery { on }): Query<StageQuery>,
) -> Answer {
    let items = state.read_consistent(move |db| stages::list(db, on)).await?;
    page(&request, Page { items, next: None })
}

/// Get a passport stage
///
/// With its criteria and evidence, and the ETag that a change needs.
#[utoipa::path(operation_id = "get_passport_stage", tag = "passport", params(("stage" = StageCode, Path, description = "The stage of the passport")), security(("bearer" = ["passport:read"])),
    responses((status = 200, description = "The stage", body = PassportStage, headers(("ETag" = String, description = "The version and a digest of the answer")))))]
#[get("/passport/stages/{stage}")]
async fn get(
    _: Guard<ReadPassport>,
    request: HttpRequest,
    state: Data<State>,
    stage: Path<StageCode>,
) -> Answer {
    let stage = stage.into_inner();
    let found = state.read_consistent(move |db| stages::find(db, stage)).await?;
    composed(&request, found.version, &found)
}

/// Update a passport stage
///
/// Its criteria, dates and evidence; the state follows from the dates. A stage that is done has criteria and evidence.
/// None begins or is done before the stage in front of it. A field that is not sent stays; a list is replaced as a
/// whole. Needs `If-Match` with the stage's ETag.
#[utoipa::path(operation_id = "update_passport_stage", tag = "passport", request_body = StagePatch,
    params(("stage" = StageCode, Path, description = "The stage of the passport"), IfMatch), security(("bearer" = ["passport:write"])),
    responses((status = 200, description = "The changed stage", body = PassportStage, headers(("ETag" = String, description = "The version")))))]
#[patch("/passport/stages/{stage}")]
async fn update(
    Regional(guard): Regional<WritePassport>,
    state: Data<State>,
    stage: Path<StageCode>,
    IfMatch { version }: IfMatch,
    Draft(patch): Draft<StagePatch>,
) -> Answer {
    let stage = stage.into_inner();
    let changed =
        state.write(guard.origin(), move |tx| edit::update(tx, stage, version, patch.clone())).await?;
    Ok(changed_to(changed.version, &changed))
}
