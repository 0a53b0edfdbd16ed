//! A turn: a stream of items, decoded lines and at last the outcome.

mod cancel;
mod conclusion;
mod cut_watch;
mod input;
mod item;
mod noting;
mod outbox;
mod poll;
mod questions;
mod replay;
mod source;
mod standard_error;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use amp_process::{Line, Process, StderrLines};
use futures::Stream;

pub use cancel::Canceller;
use conclusion::Concluding;
use cut_watch::CutWatch;
pub use input::TurnInput;
pub use item::TurnItem;
use noting::Noting;
use outbox::Outbox;
use questions::Questions;
use replay::Replay;
use source::Source;

use crate::approval::Supervision;
use crate::claim::Claim;
use crate::dialect::Dialect;
use crate::ledger::{SessionMetadata, TurnWriter};
use crate::outcome::{Failure, Observer, Outcome};
use crate::policy::caps::{CapWatch, Caps};
use crate::run_folder::RunFiles;
use crate::sandbox::Watch;
use crate::secrets::Secrets;
use crate::service_log::ServiceLog;
use crate::thread_id::ThreadId;
use crate::turn_line::TurnLine;
use crate::version::AmpVersion;
use crate::workspace::keep::Snapshots;

/// A turn of the agent.
///
/// As a [`Stream`] it yields [items](TurnItem): every line that the CLI writes, every question about
/// a tool call with its answer, and the [`Outcome`] as the last one, when the process has ended: soon
/// after the result line, or when it exits, is cancelled, or runs into a deadline.
/// [`next_line`](Self::next_line) yields the lines alone, [`finish`](Self::finish) the outcome alone,
/// and [`text`](Self::text) the final answer. Dropping a turn kills its process tree.
#[must_use = "a turn that is dropped is killed"]
#[derive(Debug)]
pub struct Turn {
    source: Source,
    observer: Observer,
    cancel: Arc<cancel::Flag>,
    secrets: Secrets,
    record: Option<TurnWriter>,
    /// What runs, and what it understands; nothing does in a replay.
    build: Option<(AmpVersion, Dialect)>,
    /// The messages on their way in, once somebody sends some.
    outbox: Option<Arc<Outbox>>,
    /// Why the lines could not be read to their end.
    trouble: Option<String>,
    /// Lines that were read and recorded ahead of their turn.
    ahead: VecDeque<Line>,
    /// What comes on standard error; nothing does in a replay.
    stderr_lines: Option<StderrLines>,
    /// A line that waits until it is noted, and the thread that it names.
    noting: Option<(Noting, TurnLine)>,
    /// There are no more lines.
    ended: bool,
    claim: Option<Claim>,
    files: Option<RunFiles>,
    /// What is seen of the sandbox.
    sandbox: Option<Watch>,
    /// The files as they were before it.
    snapshots: Option<Snapshots>,
    questions: Questions,
    /// What it uses of what it may.
    caps: CapWatch,
    cut: CutWatch,
    /// What Amp logs of the thread, where that is to be read.
    service_log: Option<ServiceLog>,
    concluding: Option<Concluding>,
    /// How it ended, once that is known.
    outcome: Option<Box<Outcome>>,
    /// The outcome was told, and that was the last of it.
    over: bool,
}

/// What a running turn holds on to.
pub(crate) struct TurnParts {
    pub(crate) claim: Claim,
    pub(crate) files: Option<RunFiles>,
    pub(crate) record: Option<TurnWriter>,
    pub(crate) secrets: Secrets,
    pub(crate) version: AmpVersion,
    pub(crate) dialect: Dialect,
    pub(crate) sandbox: Option<Watch>,
    pub(crate) supervision: Option<Supervision>,
    pub(crate) caps: Caps,
    pub(crate) service_log: Option<ServiceLog>,
    pub(crate) snapshots: Option<Snapshots>,
}

impl Turn {
    pub(crate) fn running(process: Process, parts: TurnParts) -> Self {
        let stderr_lines = Some(process.stderr_lines());
        let source = Source::Process(Box::new(process));
        let observer = Observer::of(parts.dialect);
        Self {
            stderr_lines,
            secrets: parts.secrets,
            record: parts.record,
            build: Some((parts.version, parts.dialect)),
            claim: Some(parts.claim),
            files: parts.files,
            sandbox: parts.sandbox,
            caps: CapWatch::new(parts.caps),
            service_log: parts.service_log,
            snapshots: parts.snapshots,
            ..Self::of(source, observer, Questions::asked_by(parts.supervision))
        }
    }

    fn replay(replay: Replay, questions: Questions) -> Self {
        let source = Source::Replay(Box::new(replay));
        Self::of(source, Observer::default(), questions)
    }

    /// Makes a turn that holds nothing but what it reads.
    fn of(source: Source, observer: Observer, questions: Questions) -> Self {
        Self {
            source,
            observer,
            cancel: Arc::default(),
            secrets: Secrets::default(),
            record: None,
            build: None,
            outbox: None,
            trouble: None,
            ahead: VecDeque::new(),
            stderr_lines: None,
            noting: None,
            ended: false,
            claim: None,
            files: None,
            sandbox: None,
            snapshots: None,
            questions,
            caps: CapWatch::default(),
            cut: CutWatch::default(),
            service_log: None,
            concluding: None,
            outcome: None,
            over: false,
        }
    }

    /// Waits for the next line; `None` when there will be no more. Questions are passed over.
    ///
    /// Dropping the future loses nothing.
    pub async fn next_line(&mut self) -> Option<TurnLine> {
        std::future::poll_fn(|context| self.poll_line_alone(context)).await
    }

    /// Waits for the next item; `None` after the outcome.
    ///
    /// Dropping the future loses nothing.
    pub async fn next_item(&mut self) -> Option<TurnItem> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Waits until a deadline passes, and reads nothing meanwhile; the agent is being stopped then.
    ///
    /// For a caller that is busy with a line, for instance because its own reader has stalled:
    /// deadlines are kept, and a [`cancel`](Self::cancel) is heard, while this or
    /// [`next_line`](Self::next_line) is waited for. Wait for something else beside it, because
    /// there may be no deadline left to pass. Dropping the future loses nothing.
    pub async fn until_deadline(&mut self) {
        std::future::poll_fn(|context| self.poll_deadline(context)).await;
    }

    /// Returns the thread, once a line has named it.
    #[must_use]
    pub fn thread(&self) -> Option<&ThreadId> {
        self.observer.thread.as_ref()
    }

    /// Returns its number in the record of its session, and what the session was when it began;
    /// `None` of a turn that is not recorded, and when it is over.
    #[must_use]
    pub fn recorded(&self) -> Option<(u32, &SessionMetadata)> {
        self.record.as_ref().map(TurnWriter::begun)
    }

    /// Takes the sender of messages of a turn begun by [`converse`](crate::Session::converse);
    /// `None` for other turns, and the second time.
    pub fn take_input(&mut self) -> Option<TurnInput> {
        match &mut self.source {
            Source::Process(process) => {
                let build = self.build.clone()?;
                let outbox = Arc::new(Outbox::new(process.take_stdin()?));
                self.outbox = Some(Arc::clone(&outbox));
                let record = self.record.as_ref().and_then(TurnWriter::messages);
                Some(TurnInput::new(build, outbox, record))
            }
            Source::Replay(_) | Source::Concluded => None,
        }
    }

    /// Returns a handle that cancels the turn from anywhere.
    #[doc(alias = "AbortSignal")]
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller::new(Arc::clone(&self.cancel))
    }

    /// Asks the agent to stop: SIGTERM, the grace period, then SIGKILL for the whole tree.
    ///
    /// The lines it still writes can be read as before; the session can be used again afterwards.
    pub fn cancel(&self) {
        self.cancel.request();
    }

    /// Suspends the agent, and stops the clocks of all deadlines, until [`resume`](Self::resume).
    ///
    /// For a host that is being suspended itself, by Ctrl-Z for instance: the agent leads a process
    /// group of its own, so the terminal does not reach it. Nothing is done for a turn that is over.
    ///
    /// # Errors
    ///
    /// Fails when the agent cannot be signalled.
    #[cfg(unix)]
    pub fn pause(&mut self) -> Result<(), amp_process::Error> {
        match &mut self.source {
            Source::Process(process) => process.pause(),
            Source::Replay(_) | Source::Concluded => Ok(()),
        }
    }

    /// Lets a [paused](Self::pause) agent go on; no deadline has come nearer meanwhile.
    ///
    /// # Errors
    ///
    /// Fails when the agent cannot be signalled.
    #[cfg(unix)]
    pub fn resume(&mut self) -> Result<(), amp_process::Error> {
        match &mut self.source {
            // Until a change to what decides about calls was allowed, it stands still.
            Source::Process(_) if self.questions.hold() => Ok(()),
            Source::Process(process) => process.resume(),
            Source::Replay(_) | Source::Concluded => Ok(()),
        }
    }

    /// Waits for the rest of the turn and returns how it ended.
    ///
    /// Lines that were not read are dropped here, but not from the ledger. An input that nobody
    /// has [taken](Self::take_input) is closed, for no message can come any more.
    pub async fn finish(mut self) -> Outcome {
        drop(self.take_input());
        while self.next_line().await.is_some() {}
        *std::future::poll_fn(|context| self.poll_outcome(context)).await
    }

    /// Waits for the rest of the turn and returns the agent's final answer.
    ///
    /// # Errors
    ///
    /// Tells why the turn did not complete, or that it did without an answer.
    pub async fn text(self) -> Result<String, Failure> {
        let outcome = self.finish().await;
        let has_answer = outcome.has_answer();
        match (outcome.failure, outcome.text) {
            (Some(failure), _) => Err(failure),
            (None, Some(text)) if has_answer => Ok(text),
            (None, _) => Err(Failure::without_answer()),
        }
    }

    /// Returns what has come on standard error so far: its head and tail, without terminal escapes
    /// and known secrets. It is empty for a replay, and once the outcome has it.
    #[must_use]
    pub fn stderr_so_far(&self) -> String {
        match &self.source {
            Source::Process(process) => {
                standard_error::text(&process.stderr_so_far(), &self.secrets)
            }
            Source::Replay(_) | Source::Concluded => String::new(),
        }
    }

    /// Kills the whole process tree at once, and returns how the turn ended when the tree is gone,
    /// or when the proof deadline has passed.
    ///
    /// The agent can say no more; what it has said already is still recorded.
    pub async fn kill(mut self) -> Outcome {
        if let Source::Process(process) = &mut self.source {
            process.begin_kill();
        }
        self.finish().await
    }
}
