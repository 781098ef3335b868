//! The worker: takes jobs from the database, one at a time, and has them carried out.

use crate::{feed, limits, routes::service::recorder, sealer, state::State, traces, webhooks, work::Desk};
use opora_db::idempotency;
use opora_primitives::Moment;
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

/// What runs beside the requests, each in a thread of its own until it is told to stop.
const THREADS: &[fn(&State, &AtomicBool)] = &[
    work,
    refresh,
    sweep,
    follow,
    webhooks::make,
    webhooks::send,
    sealer::keep_sealing,
    traces::keep_sending,
    limits::exchange,
];

/// The threads of a running server.
pub struct Worker {
    stopping: Arc<AtomicBool>,
    state: State,
    threads: Vec<JoinHandle<()>>,
}

impl Worker {
    /// Starts the threads.
    pub fn start(state: State) -> Self {
        let stopping = Arc::new(AtomicBool::new(false));
        let start = |body: &fn(&State, &AtomicBool)| {
            let (body, state, stopping) = (*body, state.clone(), stopping.clone());
            std::thread::spawn(move || body(&state, &stopping))
        };
        let threads = THREADS.iter().map(start).collect();
        Self { stopping, state, threads }
    }

    /// Lets the threads end. A job at work stops at its next sign of life and is taken up again at the next start. Then
    /// nothing writes here any more, and the rest of the audit log is sealed.
    pub fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.state.bell.ring();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a worker thread ended badly");
            }
        }
        sealer::finish(&self.state);
    }
}

fn work(state: &State, stopping: &AtomicBool) {
    let desk = Desk::new(state.database.clone(), state.config.clone()).noting(state.traces.clone());
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

/// Every few seconds, so that a key made by another node is known before it signs, and that samples of metrics are summed up:
/// they wait in memory, and where nobody collects them nothing else would.
fn refresh(state: &State, stopping: &AtomicBool) {
    let mut ticks = 0u32;
    while !stopping.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(200));
        ticks += 1;
        if ticks.is_multiple_of(25) {
            recorder().run_upkeep();
            if let Err(error) = state.reload() {
                tracing::warn!(%error, "keys and ended sessions could not be read anew");
            }
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

/// At start and then once a day, removes files of evidence that nothing refers to; once an hour, what was kept for a day.
fn sweep(state: &State, stopping: &AtomicBool) {
    const HOUR: Duration = Duration::from_secs(3600);
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let pause = Duration::from_millis(200);
    let runtime = actix_web::rt::System::new();
    let (mut waited, mut waited_for_keys) = (DAY, HOUR);
    while !stopping.load(Ordering::Relaxed) {
        if waited_for_keys >= HOUR {
            waited_for_keys = Duration::ZERO;
            if let Err(error) = state.database.keep_books(|db| idempotency::sweep(db, Moment::now())) {
                tracing::warn!(%error, "old idempotency keys could not be swept");
            }
        }
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
        waited_for_keys += pause;
    }
}
