//! Waiting for what takes as long as the machine needs, and for days that do not end in the middle of a test.

use chrono::{Datelike, TimeDelta, Utc};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Longer than a busy machine needs for what is done within seconds.
pub const LONG: Duration = Duration::from_secs(60);

/// Asks until `holds`, no longer than `patience`.
#[track_caller]
pub fn within(patience: Duration, complaint: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < patience, "{complaint}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Waits for the next month if this one, in UTC, is about to end: half-years, academic years and years end with one.
pub fn in_one_month() {
    let air = TimeDelta::minutes(5);
    while (Utc::now() + air).month() != Utc::now().month() {
        thread::sleep(Duration::from_secs(1));
    }
}
