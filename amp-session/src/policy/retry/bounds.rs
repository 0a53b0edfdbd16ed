//! How often, and for how long, a run goes on.

use std::time::Duration;

/// How long all waits may take together, unless it is said: half an hour.
///
/// An overload and a limit of so many requests a minute are gone by then. A quota of hours or days
/// is waited for only where somebody says how long.
const WAITING: Duration = Duration::from_secs(30 * 60);

/// The bound of the first wait, and the greatest one.
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// How often, and for how long, a run goes on after the service's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// How many attempts may follow the first; as many as time allows when absent.
    pub tries: Option<u32>,
    /// How long all waits may take together.
    pub waiting: Duration,
    /// The bound of the first wait; each is drawn from nothing to its bound, which doubles.
    pub first_wait: Duration,
    /// The greatest bound.
    pub longest_wait: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            tries: None,
            waiting: WAITING,
            first_wait: FIRST,
            longest_wait: LONGEST,
        }
    }
}

impl Retry {
    /// Limits the attempts that follow the first.
    #[must_use]
    pub fn with_tries(mut self, tries: u32) -> Self {
        self.tries = Some(tries);
        self
    }

    /// Limits how long all waits may take together; half an hour unless set.
    #[must_use]
    pub fn with_waiting(mut self, waiting: Duration) -> Self {
        self.waiting = waiting;
        self
    }

    /// Sets the bounds of the waits for which the service names no time; 5 seconds for the first and
    /// 5 minutes for the longest unless set.
    #[must_use]
    pub fn with_waits(mut self, first: Duration, longest: Duration) -> Self {
        (self.first_wait, self.longest_wait) = (first, longest);
        self
    }
}
