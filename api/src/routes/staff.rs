//! Staff by name: personal data. Each reading is written to the audit log before it is answered.

use crate::{
    auth::{Guard, ReadStaff},
    error::Answer,
    extract::{Items, Query, list_query, page},
    routes::schools::SchoolPath,
    state::State,
};
use actix_web::{
    HttpRequest, get,
    web::{Data, Path},
};
use opora_primitives::{Limit, SchoolId};
use opora_schools::{
    registry::{
        partitions::Harvest,
        schools,
        staff::{self, Filter, Person},
    },
    types::{StaffRole, Subject},
};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(list_of_school);
}

list_query! {
    /// Who is wanted.
    StaffQuery in parts {
        /// Of this school.
        school_id: SchoolId,
        /// With this post.
        role: StaffRole,
        /// Who teach this subject.
        subject: Subject,
    }
}

list_query! {
    /// Who of the school is wanted.
    SchoolStaffQuery {
        /// With this post.
        role: StaffRole,
        /// Who teach this subject.
        subject: Subject,
    }
}

/// List staff
///
/// By id: those of the caller's area. Personal data: the reading is recorded in the audit log.
#[utoipa::path(operation_id = "list_staff", tag = "registry", params(StaffQuery), security(("bearer" = ["staff:read"])),
    responses((status = 200, description = "A page of people", body = Items<Person>, headers(("Link" = String, description = "The next page")))))]
#[get("/staff")]
async fn list(
    guard: Guard<ReadStaff>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<StaffQuery>,
) -> Answer {
    let limit = query.limit()?;
    let partition = query.part(Harvest::Staff)?;
    let filter = Filter { school: query.school_id, role: query.role, subject: query.subject, partition };
    show(&guard, &request, &state, filter, limit, query.cursor).await
}

/// List a school's staff
///
/// By id. Personal data: the reading is recorded in the audit log.
#[utoipa::path(operation_id = "list_school_staff", tag = "registry", params(SchoolPath, SchoolStaffQuery), security(("bearer" = ["staff:read"])),
    responses((status = 200, description = "A page of people", body = Items<Person>, headers(("Link" = String, description = "The next page")))))]
#[get("/schools/{id}/staff")]
async fn list_of_school(
    guard: Guard<ReadStaff>,
    request: HttpRequest,
    state: Data<State>,
    path: Path<SchoolPath>,
    Query(query): Query<SchoolStaffQuery>,
) -> Answer {
    let (area, wanted, limit) = (guard.area(), path.school()?, query.limit()?);
    let school = state.read(move |db| schools::resolve(db, area, &wanted)).await?;
    let filter = Filter { school: Some(school), role: query.role, subject: query.subject, partition: None };
    show(&guard, &request, &state, filter, limit, query.cursor).await
}

/// Reads, records the reading, answers. If it cannot be recorded nobody is shown.
async fn show(
    guard: &Guard<ReadStaff>,
    request: &HttpRequest,
    state: &State,
    filter: Filter,
    limit: Limit,
    cursor: Option<String>,
) -> Answer {
    let (area, asked) = (guard.area(), (filter.clone(), cursor.clone()));
    let found = state.read(move |db| staff::list(db, area, &filter, limit, cursor.as_deref())).await?;
    let shown = found.items.len();
    let note = move |tx: &mut opora_db::Tx| {
        staff::note_reading(tx, &asked.0, asked.1.as_deref(), shown);
        Ok(())
    };
    state.write(guard.origin(), note).await?;
    Ok(page(request, found))
}
