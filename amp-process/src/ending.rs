//! The end of a run: who asked for it, by which steps it comes, and what is found of the tree.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::after;
use crate::containment::guard::TreeGuard;
use crate::containment::kind::ContainmentKind;
use crate::containment::tree::Sweep;
use crate::deadlines::Deadline;
use crate::escalation::{Escalation, Step};
use crate::exit::{Cause, Exit, ExitStatus, Survivor};
use crate::lines::Line;
use crate::sandbox::status::SandboxStatus;
use crate::signal::Signal;
use crate::spec::ProcessSpec;
use crate::stderr::StderrText;
use crate::stdin::StdinSlot;

/// The pause between two sweeps of a tree that is being killed: from the first to the longest.
const SWEEP_PAUSE: (Duration, Duration) = (Duration::from_micros(500), Duration::from_millis(20));

/// The end of one run: what is done about it, and what is known of it so far.
pub(crate) struct Ending {
    tree: TreeGuard,
    stdin: StdinSlot,
    escalation: Escalation,
    signal: Option<Signal>,
    proof: Duration,
    started: Instant,
    status: Option<ExitStatus>,
    /// When the program exited.
    exit: Option<Instant>,
    cause: Option<Cause>,
    survivors: BTreeSet<(u32, String)>,
    /// When the tree is swept next, and the pause after that.
    sweeping: Option<(Instant, Duration)>,
    /// When the tree was swept first.
    killed: Option<Instant>,
    proven: bool,
    discarded: u64,
}

impl Ending {
    /// Takes over a tree that was started for `spec`.
    pub(crate) fn new(
        tree: TreeGuard,
        stdin: StdinSlot,
        spec: &ProcessSpec,
        started: Instant,
    ) -> Self {
        Self {
            tree,
            stdin,
            escalation: Escalation::new(spec.stop.clone(), &spec.deadlines),
            signal: spec.stop.signal,
            proof: spec.deadlines.proof,
            started,
            status: None,
            exit: None,
            cause: None,
            survivors: BTreeSet::new(),
            sweeping: None,
            killed: None,
            proven: false,
            discarded: 0,
        }
    }

    pub(crate) fn leader(&self) -> u32 {
        self.tree.leader()
    }

    pub(crate) fn kind(&self) -> ContainmentKind {
        self.tree.kind()
    }

    pub(crate) fn sandbox(&self) -> Option<&SandboxStatus> {
        self.tree.sandbox()
    }

    /// Returns how the program ended, once it has.
    pub(crate) fn status(&self) -> Option<ExitStatus> {
        self.status
    }

    /// Returns when the program exited, once it has.
    pub(crate) fn exit(&self) -> Option<Instant> {
        self.exit
    }

    /// Returns whether the run is being stopped, not merely allowed to end.
    pub(crate) fn is_stopping(&self) -> bool {
        self.escalation.is_stopping()
    }

    /// Returns whether the tree is being killed.
    pub(crate) fn is_killing(&self) -> bool {
        self.escalation.is_killing()
    }

    /// Returns when the next step of the escalation is due.
    pub(crate) fn next_step(&self) -> Option<Instant> {
        self.escalation.due()
    }

    /// Returns when the tree is to be swept next.
    pub(crate) fn next_sweep(&self) -> Option<Instant> {
        self.sweeping.map(|(due, _)| due)
    }

    /// Lets the program end by itself within the drain deadline.
    pub(crate) fn finish(&mut self, now: Instant) {
        self.set_cause(Cause::Finished);
        let step = self.escalation.finish(now);
        self.take(step);
    }

    /// Begins to stop the program.
    pub(crate) fn stop(&mut self, now: Instant) {
        self.set_cause(Cause::Stopped);
        let step = self.escalation.stop(now);
        self.take(step);
    }

    /// Kills the tree.
    pub(crate) fn kill(&mut self) {
        self.set_cause(Cause::Stopped);
        let step = self.escalation.kill();
        self.take(step);
    }

    /// Begins to stop the program because a deadline has passed.
    pub(crate) fn pass(&mut self, deadline: Deadline, now: Instant) {
        self.set_cause(Cause::DeadlinePassed(deadline));
        let step = self.escalation.stop(now);
        self.take(step);
    }

    /// Takes the step of the escalation that is due.
    pub(crate) fn escalate(&mut self, now: Instant) {
        let step = self.escalation.escalate(now);
        self.take(Some(step));
    }

    /// Moves what is due by the time that the run was paused.
    #[cfg(unix)]
    pub(crate) fn shift(&mut self, by: Duration) {
        self.escalation.shift(by);
        self.exit = self.exit.map(|exit| exit + by);
    }

    /// Sends a signal to the program's process group.
    pub(crate) fn send(&mut self, signal: Signal) -> io::Result<()> {
        match self.tree.get() {
            Some(tree) => tree.signal(signal),
            None => Ok(()),
        }
    }

    /// Looks for the program's exit; ready when it was seen just now.
    pub(crate) fn poll_leader(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.status.is_some() {
            return Poll::Pending;
        }
        let status = match self.tree.get() {
            None => Ok(ExitStatus::Unknown),
            Some(tree) => ready!(tree.poll_leader(context)),
        };
        // A program that cannot be watched is over for us; the sweep takes care of it.
        let end = *status.as_ref().unwrap_or(&ExitStatus::Unknown);
        self.note_exit(end);
        if self.escalation.is_stopping() || end == ExitStatus::Unknown {
            self.escalation.obeyed();
            self.sweep();
        }
        Poll::Ready(status.map(drop))
    }

    /// Kills whatever is alive; returns whether the proof has taken too long, and is given up.
    pub(crate) fn sweep_or_give_up(&mut self, now: Instant) -> bool {
        let give_up = !self.sweep().empty && self.proof_has_failed(now);
        if give_up {
            self.note_exit(ExitStatus::Unknown);
        }
        give_up
    }

    /// Counts a line that the caller has not read.
    pub(crate) fn discard(&mut self, line: &Line) {
        self.discarded += line.bytes().len() as u64 + 1;
    }

    /// Kills until the tree is empty or the proof deadline has passed; returns who is left.
    ///
    /// Dropping the future loses nothing.
    pub(crate) async fn prove_empty(&mut self) -> Vec<Survivor> {
        let mut swept = self.sweep();
        while !swept.empty && !self.proof_has_failed(Instant::now()) {
            if let Some((due, _)) = self.sweeping {
                let over = poll_fn(|context| match self.tree.get() {
                    Some(tree) => tree.poll_over(context),
                    None => Poll::Ready(()),
                });
                // Whichever comes first, it is time to look again.
                let _ = tokio::time::timeout_at(due, over).await;
            }
            swept = self.sweep();
        }
        match swept.empty {
            true => Vec::new(),
            false => swept.alive,
        }
    }

    /// Says how it all ended, when the tree has been proven empty or the proof was given up.
    pub(crate) fn conclude(&self, leaked: Vec<Survivor>, stderr: StderrText) -> Exit {
        let survivors = self.survivors.iter();
        Exit {
            status: self.status.unwrap_or(ExitStatus::Unknown),
            cause: self.cause.unwrap_or(Cause::Finished),
            force: self.escalation.force(),
            containment: self.kind(),
            survivors: survivors
                .map(|(pid, name)| Survivor::new(*pid, name.clone()))
                .collect(),
            proven_empty: self.proven,
            leaked,
            stderr,
            discarded: self.discarded,
            elapsed: self.started.elapsed(),
        }
    }

    fn take(&mut self, step: Option<Step>) {
        match step {
            None => {}
            Some(Step::CloseStdin) => self.stdin.close(),
            Some(Step::Signal) => {
                if let Some(signal) = self.signal {
                    // It may be gone already; the next step finds out.
                    let _ = self.send(signal);
                    // A program that was suspended cannot obey.
                    #[cfg(unix)]
                    let _ = self.send(Signal::CONTINUE);
                }
            }
            Some(Step::Kill) => {
                self.sweep();
            }
        }
    }

    /// Kills whatever is alive, once, and notes when to look again.
    fn sweep(&mut self) -> Sweep {
        let now = Instant::now();
        self.killed.get_or_insert(now);
        let swept = self.tree.sweep();
        if let Some(status) = swept.status {
            self.note_exit(status);
        }
        self.proven |= swept.proven;
        let found = swept.alive.iter().cloned();
        self.survivors
            .extend(found.map(|survivor| (survivor.pid, survivor.name)));
        let pause = self
            .sweeping
            .map_or(SWEEP_PAUSE.0, |(_, pause)| (pause * 2).min(SWEEP_PAUSE.1));
        self.sweeping = (!swept.empty).then(|| (now + pause, pause));
        swept
    }

    /// Returns whether the tree should have been empty long ago.
    fn proof_has_failed(&self, now: Instant) -> bool {
        self.killed
            .is_some_and(|killed| after(killed, self.proof) <= now)
    }

    fn note_exit(&mut self, status: ExitStatus) {
        if self.status.is_none() {
            self.status = Some(status);
            self.set_cause(Cause::Exited);
            self.exit = Some(Instant::now());
        }
    }

    fn set_cause(&mut self, cause: Cause) {
        self.cause.get_or_insert(cause);
    }
}
