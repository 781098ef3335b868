//! The seven models of support, as the order describes them.

use crate::{
    auth::{Guard, ReadModels},
    error::Answer,
    http::answer::{Items, page},
};
use actix_web::{HttpRequest, HttpResponse, get, web::Path};
use opora_models::{CATALOGUE, Model, ModelCode};
use opora_primitives::Page;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(get);
}

/// List models
///
/// All seven, by number, with their terms, subjects, conditions and stages.
#[utoipa::path(operation_id = "list_models", tag = "models", security(("bearer" = ["models:read"])),
    responses((status = 200, description = "The models", body = Items<Model>)))]
#[get("/models")]
async fn list(_: Guard<ReadModels>, request: HttpRequest) -> Answer {
    page(&request, Page { items: CATALOGUE.to_vec(), next: None })
}

/// Get a model
///
/// By its number.
#[utoipa::path(operation_id = "get_model", tag = "models", params(("code" = ModelCode, Path, description = "The model's number")), security(("bearer" = ["models:read"])),
    responses((status = 200, description = "The model", body = Model)))]
#[get("/models/{code}")]
async fn get(_: Guard<ReadModels>, code: Path<ModelCode>) -> Answer {
    Ok(HttpResponse::Ok().json(code.model()))
}
