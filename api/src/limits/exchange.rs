//! What nodes of one database tell each other. Only busy callers are spoken of: those that have used a tenth of their
//! limit here. Whoever goes from node to node may thus get a tenth more for each, and what it sends within a second.

use super::{Caller, Limiter, Tally, now, rules::WINDOW};
use crate::state::State;
use opora_db::{ActorKind, BackEnd, tallies, tallies::Count};
use std::{
    net::IpAddr,
    sync::{
        PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The part of its limit that a caller has used before others are told.
const BUSY: u64 = 10;

/// Tells the other nodes, and listens to them, once a second; forgets who has not come back. An SQLite database has one
/// server.
pub fn exchange(state: &State, stopping: &AtomicBool) {
    let node = format!("{}-{:x}", std::process::id(), std::ptr::from_ref(&*state.limiter) as usize);
    let node = format!("{node}-{:x}", now());
    let shared = matches!(state.database.back_end(), BackEnd::Postgres(_));
    let mut ticks = 0u32;
    let mut told = false;
    while !stopping.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(200));
        ticks = ticks.wrapping_add(1);
        if ticks.is_multiple_of(5) && shared {
            let minute = (now() / WINDOW) as i64;
            let counted = state.limiter.busy(minute);
            // Where nobody is busy nothing is written, and little is read.
            if told || !counted.is_empty() || ticks.is_multiple_of(25) {
                told = !counted.is_empty();
                match tallies::exchange(&state.database, &node, &counted, minute - 1) {
                    Ok(others) => state.limiter.learn(minute, &others),
                    Err(error) => tracing::warn!(%error, "the other nodes' counts of requests are not known"),
                }
            }
        }
        if ticks.is_multiple_of(300) {
            let minute = (now() / WINDOW) as i64;
            state.limiter.sweep(minute);
            if shared && let Err(error) = tallies::forget(&state.database, minute - 2) {
                tracing::warn!(%error, "old counts of requests could not be removed");
            }
        }
    }
}

impl Limiter {
    /// The counts of callers that are busy in `minute` or were in the one before.
    fn busy(&self, minute: i64) -> Vec<Count> {
        let mut counts = Vec::new();
        self.each(|caller, tally| {
            tally.roll(minute);
            let busy = (tally.limit / BUSY).max(1);
            for (at, requests) in [(minute - 1, tally.mine[0]), (minute, tally.mine[1])] {
                if requests >= busy {
                    counts.push(Count { caller: word(*caller), minute: at, requests: requests as i64 });
                }
            }
        });
        counts
    }

    /// Takes over what the others have counted.
    fn learn(&self, minute: i64, counts: &[Count]) {
        self.each(|_, tally| {
            tally.roll(minute);
            tally.others = [0, 0];
        });
        for count in counts {
            let Some(caller) = caller(&count.caller) else { continue };
            let mut shard = self.shard(caller);
            let tally = shard.entry(caller).or_default();
            tally.roll(minute);
            if (minute - 1..=minute).contains(&count.minute) {
                tally.others[(count.minute + 1 - minute) as usize] += count.requests.max(0) as u64;
            }
        }
    }

    /// Forgets who has not come since the minute before `minute`.
    fn sweep(&self, minute: i64) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, tally| {
                tally.roll(minute);
                tally.mine != [0, 0] || tally.others != [0, 0]
            });
        }
    }

    fn each(&self, mut visit: impl FnMut(&Caller, &mut Tally)) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.iter_mut().for_each(|(caller, tally)| visit(caller, tally));
        }
    }
}

/// A caller as other nodes know it.
fn word(caller: Caller) -> String {
    match caller {
        Caller::Actor(ActorKind::Client, id) => format!("c{id}"),
        Caller::Actor(_, id) => format!("u{id}"),
        Caller::Address(address) => format!("a{address}"),
        Caller::Crowd => "crowd".to_owned(),
    }
}

fn caller(word: &str) -> Option<Caller> {
    if word == "crowd" {
        return Some(Caller::Crowd);
    }
    let (kind, rest) = word.split_at_checked(1)?;
    match kind {
        "c" => rest.parse().ok().map(|id| Caller::Actor(ActorKind::Client, id)),
        "u" => rest.parse().ok().map(|id| Caller::Actor(ActorKind::User, id)),
        "a" => rest.parse::<IpAddr>().ok().map(Caller::Address),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn what_one_node_tells_counts_at_the_other() {
        let limiter = || Limiter::new(&Config { rate_limit: 20, ..Config::default() });
        let (here, there) = (limiter(), limiter());
        let user = Caller::Actor(ActorKind::User, 7);
        for _ in 0..15 {
            assert!(here.charge(user, None, 600).unwrap().is_good());
        }
        // Quiet callers are not spoken of.
        here.charge(Caller::Actor(ActorKind::User, 8), None, 600);
        let told = here.busy(10);
        assert_eq!(told, [Count { caller: "u7".into(), minute: 10, requests: 15 }]);
        there.learn(10, &told);
        assert_eq!(there.charge(user, None, 600).unwrap().left, 4);
        // What is told again replaces what was told before.
        there.learn(10, &told);
        assert_eq!(there.charge(user, None, 600).unwrap().left, 3);
        there.sweep(12);
        assert_eq!(there.charge(user, None, 720).unwrap().left, 19);
    }

    #[test]
    fn callers_are_read_back() {
        let address = Caller::of_address("2001:db8::1".parse().unwrap());
        let user = Caller::Actor(ActorKind::User, 1);
        for one in [user, Caller::Actor(ActorKind::Client, 2), address, Caller::Crowd] {
            assert_eq!(caller(&word(one)), Some(one));
        }
        assert_eq!(caller("x1"), None);
        assert_eq!(caller(""), None);
    }
}
