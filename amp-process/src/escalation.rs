//! The escalation that ends a program: close its input, signal, wait, kill. Pure: times in, steps
//! out.

use std::time::Duration;

use tokio::time::Instant;

use crate::clock::after;
use crate::deadlines::{Deadlines, StopPolicy};
use crate::exit::Force;

/// How far the escalation of a run has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nobody has asked for the end.
    Running,
    /// The caller has what it wanted; the program may exit by itself until then.
    Finishing { until: Instant },
    /// Standard input is closed; the program may exit on that until then.
    StdinClosed { until: Instant },
    /// The signal that asks it to stop was sent; the program may exit on that until then.
    Signalled { until: Instant },
    /// SIGKILL is being sent, again and again.
    Killing,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Close standard input.
    CloseStdin,
    /// Send the signal that asks it to stop.
    Signal,
    /// Kill the whole tree.
    Kill,
}

/// The escalation of one run.
#[derive(Debug)]
pub(crate) struct Escalation {
    stage: Stage,
    policy: StopPolicy,
    grace: Duration,
    drain: Duration,
    force: Force,
}

impl Escalation {
    pub(crate) fn new(policy: StopPolicy, deadlines: &Deadlines) -> Self {
        #[cfg(windows)]
        let policy = crate::platform::without_signal(policy, deadlines);
        Self {
            stage: Stage::Running,
            policy,
            grace: deadlines.grace,
            drain: deadlines.drain,
            force: Force::None,
        }
    }

    /// Returns whether anybody has asked for the end.
    pub(crate) fn has_begun(&self) -> bool {
        self.stage != Stage::Running
    }

    /// Returns whether the run is being stopped, not merely allowed to end.
    pub(crate) fn is_stopping(&self) -> bool {
        !matches!(self.stage, Stage::Running | Stage::Finishing { .. })
    }

    /// Returns whether the tree is being killed.
    pub(crate) fn is_killing(&self) -> bool {
        self.stage == Stage::Killing
    }

    /// Goes straight to the kill for what is left of a tree whose program has obeyed.
    pub(crate) fn obeyed(&mut self) {
        self.stage = Stage::Killing;
    }

    /// Returns the last step that was taken.
    pub(crate) fn force(&self) -> Force {
        self.force
    }

    /// Lets the program end by itself within the drain deadline, its standard input closed.
    pub(crate) fn finish(&mut self, now: Instant) -> Option<Step> {
        if self.has_begun() {
            return None;
        }
        let until = after(now, self.drain);
        self.stage = Stage::Finishing { until };
        Some(Step::CloseStdin)
    }

    /// Begins to stop the program.
    pub(crate) fn stop(&mut self, now: Instant) -> Option<Step> {
        if self.is_stopping() {
            return None;
        }
        let until = after(now, self.policy.stdin_grace);
        self.stage = Stage::StdinClosed { until };
        self.force = self.force.max(Force::StdinClosed);
        Some(Step::CloseStdin)
    }

    /// Leaves out the steps before the kill.
    pub(crate) fn kill(&mut self) -> Option<Step> {
        if self.is_killing() {
            return None;
        }
        self.stage = Stage::Killing;
        self.force = Force::Killed;
        Some(Step::Kill)
    }

    /// Returns when the next step is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self.stage {
            Stage::Finishing { until }
            | Stage::StdinClosed { until }
            | Stage::Signalled { until } => Some(until),
            Stage::Running | Stage::Killing => None,
        }
    }

    /// Takes the step that is due.
    pub(crate) fn escalate(&mut self, now: Instant) -> Step {
        let may_ask = matches!(
            self.stage,
            Stage::Finishing { .. } | Stage::StdinClosed { .. }
        );
        if may_ask && self.policy.signal.is_some() {
            let until = after(now, self.grace);
            self.stage = Stage::Signalled { until };
            self.force = Force::Signalled;
            return Step::Signal;
        }
        self.stage = Stage::Killing;
        self.force = Force::Killed;
        Step::Kill
    }

    /// Moves what is due by the time that the run was paused.
    #[cfg(unix)]
    pub(crate) fn shift(&mut self, by: Duration) {
        match &mut self.stage {
            Stage::Finishing { until }
            | Stage::StdinClosed { until }
            | Stage::Signalled { until } => {
                *until += by;
            }
            Stage::Running | Stage::Killing => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Escalation, Step};
    use crate::deadlines::{Deadlines, StopPolicy};
    use crate::exit::Force;
    #[cfg(unix)]
    use std::time::Duration;
    use tokio::time::Instant;

    // Where there are no signals, the end of input has the time of the signal.
    #[test]
    #[cfg(unix)]
    fn stops_with_end_of_input_then_the_signal_then_the_kill() {
        let deadlines = Deadlines::default();
        let policy = StopPolicy::default().with_stdin_grace(Duration::from_secs(1));
        let mut escalation = Escalation::new(policy, &deadlines);
        let start = Instant::now();
        assert_eq!(escalation.stop(start), Some(Step::CloseStdin));
        assert_eq!(escalation.due(), Some(start + Duration::from_secs(1)));
        assert_eq!(escalation.escalate(start), Step::Signal);
        assert_eq!(escalation.due(), Some(start + deadlines.grace));
        assert_eq!(escalation.escalate(start), Step::Kill);
        assert_eq!(
            (escalation.due(), escalation.force()),
            (None, Force::Killed)
        );
    }

    #[test]
    #[cfg(unix)]
    fn finishing_uses_no_force_until_the_drain_deadline() {
        let mut escalation = Escalation::new(StopPolicy::default(), &Deadlines::default());
        assert_eq!(escalation.finish(Instant::now()), Some(Step::CloseStdin));
        assert_eq!(escalation.force(), Force::None);
        assert!(!escalation.is_stopping());
        assert_eq!(escalation.escalate(Instant::now()), Step::Signal);
        assert!(escalation.is_stopping());
    }

    #[test]
    fn without_a_signal_the_kill_follows_the_end_of_input() {
        let policy = StopPolicy::default().with_signal(None);
        let mut escalation = Escalation::new(policy, &Deadlines::default());
        escalation.stop(Instant::now());
        assert_eq!(escalation.escalate(Instant::now()), Step::Kill);
    }

    #[test]
    fn a_kill_leaves_out_the_steps_before_it() {
        let mut escalation = Escalation::new(StopPolicy::default(), &Deadlines::default());
        escalation.stop(Instant::now());
        assert_eq!(escalation.kill(), Some(Step::Kill));
        assert_eq!(
            (escalation.due(), escalation.force()),
            (None, Force::Killed)
        );
        assert_eq!(escalation.kill(), None);
    }

    #[test]
    fn a_program_that_has_obeyed_was_not_killed() {
        let mut escalation = Escalation::new(StopPolicy::default(), &Deadlines::default());
        escalation.stop(Instant::now());
        escalation.obeyed();
        assert_eq!(escalation.kill(), None);
        assert_eq!(escalation.force(), Force::StdinClosed);
    }

    #[test]
    fn a_run_that_is_stopped_is_not_left_to_finish() {
        let mut escalation = Escalation::new(StopPolicy::default(), &Deadlines::default());
        escalation.stop(Instant::now());
        assert_eq!(escalation.finish(Instant::now()), None);
        assert!(escalation.is_stopping());
    }

    #[test]
    #[cfg(unix)]
    fn a_second_stop_does_not_start_over() {
        let mut escalation = Escalation::new(StopPolicy::default(), &Deadlines::default());
        escalation.stop(Instant::now());
        escalation.escalate(Instant::now());
        assert_eq!(escalation.stop(Instant::now()), None);
        assert_eq!(escalation.force(), Force::Signalled);
    }

    #[test]
    #[cfg(unix)]
    fn a_pause_moves_every_step_by_its_length_and_nothing_else() {
        let pause = Duration::from_secs(100);
        let start = Instant::now();
        let mut escalation = Escalation::new(StopPolicy::default(), &Deadlines::default());
        escalation.shift(pause);
        assert_eq!(escalation.due(), None);
        escalation.finish(start);
        for _ in 0..2 {
            let due = escalation.due().unwrap();
            escalation.shift(pause);
            assert_eq!(escalation.due(), Some(due + pause));
            escalation.escalate(start);
        }
        escalation.shift(pause);
        assert_eq!(escalation.due(), None);

        let mut escalation = Escalation::new(StopPolicy::default(), &Deadlines::default());
        escalation.stop(start);
        let due = escalation.due().unwrap();
        escalation.shift(pause);
        assert_eq!(escalation.due(), Some(due + pause));
    }
}
