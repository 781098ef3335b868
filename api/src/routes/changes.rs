//! The change feed: what changed, in the order of commits; and the parts in which a large resource is first harvested.

use crate::{
    auth::{Guard, ReadChanges},
    error::Answer,
    feed::{self, ChangeEntry, Reader, Resources},
    http::{
        answer::Items,
        extract::{Query, require},
    },
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, get, rt::time::Instant, web::Data};
use opora_db::journal::{self, FeedResource, Position};
use opora_primitives::{Limit, Reason};
use opora_schools::registry::partitions::{self, Harvest, Partition};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(position).service(stream).service(list_partitions);
}

/// The longest a request may wait for a change, in seconds.
const LONGEST_WAIT: u16 = 60;
/// The most parts a resource is cut into.
const MOST_PARTS: u16 = 256;

/// What of the feed is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangeQuery {
    /// Changes after this place: `next` of the answer before, or the position where a harvest began. From the beginning
    /// unless given.
    #[param(pattern = "^[0-9a-f]{1,16}-[0-9a-f]{1,16}-[0-9a-f]{1,16}$", example = "0-0-0")]
    after: Option<String>,
    /// Only changes of these resources, with commas between; of all that the caller may read unless given.
    #[param(style = Form, explode = false, value_type = Option<Vec<FeedResource>>, min_items = 1, example = "schools")]
    resource: Option<Resources>,
    /// The greatest number of changes in the answer.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u16>,
    /// Seconds to wait for a change if there is none yet.
    #[param(minimum = 0, maximum = 60, default = 0)]
    wait: Option<u16>,
}

/// A part of the change feed.
#[derive(Serialize, ToSchema)]
pub struct ChangePage {
    /// The changes, in the order of commits.
    items: Vec<ChangeEntry>,
    /// Where to read on. It may be beyond the last change: what lies between is not for this caller.
    #[schema(value_type = String, example = "4d2-0-5f1a2b3c4d5e6")]
    next: Position,
    /// Whether there is more by now.
    more: bool,
}

/// List changes
///
/// Every record that was created, changed (its natural key too) or removed in the caller's area, in the order of commits:
/// none is skipped and none comes later under an earlier place. Read on with `after` = `next`, forever; with `wait` the
/// answer waits for a change, and the token must still be good when it comes. A change tells that a record has changed, not
/// how: read it at `href`. `leave` means that the record went out of the caller's area, with all that belongs to it. A place
/// that the feed has not been at (a backup was restored) is refused with `position_lost`: begin anew. Where people are told
/// of, the reading is recorded in the audit log.
#[utoipa::path(operation_id = "list_changes", tag = "changes", params(ChangeQuery), security(("bearer" = ["changes:read"])),
    responses((status = 200, description = "A part of the feed", body = ChangePage, headers(("Link" = String, description = "The next part, if there is more")))))]
#[get("/changes")]
async fn list(
    guard: Guard<ReadChanges>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<ChangeQuery>,
) -> Answer {
    let limit = Limit::new(query.limit)?.get();
    require("wait", query.wait.as_ref(), Reason::OutOfRange, |wait| *wait <= LONGEST_WAIT)?;
    let reader = Reader::of(&guard.actor, query.resource.as_ref())?;
    let after = feed::place(query.after.as_deref())?;
    let deadline = Instant::now() + Duration::from_secs(query.wait.unwrap_or_default().into());
    let stretch = feed::take(&state, &guard, &request, &reader, after, limit, deadline).await?;
    let mut response = HttpResponse::Ok();
    if stretch.more {
        response.insert_header(("Link", next_link(&request, stretch.next)));
    }
    let items = stretch.changes.into_iter().map(ChangeEntry::from).collect();
    Ok(response.json(ChangePage { items, next: stretch.next, more: stretch.more }))
}

fn next_link(request: &HttpRequest, next: Position) -> String {
    let rest = request.query_string().split('&').filter(|p| !p.is_empty() && !p.starts_with("after="));
    let query: Vec<String> = rest.map(str::to_owned).chain([format!("after={next}")]).collect();
    format!("<{}?{}>; rel=\"next\"", request.path(), query.join("&"))
}

/// A place in the feed.
#[derive(Serialize, ToSchema)]
pub struct ChangePosition {
    /// Everything up to now.
    #[schema(value_type = String, example = "4d2-0-5f1a2b3c4d5e6")]
    position: Position,
}

/// Get the position of the feed
///
/// For a consistent start: take the position, harvest the lists, then follow the changes after it. Whatever changed while
/// the lists were read is told again.
#[utoipa::path(operation_id = "get_change_position", tag = "changes", security(("bearer" = ["changes:read"])),
    responses((status = 200, description = "The position", body = ChangePosition)))]
#[get("/changes/position")]
async fn position(_guard: Guard<ReadChanges>, state: Data<State>) -> Answer {
    let position = state.read_feed(journal::position).await?;
    Ok(HttpResponse::Ok().json(ChangePosition { position }))
}

/// What a stream is to tell.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// Changes after this place; `Last-Event-ID` goes before it. From the beginning unless given.
    #[param(pattern = "^[0-9a-f]{1,16}-[0-9a-f]{1,16}-[0-9a-f]{1,16}$", example = "0-0-0")]
    after: Option<String>,
    /// Only changes of these resources, with commas between; of all that the caller may read unless given.
    #[param(style = Form, explode = false, value_type = Option<Vec<FeedResource>>, min_items = 1, example = "schools")]
    resource: Option<Resources>,
}

/// Stream changes
///
/// The feed as Server-Sent Events: `change` with a change as its data and its place as its id; `position` with a place
/// alone, now and then, so that a reader who comes back begins there. A client that loses the connection comes back with
/// `Last-Event-ID`, as browsers do. The stream ends when the token is no longer good. A caller has at most 16 streams at once
/// from one node; more are refused with `too_many_requests`.
#[utoipa::path(operation_id = "stream_changes", tag = "changes", params(StreamQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "The place where the reader was", example = "0-0-0")),
    security(("bearer" = ["changes:read"])),
    responses((status = 200, description = "Events, without end", content_type = "text/event-stream", body = String)))]
#[get("/changes/stream")]
async fn stream(
    guard: Guard<ReadChanges>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<StreamQuery>,
) -> Answer {
    let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok());
    let after = feed::place(last.or(query.after.as_deref()))?;
    let reader = Reader::of(&guard.actor, query.resource.as_ref())?;
    let place = state.streams.take(&guard.actor)?;
    state.read_feed(move |db| journal::check(db, after)).await?;
    Ok(feed::stream::answer(state, guard, request, reader, after, place))
}

/// Which parts are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PartitionQuery {
    /// The resource to divide.
    resource: Harvest,
    /// The greatest number of partitions.
    #[param(minimum = 1, maximum = 256, default = 4)]
    count: Option<u16>,
}

/// A part of a resource.
#[derive(Serialize, ToSchema)]
pub struct ResourcePartition {
    /// Its name: the parameter `partition` of the resource's list.
    #[schema(example = "MzFjM2Y0NWJbMCwyMjVd")]
    partition: String,
    /// The first page of the list of its records.
    #[schema(example = "/api/v1/results?partition=MzFjM2Y0NWJbMCwyMjVd&limit=1000")]
    href: String,
}

/// List partitions
///
/// A large resource in parts of about the same size, to be read side by side: each part is a list in pages. Together they
/// hold every record of the caller's area. Needs the permission to read the resource.
#[utoipa::path(operation_id = "list_change_partitions", tag = "changes", params(PartitionQuery), security(("bearer" = ["changes:read"])),
    responses((status = 200, description = "The parts", body = Items<ResourcePartition>)))]
#[get("/changes/partitions")]
async fn list_partitions(
    guard: Guard<ReadChanges>,
    state: Data<State>,
    Query(query): Query<PartitionQuery>,
) -> Answer {
    require("count", query.count.as_ref(), Reason::OutOfRange, |count| (1..=MOST_PARTS).contains(count))?;
    Reader::of(&guard.actor, Some(&Resources::of(query.resource)))?;
    let (area, of, count) = (guard.area(), query.resource, query.count.unwrap_or(4));
    let parts = state.read(move |db| partitions::split(db, area, of, count.into())).await?;
    let describe = |part: Partition| {
        let partition = part.token(of);
        ResourcePartition { href: format!("/api/v1/{of}?partition={partition}&limit=1000"), partition }
    };
    Ok(HttpResponse::Ok().json(Items { items: parts.into_iter().map(describe).collect() }))
}
