//! How many agents may work at once: half as many after a limit of the service, one more for every
//! quiet minute. A pure decision; the times are arguments.

use std::time::{Duration, Instant};

/// How long without a limit until one more may work.
const QUIET: Duration = Duration::from_secs(60);

/// How many agents may work at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    most: usize,
    now: usize,
    /// Until when none begins.
    closed_until: Option<Instant>,
    /// When the number changed last.
    since: Instant,
}

impl Pace {
    /// Begins with the greatest number.
    pub(super) fn new(most: usize, now: Instant) -> Self {
        Self {
            most,
            now: most,
            closed_until: None,
            since: now,
        }
    }

    /// Takes note of a limit of the service, which is waited for.
    ///
    /// Agents that run at the same time meet the same limit: while none begins, it counts once.
    pub(super) fn limited(&mut self, wait: Duration, now: Instant) {
        self.recover(now);
        let was_open = self.closed_until.is_none_or(|until| until <= now);
        if was_open {
            self.now = (self.now / 2).max(1);
        }
        self.since = now;
        let until = now.checked_add(wait);
        self.closed_until = self.closed_until.max(until);
    }

    /// Returns how many may work now.
    pub(super) fn allowed(&mut self, now: Instant) -> usize {
        self.recover(now);
        self.now
    }

    /// Returns when the next may begin, if not now.
    pub(super) fn opens_at(&self, now: Instant) -> Option<Instant> {
        self.closed_until.filter(|until| *until > now)
    }

    /// Returns when one more may work, if more may.
    pub(super) fn grows_at(&self) -> Option<Instant> {
        (self.now < self.most).then(|| self.quiet_since() + QUIET)
    }

    /// A wait is no quiet time.
    fn quiet_since(&self) -> Instant {
        self.closed_until
            .map_or(self.since, |until| until.max(self.since))
    }

    fn recover(&mut self, now: Instant) {
        let quiet = now.saturating_duration_since(self.quiet_since());
        let minutes = quiet.as_secs() / QUIET.as_secs();
        if minutes > 0 && self.now < self.most {
            let more = usize::try_from(minutes).unwrap_or(usize::MAX);
            self.now = self.now.saturating_add(more).min(self.most);
            self.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Pace;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn limits_that_come_together_halve_the_number_once() {
        let begin = Instant::now();
        let mut pace = Pace::new(8, begin);
        for _ in 0..8 {
            pace.limited(SECOND * 10, begin);
        }
        assert_eq!(pace.allowed(begin), 4);
        pace.limited(SECOND * 10, begin + SECOND * 11);
        pace.limited(SECOND * 10, begin + SECOND * 22);
        pace.limited(SECOND * 10, begin + SECOND * 33);
        pace.limited(SECOND * 10, begin + SECOND * 44);
        assert_eq!(pace.allowed(begin + SECOND * 44), 1);
    }

    #[test]
    fn the_longest_wait_counts() {
        let begin = Instant::now();
        let mut pace = Pace::new(8, begin);
        pace.limited(SECOND * 30, begin);
        pace.limited(SECOND * 5, begin);
        assert_eq!(pace.opens_at(begin), Some(begin + SECOND * 30));
        assert_eq!(pace.opens_at(begin + SECOND * 30), None);
    }

    #[test]
    fn every_quiet_minute_lets_one_more_work_up_to_the_most() {
        let begin = Instant::now();
        let mut pace = Pace::new(8, begin);
        pace.limited(SECOND * 30, begin);
        assert_eq!(pace.grows_at(), Some(begin + SECOND * 90));
        assert_eq!(pace.allowed(begin + SECOND * 89), 4);
        assert_eq!(pace.allowed(begin + SECOND * 90), 5);
        assert_eq!(pace.allowed(begin + SECOND * 149), 5);
        assert_eq!(pace.allowed(begin + SECOND * 150), 6);
        assert_eq!(pace.allowed(begin + SECOND * 10_000), 8);
        assert_eq!(pace.grows_at(), None);
    }
}
