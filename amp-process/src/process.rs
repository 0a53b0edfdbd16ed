//! A program that runs: its lines, its deadlines, its end.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use tokio::time::{Instant, Sleep};

use crate::clock::{Clock, after};
use crate::containment::{Sweep, TreeGuard};
use crate::ladder::{Ladder, Step};
use crate::platform;
use crate::stderr::StderrDrain;
use crate::stdin::StdinSlot;
use crate::stdout::Stdout;
use crate::{
    Cause, ContainmentKind, Deadline, Deadlines, Error, Exit, ExitStatus, Line, ProcessSpec,
    Signal, StderrText, StdinSource, StdinWriter, Survivor,
};

/// The pause between two sweeps of a tree that is being killed: from the first to the longest.
const SWEEP_PAUSE: (Duration, Duration) = (Duration::from_micros(500), Duration::from_millis(20));

/// A running program and its whole process tree.
///
/// Lines come from [`next_line`](Self::next_line) or from the [`Stream`]; the end comes from
/// [`finish`](Self::finish) or [`stop`](Self::stop). Dropping it, at any time and anywhere, kills
/// the tree at once; what cannot be finished within the destructor goes on in the background.
pub struct Process {
    tree: TreeGuard,
    kind: ContainmentKind,
    leader: u32,
    stdout: Stdout,
    stderr: StderrDrain,
    stdin: StdinSlot,
    stdin_writer: Option<StdinWriter>,
    /// Input that is still to be written, from this position on.
    input: Option<(Vec<u8>, usize)>,
    deadlines: Deadlines,
    signal: Option<Signal>,
    ladder: Ladder,
    clock: Clock,
    timer: Pin<Box<Sleep>>,
    started: Instant,
    status: Option<ExitStatus>,
    cause: Option<Cause>,
    survivors: BTreeSet<(u32, String)>,
    /// When the tree is swept next, and the pause after that.
    sweeping: Option<(Instant, Duration)>,
    killed: Option<Instant>,
    proven: bool,
    discarded: u64,
}

/// What the timer waits for.
enum Due {
    /// A deadline of the run.
    Deadline(Deadline),
    /// The next rung of the stop ladder.
    Ladder,
    /// The end of what may still come after the program's exit.
    Drain,
    /// The next sweep of a tree that is being killed.
    Sweep,
}

impl ProcessSpec {
    /// Starts the program.
    ///
    /// Dropping the future leaves nothing behind, whether the program was started or not.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) tells why a program cannot be started, or that the
    /// containment asked for is not available.
    pub async fn spawn(&self) -> Result<Process, Error> {
        tokio::runtime::Handle::try_current().map_err(Error::NoRuntime)?;
        let started = Instant::now();
        let running = platform::start(self).await?;
        let stdin = StdinSlot::new(running.stdin);
        let (stdin_writer, input) = match &self.stdin {
            StdinSource::Empty => (None, None),
            StdinSource::Bytes(bytes) => (None, Some((bytes.clone(), 0))),
            StdinSource::Piped => (Some(StdinWriter::new(stdin.clone())), None),
        };
        Ok(Process {
            kind: running.tree.kind(),
            leader: running.tree.leader(),
            tree: running.tree,
            stdout: Stdout::new(running.stdout, self.max_line_bytes),
            stderr: StderrDrain::start(running.stderr),
            stdin,
            stdin_writer,
            input,
            deadlines: self.deadlines.clone(),
            signal: self.stop.signal,
            ladder: Ladder::new(self.stop.clone(), &self.deadlines),
            clock: Clock::new(started),
            timer: Box::pin(tokio::time::sleep_until(started)),
            started,
            status: None,
            cause: None,
            survivors: BTreeSet::new(),
            sweeping: None,
            killed: None,
            proven: false,
            discarded: 0,
        })
    }
}

impl Process {
    /// Returns the program's process id: as the host sees it, or within its PID namespace.
    pub fn id(&self) -> u32 {
        self.leader
    }

    /// Returns the containment in use.
    pub fn containment(&self) -> ContainmentKind {
        self.kind
    }

    /// Returns how the program ended, once it has.
    pub fn status(&self) -> Option<ExitStatus> {
        self.status
    }

    /// Returns what has come on standard error so far.
    pub fn stderr_so_far(&self) -> StderrText {
        self.stderr.so_far()
    }

    /// Takes the writer for [`StdinSource::Piped`]; `None` the second time.
    pub fn take_stdin(&mut self) -> Option<StdinWriter> {
        self.stdin_writer.take()
    }

    /// Waits for the next line.
    ///
    /// `None` means that no line will come any more: the program has exited, and its standard
    /// output has ended or the drain deadline has passed. The end of standard output alone does not
    /// end the lines, because the program may still be at work.
    ///
    /// Dropping the future loses nothing: the next call goes on where it was.
    ///
    /// # Errors
    ///
    /// [`Error::DeadlinePassed`], once. The stop ladder has begun then, and further calls return
    /// what the program still writes until it is gone.
    pub async fn next_line(&mut self) -> Result<Option<Line>, Error> {
        std::future::poll_fn(|context| self.poll_line(context)).await
    }

    /// Waits until a deadline passes, and reads nothing meanwhile.
    ///
    /// For a caller that is busy with a line, for instance because its own reader has stalled, and
    /// must not be for ever: deadlines are kept while this or [`next_line`](Self::next_line) is
    /// waited for. Silence does not count here. There may be no deadline left to pass, so wait for
    /// something else beside it. Dropping the future loses nothing.
    ///
    /// Returns what `next_line` would have: [`Error::DeadlinePassed`], once, when the stop ladder
    /// has begun, or why the program cannot be watched.
    pub async fn until_deadline(&mut self) -> Error {
        std::future::poll_fn(|context| self.poll_deadline(context)).await
    }

    /// Says that the caller has what it wanted, without waiting.
    ///
    /// Standard input is closed. Further lines can be read, but if the program is still there after
    /// the drain deadline, the stop ladder begins.
    pub fn begin_finish(&mut self) {
        self.end_pause();
        self.set_cause(Cause::Finished);
        let step = self.ladder.finish(Instant::now());
        self.take_step(step);
    }

    /// Begins the stop ladder, without waiting.
    ///
    /// Lines that the program writes on its way out can still be read with
    /// [`next_line`](Self::next_line), which also moves the ladder on.
    pub fn begin_stop(&mut self) {
        self.end_pause();
        self.set_cause(Cause::Stopped);
        let step = self.ladder.stop(Instant::now());
        self.take_step(step);
    }

    /// Kills the tree now, without the rungs of the stop ladder before SIGKILL and without waiting.
    ///
    /// [`next_line`](Self::next_line) and [`finish`](Self::finish) go on from there.
    pub fn begin_kill(&mut self) {
        self.end_pause();
        self.set_cause(Cause::Stopped);
        let step = self.ladder.kill();
        self.take_step(step);
    }

    /// Ends the run: the program may exit by itself within the drain deadline, then the stop ladder
    /// begins. Whatever it still writes on standard output is dropped and counted.
    pub async fn finish(mut self) -> Exit {
        self.begin_finish();
        self.end().await
    }

    /// Stops the run now, by the stop ladder. Whatever it still writes on standard output is
    /// dropped and counted.
    pub async fn stop(mut self) -> Exit {
        self.begin_stop();
        self.end().await
    }

    /// Kills the tree now and waits, within the proof deadline, until it is gone. Whatever is left
    /// on standard output is dropped and counted.
    pub async fn kill(mut self) -> Exit {
        self.begin_kill();
        self.end().await
    }

    /// Stops the program's process group with SIGSTOP, and the clocks of all deadlines.
    ///
    /// For a host that is being suspended, by Ctrl-Z for instance: the program leads a process
    /// group of its own, so the terminal does not reach it.
    ///
    /// # Errors
    ///
    /// When the signal cannot be sent.
    #[cfg(unix)]
    pub fn pause(&mut self) -> Result<(), Error> {
        self.send(Signal::STOP)?;
        self.clock.pause(Instant::now());
        Ok(())
    }

    /// Undoes [`pause`](Self::pause): the program goes on, and deadlines have not moved nearer.
    ///
    /// # Errors
    ///
    /// When the signal cannot be sent.
    #[cfg(unix)]
    pub fn resume(&mut self) -> Result<(), Error> {
        if !self.clock.is_paused() {
            return Ok(());
        }
        let paused = self.clock.resume(Instant::now());
        self.ladder.shift(paused);
        self.send(Signal::CONTINUE)
    }

    /// Sends a signal to the program's process group.
    ///
    /// # Errors
    ///
    /// When the signal cannot be sent, for instance because the program is gone.
    pub fn send(&mut self, signal: Signal) -> Result<(), Error> {
        match self.tree.get() {
            Some(tree) => tree.signal(signal).map_err(Error::io("send the signal")),
            None => Ok(()),
        }
    }

    /// Waits for the next line, as [`next_line`](Self::next_line) does.
    fn poll_line(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Line>, Error>> {
        let line = self.poll_until_served(context);
        if line.is_ready() {
            self.clock.rests();
        }
        line
    }

    fn poll_until_served(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Line>, Error>> {
        loop {
            if let Some(line) = self.stdout.next_line() {
                return Poll::Ready(Ok(Some(line)));
            }
            if !self.stdout.is_open() && self.status.is_some() {
                return Poll::Ready(Ok(None));
            }
            self.clock.waits(Instant::now());
            self.poll_input(context);
            let read = self.poll_stdout(context)?;
            // Looked at after every read: a flood leaves no time to wait for the timer.
            let other = self.poll_exit_and_clock(context)?;
            if read.is_pending() && other.is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Waits for a deadline, as [`until_deadline`](Self::until_deadline) does.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        self.clock.rests();
        loop {
            self.poll_input(context);
            match self.poll_exit_and_clock(context) {
                Ok(Poll::Ready(())) => {}
                Ok(Poll::Pending) => return Poll::Pending,
                Err(error) => return Poll::Ready(error),
            }
        }
    }

    /// Looks for the program's exit and does what is due; ready when there was anything.
    fn poll_exit_and_clock(&mut self, context: &mut Context<'_>) -> Result<Poll<()>, Error> {
        let exited = self.poll_leader(context)?;
        match self.poll_due(context) {
            Poll::Ready(Some(deadline)) => Err(Error::DeadlinePassed(deadline)),
            Poll::Ready(None) => Ok(Poll::Ready(())),
            Poll::Pending => Ok(exited),
        }
    }

    /// Writes input as far as the program takes it.
    fn poll_input(&mut self, context: &mut Context<'_>) {
        while let Some((bytes, position)) = &mut self.input {
            if *position < bytes.len() {
                match self.stdin.poll_write(context, &bytes[*position..]) {
                    Poll::Ready(Ok(count)) => {
                        *position += count;
                        continue;
                    }
                    Poll::Pending => return,
                    // Not reading its input is the program's right; its end tells the rest.
                    Poll::Ready(Err(_)) => {}
                }
            }
            self.input = None;
            self.stdin.close();
        }
    }

    /// Reads once; ready when something was read or the pipe has ended.
    fn poll_stdout(&mut self, context: &mut Context<'_>) -> Result<Poll<()>, Error> {
        let Poll::Ready(read) = self.stdout.poll_read(context) else {
            return Ok(Poll::Pending);
        };
        if read.map_err(Error::io("read standard output"))? {
            self.clock.heard(Instant::now());
        }
        Ok(Poll::Ready(()))
    }

    /// Looks for the program's exit; ready when it was seen just now.
    fn poll_leader(&mut self, context: &mut Context<'_>) -> Result<Poll<()>, Error> {
        if self.status.is_some() {
            return Ok(Poll::Pending);
        }
        let status = match self.tree.get() {
            None => Poll::Ready(Ok(ExitStatus::Unknown)),
            Some(tree) => tree.poll_leader(context),
        };
        let Poll::Ready(status) = status else {
            return Ok(Poll::Pending);
        };
        // A program that cannot be watched is over for us; the sweep takes care of it.
        let end = *status.as_ref().unwrap_or(&ExitStatus::Unknown);
        self.note_exit(end);
        if self.ladder.is_stopping() || end == ExitStatus::Unknown {
            self.ladder.obeyed();
            self.sweep();
        }
        status.map_err(Error::io("wait for the program"))?;
        Ok(Poll::Ready(()))
    }

    fn note_exit(&mut self, status: ExitStatus) {
        if self.status.is_none() {
            self.status = Some(status);
            self.set_cause(Cause::Exited);
            self.clock.exited(Instant::now());
        }
    }

    /// Returns what happens next by the clock, and when.
    fn next_due(&self) -> Option<(Instant, Due)> {
        if self.clock.is_paused() {
            return None;
        }
        let exit = self.clock.exit();
        let drain = exit.filter(|_| self.stdout.is_unlimited());
        let drain = drain.map(|exit| (after(exit, self.deadlines.drain), Due::Drain));
        let sweep = self.sweeping.map(|(due, _)| (due, Due::Sweep));
        if exit.is_some() || self.ladder.is_killing() {
            return drain.into_iter().chain(sweep).min_by_key(|(due, _)| *due);
        }
        let ladder = self.ladder.due().map(|due| (due, Due::Ladder));
        if self.ladder.is_stopping() {
            return ladder;
        }
        let deadline = self.clock.due(&self.deadlines);
        let deadline = deadline.map(|(due, deadline)| (due, Due::Deadline(deadline)));
        ladder
            .into_iter()
            .chain(deadline)
            .min_by_key(|(due, _)| *due)
    }

    /// Does what is due by the clock; ready when something was, with a deadline for the caller to
    /// hear of.
    fn poll_due(&mut self, context: &mut Context<'_>) -> Poll<Option<Deadline>> {
        let Some((due, what)) = self.next_due() else {
            return Poll::Pending;
        };
        let now = Instant::now();
        if due <= now {
            return Poll::Ready(self.act(&what, now));
        }
        if self.timer.deadline() != due {
            self.timer.as_mut().reset(due);
        }
        self.timer.as_mut().poll(context).map(|()| None)
    }

    /// Does what is due; returns a deadline for the caller to hear of.
    fn act(&mut self, due: &Due, now: Instant) -> Option<Deadline> {
        match due {
            Due::Deadline(deadline) => {
                self.set_cause(Cause::DeadlinePassed(*deadline));
                let step = self.ladder.stop(now);
                self.take_step(step);
                return Some(*deadline);
            }
            Due::Ladder => {
                let step = self.ladder.climb(now);
                self.take_step(Some(step));
            }
            Due::Drain => {
                // Others may go on writing for ever; what they have written by now is still ours.
                self.stdout.limit();
            }
            Due::Sweep => {
                let swept = self.sweep();
                if !swept.empty && self.proof_has_failed(now) {
                    self.stdout.close();
                    self.note_exit(ExitStatus::Unknown);
                }
            }
        }
        None
    }

    fn take_step(&mut self, step: Option<Step>) {
        match step {
            None => {}
            Some(Step::CloseStdin) => {
                self.input = None;
                self.stdin.close();
            }
            Some(Step::Signal) => {
                if let Some(signal) = self.signal {
                    // It may be gone already; the next rung finds out.
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
            .is_some_and(|killed| after(killed, self.deadlines.proof) <= now)
    }

    /// Lets the clock of a paused run go on, because its end has a deadline too.
    fn end_pause(&mut self) {
        #[cfg(unix)]
        {
            // A program that is gone cannot be continued, and need not be.
            let _ = self.resume();
        }
    }

    fn set_cause(&mut self, cause: Cause) {
        self.cause.get_or_insert(cause);
    }

    /// Goes through the rest of the lines, proves the tree empty and says how it all ended.
    async fn end(&mut self) -> Exit {
        loop {
            match self.next_line().await {
                Ok(Some(line)) => self.discarded += line.bytes().len() as u64 + 1,
                Ok(None) => break,
                // The ladder is on its way, and a pipe that fails is closed.
                Err(_) => {}
            }
        }
        let mut swept = self.sweep();
        while !swept.empty && !self.proof_has_failed(Instant::now()) {
            if let Some((due, _)) = self.sweeping {
                tokio::time::sleep_until(due).await;
            }
            swept = self.sweep();
        }
        let stderr = self.stderr.collect(self.deadlines.drain).await;
        let survivors = std::mem::take(&mut self.survivors).into_iter();
        Exit {
            status: self.status.unwrap_or(ExitStatus::Unknown),
            cause: self.cause.unwrap_or(Cause::Finished),
            force: self.ladder.force(),
            containment: self.kind,
            survivors: survivors
                .map(|(pid, name)| Survivor::new(pid, name))
                .collect(),
            proven_empty: self.proven,
            leaked: match swept.empty {
                true => Vec::new(),
                false => swept.alive,
            },
            stderr,
            discarded: self.discarded,
            elapsed: self.started.elapsed(),
        }
    }
}

/// The lines, each with its error; ends like [`Process::next_line`].
impl Stream for Process {
    type Item = Result<Line, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_line(context).map(Result::transpose)
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Process")
            .field("leader", &self.leader)
            .field("containment", &self.kind)
            .field("status", &self.status)
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}
