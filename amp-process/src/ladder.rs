//! The stop ladder: close standard input, ask politely, wait, kill. Pure: times in, steps out.

use std::time::Duration;

use tokio::time::Instant;

use crate::clock::after;
use crate::{Deadlines, Force, StopPolicy};

/// Where on the ladder a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rung {
    /// Nobody has asked for the end.
    Running,
    /// The caller has what it wanted; the program may exit by itself until then.
    Finishing { until: Instant },
    /// Standard input is closed; the program may exit on that until then.
    StdinClosed { until: Instant },
    /// The polite signal was sent; the program may exit on that until then.
    Signalled { until: Instant },
    /// SIGKILL is being sent, again and again.
    Killing,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Close standard input.
    CloseStdin,
    /// Send the polite signal.
    Signal,
    /// Kill the whole tree.
    Kill,
}

/// The ladder of one run.
#[derive(Debug)]
pub(crate) struct Ladder {
    rung: Rung,
    policy: StopPolicy,
    grace: Duration,
    drain: Duration,
    force: Force,
}

impl Ladder {
    pub(crate) fn new(policy: StopPolicy, deadlines: &Deadlines) -> Self {
        #[cfg(windows)]
        let policy = crate::platform::without_signal(policy, deadlines);
        Self {
            rung: Rung::Running,
            policy,
            grace: deadlines.grace,
            drain: deadlines.drain,
            force: Force::None,
        }
    }

    /// Returns whether anybody has asked for the end.
    pub(crate) fn has_begun(&self) -> bool {
        self.rung != Rung::Running
    }

    /// Returns whether the run is being stopped, not merely allowed to end.
    pub(crate) fn is_stopping(&self) -> bool {
        !matches!(self.rung, Rung::Running | Rung::Finishing { .. })
    }

    /// Returns whether the tree is being killed.
    pub(crate) fn is_killing(&self) -> bool {
        self.rung == Rung::Killing
    }

    /// Goes straight to the kill for what is left of a tree whose program has obeyed.
    pub(crate) fn obeyed(&mut self) {
        self.rung = Rung::Killing;
    }

    /// Returns the last rung that was used.
    pub(crate) fn force(&self) -> Force {
        self.force
    }

    /// Lets the program end by itself within the drain deadline, its standard input closed.
    pub(crate) fn finish(&mut self, now: Instant) -> Option<Step> {
        if self.has_begun() {
            return None;
        }
        let until = after(now, self.drain);
        self.rung = Rung::Finishing { until };
        Some(Step::CloseStdin)
    }

    /// Steps on the first rung of the way down.
    pub(crate) fn stop(&mut self, now: Instant) -> Option<Step> {
        if self.is_stopping() {
            return None;
        }
        let until = after(now, self.policy.stdin_grace);
        self.rung = Rung::StdinClosed { until };
        self.force = self.force.max(Force::StdinClosed);
        Some(Step::CloseStdin)
    }

    /// Leaves out the rungs that are left and kills.
    pub(crate) fn kill(&mut self) -> Option<Step> {
        if self.is_killing() {
            return None;
        }
        self.rung = Rung::Killing;
        self.force = Force::Killed;
        Some(Step::Kill)
    }

    /// Returns when the next step is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self.rung {
            Rung::Finishing { until } | Rung::StdinClosed { until } | Rung::Signalled { until } => {
                Some(until)
            }
            Rung::Running | Rung::Killing => None,
        }
    }

    /// Takes the step that is due.
    pub(crate) fn climb(&mut self, now: Instant) -> Step {
        let polite = matches!(self.rung, Rung::Finishing { .. } | Rung::StdinClosed { .. });
        if polite && self.policy.signal.is_some() {
            let until = after(now, self.grace);
            self.rung = Rung::Signalled { until };
            self.force = Force::Signalled;
            return Step::Signal;
        }
        self.rung = Rung::Killing;
        self.force = Force::Killed;
        Step::Kill
    }

    /// Moves what is due by the time that the run was paused.
    #[cfg(unix)]
    pub(crate) fn shift(&mut self, by: Duration) {
        match &mut self.rung {
            Rung::Finishing { until } | Rung::StdinClosed { until } | Rung::Signalled { until } => {
                *until += by;
            }
            Rung::Running | Rung::Killing => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ladder, Step};
    use crate::{Deadlines, Force, StopPolicy};
    #[cfg(unix)]
    use std::time::Duration;
    use tokio::time::Instant;

    // Where there are no signals, the end of input has that rung's time.
    #[test]
    #[cfg(unix)]
    fn stops_with_end_of_input_then_the_signal_then_the_kill() {
        let deadlines = Deadlines::default();
        let policy = StopPolicy::default().with_stdin_grace(Duration::from_secs(1));
        let mut ladder = Ladder::new(policy, &deadlines);
        let start = Instant::now();
        assert_eq!(ladder.stop(start), Some(Step::CloseStdin));
        assert_eq!(ladder.due(), Some(start + Duration::from_secs(1)));
        assert_eq!(ladder.climb(start), Step::Signal);
        assert_eq!(ladder.due(), Some(start + deadlines.grace));
        assert_eq!(ladder.climb(start), Step::Kill);
        assert_eq!((ladder.due(), ladder.force()), (None, Force::Killed));
    }

    #[test]
    #[cfg(unix)]
    fn finishing_uses_no_force_until_the_drain_deadline() {
        let mut ladder = Ladder::new(StopPolicy::default(), &Deadlines::default());
        assert_eq!(ladder.finish(Instant::now()), Some(Step::CloseStdin));
        assert_eq!(ladder.force(), Force::None);
        assert!(!ladder.is_stopping());
        assert_eq!(ladder.climb(Instant::now()), Step::Signal);
        assert!(ladder.is_stopping());
    }

    #[test]
    fn without_a_polite_signal_the_kill_follows_the_end_of_input() {
        let policy = StopPolicy::default().with_signal(None);
        let mut ladder = Ladder::new(policy, &Deadlines::default());
        ladder.stop(Instant::now());
        assert_eq!(ladder.climb(Instant::now()), Step::Kill);
    }

    #[test]
    fn a_kill_leaves_out_the_rungs_that_are_left() {
        let mut ladder = Ladder::new(StopPolicy::default(), &Deadlines::default());
        ladder.stop(Instant::now());
        assert_eq!(ladder.kill(), Some(Step::Kill));
        assert_eq!((ladder.due(), ladder.force()), (None, Force::Killed));
        assert_eq!(ladder.kill(), None);
    }

    #[test]
    fn a_program_that_has_obeyed_was_not_killed() {
        let mut ladder = Ladder::new(StopPolicy::default(), &Deadlines::default());
        ladder.stop(Instant::now());
        ladder.obeyed();
        assert_eq!(ladder.kill(), None);
        assert_eq!(ladder.force(), Force::StdinClosed);
    }

    #[test]
    #[cfg(unix)]
    fn a_second_stop_does_not_start_over() {
        let mut ladder = Ladder::new(StopPolicy::default(), &Deadlines::default());
        ladder.stop(Instant::now());
        ladder.climb(Instant::now());
        assert_eq!(ladder.stop(Instant::now()), None);
        assert_eq!(ladder.force(), Force::Signalled);
    }
}
