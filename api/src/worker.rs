//! The worker: takes jobs from the database, one at a time, and has them carried out.

use crate::{feed, state::State, webhooks, work::Desk};
use opora_reporting::facts::blobs;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

/// How long an idle worker sleeps before it looks again; a ring of the bell wakes it at once.
const IDLE: Duration = Duration::from_secs(2);

/// The worker thread, and those that keep the tokens' knowledge fresh, sweep the files of evidence, follow the
/// journal, and make and send messages to webhooks.
pub struct Worker {
    stopping: Arc<AtomicBool>,
    state: State,
    threads: Vec<JoinHandle<()>>,
}

impl Worker {
    /// Starts the threads.
    pub fn start(state: State) -> Self {
        let stopping = Arc::new(AtomicBool::new(false));
        let shared = || (state.clone(), stopping.clone());
        let (for_jobs, for_tokens, for_files) = (shared(), shared(), shared());
        let (for_changes, for_making, for_sending) = (shared(), shared(), shared());
        let threads = vec![
            std::thread::spawn(move || work(&for_jobs.0, &for_jobs.1)),
            std::thread::spawn(move || refresh(&for_tokens.0, &for_tokens.1)),
            std::thread::spawn(move || sweep(&for_files.0, &for_files.1)),
            std::thread::spawn(move || follow(&for_changes.0, &for_changes.1)),
            std::thread::spawn(move || webhooks::make(&for_making.0, &for_making.1)),
            std::thread::spawn(move || webhooks::send(&for_sending.0, &for_sending.1)),
        ];
        Self { stopping, state, threads }
    }

    /// Lets the threads end. A job at work stops at its next sign of life and is taken up again at the next start.
    pub fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.state.bell.ring();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a worker thread ended badly");
            }
        }
    }
}

fn work(state: &State, stopping: &AtomicBool) {
    let desk = Desk::new(state.database.clone(), state.config.clone());
    while !stopping.load(Ordering::Relaxed) {
        match desk.claim(None) {
            Ok(Some(job)) => desk.carry_out(&job, &|_, _| (), stopping),
            Ok(None) => state.bell.wait(IDLE),
            Err(error) => {
                tracing::warn!(%error, "no job can be taken now");
                state.bell.wait(IDLE);
            }
        }
    }
}

/// Every few seconds, so that a key made by another node is known before it signs.
fn refresh(state: &State, stopping: &AtomicBool) {
    let mut ticks = 0u32;
    while !stopping.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(200));
        ticks += 1;
        if ticks.is_multiple_of(25)
            && let Err(error) = state.tokens.reload(&state.database)
        {
            tracing::warn!(%error, "keys and ended sessions could not be read anew");
        }
    }
}

/// Several times a second, if anybody waits: another node may have written.
fn follow(state: &State, stopping: &AtomicBool) {
    while !stopping.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(200));
        feed::follow(&state.pulse, state);
    }
}

/// At start and then once a day, removes files of evidence that nothing refers to.
fn sweep(state: &State, stopping: &AtomicBool) {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let pause = Duration::from_millis(200);
    let runtime = actix_web::rt::System::new();
    let mut waited = DAY;
    while !stopping.load(Ordering::Relaxed) {
        if waited >= DAY {
            waited = Duration::ZERO;
            let stale = chrono::Utc::now() - blobs::GRACE;
            match runtime.block_on(state.evidence.sweep(&state.database, stale)) {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "files of evidence that nothing refers to were removed"),
                Err(error) => tracing::warn!(%error, "the files of evidence could not be swept"),
            }
        }
        std::thread::sleep(pause);
        waited += pause;
    }
}
