//! Feeds: deadlines as a calendar, accepted reports as Atom, for programs that fetch an address and send no header. The
//! token stands in the address (see [`opora_identity::feeds`]), which therefore never reaches the log.

use crate::{
    auth::{Guard, ReadSelf},
    error::Answer,
    http::{
        answer::{Items, is_known, page},
        create::{IdempotencyKey, create_once, created},
        extract::{Draft, Query, list_query},
    },
    state::{State, off_thread},
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get,
    http::header::{CACHE_CONTROL, ETAG},
    post,
    web::{Data, Path},
};
use opora_db::{Db, if_found};
use opora_identity::{
    Permission,
    feeds::{self, FeedKind, FeedToken, FeedTokenId},
};
use opora_primitives::{Flaw, Moment, Problem, ProblemCode, Reason};
use opora_reporting::{
    canonical,
    plan::{
        PlanId,
        activities::{self, When},
        store::{self as plans, PlanRef},
    },
    publication::{atom::Feed, calendar::Calendar},
    reports::store as reports,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations on tokens.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(create).service(revoke);
}

/// Registers the feeds themselves.
pub fn register_fetching(config: &mut ServiceConfig) {
    config.service(fetch_calendar).service(fetch_reports);
}

list_query! {
    /// Where in the list of tokens.
    FeedTokenQuery {}
}

/// Which feed a token is wanted for.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FeedTokenCreate)]
pub struct FeedTokenDraft {
    /// What the feed tells.
    kind: FeedKind,
    /// The plan of a calendar: its id or its code.
    #[schema(max_length = 40, example = "2020-2021")]
    plan: Option<String>,
    /// The executor of a calendar, by its code in the plan.
    #[schema(max_length = 20, example = "NIRO")]
    executor: Option<String>,
}

/// A new token, with the only sight of its address.
#[derive(Serialize, ToSchema)]
pub struct NewFeedToken {
    /// The token.
    #[serde(flatten)]
    token: FeedToken,
    /// The address of the feed. Whoever knows it reads the feed. It is told in this answer alone, and under its
    /// `Idempotency-Key` for a day.
    #[schema(
        example = "https://opora.example/feeds/calendar/kq0Vb0R9wCkqg4dJr4qZ0Jq8eJm9w3l2mS5o7t1u2vY.ics"
    )]
    address: String,
}

/// List feed tokens
///
/// One's own, revoked ones with them, the newest first; with `users:manage` everybody's.
#[utoipa::path(operation_id = "list_feed_tokens", tag = "publication", params(FeedTokenQuery), security(("bearer" = ["self:read"])),
    responses((status = 200, description = "A page of tokens", body = Items<FeedToken>, headers(("Link" = String, description = "The next page")))))]
#[get("/feed-tokens")]
async fn list(
    guard: Guard<ReadSelf>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<FeedTokenQuery>,
) -> Answer {
    let (limit, of) = (query.limit()?, (!guard.actor.may(Permission::ManageUsers)).then_some(guard.user()?));
    let found = state.read(move |db| feeds::list(db, of, limit, query.cursor.as_deref())).await?;
    page(&request, found)
}

/// Create a feed token
///
/// Answers the address of the feed, which is shown this once. It opens the feed alone, as long as it is not revoked, its
/// user is active and the user's role may read what the feed tells: `plans:read` for a calendar, `reports:read` for
/// reports. A user has at most 20 tokens that are not revoked.
#[utoipa::path(operation_id = "create_feed_token", tag = "publication", params(IdempotencyKey), request_body = FeedTokenDraft, security(("bearer" = ["self:read"])),
    responses((status = 201, description = "The token and the address of its feed", body = NewFeedToken, headers(("Location" = String, description = "Where the token can be revoked")))))]
#[post("/feed-tokens")]
async fn create(
    guard: Guard<ReadSelf>,
    request: HttpRequest,
    state: Data<State>,
    Draft(draft): Draft<FeedTokenDraft>,
) -> Answer {
    let (kind, user, base) = (draft.kind, guard.user()?, state.config.base());
    guard.may(kind.permission())?;
    create_once(&state, &guard, &request, move |tx| {
        let calendar = draft.calendar(tx)?;
        let (token, secret) = feeds::create(tx, user, &calendar)?;
        let ending = if kind == FeedKind::Calendar { "ics" } else { "atom" };
        let address = format!("{base}/feeds/{kind}/{secret}.{ending}");
        created(format!("/api/v1/feed-tokens/{}", token.id), &NewFeedToken { token, address })
    })
    .await
}

/// Delete a feed token
///
/// One's own; with `users:manage` anybody's. Its address is not found from then on.
#[utoipa::path(operation_id = "delete_feed_token", tag = "publication", params(("id" = FeedTokenId, Path, description = "The token's id")), security(("bearer" = ["self:read"])),
    responses((status = 204, description = "The token is revoked")))]
#[delete("/feed-tokens/{id}")]
async fn revoke(guard: Guard<ReadSelf>, state: Data<State>, id: Path<FeedTokenId>) -> Answer {
    let (id, of) = (id.into_inner(), (!guard.actor.may(Permission::ManageUsers)).then_some(guard.user()?));
    state.write(guard.origin(), move |tx| feeds::revoke(tx, of, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Get a calendar of deadlines
///
/// The deadlines of an executor's activities, one entry for each window, and of the half-yearly reports, as iCalendar:
/// entries for the whole day, with targets and status in words. A deadline on a weekend is marked, never moved.
#[utoipa::path(operation_id = "get_calendar_feed", tag = "publication", params(("token" = String, Path, description = "The secret of a feed token")), security(()),
    responses((status = 200, description = "The calendar", body = String, content_type = "text/calendar", headers(("ETag" = String, description = "The contents")))))]
#[get("/feeds/calendar/{token}.ics")]
async fn fetch_calendar(request: HttpRequest, state: Data<State>, secret: Path<String>) -> Answer {
    let (database, base) = (state.database.clone(), state.config.base());
    let text = off_thread(move || {
        let (token, _) = feeds::open(&database, &secret, FeedKind::Calendar)?;
        database.read_consistent(|db| deadlines(db, &base, &token))
    });
    Ok(tagged(&request, "text/calendar; charset=utf-8", text.await?))
}

/// Get a feed of accepted reports
///
/// Accepted half-yearly reports and analytical notes as Atom, the one accepted last first, at most 100: titles, digests
/// and addresses. What stands in a report is read at its address, with an access token.
#[utoipa::path(operation_id = "get_report_feed", tag = "publication", params(("token" = String, Path, description = "The secret of a feed token")), security(()),
    responses((status = 200, description = "The feed", body = String, content_type = "application/atom+xml", headers(("ETag" = String, description = "The contents")))))]
#[get("/feeds/reports/{token}.atom")]
async fn fetch_reports(request: HttpRequest, state: Data<State>, secret: Path<String>) -> Answer {
    let (database, base) = (state.database.clone(), state.config.base());
    let text = off_thread(move || {
        let (token, _) = feeds::open(&database, &secret, FeedKind::Reports)?;
        let reports = database.read(reports::accepted)?;
        Ok(Feed { base: &base, reports: &reports, since: token.created_at }.write())
    });
    Ok(tagged(&request, "application/atom+xml; charset=utf-8", text.await?))
}

impl FeedTokenDraft {
    /// The plan and the executor of a calendar, which must be there; of reports, nothing.
    fn calendar(&self, db: &mut Db) -> opora_db::Result<feeds::CalendarOf> {
        let (plan, executor) = match (self.kind, &self.plan, &self.executor) {
            (FeedKind::Reports, None, None) => return Ok(None),
            (FeedKind::Calendar, Some(plan), Some(executor)) => (plan, executor),
            (kind, plan, executor) => {
                let wanted = kind == FeedKind::Calendar;
                let reason = if wanted { Reason::Required } else { Reason::Contradiction };
                let fields = [("/plan", plan), ("/executor", executor)];
                let wrong = fields.into_iter().filter(|(_, value)| value.is_some() != wanted);
                return Err(Problem::fields(wrong.map(|(at, _)| Flaw::at(at, reason)).collect()).into());
            }
        };
        let unknown = |at| Problem::field(at, Reason::UnknownReference);
        let named: PlanRef = plan.parse().map_err(|_| unknown("/plan"))?;
        let plan = if_found(plans::find(db, &named))?.ok_or_else(|| unknown("/plan"))?;
        let (_, document) = plans::version(db, &plan, None)?;
        let known = document.executors.iter().any(|known| known.code == *executor);
        if known { Ok(Some((plan.id.0, executor.clone()))) } else { Err(unknown("/executor").into()) }
    }
}

/// The calendar that `token` is for, as of today.
fn deadlines(db: &mut Db, base: &str, token: &FeedToken) -> opora_db::Result<String> {
    let plan = token.plan_id.map(PlanId).ok_or(ProblemCode::NotFound)?;
    let plan = plans::find(db, &PlanRef::Id(plan))?;
    let (version, document) = plans::version(db, &plan, None)?;
    // An amendment may have removed the executor.
    let executor = document.executors.iter().find(|executor| Some(&executor.code) == token.executor.as_ref());
    let executor = executor.ok_or(ProblemCode::NotFound)?;
    let activities = activities::all(db, &plan, When { on: Moment::now().date(), version: None })?;
    let host = base.split_once("://").map_or(base, |(_, host)| host);
    Ok(Calendar { host, plan: &plan, version: &version, executor, activities: &activities }.write())
}

/// The address clients know this installation by.
/// A text with the ETag of its contents; 304 for a caller that has it.
fn tagged(request: &HttpRequest, media_type: &str, text: String) -> HttpResponse {
    let tag = format!("\"{}\"", canonical::sha256(&text));
    let known = is_known(request, &tag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, "private, no-cache"));
    if known { response.finish() } else { response.content_type(media_type).body(text) }
}
