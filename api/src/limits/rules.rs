//! How a rate limit is counted: over a window of a minute that slides. Of the minute before counts what of it still lies
//! in the window, as if its requests had come evenly. Pure: no clock.

/// The window, in seconds.
pub const WINDOW: u64 = 60;

/// Where a caller stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Requests it may send in a window.
    pub limit: u64,
    /// Requests it may still send now.
    pub left: u64,
    /// Seconds until this minute ends.
    pub reset: u64,
    /// Seconds until a request will be let in; 0 if this one is.
    pub wait: u64,
}

impl Standing {
    /// Whether the request is let in.
    pub fn is_good(self) -> bool {
        self.wait == 0
    }
}

/// Where a caller of `limit` stands that has sent `before` requests in the last minute and `now` in this one, of which
/// `passed` seconds are over. The request that is judged is not among them.
pub fn judge(limit: u64, before: u64, now: u64, passed: u64) -> Standing {
    let reset = WINDOW - passed.min(WINDOW - 1);
    let used = weighed(before, reset) + now;
    let left = limit.saturating_sub(used + 1);
    let wait = if used < limit { 0 } else { wait(limit, before, now, reset) };
    Standing { limit, left, reset, wait }
}

/// What of `before` lies in the window while so many seconds of this minute are left.
fn weighed(before: u64, left: u64) -> u64 {
    before * left / WINDOW
}

/// Seconds until one more request fits: in this minute, as the one before leaves the window, or in the next.
fn wait(limit: u64, before: u64, now: u64, reset: u64) -> u64 {
    let here = (1..reset).find(|seconds| weighed(before, reset - seconds) + now < limit);
    let there = || (0..WINDOW).find(|seconds| weighed(now, WINDOW - seconds) < limit).unwrap_or(WINDOW);
    here.unwrap_or_else(|| reset + there())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_window_slides() {
        // Nothing sent yet: ten of ten, one of them now.
        assert_eq!(judge(10, 0, 0, 15), Standing { limit: 10, left: 9, reset: 45, wait: 0 });
        // A quarter of the minute is over: 45/60 of 8 is 6, and 3 make 9.
        assert_eq!(judge(10, 8, 3, 15), Standing { limit: 10, left: 0, reset: 45, wait: 0 });
        // 6 and 4 make 10. A second later 44/60 of 8 is 5.
        assert_eq!(judge(10, 8, 4, 15), Standing { limit: 10, left: 0, reset: 45, wait: 1 });
        // All ten of this minute: after it, and the second after, 59/60 of 10 is 9.
        assert_eq!(judge(10, 0, 10, 15), Standing { limit: 10, left: 0, reset: 45, wait: 46 });
    }

    proptest! {
        // Whoever waits as long as it was told is let in, and nobody is told to wait longer than two windows.
        #[test]
        fn who_waits_is_let_in(limit in 1u64..500, before in 0u64..600, now in 0u64..600, passed in 0u64..60) {
            let standing = judge(limit, before, now, passed);
            prop_assert!(standing.wait <= 2 * WINDOW);
            if !standing.is_good() {
                let later = passed + standing.wait;
                let then = if later < WINDOW {
                    judge(limit, before, now, later)
                } else {
                    judge(limit, now, 0, later - WINDOW)
                };
                prop_assert!(then.is_good() || now >= limit * WINDOW, "{:?} then {:?}", standing, then);
            }
        }

        // However requests come, a window holds at most the limit and what of it came at the end of the minute before.
        #[test]
        fn a_minute_holds_no_more_than_the_limit(limit in 1u64..50, asks in proptest::collection::vec(0u64..60, 0..200)) {
            let mut asks = asks;
            asks.sort_unstable();
            let mut sent = 0;
            for second in asks {
                if judge(limit, 0, sent, second).is_good() {
                    sent += 1;
                }
            }
            prop_assert!(sent <= limit);
        }
    }
}
