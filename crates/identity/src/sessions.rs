//! Sessions: from a login to a logout, kept alive by refresh tokens that are used once.

use crate::{
    attempts::Attempt,
    passwords::{self, NewPassword},
    secret::{self, hashed},
    users::{self, User, UserChange, UserId, fold_login},
};
use diesel::prelude::*;
use opora_db::{
    Change, Database, Db, Operation, Origin, Result, Tx,
    schema::{refresh_tokens, sessions},
};
use opora_primitives::{Moment, Problem, ProblemCode, Reason};

opora_primitives::id_type!(
    /// A session: all tokens that come from one login.
    SessionId
);

/// How long a session lives without use, in seconds.
pub const REFRESH_LIFE: i64 = 14 * 24 * 3600;

/// A session that has just begun or gone on.
pub struct Opened {
    /// Who.
    pub user: User,
    /// Which session.
    pub session: SessionId,
    /// The refresh token, in the clear; only its hash is kept.
    pub refresh_token: String,
}

/// Begins a session for `login` with `password`, asked for from `address`.
///
/// # Errors
/// [`ProblemCode::WrongCredentials`], the same for an unknown login and a wrong password;
/// [`ProblemCode::TooManyAttempts`] after too many failures.
pub fn log_in(
    database: &Database,
    request_id: &str,
    login: &str,
    password: &str,
    address: &str,
) -> Result<Opened> {
    let now = Moment::now();
    let attempt = Attempt::of_login(&fold_login(login), address);
    let known = database.read(|db| {
        attempt.check(db, now)?;
        users::for_login(db, login)
    })?;
    // The costly part happens outside any transaction.
    let right = passwords::verify(password, known.as_ref().map(|(_, hash)| hash.as_str()));
    let Some((user, hash)) = known.filter(|_| right) else {
        attempt.failed(database, now)?;
        return Err(ProblemCode::WrongCredentials.into());
    };
    let (session, refresh_token) = database.write(&user.origin(request_id), |tx| {
        let at = tx.at;
        if !users::is_still(tx, user.id, &hash)? {
            return Err(ProblemCode::WrongCredentials.into());
        }
        let row = (sessions::user_id.eq(user.id), sessions::started_at.eq(at));
        let id: SessionId =
            diesel::insert_into(sessions::table).values(row).returning(sessions::id).get_result(&mut **tx)?;
        let token = issue(tx, id, at)?;
        attempt.succeeded(tx, at)?;
        let after = serde_json::json!({ "user_id": user.id });
        tx.record(Change::new("sessions", id, Operation::Create).after(after));
        Ok((id, token))
    })?;
    Ok(Opened { user, session, refresh_token })
}

/// Goes on with the session that `token` belongs to; the token is used up and a new one given.
///
/// # Errors
/// [`ProblemCode::InvalidRefreshToken`] for an unknown or expired one or an ended session;
/// [`ProblemCode::ReusedRefreshToken`] for a used one: somebody else may hold it, so the whole session ends.
pub fn refresh(database: &Database, request_id: &str, token: &str) -> Result<Opened> {
    /// What became of the token.
    enum Outcome {
        Opened(Box<Opened>),
        Reused(Box<User>, SessionId),
        Refused(ProblemCode),
    }
    let outcome = database.keep_books(|db| {
        let now = Moment::now();
        let found: Option<(SessionId, Moment, Option<Moment>)> = refresh_tokens::table
            .find(hashed(token))
            .select((refresh_tokens::session_id, refresh_tokens::expires_at, refresh_tokens::used_at))
            .first(db)
            .optional()?;
        let Some((session, expires_at, used_at)) = found else {
            return Ok(Outcome::Refused(ProblemCode::InvalidRefreshToken));
        };
        let (user, ended): (UserId, Option<Moment>) =
            sessions::table.find(session).select((sessions::user_id, sessions::ended_at)).first(db)?;
        let user = users::find(db, user)?;
        if used_at.is_some() {
            return Ok(Outcome::Reused(Box::new(user), session));
        }
        if ended.is_some() || expires_at <= now || !user.active {
            return Ok(Outcome::Refused(ProblemCode::InvalidRefreshToken));
        }
        diesel::update(refresh_tokens::table.find(hashed(token)))
            .set(refresh_tokens::used_at.eq(now))
            .execute(db)?;
        let refresh_token = issue(db, session, now)?;
        Ok(Outcome::Opened(Box::new(Opened { user, session, refresh_token })))
    })?;
    match outcome {
        Outcome::Opened(opened) => Ok(*opened),
        Outcome::Reused(user, session) => {
            // Committed before it is reported.
            database.write(&user.origin(request_id), |tx| end(tx, session, "reuse"))?;
            Err(ProblemCode::ReusedRefreshToken.into())
        }
        Outcome::Refused(code) => Err(code.into()),
    }
}

/// Ends a session.
///
/// # Errors
/// Faults of the database.
pub fn log_out(database: &Database, origin: &Origin, session: SessionId) -> Result<()> {
    database.write(origin, |tx| end(tx, session, "logout"))
}

/// Gives the user who asks another password, if `current` is the one it has. Its other sessions end.
///
/// # Errors
/// Refused fields: a wrong current password, a weak new one; [`ProblemCode::TooManyAttempts`] after too many wrong ones,
/// which are counted as failed logins; [`ProblemCode::WrongState`] for a user of a foreign issuer.
pub fn change_password(
    database: &Database,
    origin: &Origin,
    (user, session): (UserId, Option<SessionId>),
    current: &str,
    new: &str,
    address: &str,
) -> Result<()> {
    let wrong = || Problem::field("/current_password", Reason::WrongPassword);
    let now = Moment::now();
    let (attempt, known) = database.read(|db| {
        let user = users::find(db, user)?;
        users::is_ours(&user)?;
        let attempt = Attempt::of_login(&user.login, address);
        attempt.check(db, now)?;
        Ok((attempt, users::for_login(db, &user.login)?))
    })?;
    let right = passwords::verify(current, known.as_ref().map(|(_, hash)| hash.as_str()));
    let Some((_, hash)) = known.filter(|_| right) else {
        attempt.failed(database, now)?;
        return Err(wrong().into());
    };
    let password = Some(NewPassword::of(new.to_owned())?);
    let change = UserChange { password, kept: session, ..UserChange::default() };
    database.write(origin, |tx| {
        let at = tx.at;
        // Somebody else may have changed it meanwhile, and ended this session with it.
        if !users::is_still(tx, user, &hash)? {
            return Err(wrong().into());
        }
        attempt.succeeded(tx, at)?;
        let version = users::find(tx, user)?.version;
        users::update(tx, user, &change, version, None).map(drop)
    })
}

/// Ends every session of a user but `kept`.
pub(crate) fn end_all(tx: &mut Tx, user: UserId, kept: Option<SessionId>, reason: &str) -> Result<()> {
    let open = sessions::table.filter(sessions::user_id.eq(user)).filter(sessions::ended_at.is_null());
    let ended = (sessions::ended_at.eq(tx.at), sessions::end_reason.eq(reason));
    diesel::update(open.filter(sessions::id.ne(kept.unwrap_or(SessionId(0)))))
        .set(ended)
        .execute(&mut **tx)?;
    Ok(())
}

/// The sessions ended since `since`: their access tokens are refused although they have not expired.
///
/// # Errors
/// Faults of the database.
pub fn ended_since(db: &mut Db, since: Moment) -> Result<Vec<SessionId>> {
    Ok(sessions::table.filter(sessions::ended_at.gt(since)).select(sessions::id).load(db)?)
}

/// Ends a session, unless it has ended.
fn end(tx: &mut Tx, session: SessionId, reason: &str) -> Result<()> {
    let open = sessions::table.find(session).filter(sessions::ended_at.is_null());
    let ended = (sessions::ended_at.eq(tx.at), sessions::end_reason.eq(reason));
    let user: Option<UserId> =
        diesel::update(open).set(ended).returning(sessions::user_id).get_result(&mut **tx).optional()?;
    if let Some(user) = user {
        let before = serde_json::json!({ "user_id": user, "end_reason": reason });
        tx.record(Change::new("sessions", session, Operation::Delete).before(before));
    }
    Ok(())
}

fn issue(db: &mut Db, session: SessionId, now: Moment) -> Result<String> {
    let token = secret::fresh()?;
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::token_hash.eq(hashed(&token)),
            refresh_tokens::session_id.eq(session),
            refresh_tokens::issued_at.eq(now),
            refresh_tokens::expires_at.eq(now.plus_seconds(REFRESH_LIFE)),
        ))
        .execute(db)?;
    Ok(token)
}
