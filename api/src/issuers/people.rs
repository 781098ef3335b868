//! The people of an issuer as they were last found in the database.

use opora_identity::{
    Actor, UserId,
    issuers::{Claimed, Vouched},
    users::User,
};
use opora_primitives::{Moment, Problem};
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
    time::{Duration, Instant},
};

/// How long a person is known before the database is asked again.
pub const KNOWN_FOR: Duration = Duration::from_secs(300);
/// How long a refusal is known: it may be lifted by a change of the registry, of which nobody tells.
const REFUSED_FOR: Duration = Duration::from_secs(10);
/// The most people remembered; beyond it the memory starts afresh.
const MOST: usize = 20_000;

/// Who was admitted and who was not, by all that the issuer says about them.
#[derive(Default)]
pub struct People(RwLock<HashMap<Claimed, Known>>);

/// What the database says about a person.
pub type Found = std::result::Result<User, Problem>;

struct Known {
    found: Found,
    /// When the issuer said what was judged: a refusal holds for whatever it said until then.
    said_at: Moment,
    until: Instant,
}

impl Known {
    fn holds_for(&self, vouched: &Vouched) -> bool {
        self.until > Instant::now() && (self.found.is_ok() || vouched.issued_at <= self.said_at)
    }

    /// Whether there is a newer version of the user than this.
    fn is_outdated(&self, newest: &HashMap<UserId, i64>) -> bool {
        let version = |user: &User| newest.get(&user.id).is_some_and(|version| *version > user.version);
        self.found.as_ref().is_ok_and(version)
    }
}

impl People {
    /// Who `vouched` stands for, if that is known.
    pub fn find(&self, vouched: &Vouched) -> Option<std::result::Result<Actor, Problem>> {
        let people = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = people.get(&vouched.claimed).filter(|known| known.holds_for(vouched))?;
        Some(actor(&known.found, vouched))
    }

    /// Remembers what was `found` about `vouched`; what was known of an earlier version of the same user is outdated.
    ///
    /// # Errors
    /// The refusal that was found.
    pub fn remember(&self, vouched: &Vouched, found: Found) -> std::result::Result<Actor, Problem> {
        if let Ok(user) = &found {
            self.forget_older(&[(user.id, user.version)]);
        }
        let answer = actor(&found, vouched);
        let until = Instant::now() + if found.is_ok() { KNOWN_FOR } else { REFUSED_FOR };
        let mut people = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if people.len() >= MOST {
            people.clear();
        }
        people.insert(vouched.claimed.clone(), Known { found, said_at: vouched.issued_at, until });
        answer
    }

    /// Forgets those of whom there is a newer version, and those who are known for too long.
    pub fn forget_older(&self, newest: &[(UserId, i64)]) {
        let (now, newest) = (Instant::now(), newest.iter().copied().collect());
        let mut people = self.0.write().unwrap_or_else(PoisonError::into_inner);
        people.retain(|_, known| known.until > now && !known.is_outdated(&newest));
    }
}

fn actor(found: &Found, vouched: &Vouched) -> std::result::Result<Actor, Problem> {
    match found {
        Ok(user) => Ok(user.actor(None, vouched.expires_at)),
        Err(problem) => Err(problem.clone()),
    }
}
