//! Users: people who log in, here or at a foreign issuer.

use crate::{
    Actor, Permissions, Role, Who,
    passwords::{self, NewPassword},
    sessions::{self, SessionId},
};
use diesel::prelude::*;
use opora_db::{
    ActorKind, Change, Db, Label, Operation, Origin, Result, Tx,
    edit::{Expected, change, missing_area, same_version},
    schema::users,
};
use opora_primitives::{
    Area, Flaw, Moment, MunicipalityId, Problem, ProblemCode, Reason, SchoolId, text::check_name,
};
use serde::Serialize;
use serde_json::{Value, json};

/// The longest name of a user, in characters.
const MOST_NAME: usize = 200;

opora_primitives::id_type!(
    /// A user.
    UserId
);

/// A user, as the API shows one.
#[derive(Clone, Debug, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = users)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// What is typed to log in.
    #[schema(example = "institute")]
    pub login: String,
    /// The name people read.
    #[schema(example = "Демонстрационный сотрудник института")]
    pub display_name: String,
    /// The part it plays.
    pub role: Role,
    /// The municipality it works for, if that bounds its area.
    pub municipality_id: Option<MunicipalityId>,
    /// The school it works for, if that bounds its area.
    pub school_id: Option<SchoolId>,
    /// Whether it may log in.
    pub active: bool,
    /// The foreign issuer that vouches for it, if it does not log in here.
    #[schema(example = "https://sso.example/realms/education")]
    pub issuer: Option<String>,
    /// Who it is for that issuer: the `sub` of its tokens.
    #[schema(example = "8f2c1a34-51c7-4a5e-9d0b-6f3f5f1f9a10")]
    pub subject: Option<String>,
    /// When its issuer last vouched for it, to the hour.
    #[serde(skip)]
    pub vouched_at: Option<Moment>,
    /// When its password was last replaced; absent as long as it has the first one, or none.
    pub password_changed_at: Option<Moment>,
    /// Counts the changes; the ETag is made from it.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
}

impl User {
    /// The part of the region it works for.
    pub fn area(&self) -> Area {
        Area::of(self.municipality_id, self.school_id)
    }

    /// For the audit of what it does to its own sessions.
    pub(crate) fn origin(&self, request_id: &str) -> Origin {
        let (actor, request_id) = (self.login.clone(), request_id.to_owned());
        Origin { kind: ActorKind::User, actor_id: Some(self.id.0), actor, request_id }
    }

    /// The user as one who asks: in `session`, or on the word of a foreign issuer, until `expires_at`.
    pub fn actor(&self, session: Option<SessionId>, expires_at: Moment) -> Actor {
        Actor {
            who: Who::User { id: self.id, role: self.role, session },
            name: self.login.clone(),
            permissions: Permissions::of(self.role),
            area: self.area(),
            expires_at,
        }
    }

    /// Whether its word still counts where it is not asked again who it is (a feed): it may log in, or its issuer has
    /// vouched for it not long ago.
    pub fn is_current(&self, now: Moment) -> bool {
        self.active && self.vouched_at.is_none_or(|at| at.plus_seconds(VOUCHED_FOR) > now)
    }

    /// What it is known by elsewhere: the login, or the issuer and the subject.
    pub(crate) fn natural_key(&self) -> Value {
        match (&self.issuer, &self.subject) {
            (Some(issuer), Some(subject)) => json!({ "issuer": issuer, "subject": subject }),
            _ => json!(self.login),
        }
    }
}

/// How long the word of a foreign issuer counts without a new one, in seconds: whoever leaves there is not told here.
const VOUCHED_FOR: i64 = 30 * 24 * 3600;

/// What a new user is made from.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What is typed to log in; 2 to 60 characters, compared without case.
    pub login: String,
    /// The name people read.
    pub display_name: String,
    /// The password, in the clear; never kept.
    pub password: String,
    /// The part it plays.
    pub role: Role,
    /// The part of the region it works for.
    pub area: Area,
}

/// What changes in a user; what is not said stays.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// The name people read.
    pub display_name: Option<String>,
    /// Whether it may log in. When it may not, its sessions end.
    pub active: Option<bool>,
    /// Another password. Its sessions end.
    pub password: Option<NewPassword>,
    /// The session that goes on although the password is another: that of the user who replaces it.
    pub kept: Option<SessionId>,
}

/// The form in which logins are kept and compared.
pub fn fold_login(login: &str) -> String {
    opora_primitives::text::fold(login)
}

/// Makes a user.
///
/// # Errors
/// Refused fields: a login of the wrong length or form, a weak password, an area that does not fit the role;
/// [`ProblemCode::AlreadyExists`] if the login is taken.
pub fn create(tx: &mut Tx, new: &NewUser, password_hash: &str) -> Result<User> {
    check(new)?;
    let (municipality, school) = new.area.ids();
    let row = (
        users::login.eq(fold_login(&new.login)),
        users::display_name.eq(new.display_name.trim()),
        users::password_hash.eq(password_hash),
        users::role.eq(new.role),
        users::municipality_id.eq(municipality),
        users::school_id.eq(school),
        users::created_at.eq(tx.at),
        users::updated_at.eq(tx.at),
    );
    let db: &mut Db = tx;
    let made = diesel::insert_into(users::table).values(row).returning(users::id).get_result::<UserId>(db);
    let id = made.map_err(|error| missing_area(error, municipality.is_some()))?;
    let user = find(db, id)?;
    record(tx, None, &user)?;
    Ok(user)
}

/// Notes what has become of a user.
pub(crate) fn record(tx: &mut Tx, before: Option<&User>, after: &User) -> Result<()> {
    let label = |user: &User| Label::new(user.natural_key());
    tx.record(change("users", after.id, before, Some(after), label)?);
    Ok(())
}

/// Checks everything about a new user that needs no database.
///
/// # Errors
/// All refused fields at once.
pub fn check(new: &NewUser) -> std::result::Result<(), Problem> {
    let mut flaws = Vec::new();
    let login = fold_login(&new.login);
    if !(2..=60).contains(&login.chars().count()) {
        flaws.push(Flaw::at("/login", Reason::WrongLength));
    } else if login.chars().any(|c| c.is_control() || c.is_whitespace()) {
        flaws.push(Flaw::at("/login", Reason::WrongFormat));
    }
    if let Err(reason) = check_name(&new.display_name, MOST_NAME) {
        flaws.push(Flaw::at("/display_name", reason));
    }
    if let Err(problem) = passwords::check_new(&new.password, &new.login) {
        flaws.extend(problem.flaws);
    }
    match (new.role, new.area) {
        (Role::Municipality, Area::Municipality(_)) | (Role::School, Area::School(_)) | (Role::Reader, _) => {
        }
        (Role::Municipality, _) => flaws.push(Flaw::at("/municipality_id", Reason::Required)),
        (Role::School, _) => flaws.push(Flaw::at("/school_id", Reason::Required)),
        (_, Area::Region) => {}
        (_, _) => flaws.push(Flaw::at("/role", Reason::Contradiction)),
    }
    if flaws.is_empty() { Ok(()) } else { Err(Problem::fields(flaws)) }
}

/// The user `id`.
///
/// # Errors
/// [`ProblemCode::NotFound`].
pub fn find(db: &mut Db, id: UserId) -> Result<User> {
    Ok(users::table.find(id).select(User::as_select()).first(db)?)
}

/// All users after `after`, by id.
///
/// # Errors
/// Faults of the database.
pub fn list(db: &mut Db, after: Option<UserId>, limit: i64) -> Result<Vec<User>> {
    let after = after.unwrap_or(UserId(0));
    Ok(users::table
        .filter(users::id.gt(after))
        .order(users::id)
        .limit(limit)
        .select(User::as_select())
        .load(db)?)
}

/// Leaves the audit record of a reading of users by name: ids, no names. Nothing if nobody was shown.
pub fn note_reading(tx: &mut Tx, shown: &[UserId]) {
    if !shown.is_empty() {
        let what = serde_json::json!({ "user_ids": shown, "shown": shown.len() });
        tx.record(Change::new("users", "", Operation::Read).after(what));
    }
}

/// The user who logs in as `login`.
///
/// # Errors
/// [`ProblemCode::NotFound`].
pub fn by_login(db: &mut Db, login: &str) -> Result<User> {
    Ok(users::table.filter(users::login.eq(fold_login(login))).select(User::as_select()).first(db)?)
}

/// The user who logs in as `login` and the hash of the password, if there is such a user and it is active.
pub(crate) fn for_login(db: &mut Db, login: &str) -> Result<Option<(User, String)>> {
    Ok(users::table
        .filter(users::login.eq(fold_login(login)))
        .filter(users::active.eq(true))
        .select((User::as_select(), users::password_hash))
        .first(db)
        .optional()?)
}

/// Whether the user `id` may still log in with the password behind `hash`: it was looked at outside any transaction.
///
/// # Errors
/// Faults of the database.
pub(crate) fn is_still(db: &mut Db, id: UserId, hash: &str) -> Result<bool> {
    let same = users::id.eq(id).and(users::password_hash.eq(hash)).and(users::active.eq(true));
    Ok(diesel::select(diesel::dsl::exists(users::table.filter(same))).get_result(db)?)
}

/// Changes a user; `by` is the administrator who asks, unless it is the user itself or the operator.
///
/// # Errors
/// [`ProblemCode::NotFound`]; [`ProblemCode::PreconditionFailed`] if it is no longer at `version`; refused fields;
/// [`ProblemCode::Conflict`] if `by` would lock itself out, or replace its own password without naming it; those of
/// [`is_ours`], for a password or a name.
pub fn update(
    tx: &mut Tx,
    id: UserId,
    change: &UserChange,
    version: impl Into<Expected>,
    by: Option<UserId>,
) -> Result<User> {
    let at = tx.at;
    let before = find(tx, id)?;
    same_version(before.version, version)?;
    if by == Some(id) {
        check_own(change)?;
    }
    if change.display_name.is_some() {
        // Its issuer says how it is called, each time it comes.
        is_ours(&before)?;
    }
    let name = change.display_name.as_deref().unwrap_or(&before.display_name).trim();
    check_name(name, MOST_NAME).map_err(|reason| Problem::field("/display_name", reason))?;
    let active = change.active.unwrap_or(before.active);
    diesel::update(users::table.find(id))
        .set((
            users::display_name.eq(name),
            users::active.eq(active),
            users::version.eq(before.version + 1),
            users::updated_at.eq(at),
        ))
        .execute(&mut **tx)?;
    if let Some(password) = &change.password {
        is_ours(&before)?;
        password.check(&before.login)?;
        diesel::update(users::table.find(id))
            .set((users::password_hash.eq(&password.hash), users::password_changed_at.eq(at)))
            .execute(&mut **tx)?;
        sessions::end_all(tx, id, change.kept, "password")?;
    }
    if !active {
        sessions::end_all(tx, id, None, "deactivated")?;
    }
    let user = find(tx, id)?;
    record(tx, Some(&before), &user)?;
    Ok(user)
}

/// What an administrator may not do to itself.
fn check_own(change: &UserChange) -> std::result::Result<(), Problem> {
    let words = match change {
        UserChange { active: Some(false), .. } => {
            ("you would lock yourself out", "вы закрыли бы доступ самому себе")
        }
        UserChange { password: Some(_), .. } => (
            "your own password is changed at /api/v1/me/password",
            "собственный пароль меняется по адресу /api/v1/me/password",
        ),
        _ => return Ok(()),
    };
    Err(Problem::new(ProblemCode::Conflict, words))
}

/// Whether a user logs in here, with a password, and is called as is said here.
///
/// # Errors
/// [`ProblemCode::WrongState`] for one that a foreign issuer vouches for.
pub(crate) fn is_ours(user: &User) -> std::result::Result<(), Problem> {
    let words = ("this user logs in elsewhere", "этот пользователь входит через внешнего поставщика");
    user.issuer.is_none().then_some(()).ok_or_else(|| Problem::new(ProblemCode::WrongState, words))
}
