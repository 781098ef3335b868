//! Tokens in the addresses of feeds, for programs that fetch them and can send no header. A token opens one feed and
//! nothing else, as long as its user is current and its role has the permission; only its hash is kept.

use crate::{
    Permission,
    secret::{self, hashed},
    users::{self, User, UserId},
};
use diesel::prelude::*;
use opora_db::{Change, Database, Db, Operation, Result, Tx, schema::feed_tokens};
use opora_primitives::{Cursor, Limit, Moment, Page, Problem, ProblemCode};
use serde::Serialize;

opora_primitives::id_type!(
    /// A token of a feed.
    FeedTokenId
);
opora_primitives::word_type!(
    /// What a feed tells.
    FeedKind {
        /// Deadlines of an executor, as a calendar.
        Calendar = "calendar", "Календарь сроков";
        /// Accepted reports and notes.
        Reports = "reports", "Принятые отчёты и записки";
    }
);

impl FeedKind {
    /// What its reader must be permitted.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Calendar => Permission::ReadPlans,
            Self::Reports => Permission::ReadReports,
        }
    }
}

/// The token of a feed, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = feed_tokens)]
pub struct FeedToken {
    /// Its id.
    pub id: FeedTokenId,
    /// Whose it is.
    pub user_id: UserId,
    /// What its feed tells.
    pub kind: FeedKind,
    /// The plan of a calendar.
    pub plan_id: Option<i64>,
    /// The executor of a calendar, by its code in the plan.
    #[schema(example = "NIRO")]
    pub executor: Option<String>,
    /// When it was made.
    pub created_at: Moment,
    /// When it was used last, to the hour.
    pub last_used_at: Option<Moment>,
    /// When it was revoked.
    pub revoked_at: Option<Moment>,
}

/// Which feed a new token is for: the plan and the executor of a calendar, or the reports.
pub type CalendarOf = Option<(i64, String)>;

/// The most tokens a user has that are not revoked.
pub const MOST: i64 = 20;

/// A use is noted if the one noted last is older, in seconds: reading a feed is no reason to write each time.
const NOTED_EVERY: i64 = 3600;

/// Makes a token of `user`; answers it and its secret, which is not kept.
///
/// # Errors
/// [`ProblemCode::Conflict`] for a user with [`MOST`] tokens.
pub fn create(tx: &mut Tx, user: UserId, calendar: &CalendarOf) -> Result<(FeedToken, String)> {
    let of_user = feed_tokens::table.filter(feed_tokens::user_id.eq(user));
    let usable: i64 = of_user.filter(feed_tokens::revoked_at.is_null()).count().get_result(&mut **tx)?;
    if usable >= MOST {
        let words = (
            format!("at most {MOST} tokens; revoke one"),
            format!("не более {MOST} ссылок; отзовите одну из них"),
        );
        return Err(Problem::new(ProblemCode::Conflict, words).into());
    }
    let (secret, at) = (secret::fresh()?, tx.at);
    let kind = if calendar.is_some() { FeedKind::Calendar } else { FeedKind::Reports };
    let row = (
        feed_tokens::token_hash.eq(hashed(&secret)),
        feed_tokens::user_id.eq(user),
        feed_tokens::kind.eq(kind),
        feed_tokens::plan_id.eq(calendar.as_ref().map(|(plan, _)| *plan)),
        feed_tokens::executor.eq(calendar.as_ref().map(|(_, executor)| executor)),
        feed_tokens::created_at.eq(at),
    );
    let db: &mut Db = tx;
    let id: FeedTokenId =
        diesel::insert_into(feed_tokens::table).values(row).returning(feed_tokens::id).get_result(db)?;
    let made: FeedToken = feed_tokens::table.find(id).select(FeedToken::as_select()).first(db)?;
    let after = serde_json::to_value(&made).unwrap_or_default();
    tx.record(Change::new("feed-tokens", made.id, Operation::Create).after(after));
    Ok((made, secret))
}

/// Tokens, revoked ones with them, the newest first: of `user`, or of everybody.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    user: Option<UserId>,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<FeedToken>> {
    let scope = format!("feed tokens {user:?}");
    let before = cursor.map(|c| Cursor::decode::<FeedTokenId>(&scope, c)).transpose()?;
    let mut query = feed_tokens::table
        .filter(feed_tokens::id.lt(before.unwrap_or(FeedTokenId(i64::MAX))))
        .select(FeedToken::as_select())
        .into_boxed();
    if let Some(user) = user {
        query = query.filter(feed_tokens::user_id.eq(user));
    }
    let rows = query.order(feed_tokens::id.desc()).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(rows, limit, &scope, |token: &FeedToken| token.id))
}

/// Revokes a token of `user`, or of anybody.
///
/// # Errors
/// Not found: no such token, another's, or one that is revoked already.
pub fn revoke(tx: &mut Tx, user: Option<UserId>, id: FeedTokenId) -> Result<()> {
    let at = tx.at;
    let found: FeedToken = feed_tokens::table.find(id).select(FeedToken::as_select()).first(&mut **tx)?;
    if found.revoked_at.is_some() || user.is_some_and(|user| user != found.user_id) {
        return Err(ProblemCode::NotFound.into());
    }
    diesel::update(feed_tokens::table.find(id)).set(feed_tokens::revoked_at.eq(at)).execute(&mut **tx)?;
    let before = serde_json::to_value(&found).unwrap_or_default();
    tx.record(Change::new("feed-tokens", id, Operation::Delete).before(before));
    Ok(())
}

/// What `secret` opens now: the token and its user.
///
/// # Errors
/// Not found, one answer for all: no such token, one of another kind, revoked, of a user who may not log in, whom its
/// issuer has not vouched for lately, or whose role lacks the permission.
pub fn open(database: &Database, secret: &str, kind: FeedKind) -> Result<(FeedToken, User)> {
    let (token, user) = database.read(|db| {
        let found = feed_tokens::table.filter(feed_tokens::token_hash.eq(hashed(secret)));
        let token: FeedToken = found.select(FeedToken::as_select()).first(db)?;
        let user = users::find(db, token.user_id)?;
        Ok((token, user))
    })?;
    let now = Moment::now();
    let opens = token.kind == kind && token.revoked_at.is_none();
    if !opens || !user.is_current(now) || !kind.permission().given_to(user.role) {
        return Err(ProblemCode::NotFound.into());
    }
    if token.last_used_at.is_none_or(|at| at.plus_seconds(NOTED_EVERY) <= now) {
        let used = diesel::update(feed_tokens::table.find(token.id)).set(feed_tokens::last_used_at.eq(now));
        database.keep_books(|db| Ok(used.clone().execute(db).map(drop)?))?;
    }
    Ok((token, user))
}
