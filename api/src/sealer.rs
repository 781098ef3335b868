//! The sealer: seals what was written to the audit log, about once a second, and what is left when the server stops.
//!
//! Now and then it says in the server's own log how far the chain is: whoever keeps that log elsewhere keeps heads of the
//! chain elsewhere, and can tell later that nothing was cut off.

use crate::state::State;
use opora_db::audit::{Head, seal::seal};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// How long an entry waits for its seal.
const PAUSE: Duration = Duration::from_secs(1);
/// How often a waiting thread looks whether it should end.
const TICK: Duration = Duration::from_millis(200);
/// How often the head is said.
const SAID: Duration = Duration::from_secs(3600);
/// How long a server that stops goes on sealing; the next start goes on with what is left.
const PATIENCE: Duration = Duration::from_secs(5);

/// Seals until `stopping` is set.
pub fn keep_sealing(state: &State, stopping: &AtomicBool) {
    let (mut said, mut waited) = (Instant::now(), PAUSE);
    while !stopping.load(Ordering::Relaxed) {
        if waited >= PAUSE {
            waited = Duration::ZERO;
            match seal(&state.database, || !stopping.load(Ordering::Relaxed)) {
                Ok(head) if said.elapsed() >= SAID => {
                    say(head);
                    said = Instant::now();
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the audit log cannot be sealed now"),
            }
        }
        thread::sleep(TICK);
        waited += TICK;
    }
}

/// Seals what is left, when nothing writes here any more.
pub fn finish(state: &State) {
    let begun = Instant::now();
    match seal(&state.database, || begun.elapsed() < PATIENCE) {
        Ok(head) => say(head),
        Err(error) => tracing::warn!(%error, "the last entries of the audit log are not sealed yet"),
    }
}

fn say(head: Option<Head>) {
    if let Some(head) = head {
        tracing::info!(%head, "the audit log is sealed up to this head");
    }
}
