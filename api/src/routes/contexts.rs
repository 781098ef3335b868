//! Social contexts: numbers of pupils by social condition.

use crate::{
    auth::{Guard, ReadRegistry, Regional, WriteRegistry},
    error::Answer,
    http::{
        answer::{Items, Removed, page},
        extract::{Query, list_query},
    },
    routes::schools::SchoolPath,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get,
    web::{Data, Path},
};
use opora_primitives::{AcademicYear, SchoolId};
use opora_schools::registry::{
    contexts::{self, Context, Filter},
    edit::contexts as edit,
    partitions::Harvest,
    schools,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(remove).service(list_of_school);
}

list_query! {
    /// Which contexts are wanted.
    ContextQuery in parts {
        /// Only records of this school.
        school_id: SchoolId,
        /// Only records of this academic year.
        #[param(example = "2019/2020")]
        academic_year: AcademicYear,
    }
}

list_query! {
    /// Where in the list of the school's contexts.
    SchoolContextQuery {}
}

/// Which contexts are to go.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContextRemoval {
    /// Only records of this academic year.
    #[param(example = "2019/2020")]
    academic_year: AcademicYear,
    /// Only records of this school.
    school_id: Option<SchoolId>,
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
    page(&request, found)
}

/// Delete social contexts
///
/// Those of a year that came by mistake: all of them, or that of a school. At most 50,000 at once. Each leaves its contents
/// in the audit log and an entry in the change journal.
#[utoipa::path(operation_id = "delete_contexts", tag = "registry", params(ContextRemoval), security(("bearer" = ["registry:write"])),
    responses((status = 200, description = "How many are gone", body = Removed)))]
#[delete("/contexts")]
async fn remove(
    Regional(guard): Regional<WriteRegistry>,
    state: Data<State>,
    Query(ContextRemoval { academic_year, school_id }): Query<ContextRemoval>,
) -> Answer {
    let removed = state.write(guard.origin(), move |tx| edit::delete(tx, academic_year, school_id)).await?;
    Ok(HttpResponse::Ok().json(Removed { removed }))
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
    page(&request, state.read_consistent(find).await?)
}
