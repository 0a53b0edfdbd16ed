//! How long to wait.

use std::time::Duration;

/// The least wait where nothing is asked for.
const LEAST: Duration = Duration::from_secs(1);

/// How many times as long the first wait is after a limit of so many requests a minute.
const RATE: u32 = 6;

/// Waits that grow, each drawn from nothing to its bound, so that many who failed at once do not
/// come back at once (exponential backoff with full jitter).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Backoff {
    /// The bound of the first wait.
    pub(super) first: Duration,
    /// The greatest bound.
    pub(super) longest: Duration,
}

impl Backoff {
    /// Returns the wait after so many failures, from 1; `share`, from 0 to 1, is drawn at random.
    pub(super) fn wait(self, failures: u32, is_rate: bool, share: f64) -> Duration {
        let first = if is_rate {
            self.first * RATE
        } else {
            self.first
        };
        let doubled = 2_u32.checked_pow(failures.saturating_sub(1));
        let bound = doubled.and_then(|times| first.checked_mul(times));
        let bound = bound.map_or(self.longest, |bound| bound.min(self.longest));
        bound
            .mul_f64(share.clamp(0.0, 1.0))
            .max(LEAST.min(self.first))
    }

    /// Returns the wait that a service asks for, and up to a tenth more.
    pub(super) fn asked(asked: Duration, share: f64) -> Duration {
        asked.mul_f64(1.0 + share.clamp(0.0, 1.0) / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_are_never_nothing() {
        let backoff = Backoff {
            first: Duration::from_secs(5),
            longest: Duration::from_secs(300),
        };
        let bounds = [1, 2, 3, 7, 40].map(|failures| backoff.wait(failures, false, 1.0).as_secs());
        assert_eq!(bounds, [5, 10, 20, 300, 300]);
        assert_eq!(backoff.wait(1, true, 1.0).as_secs(), 30);
        assert_eq!(backoff.wait(3, false, 0.5).as_secs(), 10);
        assert_eq!(backoff.wait(9, false, 0.0), LEAST);
        assert_eq!(Backoff::asked(Duration::from_secs(20), 0.5).as_secs(), 21);
    }
}
