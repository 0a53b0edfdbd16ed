//! Which failures are worth another attempt, and after which pause.

use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::{Duration, Instant};

use super::{Address, failure};
use crate::error::{Error, ErrorKind, Result};
use crate::progress::{Event, Progress};
use crate::settings::{Limits, RetryPolicy};

/// A moment after which a wait is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(wait: Duration) -> Self {
        Self(Instant::now() + wait)
    }

    pub(crate) fn check(self, address: &Address) -> Result<()> {
        if Instant::now() >= self.0 {
            return Err(failure::too_slow(address));
        }
        Ok(())
    }
}

/// Counts the failures of one piece of work.
#[derive(Debug)]
pub(crate) struct Attempts {
    policy: RetryPolicy,
    failures: u32,
    last: Option<Error>,
}

impl Attempts {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            policy: limits.retry.clone(),
            failures: 0,
            last: None,
        }
    }

    /// Forgets the failures so far, because real progress was made since.
    pub(crate) fn forget(&mut self) {
        self.failures = 0;
    }

    /// Returns the last failure that another attempt was to cure.
    pub(crate) fn last(&mut self) -> Option<Error> {
        self.last.take()
    }

    /// Waits before the next attempt, or returns the error when there should be none.
    pub(crate) fn pause_or_fail(&mut self, error: Error, progress: &dyn Progress) -> Result<()> {
        self.failures += 1;
        let asked = error.wait_asked_for();
        let too_long = asked.is_some_and(|wait| wait > self.policy.longest_retry_after);
        if !is_transient(&error) || self.failures > self.policy.retries || too_long {
            return Err(error);
        }
        let pause = asked.unwrap_or_else(|| self.own_pause());
        progress.event(&Event::Retrying {
            failures: self.failures,
            pause,
            error: &error,
        });
        thread::sleep(pause);
        self.last = Some(error);
        Ok(())
    }

    fn own_pause(&self) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(16);
        let pause = self.policy.first_pause.saturating_mul(1 << doublings);
        jittered(pause.min(self.policy.longest_pause), random_fraction())
    }
}

fn is_transient(error: &Error) -> bool {
    let kind = matches!(
        error.kind(),
        ErrorKind::Unreachable | ErrorKind::Timeout | ErrorKind::ServerError | ErrorKind::Proxy
    );
    kind && !error.is_permanent()
}

/// Spreads a pause between half and one and a half of itself.
fn jittered(pause: Duration, fraction: f64) -> Duration {
    pause.mul_f64(0.5 + fraction)
}

/// Returns a number between 0 and 1 from the standard library's own seed for hash maps.
fn random_fraction() -> f64 {
    let random = RandomState::new().hash_one(0) >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    let fraction = random as f64 / (1u64 << 53) as f64;
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_cap_and_spreads_by_half() {
        let mut attempts = Attempts::new(&Limits::default());
        let mut bounds = Vec::new();
        for failures in 1..=6 {
            attempts.failures = failures;
            for _ in 0..100 {
                let pause = attempts.own_pause();
                let middle =
                    Duration::from_millis(500 << (failures - 1)).min(Duration::from_secs(8));
                assert!(pause >= middle / 2 && pause <= middle * 3 / 2, "{pause:?}");
                bounds.push(pause);
            }
        }
        bounds.dedup();
        assert!(bounds.len() > 500, "pauses hardly differ: {}", bounds.len());
    }
}
