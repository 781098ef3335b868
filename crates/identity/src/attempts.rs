//! Failed attempts to log in, of people and of programs: after too many in a quarter of an hour further ones are refused
//! for a while.

use diesel::prelude::*;
use opora_db::{Database, Db, Result, schema::login_failures};
use opora_primitives::{Moment, Problem, ProblemCode};

/// Failures are counted over this many seconds.
const WINDOW: i64 = 900;
/// The most failures from one address, behind which many people may sit.
const MOST_OF_ADDRESS: i64 = 100;
/// The most failures of one login, or of one client from one address.
const MOST_OF_ONE: i64 = 10;

/// What the failures of an attempt are counted under, each with how many are borne.
pub(crate) struct Attempt([(String, i64); 2]);

impl Attempt {
    /// An attempt to be `one` (`login institute`) from `address`.
    pub fn new(one: String, address: &str) -> Self {
        Self([(one, MOST_OF_ONE), (format!("address {address}"), MOST_OF_ADDRESS)])
    }

    /// Refuses it after too many failures; answers whether there are any to forgive.
    ///
    /// # Errors
    /// [`ProblemCode::TooManyAttempts`].
    pub fn check(&self, db: &mut Db, now: Moment) -> Result<bool> {
        let mut to_forgive = false;
        for (n, (subject, most)) in self.0.iter().enumerate() {
            let failures: i64 = login_failures::table
                .filter(login_failures::subject.eq(subject))
                .filter(login_failures::at.gt(now.plus_seconds(-WINDOW)))
                .count()
                .get_result(db)?;
            if failures >= *most {
                let minutes = WINDOW / 60;
                let words =
                    (format!("try again in {minutes} minutes"), format!("повторите через {minutes} мин."));
                return Err(Problem::new(ProblemCode::TooManyAttempts, words).into());
            }
            to_forgive |= n == 0 && failures > 0;
        }
        Ok(to_forgive)
    }

    /// Notes that it failed.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn failed(&self, database: &Database, now: Moment) -> Result<()> {
        database.keep_books(|db| {
            for (subject, _) in &self.0 {
                let row = (login_failures::subject.eq(subject), login_failures::at.eq(now));
                diesel::insert_into(login_failures::table).values(row).execute(db)?;
            }
            Ok(())
        })
    }

    /// Forgives the failures of the one who has now succeeded; those of the address stay. Old ones go.
    ///
    /// # Errors
    /// Faults of the database.
    pub fn succeeded(&self, db: &mut Db, now: Moment) -> Result<()> {
        let old = login_failures::at.lt(now.plus_seconds(-WINDOW));
        let own = login_failures::subject.eq(&self.0[0].0);
        diesel::delete(login_failures::table.filter(own.or(old))).execute(db)?;
        Ok(())
    }
}
