//! Long answers that are under way on this node: so many at once, and so many of one caller, so that nobody takes what all
//! share.

use opora_db::ActorKind;
use opora_identity::Actor;
use opora_primitives::ProblemCode;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A caller: what kind of actor, and its row.
type Key = (ActorKind, i64);

/// Places for long answers; cheap to clone.
#[derive(Clone)]
pub struct Places {
    most: usize,
    of_one: usize,
    taken: Arc<Mutex<HashMap<Key, usize>>>,
}

/// A place that a caller has, free again when it is dropped.
pub struct Place {
    places: Places,
    key: Key,
}

impl Places {
    /// `most` places, of which one caller has `of_one`.
    pub fn new(most: usize, of_one: usize) -> Self {
        Self { most, of_one, taken: Arc::default() }
    }

    /// A place for `actor`.
    ///
    /// # Errors
    /// [`ProblemCode::TooManyRequests`] where all are taken, or as many as one caller has.
    pub fn take(&self, actor: &Actor) -> Result<Place, ProblemCode> {
        self.take_for(actor.key())
    }

    fn take_for(&self, key: Key) -> Result<Place, ProblemCode> {
        let mut taken = self.taken();
        let own = taken.get(&key).copied().unwrap_or(0);
        if own >= self.of_one || taken.values().sum::<usize>() >= self.most {
            return Err(ProblemCode::TooManyRequests);
        }
        taken.insert(key, own + 1);
        drop(taken);
        Ok(Place { places: self.clone(), key })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Key, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        match taken.get_mut(&self.key) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.remove(&self.key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_left() {
        let places = Places::new(3, 2);
        let take = |id| places.take_for((ActorKind::User, id));
        let (first, second, another) = (take(1), take(1), take(2));
        assert!(first.is_ok() && second.is_ok() && another.is_ok());
        // One's own are taken, then all are.
        drop(another);
        assert!(take(1).is_err());
        let another = take(2);
        assert!(another.is_ok() && take(2).is_err());
        drop((first, second, another));
        assert!(places.taken().is_empty());
    }

    #[test]
    fn a_program_is_not_the_user_with_its_number() {
        let places = Places::new(2, 1);
        let user = places.take_for((ActorKind::User, 1));
        assert!(user.is_ok() && places.take_for((ActorKind::Client, 1)).is_ok());
    }
}
