//! Tells those who wait for changes that there are some: one look at the journal serves them all.

use actix_web::rt::time::{Instant, timeout};
use tokio::sync::watch;

/// How far the journal is known to be, and whether the server is about to stop.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Beat {
    number: i64,
    closing: bool,
}

/// What all listen to.
#[derive(Default)]
pub struct Pulse(watch::Sender<Beat>);

impl Pulse {
    /// One more who waits.
    pub fn listen(&self) -> Ear {
        Ear(self.0.subscribe())
    }

    /// Whether anybody waits.
    pub fn is_wanted(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// The journal has come to `number`.
    pub fn tell(&self, number: i64) {
        self.0.send_if_modified(|beat| std::mem::replace(&mut beat.number, number) != number);
    }

    /// The server is about to stop: nobody waits any longer.
    pub fn close(&self) {
        self.0.send_modify(|beat| beat.closing = true);
    }
}

/// One who waits.
pub struct Ear(watch::Receiver<Beat>);

impl Ear {
    /// What was told so far is old news.
    pub fn forget(&mut self) {
        self.0.mark_unchanged();
    }

    /// Waits for news; answers whether there are any before `deadline`, and before the server stops.
    pub async fn hears_before(&mut self, deadline: Instant) -> bool {
        let patience = deadline.saturating_duration_since(Instant::now());
        let open = !self.is_closing();
        open && matches!(timeout(patience, self.0.changed()).await, Ok(Ok(()))) && !self.is_closing()
    }

    /// Whether the server is about to stop.
    pub fn is_closing(&self) -> bool {
        self.0.borrow().closing
    }
}
