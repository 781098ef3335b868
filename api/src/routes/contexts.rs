//! Social contexts: numbers of pupils by social condition.

use crate::{
    auth::{Guard, ReadRegistry},
    error::Answer,
    extract::{Items, Query, list_query, page},
    routes::schools::SchoolPath,
    state::State,
};
use actix_web::{
    HttpRequest, get,
    web::{Data, Path},
};
use opora_primitives::{AcademicYear, SchoolId};
use opora_schools::registry::{
    contexts::{self, Context, Filter},
    partitions::Harvest,
    schools,
};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(list_of_school);
}

list_query! {
    /// Which contexts are wanted.
    ContextQuery in parts {
        /// Of this school.
        school_id: SchoolId,
        /// Of this academic year.
        #[param(example = "2019/2020")]
        academic_year: AcademicYear,
    }
}

list_query! {
    /// Where in the list of the school's contexts.
    SchoolContextQuery {}
}

/// List social contexts
///
/// By school and year: those of the caller's area.
#[utoipa::path(operation_id = "list_contexts", tag = "registry", params(ContextQuery), security(("bearer" = ["registry:read"])),
    responses((status = 200, description = "A page of contexts", body = Items<Context>, headers(("Link" = String, description = "The next page")))))]
#[get("/contexts")]
async fn list(
    guard: Guard<ReadRegistry>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<ContextQuery>,
) -> Answer {
    let (area, limit) = (guard.area(), query.limit()?);
    let partition = query.part(Harvest::Contexts)?;
    let filter = Filter { school: query.school_id, year: query.academic_year, partition };
    let found =
        state.read(move |db| contexts::list(db, area, &filter, limit, query.cursor.as_deref())).await?;
    Ok(page(&request, found))
}

/// List a school's social contexts
///
/// One for each year, the oldest first.
#[utoipa::path(operation_id = "list_school_contexts", tag = "registry", params(SchoolPath, SchoolContextQuery), security(("bearer" = ["registry:read"])),
    responses((status = 200, description = "A page of contexts", body = Items<Context>, headers(("Link" = String, description = "The next page")))))]
#[get("/schools/{id}/contexts")]
async fn list_of_school(
    guard: Guard<ReadRegistry>,
    request: HttpRequest,
    state: Data<State>,
    path: Path<SchoolPath>,
    Query(query): Query<SchoolContextQuery>,
) -> Answer {
    let (area, wanted, limit) = (guard.area(), path.school()?, query.limit()?);
    let find = move |db: &mut _| {
        let school = Some(schools::resolve(db, area, &wanted)?);
        let filter = Filter { school, ..Filter::default() };
        contexts::list(db, area, &filter, limit, query.cursor.as_deref())
    };
    Ok(page(&request, state.read_consistent(find).await?))
}
