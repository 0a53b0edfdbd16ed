//! When things happened in a run, and which of its deadlines comes first. Pure: times in, times out.

use std::time::Duration;

use tokio::time::Instant;

use crate::deadlines::{Deadline, Deadlines};

/// Returns the moment that lies `limit` after `from`, or a hundred years if that is less.
pub(crate) fn after(from: Instant, limit: Duration) -> Instant {
    const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    from.checked_add(limit.min(FOR_EVER)).unwrap_or(from)
}

/// The clock of one run. Pausing it moves everything it remembers, so no deadline comes nearer.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    heard: Option<Instant>,
    heard_on_stderr: Option<Instant>,
    waiting: Option<Instant>,
    paused: Option<Instant>,
    /// Silence is expected, so it does not count.
    quiet: bool,
}

impl Clock {
    pub(crate) fn new(started: Instant) -> Self {
        Self {
            started,
            heard: None,
            heard_on_stderr: None,
            waiting: None,
            paused: None,
            quiet: false,
        }
    }

    /// Lets silence count no longer, or again from now on.
    pub(crate) fn expect_silence(&mut self, expected: bool, now: Instant) {
        if self.quiet && !expected {
            self.heard = self.heard.map(|heard| heard.max(now));
        }
        self.quiet = expected;
    }

    /// Notes that something came on standard output.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard = Some(now);
    }

    /// Notes that something came on standard error at that time.
    pub(crate) fn heard_on_stderr(&mut self, moment: Instant) {
        self.heard_on_stderr = Some(moment);
    }

    /// Notes that the caller waits; silence counts from here at the earliest.
    pub(crate) fn waits(&mut self, now: Instant) {
        self.waiting.get_or_insert(now);
    }

    /// Notes that the caller does not wait any more, having got its line for instance.
    pub(crate) fn rests(&mut self) {
        self.waiting = None;
    }

    /// Returns the deadline that comes first, and when.
    pub(crate) fn due(&self, deadlines: &Deadlines) -> Option<(Instant, Deadline)> {
        let total = deadlines.total.map(|total| (self.started, total));
        let total = total.map(|(from, limit)| (after(from, limit), Deadline::Total));
        let silence = match self.heard {
            None => deadlines.startup.map(|limit| {
                let from = self.heard_on_stderr.unwrap_or(self.started);
                (after(from, limit), Deadline::Startup)
            }),
            Some(_) if self.quiet => None,
            Some(heard) => self.waiting.zip(deadlines.idle).map(|(waiting, limit)| {
                let from = waiting
                    .max(heard)
                    .max(self.heard_on_stderr.unwrap_or(heard));
                (after(from, limit), Deadline::Idle)
            }),
        };
        silence.into_iter().chain(total).min_by_key(|(due, _)| *due)
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Stops the clock.
    #[cfg(unix)]
    pub(crate) fn pause(&mut self, now: Instant) {
        self.paused.get_or_insert(now);
    }

    /// Starts the clock again and returns how long it stood.
    #[cfg(unix)]
    pub(crate) fn resume(&mut self, now: Instant) -> Duration {
        let Some(paused) = self.paused.take() else {
            return Duration::ZERO;
        };
        let stood = now.saturating_duration_since(paused);
        self.started += stood;
        for moment in [
            &mut self.heard,
            &mut self.heard_on_stderr,
            &mut self.waiting,
        ] {
            *moment = moment.map(|moment| moment + stood);
        }
        stood
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use crate::deadlines::{Deadline, Deadlines};
    use std::time::Duration;
    use tokio::time::Instant;

    const SECOND: Duration = Duration::from_secs(1);

    fn deadlines() -> Deadlines {
        Deadlines::default()
            .with_startup(Some(2 * SECOND))
            .with_idle(Some(10 * SECOND))
            .with_total(Some(60 * SECOND))
    }

    #[test]
    fn the_first_byte_ends_startup_and_begins_silence() {
        let start = Instant::now();
        let mut clock = Clock::new(start);
        let due = clock.due(&deadlines());
        assert_eq!(due, Some((start + 2 * SECOND, Deadline::Startup)));
        clock.heard(start + SECOND);
        clock.waits(start + SECOND);
        let due = clock.due(&deadlines());
        assert_eq!(due, Some((start + 11 * SECOND, Deadline::Idle)));
    }

    #[test]
    fn a_caller_that_was_busy_does_not_make_the_program_idle() {
        let start = Instant::now();
        let mut clock = Clock::new(start);
        clock.heard(start);
        clock.rests();
        let due = clock.due(&deadlines());
        assert_eq!(due, Some((start + 60 * SECOND, Deadline::Total)));
        clock.waits(start + 30 * SECOND);
        let due = clock.due(&deadlines());
        assert_eq!(due, Some((start + 40 * SECOND, Deadline::Idle)));
    }

    #[test]
    fn the_total_deadline_wins_when_it_comes_first() {
        let start = Instant::now();
        let mut clock = Clock::new(start);
        clock.heard(start + 55 * SECOND);
        let due = clock.due(&deadlines());
        assert_eq!(due, Some((start + 60 * SECOND, Deadline::Total)));
    }

    #[test]
    fn standard_error_puts_start_up_and_silence_off_but_is_no_first_byte() {
        let start = Instant::now();
        let mut clock = Clock::new(start);
        clock.heard_on_stderr(start + SECOND);
        let due = clock.due(&deadlines());
        assert_eq!(due, Some((start + 3 * SECOND, Deadline::Startup)));
        clock.heard(start + 2 * SECOND);
        clock.waits(start + 2 * SECOND);
        clock.heard_on_stderr(start + 5 * SECOND);
        let due = clock.due(&deadlines());
        assert_eq!(due, Some((start + 15 * SECOND, Deadline::Idle)));
    }

    #[test]
    fn silence_that_is_expected_does_not_count_and_begins_anew_afterwards() {
        let start = Instant::now();
        let mut clock = Clock::new(start);
        clock.heard(start);
        clock.waits(start);
        clock.expect_silence(true, start + SECOND);
        let due = clock.due(&deadlines());
        assert_eq!(due, Some((start + 60 * SECOND, Deadline::Total)));
        clock.expect_silence(false, start + 30 * SECOND);
        let due = clock.due(&deadlines());
        assert_eq!(due, Some((start + 40 * SECOND, Deadline::Idle)));
    }

    #[cfg(unix)]
    #[test]
    fn time_on_pause_does_not_count() {
        let start = Instant::now();
        let mut clock = Clock::new(start);
        clock.pause(start + SECOND);
        assert!(clock.is_paused());
        assert_eq!(clock.resume(start + 100 * SECOND), 99 * SECOND);
        let due = clock.due(&deadlines());
        assert_eq!(due, Some((start + 101 * SECOND, Deadline::Startup)));
    }
}
