//! Versions of the list of low-result schools. The list is not public.

use crate::{
    auth::{Guard, ReadLists, Regional, WriteRegistry},
    error::Answer,
    http::{
        answer::{Items, page},
        extract::{Query, list_query, require},
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get,
    web::{Data, Path},
};
use opora_primitives::Reason;
use opora_schools::{
    registry::{
        edit::lists as edit,
        lists::{self, List, ListedSchool},
    },
    types::ListId,
};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(get).service(remove).service(list_listed);
}

list_query! {
    /// Which versions are wanted.
    ListQuery {
        /// Only versions of the list of this year.
        #[param(minimum = 2000, maximum = 2100, example = 2020)]
        list_year: i32,
    }
}

list_query! {
    /// Where in the list.
    ListedQuery {}
}

/// List the versions of the list of low-result schools
///
/// The newest year first, within a year the newest version.
#[utoipa::path(operation_id = "list_lists", tag = "registry", params(ListQuery), security(("bearer" = ["lists:read"])),
    responses((status = 200, description = "A page of versions", body = Items<List>, headers(("Link" = String, description = "The next page")))))]
#[get("/lists")]
async fn list(
    _: Guard<ReadLists>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let limit = query.limit()?;
    require("list_year", query.list_year.as_ref(), Reason::OutOfRange, |year| (2000..=2100).contains(year))?;
    let found =
        state.read(move |db| lists::list(db, query.list_year, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Get a version of the list
///
/// Where it came from and how many schools it names. A version never changes.
#[utoipa::path(operation_id = "get_list", tag = "registry", params(("id" = ListId, Path, description = "The version's id")), security(("bearer" = ["lists:read"])),
    responses((status = 200, description = "The version", body = List)))]
#[get("/lists/{id}")]
async fn get(_: Guard<ReadLists>, state: Data<State>, id: Path<ListId>) -> Answer {
    let id = id.into_inner();
    let found = state.read(move |db| lists::find(db, id)).await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Delete a version of the list
///
/// One that came by mistake, with its entries. A version that an identification run stands beside is refused with
/// `still_referenced`. A version never changes, so there is no `If-Match`.
#[utoipa::path(operation_id = "delete_list", tag = "registry", params(("id" = ListId, Path, description = "The version's id")), security(("bearer" = ["registry:write"])),
    responses((status = 204, description = "It is gone")))]
#[delete("/lists/{id}")]
async fn remove(Regional(guard): Regional<WriteRegistry>, state: Data<State>, id: Path<ListId>) -> Answer {
    let id = id.into_inner();
    state.write(guard.origin(), move |tx| edit::delete(tx, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List the schools of a version
///
/// In the order of their codes: those of the caller's area.
#[utoipa::path(operation_id = "list_listed_schools", tag = "registry", params(("id" = ListId, Path, description = "The version's id"), ListedQuery), security(("bearer" = ["lists:read"])),
    responses((status = 200, description = "A page of schools", body = Items<ListedSchool>, headers(("Link" = String, description = "The next page")))))]
#[get("/lists/{id}/schools")]
async fn list_listed(
    guard: Guard<ReadLists>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<ListId>,
    Query(query): Query<ListedQuery>,
) -> Answer {
    let (area, id, limit) = (guard.area(), id.into_inner(), query.limit()?);
    let found = state
        .read_consistent(move |db| {
            lists::find(db, id)?;
            lists::entries(db, area, id, limit, query.cursor.as_deref())
        })
        .await?;
    page(&request, found)
}
