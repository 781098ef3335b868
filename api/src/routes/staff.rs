//! Staff by name: personal data. Each reading is written to the audit log before it is answered.

use crate::{
    auth::{Guard, ReadStaff, Regional, WriteRegistry},
    error::Answer,
    http::{
        answer::{Items, page},
        extract::{IfMatch, Query, list_query},
    },
    routes::schools::SchoolPath,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get,
    web::{Data, Path},
};
use opora_identity::Permission;
use opora_primitives::{Limit, SchoolId};
use opora_schools::{
    registry::{
        edit::staff as edit,
        partitions::Harvest,
        schools,
        staff::{self, Filter, Person},
    },
    types::{StaffId, StaffRole, Subject},
};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(remove).service(list_of_school);
}

list_query! {
    /// Who is wanted.
    StaffQuery in parts {
        /// Only records of this school.
        school_id: SchoolId,
        /// Only members of staff with this post.
        role: StaffRole,
        /// Only members of staff who teach this subject.
        subject: Subject,
    }
}

list_query! {
    /// Who of the school is wanted.
    SchoolStaffQuery {
        /// Only members of staff with this post.
        role: StaffRole,
        /// Only members of staff who teach this subject.
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

/// Delete a staff member
///
/// Who left, or came by mistake, and is named by no record of support, proposal or assignment. Needs `If-Match` with the
/// person's `version` in quotes, and `staff:read` besides. The audit log keeps the ids and no name.
#[utoipa::path(operation_id = "delete_staff_member", tag = "registry",
    params(("id" = StaffId, Path, description = "The person's id"), IfMatch), security(("bearer" = ["registry:write"])),
    responses((status = 204, description = "The person is gone")))]
#[delete("/staff/{id}")]
async fn remove(
    Regional(guard): Regional<WriteRegistry>,
    state: Data<State>,
    id: Path<StaffId>,
    IfMatch { version }: IfMatch,
) -> Answer {
    guard.may(Permission::ReadStaff)?;
    let id = id.into_inner();
    state.write(guard.origin(), move |tx| edit::delete(tx, id, version)).await?;
    Ok(HttpResponse::NoContent().finish())
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
    page(request, found)
}
