//! A turn: a stream of items, decoded lines and at last the outcome.

mod cancel;
mod conclusion;
mod input;
mod item;
mod outbox;
mod questions;
mod replay;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use amp_process::{Completeness, Line, Process, StderrText};
use amp_protocol::{Decoded, decode_line};
use futures::Stream;
use tokio::task::JoinHandle;

pub use cancel::Canceller;
use conclusion::{Concluding, Conclusion};
pub use input::TurnInput;
pub use item::TurnItem;
use outbox::Outbox;
use questions::Questions;
use replay::Replay;

use crate::approval::Supervision;
use crate::claim::Claim;
use crate::dialect::Dialect;
use crate::ledger::TurnWriter;
use crate::outcome::{Failure, Observer, Outcome};
use crate::plain_text::without_escapes;
use crate::run_folder::RunFiles;
use crate::sandbox::{Denial, Watch};
use crate::secrets::{Cut, Secrets};
use crate::thread_id::ThreadId;
use crate::thread_lock::ThreadLock;
use crate::turn_line::TurnLine;

/// A turn of the agent.
///
/// As a [`Stream`] it yields [items](TurnItem): every line that the CLI writes, every question about
/// a tool call with its answer, and the [`Outcome`] as the last one, when the process has ended: soon after the result line, or when it
/// exits, is cancelled, or runs into a deadline. [`next_line`](Self::next_line) yields the lines
/// alone, [`finish`](Self::finish) the outcome alone, and [`text`](Self::text) the final answer.
/// Dropping a turn kills its process tree.
#[must_use = "a turn that is dropped is killed"]
#[derive(Debug)]
pub struct Turn {
    source: Source,
    observer: Observer,
    cancel: Arc<cancel::Flag>,
    secrets: Secrets,
    record: Option<TurnWriter>,
    /// The messages on their way in, once somebody sends some.
    outbox: Option<Arc<Outbox>>,
    trouble: Option<String>,
    noting: Option<Noting>,
    ended: bool,
    claim: Option<Claim>,
    files: Option<RunFiles>,
    /// What is seen of the sandbox.
    sandbox: Option<Watch>,
    questions: Questions,
    concluding: Option<Concluding>,
    /// How it ended, once that is known.
    outcome: Option<Box<Outcome>>,
    /// The outcome was told, and that was the last of it.
    over: bool,
}

/// A line that waits until what it says of the thread is noted.
#[derive(Debug)]
struct Noting {
    line: TurnLine,
    task: JoinHandle<Option<ThreadLock>>,
}

/// Where the lines come from.
#[derive(Debug)]
enum Source {
    Process(Box<Process>),
    Replay(Box<Replay>),
    /// Nowhere any more: the turn is being concluded.
    Concluded,
}

/// What a running turn holds on to.
pub(crate) struct TurnParts {
    pub(crate) claim: Claim,
    pub(crate) files: Option<RunFiles>,
    pub(crate) record: Option<TurnWriter>,
    pub(crate) secrets: Secrets,
    pub(crate) dialect: Dialect,
    pub(crate) sandbox: Option<Watch>,
    pub(crate) supervision: Option<Supervision>,
}

impl Turn {
    pub(crate) fn running(process: Process, parts: TurnParts) -> Self {
        Self {
            source: Source::Process(Box::new(process)),
            observer: Observer::of(parts.dialect),
            cancel: Arc::default(),
            secrets: parts.secrets,
            record: parts.record,
            outbox: None,
            trouble: None,
            noting: None,
            ended: false,
            claim: Some(parts.claim),
            files: parts.files,
            sandbox: parts.sandbox,
            questions: Questions::asked_by(parts.supervision),
            concluding: None,
            outcome: None,
            over: false,
        }
    }

    fn replay(replay: Replay, questions: Questions) -> Self {
        Self {
            source: Source::Replay(Box::new(replay)),
            observer: Observer::default(),
            cancel: Arc::default(),
            secrets: Secrets::default(),
            record: None,
            outbox: None,
            trouble: None,
            noting: None,
            ended: false,
            claim: None,
            files: None,
            sandbox: None,
            questions,
            concluding: None,
            outcome: None,
            over: false,
        }
    }

    /// Waits for the next line; `None` when there will be no more. Questions are passed over.
    ///
    /// Dropping the future loses nothing.
    pub async fn next_line(&mut self) -> Option<TurnLine> {
        std::future::poll_fn(|context| {
            self.record_questions();
            self.questions.forget_items();
            self.poll_line(context)
        })
        .await
    }

    /// Waits for the next item; `None` after the outcome.
    ///
    /// Dropping the future loses nothing.
    pub async fn next_item(&mut self) -> Option<TurnItem> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    fn poll_denial(&mut self, context: &mut Context<'_>) -> Poll<Denial> {
        match &mut self.sandbox {
            Some(watch) => watch.poll_denial(context, |text| self.secrets.redact_text(text)),
            None => Poll::Pending,
        }
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

    /// Takes the sender of messages of a turn begun by [`converse`](crate::Session::converse);
    /// `None` for other turns, and the second time.
    pub fn take_input(&mut self) -> Option<TurnInput> {
        match &mut self.source {
            Source::Process(process) => {
                let outbox = Arc::new(Outbox::new(process.take_stdin()?));
                self.outbox = Some(Arc::clone(&outbox));
                let record = self.record.as_ref().and_then(TurnWriter::messages);
                Some(TurnInput::new(outbox, record))
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
        match (outcome.failure, outcome.text) {
            (Some(failure), _) => Err(failure),
            (None, Some(text)) => Ok(text),
            (None, None) => Err(Failure::without_answer()),
        }
    }

    /// Returns what has come on standard error so far: its head and tail, without terminal escapes
    /// and known secrets. It is empty for a replay, and once the outcome has it.
    #[must_use]
    pub fn stderr_so_far(&self) -> String {
        match &self.source {
            Source::Process(process) => stderr_text(&process.stderr_so_far(), &self.secrets),
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

    fn poll_line(&mut self, context: &mut Context<'_>) -> Poll<Option<TurnLine>> {
        if let Some(noting) = &mut self.noting {
            let noted = ready!(Pin::new(&mut noting.task).poll(context));
            if let (Ok(lock), Some(claim)) = (noted, &mut self.claim) {
                claim.hold(lock);
            }
            return Poll::Ready(self.noting.take().map(|noting| noting.line));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        let line = match &mut self.source {
            Source::Replay(replay) => match replay.lines.next().transpose() {
                Ok(line) => line,
                Err(error) => {
                    let cause = std::error::Error::source(&error);
                    let cause = cause.map_or(String::new(), |cause| format!(": {cause}"));
                    self.trouble = Some(format!("{error}{cause}"));
                    None
                }
            },
            Source::Concluded => None,
            Source::Process(process) => {
                if self.cancel.is_new(context) {
                    process.begin_stop();
                }
                if let Some(outbox) = &self.outbox {
                    outbox.poll(context);
                }
                self.questions.poll(context, process);
                match poll_process(process, context, &mut self.trouble) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(line) => {
                        line.map(|line| record_and_decode(&line, self.record.as_mut(), decode_line))
                    }
                }
            }
        };
        let Some(line) = line else {
            self.ended = true;
            return Poll::Ready(None);
        };
        match self.take_note(&line) {
            // The line is shown when what it says of the thread is on the disk.
            Some(task) => {
                self.noting = Some(Noting { line, task });
                self.poll_line(context)
            }
            None => Poll::Ready(Some(line)),
        }
    }

    fn record_questions(&mut self) {
        self.questions.record(self.record.as_ref(), &self.secrets);
    }

    /// Polls for the outcome, when there are no more lines.
    fn poll_outcome(&mut self, context: &mut Context<'_>) -> Poll<Box<Outcome>> {
        if let Some(outcome) = &self.outcome {
            return Poll::Ready(outcome.clone());
        }
        let mut concluding = match self.concluding.take() {
            Some(concluding) => concluding,
            None => Concluding::new(self.conclusion().outcome()),
        };
        match concluding.poll(context) {
            Poll::Pending => {
                self.concluding = Some(concluding);
                Poll::Pending
            }
            Poll::Ready((outcome, questions)) => {
                self.questions = questions;
                let outcome = Box::new(outcome);
                self.outcome = Some(outcome.clone());
                Poll::Ready(outcome)
            }
        }
    }

    /// Takes what the conclusion needs; an input that nobody has taken is closed.
    fn conclusion(&mut self) -> Conclusion {
        drop(self.take_input());
        Conclusion {
            source: std::mem::replace(&mut self.source, Source::Concluded),
            observer: self.observer.clone(),
            secrets: self.secrets.clone(),
            record: self.record.take(),
            trouble: self.trouble.take(),
            sandbox: self.sandbox.take(),
            questions: std::mem::take(&mut self.questions),
            claim: self.claim.take(),
            files: self.files.take(),
        }
    }

    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Source::Process(process) = &mut self.source else {
            return Poll::Pending;
        };
        if let Some(outbox) = &self.outbox {
            outbox.poll(context);
        }
        if self.cancel.is_new(context) {
            process.begin_stop();
        }
        self.questions.poll(context, process);
        let error = ready!(pin!(process.until_deadline()).poll(context));
        if error.deadline().is_none() {
            self.trouble = Some(error.to_string());
        }
        Poll::Ready(())
    }

    /// Learns what a line says about the turn, before anybody sees it; returns the task that notes
    /// its thread, if it is the first to name one.
    fn take_note(&mut self, line: &TurnLine) -> Option<JoinHandle<Option<ThreadLock>>> {
        let had_thread = self.observer.thread.is_some();
        self.observer.observe(
            line.decoded(),
            line.completeness() != Completeness::Complete,
        );
        if let Some(sandbox) = &mut self.sandbox {
            sandbox.observe(line.decoded());
        }
        let in_order = self.questions.observe(line.decoded());
        if let Source::Process(process) = &mut self.source {
            if !in_order {
                process.begin_kill();
            } else if self.observer.has_result() {
                process.begin_finish();
            } else if self.observer.is_login_flow() {
                process.begin_stop();
            }
        }
        match &self.observer.thread {
            Some(thread) if !had_thread => {
                let claim = self.claim.as_ref()?;
                let locking = claim.note_thread(thread).then(|| claim.locking(thread));
                let noting = self
                    .record
                    .as_mut()
                    .and_then(|record| record.noting(thread));
                (locking.is_some() || noting.is_some()).then(|| {
                    tokio::task::spawn_blocking(move || {
                        // Whoever reads the thread in the record finds it locked.
                        let lock = locking.and_then(|locking| locking());
                        if let Some(noting) = noting {
                            noting();
                        }
                        lock
                    })
                })
            }
            _ => None,
        }
    }
}

/// Returns head and tail of standard error without secrets, nor what the gap has left of one, and
/// without terminal escapes.
fn stderr_text(stderr: &StderrText, secrets: &Secrets) -> String {
    let text = |bytes: &[u8], cut| {
        let redacted = secrets.redacted(bytes, cut);
        // Colours may have stood in the middle of a secret.
        secrets.redact_text(&without_escapes(&String::from_utf8_lossy(&redacted)))
    };
    let omitted = stderr.omitted_bytes();
    if omitted == 0 {
        return text(&[stderr.head(), &stderr.tail()].concat(), Cut::Nowhere);
    }
    let head = text(stderr.head(), Cut::End);
    let tail = text(&stderr.tail(), Cut::Start);
    format!("{head}\n[{omitted} bytes omitted]\n{tail}")
}

/// Tells whether a line lost its end, so that a secret in it may have lost one as well.
fn cut_of(completeness: Completeness) -> Cut {
    match completeness {
        Completeness::Complete => Cut::Nowhere,
        _ => Cut::End,
    }
}

/// Polls for a line, going on after a deadline: the process is being stopped then, and what it
/// still says counts.
fn poll_process(
    process: &mut Process,
    context: &mut Context<'_>,
    trouble: &mut Option<String>,
) -> Poll<Option<Line>> {
    loop {
        return match Pin::new(&mut *process).poll_next(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some(Ok(line))) => Poll::Ready(Some(line)),
            Poll::Ready(Some(Err(error))) if error.deadline().is_some() => continue,
            Poll::Ready(Some(Err(error))) => {
                *trouble = Some(error.to_string());
                Poll::Ready(None)
            }
        };
    }
}

impl Stream for Turn {
    type Item = TurnItem;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<TurnItem>> {
        let turn = self.get_mut();
        if turn.over {
            return Poll::Ready(None);
        }
        turn.record_questions();
        if let Some(item) = turn.questions.take_item() {
            return Poll::Ready(Some(item));
        }
        if let Poll::Ready(denial) = turn.poll_denial(context) {
            return Poll::Ready(Some(TurnItem::Denial(denial)));
        }
        match turn.poll_line(context) {
            Poll::Ready(Some(line)) => return Poll::Ready(Some(TurnItem::Line(line))),
            Poll::Ready(None) => {
                // What came with the last line, or after it.
                if let Poll::Ready(denial) = turn.poll_denial(context) {
                    return Poll::Ready(Some(TurnItem::Denial(denial)));
                }
            }
            Poll::Pending => {
                // From here on a new one wakes the task.
                turn.record_questions();
                return match turn.questions.take_item() {
                    Some(item) => Poll::Ready(Some(item)),
                    None => Poll::Pending,
                };
            }
        }
        let outcome = ready!(turn.poll_outcome(context));
        if let Some(item) = turn.questions.take_item() {
            return Poll::Ready(Some(item));
        }
        turn.over = true;
        Poll::Ready(Some(TurnItem::End(outcome)))
    }
}

/// Records a line, then decodes it: whatever decoding does to us, the record survives.
fn record_and_decode(
    line: &Line,
    record: Option<&mut TurnWriter>,
    decode: impl FnOnce(&[u8]) -> Decoded,
) -> TurnLine {
    let completeness = line.completeness();
    if let Some(record) = record {
        record.append(line.bytes(), cut_of(completeness));
    }
    let bytes = line.to_vec();
    let decoded = decode(&bytes);
    TurnLine::new(line.number(), bytes, decoded, completeness)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Beginning, Ledger, NewSession};

    #[tokio::test]
    async fn a_line_is_in_the_record_before_it_is_decoded() {
        let spec = amp_process::ProcessSpec::new(fixtures::fake_agent())
            .with_variable("FAKE_AGENT_SCRIPT", "out a line");
        let mut process = spec.spawn().await.unwrap();
        let line = process.next_line().await.unwrap().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let session = Ledger::new(folder.path())
            .create(NewSession::new())
            .unwrap();
        let beginning = Beginning {
            amp_version: "0.0.1790142911-g7618fb".into(),
            thread: None,
            prompt: None,
            secrets: Secrets::default(),
        };
        let mut record = session.begin_turn(beginning).unwrap();
        let events = session.folder().join("turns/0001/events.jsonl");
        let decode = |bytes: &[u8]| {
            assert_eq!(std::fs::read(events).unwrap(), b"a line\n");
            decode_line(bytes)
        };
        record_and_decode(&line, Some(&mut record), decode);
    }
}
