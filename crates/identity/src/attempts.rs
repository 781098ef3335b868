//! Failed attempts to log in, of people and of programs: after too many in a quarter of an hour further ones are refused
//! for a while.

use diesel::prelude::*;
use opora_db::{Database, Db, Result, schema::login_failures};
use opora_primitives::{Moment, Problem, ProblemCode};

/// Failures are counted over this many seconds.
const WINDOW: i64 = 900;
/// The most failures from one address, behind which many people may sit.
const MOST_OF_ADDRESS: i64 = 100;
/// The most failures of one login or client from one address.
const MOST_OF_ONE: i64 = 10;
/// The most failures of one login from all addresses: it is no secret, and a stranger who knows it must not easily shut its
/// owner out; nor may many guess it from many places.
const MOST_OF_LOGIN: i64 = 50;

/// What the failures of an attempt are counted under, each with how many are borne.
pub(crate) struct Attempt(Vec<(String, i64)>);

impl Attempt {
    /// An attempt to log in as `login` from `address`.
    pub fn of_login(login: &str, address: &str) -> Self {
        let mut attempt = Self::of(format!("login {login}"), address);
        attempt.0.push((format!("login {login}"), MOST_OF_LOGIN));
        attempt
    }

    /// An attempt to be the client that calls itself `client_id`, from `address`.
    pub fn of_client(client_id: &str, address: &str) -> Self {
        Self::of(format!("client {client_id}"), address)
    }

    fn of(one: String, address: &str) -> Self {
        Self(vec![(format!("{one} {address}"), MOST_OF_ONE), (format!("address {address}"), MOST_OF_ADDRESS)])
    }

    /// Refuses it after too many failures; answers whether there are any to forgive.
    ///
    /// # Errors
    /// [`ProblemCode::TooManyAttempts`].
    pub fn check(&self, db: &mut Db, now: Moment) -> Result<bool> {
        let mut to_forgive = false;
        for (n, (subject, most)) in self.0.iter().enumerate() {
            let failures: Vec<Moment> = login_failures::table
                .filter(login_failures::subject.eq(subject))
                .filter(login_failures::at.gt(now.plus_seconds(-WINDOW)))
                .order(login_failures::at.desc())
                .limit(*most)
                .select(login_failures::at)
                .load(db)?;
            if failures.len() as i64 >= *most {
                let oldest = failures.last().map_or(now, |at| *at);
                return Err(too_many((oldest.unix() + WINDOW - now.unix()).max(1)).into());
            }
            to_forgive |= n == 0 && !failures.is_empty();
        }
        Ok(to_forgive)
    }

    /// Notes that it failed. It is checked once more: of many guesses at the same time only the first few learn that they
    /// are wrong.
    ///
    /// # Errors
    /// [`ProblemCode::TooManyAttempts`].
    pub fn failed(&self, database: &Database, now: Moment) -> Result<()> {
        database.keep_books(|db| {
            self.check(db, now)?;
            for (subject, _) in &self.0 {
                let row = (login_failures::subject.eq(subject), login_failures::at.eq(now));
                diesel::insert_into(login_failures::table).values(row).execute(db)?;
            }
            Ok(())
        })
    }

    /// Forgives the failures of the one who has now succeeded; those of the address stay. Old ones go. It too is
    /// checked once more.
    ///
    /// # Errors
    /// [`ProblemCode::TooManyAttempts`].
    pub fn succeeded(&self, db: &mut Db, now: Moment) -> Result<()> {
        self.check(db, now)?;
        let old = login_failures::at.lt(now.plus_seconds(-WINDOW));
        let own = login_failures::subject.eq(&self.0[0].0);
        diesel::delete(login_failures::table.filter(own.or(old))).execute(db)?;
        Ok(())
    }
}

/// The refusal for `seconds` more: until one of the failures that count is older than the window.
fn too_many(seconds: i64) -> Problem {
    let minutes = (seconds + 59) / 60;
    let words = (format!("try again in {minutes} min"), format!("повторите через {minutes} мин."));
    Problem { wait: Some(seconds), ..Problem::new(ProblemCode::TooManyAttempts, words) }
}
