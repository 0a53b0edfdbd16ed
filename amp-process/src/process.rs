//! A program that runs: its lines, its deadlines, and how to end it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use tokio::time::{Instant, Sleep};

use crate::clock::{Clock, after};
use crate::containment::kind::ContainmentKind;
use crate::deadlines::{Deadline, Deadlines};
use crate::ending::Ending;
use crate::error::Error;
use crate::exit::{Exit, ExitStatus};
use crate::lines::Line;
use crate::sandbox::status::SandboxStatus;
use crate::signal::Signal;
use crate::spec::ProcessSpec;
use crate::start;
use crate::stderr::{StderrDrain, StderrText};
use crate::stderr_lines::StderrLines;
use crate::stdin::{Input, StdinWriter};
use crate::stdout::Stdout;

/// A running program and its whole process tree.
///
/// Lines come from [`next_line`](Self::next_line) or from the [`Stream`]; the [`Exit`] comes from
/// [`wait`](Self::wait), [`finish`](Self::finish), [`stop`](Self::stop) or [`kill`](Self::kill).
/// Dropping it, at any time and anywhere, kills the tree at once; what cannot be finished within the
/// destructor goes on in the background.
pub struct Process {
    stdout: Stdout,
    stderr: StderrDrain,
    stdin: Input,
    deadlines: Deadlines,
    clock: Clock,
    timer: Pin<Box<Sleep>>,
    ending: Ending,
    /// How it all ended, once that is known.
    exit: Option<Exit>,
}

/// What the timer waits for.
enum Due {
    /// A deadline of the run.
    Deadline(Deadline),
    /// The next step of the escalation.
    Escalation,
    /// The end of what may still come after the program's exit.
    Drain,
    /// The end of the wait for what may have been written before that.
    Tail,
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
        let running = start::start(self).await?;
        let stdin = Input::new(running.stdin, &self.stdin);
        Ok(Process {
            stdout: Stdout::new(running.stdout, self.max_line_bytes),
            stderr: StderrDrain::start(running.stderr),
            ending: Ending::new(running.tree, stdin.slot(), self, started),
            stdin,
            deadlines: self.deadlines.clone(),
            clock: Clock::new(started),
            timer: Box::pin(tokio::time::sleep_until(started)),
            exit: None,
        })
    }
}

impl Process {
    /// Returns the program's process id: as the host sees it, or within its PID namespace.
    pub fn id(&self) -> u32 {
        self.ending.leader()
    }

    /// Returns the containment in use.
    pub fn containment(&self) -> ContainmentKind {
        self.ending.kind()
    }

    /// Returns what protects the program and what its network has decided, if it is in a sandbox.
    pub fn sandbox(&self) -> Option<&SandboxStatus> {
        self.ending.sandbox()
    }

    /// Returns how the program ended, once it has.
    pub fn status(&self) -> Option<ExitStatus> {
        self.ending.status()
    }

    /// Returns what has come on standard error so far.
    pub fn stderr_so_far(&self) -> StderrText {
        self.stderr.so_far()
    }

    /// Returns the lines of standard error as they come; all who have them share them, and each line
    /// is taken once.
    pub fn stderr_lines(&self) -> StderrLines {
        self.stderr.lines()
    }

    /// Takes the writer for [`StdinSource::Piped`](crate::StdinSource::Piped); `None` the second
    /// time.
    pub fn take_stdin(&mut self) -> Option<StdinWriter> {
        self.stdin.take_writer()
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
    /// [`Error::DeadlinePassed`], once. The escalation has begun then, and further calls return
    /// what the program still writes until it is gone.
    pub async fn next_line(&mut self) -> Result<Option<Line>, Error> {
        std::future::poll_fn(|context| self.poll_line(context)).await
    }

    /// Returns a line that was read already, which [`next_line`](Self::next_line) would return
    /// next; nothing is read or waited for.
    pub fn take_buffered_line(&mut self) -> Option<Line> {
        self.stdout.next_line()
    }

    /// Waits until a deadline passes, and reads nothing meanwhile.
    ///
    /// For a caller that is busy with a line, for instance because its own reader has stalled, and
    /// must not be for ever: deadlines are kept while this or [`next_line`](Self::next_line) is
    /// waited for. Silence does not count here. There may be no deadline left to pass, so wait for
    /// something else beside it. Dropping the future loses nothing.
    ///
    /// Returns what `next_line` would have: [`Error::DeadlinePassed`], once, when the escalation has
    /// begun, or why the program cannot be watched.
    pub async fn until_deadline(&mut self) -> Error {
        std::future::poll_fn(|context| self.poll_deadline(context)).await
    }

    /// Says that the program has reason to be silent, as while a person answers its question; the
    /// [idle deadline](Deadlines::idle) stands still until this is called with `false`.
    pub fn expect_silence(&mut self, expected: bool) {
        self.clock.expect_silence(expected, Instant::now());
    }

    /// Says that the caller has what it wanted, without waiting.
    ///
    /// Standard input is closed. Further lines can be read, but if the program is still there after
    /// the drain deadline, the escalation begins.
    pub fn begin_finish(&mut self) {
        self.end_pause();
        self.ending.finish(Instant::now());
    }

    /// Begins the escalation that stops the program, without waiting.
    ///
    /// Lines that the program writes on its way out can still be read with
    /// [`next_line`](Self::next_line), which also moves the escalation on.
    pub fn begin_stop(&mut self) {
        self.end_pause();
        self.ending.stop(Instant::now());
    }

    /// Kills the tree now, without the steps that come before SIGKILL and without waiting.
    ///
    /// [`next_line`](Self::next_line) and [`finish`](Self::finish) go on from there.
    pub fn begin_kill(&mut self) {
        self.end_pause();
        self.ending.kill();
    }

    /// Waits until the program has finished by itself, or a deadline has stopped it.
    ///
    /// A standard input that nobody has [taken](Self::take_stdin) is closed first. Whatever the
    /// program still writes on standard output is dropped and counted; what it leaves running is
    /// killed. Without a [total deadline](Deadlines::total) this may take as long as the program.
    ///
    /// Dropping the future loses nothing, as with [`finish`](Self::finish).
    pub async fn wait(&mut self) -> Exit {
        self.end_pause();
        drop(self.take_stdin());
        self.end().await
    }

    /// Ends the run: the program may exit by itself within the drain deadline, then the escalation
    /// begins. Whatever it still writes on standard output is dropped and counted.
    ///
    /// Dropping the future loses nothing: the run goes on to end, and this, [`wait`](Self::wait),
    /// [`stop`](Self::stop) and [`kill`](Self::kill) return the same [`Exit`], as often as they are
    /// called.
    pub async fn finish(&mut self) -> Exit {
        self.begin_finish();
        self.end().await
    }

    /// Stops the run now, by escalation. Whatever it still writes on standard output is dropped and
    /// counted.
    ///
    /// Dropping the future loses nothing, as with [`finish`](Self::finish).
    pub async fn stop(&mut self) -> Exit {
        self.begin_stop();
        self.end().await
    }

    /// Kills the tree now and waits, within the proof deadline, until it is gone. Whatever is left
    /// on standard output is dropped and counted.
    ///
    /// Dropping the future loses nothing, as with [`finish`](Self::finish).
    pub async fn kill(&mut self) -> Exit {
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
        self.ending.shift(paused);
        self.send(Signal::CONTINUE)
    }

    /// Sends a signal to the program's process group.
    ///
    /// # Errors
    ///
    /// When the signal cannot be sent, for instance because the program is gone.
    pub fn send(&mut self, signal: Signal) -> Result<(), Error> {
        let sent = self.ending.send(signal);
        sent.map_err(Error::io("send the signal"))
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
            if !self.stdout.is_open() && self.ending.status().is_some() {
                return Poll::Ready(Ok(None));
            }
            self.clock.waits(Instant::now());
            self.stdin.poll_write(context);
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
            self.stdin.poll_write(context);
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
        match self.ending.poll_leader(context) {
            Poll::Pending => Ok(Poll::Pending),
            Poll::Ready(exited) => exited
                .map(Poll::Ready)
                .map_err(Error::io("wait for the program")),
        }
    }

    /// Returns what happens next by the clock, and when.
    fn next_due(&mut self) -> Option<(Instant, Due)> {
        if let Some(moment) = self.stderr.take_heard() {
            self.clock.heard_on_stderr(moment);
        }
        if self.clock.is_paused() {
            return None;
        }
        let exit = self.ending.exit();
        let drain = exit.filter(|_| self.stdout.is_unlimited());
        let drain = drain.map(|exit| (after(exit, self.deadlines.drain), Due::Drain));
        let tail = self.stdout.tail_ends().map(|due| (due, Due::Tail));
        let sweep = self.ending.next_sweep().map(|due| (due, Due::Sweep));
        if exit.is_some() || self.ending.is_killing() {
            let ends = [drain, tail, sweep].into_iter().flatten();
            return ends.min_by_key(|(due, _)| *due);
        }
        let step = self.ending.next_step().map(|due| (due, Due::Escalation));
        if self.ending.is_stopping() {
            return step;
        }
        let deadline = self.clock.due(&self.deadlines);
        let deadline = deadline.map(|(due, deadline)| (due, Due::Deadline(deadline)));
        step.into_iter().chain(deadline).min_by_key(|(due, _)| *due)
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
                self.ending.pass(*deadline, now);
                return Some(*deadline);
            }
            Due::Escalation => self.ending.escalate(now),
            // Others may go on writing for ever; what they have written by now is still ours.
            Due::Drain => self.stdout.limit(),
            Due::Tail => self.stdout.close(),
            Due::Sweep => {
                if self.ending.sweep_or_give_up(now) {
                    self.stdout.close();
                }
            }
        }
        None
    }

    /// Lets the clock of a paused run go on, because its end has a deadline too.
    fn end_pause(&mut self) {
        #[cfg(unix)]
        {
            // A program that is gone cannot be continued, and need not be.
            let _ = self.resume();
        }
    }

    /// Goes through the rest of the lines, proves the tree empty and says how it all ended.
    async fn end(&mut self) -> Exit {
        if let Some(exit) = &self.exit {
            return exit.clone();
        }
        loop {
            match self.next_line().await {
                Ok(Some(line)) => self.ending.discard(&line),
                Ok(None) => break,
                // The escalation is on its way, and a pipe that fails is closed.
                Err(_) => {}
            }
        }
        let leaked = self.ending.prove_empty().await;
        let stderr = self.stderr.collect(self.deadlines.drain).await;
        let exit = self.ending.conclude(leaked, stderr);
        self.exit.insert(exit).clone()
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
            .field("leader", &self.id())
            .field("containment", &self.containment())
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
