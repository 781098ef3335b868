//! The working group: its seats and who held them when.

use crate::{
    auth::{Guard, Need, ReadPassport, Regional, WritePassport},
    error::{Answer, ApiError},
    http::{
        answer::{Items, changed_to, page, versioned},
        create::{IdempotencyKey, create_once, created},
        extract::{Draft, IfMatch, Query, list_query, require},
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get, patch, post,
    web::{Data, Path},
};
use chrono::NaiveDate;
use opora_primitives::Reason;
use opora_reporting::passport::{
    SeatId, SeatRole,
    edit::seats::{self as edit, SeatDraft, SeatPatch},
    rules::SEATS,
    seats::{self, Filter, WorkingGroupSeat},
};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(get).service(update).service(remove);
}

list_query! {
    /// Which seats are wanted.
    SeatQuery {
        /// Only seats held on this day; without it, everybody who ever held a seat.
        #[param(example = "2020-12-31")]
        on: NaiveDate,
        /// Only the seat with this number.
        #[param(minimum = 1, maximum = 13)]
        seat: i32,
        /// Only seats with this role.
        role: SeatRole,
    }
}

/// Records that people were shown by name; if that fails they are not.
async fn shown<P: Need>(state: &State, guard: &Guard<P>, people: Vec<SeatId>) -> Result<(), ApiError> {
    let note = move |tx: &mut opora_db::Tx| {
        seats::note_reading(tx, &people);
        Ok(())
    };
    state.write(guard.origin(), note).await
}

/// List seats
///
/// By seat and first day: with `on` the group of that day, without it the whole history. Names people: the reading is
/// recorded in the audit log.
#[utoipa::path(operation_id = "list_working_group_seats", tag = "passport", params(SeatQuery), security(("bearer" = ["passport:read"])),
    responses((status = 200, description = "A page of holders of seats", body = Items<WorkingGroupSeat>, headers(("Link" = String, description = "The next page")))))]
#[get("/working-group/seats")]
async fn list(
    guard: Guard<ReadPassport>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<SeatQuery>,
) -> Answer {
    let limit = query.limit()?;
    require("seat", query.seat.as_ref(), Reason::OutOfRange, |seat| (1..=SEATS).contains(seat))?;
    let filter = Filter { on: query.on, seat: query.seat, role: query.role };
    let found = state.read(move |db| seats::list(db, &filter, limit, query.cursor.as_deref())).await?;
    shown(&state, &guard, found.items.iter().map(|seat| seat.id).collect()).await?;
    page(&request, found)
}

/// Get a holder of a seat
///
/// With the ETag that a change needs. Names a person: the reading is recorded in the audit log.
#[utoipa::path(operation_id = "get_working_group_seat", tag = "passport", params(("id" = SeatId, Path, description = "The holder's id")), security(("bearer" = ["passport:read"])),
    responses((status = 200, description = "The holder", body = WorkingGroupSeat, headers(("ETag" = String, description = "The version")))))]
#[get("/working-group/seats/{id}")]
async fn get(
    guard: Guard<ReadPassport>,
    request: HttpRequest,
    state: Data<State>,
    id: Path<SeatId>,
) -> Answer {
    let id = id.into_inner();
    let found = state.read(move |db| seats::find(db, id)).await?;
    shown(&state, &guard, vec![id]).await?;
    Ok(versioned(&request, found.version, &found))
}

/// Create a holder of a seat
///
/// The time of the seat's holder before, if it has no end, ends the day before: a change of the chair is one request.
/// Refused if the seat or the chair is taken on some day, or if the group would be without a chair (`wrong_state`).
#[utoipa::path(operation_id = "create_working_group_seat", tag = "passport", params(IdempotencyKey), request_body = SeatDraft, security(("bearer" = ["passport:write"])),
    responses((status = 201, description = "The new holder", body = WorkingGroupSeat, headers(("Location" = String, description = "Its address"), ("ETag" = String, description = "The version")))))]
#[post("/working-group/seats")]
async fn create(
    Regional(guard): Regional<WritePassport>,
    request: HttpRequest,
    state: Data<State>,
    Draft(draft): Draft<SeatDraft>,
) -> Answer {
    create_once(&state, &guard, &request, move |tx| {
        let seat = edit::create(tx, &draft)?;
        created(format!("/api/v1/working-group/seats/{}", seat.id), &seat)
    })
    .await
}

/// Update a holder of a seat
///
/// What is known of this holder; another holder is a record of its own. A field that is not sent stays; `null` clears
/// it. Needs `If-Match` with the record's ETag.
#[utoipa::path(operation_id = "update_working_group_seat", tag = "passport", request_body = SeatPatch,
    params(("id" = SeatId, Path, description = "The holder's id"), IfMatch), security(("bearer" = ["passport:write"])),
    responses((status = 200, description = "The changed holder", body = WorkingGroupSeat, headers(("ETag" = String, description = "The version")))))]
#[patch("/working-group/seats/{id}")]
async fn update(
    Regional(guard): Regional<WritePassport>,
    state: Data<State>,
    id: Path<SeatId>,
    IfMatch { version }: IfMatch,
    Draft(patch): Draft<SeatPatch>,
) -> Answer {
    let id = id.into_inner();
    let changed = state.write(guard.origin(), move |tx| edit::update(tx, id, version, patch.clone())).await?;
    Ok(changed_to(changed.version, &changed))
}

/// Delete a holder of a seat
///
/// One that was recorded by mistake; one who has left gets an end instead. Needs `If-Match` with the record's ETag.
#[utoipa::path(operation_id = "delete_working_group_seat", tag = "passport",
    params(("id" = SeatId, Path, description = "The holder's id"), IfMatch), security(("bearer" = ["passport:write"])),
    responses((status = 204, description = "The record is gone")))]
#[delete("/working-group/seats/{id}")]
async fn remove(
    Regional(guard): Regional<WritePassport>,
    state: Data<State>,
    id: Path<SeatId>,
    IfMatch { version }: IfMatch,
) -> Answer {
    let id = id.into_inner();
    state.write(guard.origin(), move |tx| edit::delete(tx, id, version)).await?;
    Ok(HttpResponse::NoContent().finish())
}
