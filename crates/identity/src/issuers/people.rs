//! The people of foreign issuers among the users: made when they are first seen, changed when their issuer says something
//! else. They are users like any other (authors, deciders, readers of feeds), except that nobody knows a password of theirs.

use super::{Claimed, Place, Trust, Vouched, not_admitted};
use crate::{
    Role,
    secret::hashed,
    users::{self, User, UserId, fold_login},
};
use diesel::prelude::*;
use opora_db::{
    Database, Db, Error, Origin, Result, Tx,
    schema::{municipalities, schools, users as rows},
};
use opora_primitives::{Area, Moment, Problem, ProblemCode};

/// What stands in place of a password: the hash of none.
const NO_PASSWORD: &str = "!";
/// The longest login, in characters.
const LONGEST_LOGIN: usize = 60;
/// That an issuer vouches is noted if it was noted longer ago, in seconds.
const NOTED_EVERY: i64 = 3600;

/// What a person is to be here, by what its issuer says and what is known.
#[derive(PartialEq)]
struct Wanted {
    login: String,
    display_name: String,
    role: Role,
    area: Area,
}

/// What is to be done about a person.
enum Standing {
    /// Nothing.
    Known(User),
    /// A user is to be made.
    New(Wanted),
    /// The issuer says something else than before.
    Changed(User, Wanted),
}

/// The user whom `vouched` stands for, made or changed first if need be. Reads only, for a person that is known and of
/// whom nothing new is said.
///
/// # Errors
/// [`ProblemCode::NotAdmitted`] for a user the administrator has shut out, or an area that is not in the registry;
/// [`ProblemCode::InvalidToken`] for a token older than one that said something else.
pub fn admit(database: &Database, request_id: &str, trust: &Trust, vouched: &Vouched) -> Result<User> {
    let user = match database.read(|db| standing(db, trust, vouched))? {
        Standing::Known(user) => user,
        _ => settled(database, request_id, trust, vouched)?,
    };
    note(database, &user, vouched)?;
    Ok(user)
}

/// The people of foreign issuers who have changed since `since`, with their versions: what was known of them is outdated.
///
/// # Errors
/// Faults of the database.
pub fn changed_since(db: &mut Db, since: Moment) -> Result<Vec<(UserId, i64)>> {
    let changed = rows::table.filter(rows::issuer.is_not_null()).filter(rows::updated_at.gt(since));
    Ok(changed.select((rows::id, rows::version)).load(db)?)
}

fn settled(database: &Database, request_id: &str, trust: &Trust, vouched: &Vouched) -> Result<User> {
    let origin = Origin::system(request_id);
    let settle = || {
        database.write(&origin, |tx| match standing(tx, trust, vouched)? {
            Standing::Known(user) => Ok(user),
            Standing::New(wanted) => keep(tx, trust, vouched, None, &wanted),
            Standing::Changed(before, wanted) => keep(tx, trust, vouched, Some(&before), &wanted),
        })
    };
    match settle() {
        // Another request of the same person was faster.
        Err(Error::Problem(problem)) if problem.code == ProblemCode::AlreadyExists => settle(),
        other => other,
    }
}

fn standing(db: &mut Db, trust: &Trust, vouched: &Vouched) -> Result<Standing> {
    let claimed = &vouched.claimed;
    let own = rows::table.filter(rows::issuer.eq(&trust.issuer)).filter(rows::subject.eq(&claimed.subject));
    let known: Option<User> = own.select(User::as_select()).first(db).optional()?;
    if known.as_ref().is_some_and(|user| !user.active) {
        return Err(not_admitted(
            "the administrator has shut this user out",
            "администратор закрыл доступ этому пользователю",
        )
        .into());
    }
    let wanted = wanted(db, trust, claimed, known.as_ref())?;
    let Some(user) = known else { return Ok(Standing::New(wanted)) };
    if wanted == Wanted::of(&user) {
        return Ok(Standing::Known(user));
    }
    // What was said last counts: an older token may allow what has been taken back since.
    if user.vouched_at.is_none_or(|at| vouched.issued_at >= at) {
        return Ok(Standing::Changed(user, wanted));
    }
    if user.role == wanted.role && user.area() == wanted.area {
        return Ok(Standing::Known(user));
    }
    let words =
        ("a newer token of this person says otherwise", "более новый токен этого человека говорит иное");
    Err(Problem::new(ProblemCode::InvalidToken, words).into())
}

fn wanted(db: &mut Db, trust: &Trust, claimed: &Claimed, known: Option<&User>) -> Result<Wanted> {
    let area = area(db, &claimed.place)?;
    let login = login(db, trust, claimed, known)?;
    let kept = known.map(|user| &user.display_name);
    let display_name = claimed.display_name.as_ref().or(kept).or(claimed.login.as_ref()).unwrap_or(&login);
    Ok(Wanted { display_name: display_name.clone(), login, role: claimed.role, area })
}

impl Wanted {
    /// What a user is already.
    fn of(user: &User) -> Self {
        let (login, display_name) = (user.login.clone(), user.display_name.clone());
        Self { login, display_name, role: user.role, area: user.area() }
    }
}

fn area(db: &mut Db, place: &Place) -> Result<Area> {
    let found = match place {
        Place::Region => Some(Area::Region),
        Place::Municipality(oktmo) => {
            let found = municipalities::table.filter(municipalities::oktmo.eq(oktmo));
            found.select(municipalities::id).first(db).optional()?.map(Area::Municipality)
        }
        Place::School(code) => {
            let found = schools::table.filter(schools::code.eq(code));
            found.select(schools::id).first(db).optional()?.map(Area::School)
        }
    };
    found.ok_or_else(|| {
        not_admitted(
            "the registry has no such municipality or school",
            "в реестре нет такого муниципалитета или школы",
        )
        .into()
    })
}

/// The login of a person: what its issuer calls it, at the issuer's name. Where that cannot be one, or is somebody else's, the
/// one it has, or one made from the subject.
fn login(db: &mut Db, trust: &Trust, claimed: &Claimed, known: Option<&User>) -> Result<String> {
    let at = |who: &str| fold_login(&format!("{who}@{}", trust.name));
    let fits =
        |login: &String| login.chars().count() <= LONGEST_LOGIN && !login.contains(char::is_whitespace);
    if let Some(login) = claimed.login.as_deref().map(at).filter(fits) {
        let own = known.map_or(UserId(0), |user| user.id);
        let others = rows::table.filter(rows::login.eq(&login)).filter(rows::id.ne(own));
        if others.count().get_result::<i64>(db)? == 0 {
            return Ok(login);
        }
    }
    Ok(known.map_or_else(|| at(&hashed(&claimed.subject)[..16]), |user| user.login.clone()))
}

/// Makes a user, or changes the one it was `before`.
fn keep(
    tx: &mut Tx,
    trust: &Trust,
    vouched: &Vouched,
    before: Option<&User>,
    wanted: &Wanted,
) -> Result<User> {
    let (at, (municipality, school)) = (tx.at, wanted.area.ids());
    let said = (
        rows::login.eq(&wanted.login),
        rows::display_name.eq(&wanted.display_name),
        rows::role.eq(wanted.role),
        rows::municipality_id.eq(municipality),
        rows::school_id.eq(school),
        rows::vouched_at.eq(vouched.issued_at),
        rows::updated_at.eq(at),
    );
    let db: &mut Db = tx;
    let id: UserId = match before {
        Some(user) => {
            let changed = (said, rows::version.eq(user.version + 1));
            diesel::update(rows::table.find(user.id)).set(changed).execute(db)?;
            user.id
        }
        None => {
            let origin = (rows::issuer.eq(&trust.issuer), rows::subject.eq(&vouched.claimed.subject));
            let made = (said, origin, rows::password_hash.eq(NO_PASSWORD), rows::created_at.eq(at));
            diesel::insert_into(rows::table).values(made).returning(rows::id).get_result(db)?
        }
    };
    let user = users::find(db, id)?;
    users::record(tx, before, &user)?;
    Ok(user)
}

/// Notes, at most once an hour, that the issuer still vouches for a person.
fn note(database: &Database, user: &User, vouched: &Vouched) -> Result<()> {
    if user.vouched_at.is_some_and(|at| at.plus_seconds(NOTED_EVERY) > vouched.issued_at) {
        return Ok(());
    }
    let own = diesel::update(rows::table.find(user.id)).set(rows::vouched_at.eq(vouched.issued_at));
    database.keep_books(|db| Ok(own.clone().execute(db).map(drop)?))
}
