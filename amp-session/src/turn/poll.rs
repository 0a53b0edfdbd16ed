//! A turn as a task sees it: polled for items, lines, its deadlines and its outcome.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use amp_process::Completeness;
use futures::Stream;

use super::conclusion::{Concluding, Conclusion};
use super::noting::Noting;
use super::source::Source;
use super::{Turn, TurnItem, standard_error};
use crate::outcome::Outcome;
use crate::sandbox::Denial;
use crate::turn_line::TurnLine;

impl Stream for Turn {
    type Item = TurnItem;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<TurnItem>> {
        let turn = self.get_mut();
        if turn.over {
            return Poll::Ready(None);
        }
        if let Some(warning) = turn.caps.take_warning() {
            return Poll::Ready(Some(TurnItem::Cap(warning)));
        }
        turn.record_questions();
        if let Some(item) = turn.questions.take_item() {
            return Poll::Ready(Some(item));
        }
        if let Poll::Ready(denial) = turn.poll_denial(context) {
            return Poll::Ready(Some(TurnItem::Denial(denial)));
        }
        if let Poll::Ready(Some(line)) = turn.poll_stderr(context) {
            return Poll::Ready(Some(TurnItem::StandardError(line)));
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
        // Standard error has ended by now.
        if let Poll::Ready(Some(line)) = turn.poll_stderr(context) {
            return Poll::Ready(Some(TurnItem::StandardError(line)));
        }
        turn.over = true;
        Poll::Ready(Some(TurnItem::End(outcome)))
    }
}

impl Turn {
    /// Polls for the next line, and drops the other items that came before it.
    pub(super) fn poll_line_alone(&mut self, context: &mut Context<'_>) -> Poll<Option<TurnLine>> {
        self.record_questions();
        self.questions.forget_items();
        self.caps.forget_warnings();
        self.poll_line(context)
    }

    /// Polls for a deadline to pass; nothing is read.
    pub(super) fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.serve(context);
        let Source::Process(process) = &mut self.source else {
            return Poll::Pending;
        };
        let error = ready!(pin!(process.until_deadline()).poll(context));
        if error.deadline().is_none() {
            self.trouble = Some(error.to_string());
        }
        Poll::Ready(())
    }

    /// Polls for the outcome, when there are no more lines.
    pub(super) fn poll_outcome(&mut self, context: &mut Context<'_>) -> Poll<Box<Outcome>> {
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

    fn poll_stderr(&mut self, context: &mut Context<'_>) -> Poll<Option<String>> {
        let Some(lines) = &mut self.stderr_lines else {
            return Poll::Ready(None);
        };
        let line = ready!(Pin::new(lines).poll_next(context));
        Poll::Ready(line.map(|line| standard_error::line(&line, &self.secrets)))
    }

    fn poll_denial(&mut self, context: &mut Context<'_>) -> Poll<Denial> {
        match &mut self.sandbox {
            Some(watch) => watch.poll_denial(context, |text| self.secrets.redact_text(text)),
            None => Poll::Pending,
        }
    }

    fn poll_line(&mut self, context: &mut Context<'_>) -> Poll<Option<TurnLine>> {
        loop {
            if let Some((noting, _)) = &mut self.noting {
                let Poll::Ready(lock) = noting.poll(context) else {
                    // What stops the agent is heard meanwhile.
                    let _ = self.poll_deadline(context);
                    return Poll::Pending;
                };
                if let (Some(claim), Some(lock)) = (&mut self.claim, lock) {
                    claim.hold(Some(lock));
                }
                return Poll::Ready(self.noting.take().map(|(_, line)| line));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            self.serve(context);
            let record = self.record.as_mut();
            let source = &mut self.source;
            let line = source.poll_line(context, record, &mut self.ahead, &mut self.trouble);
            let Some(line) = ready!(line) else {
                self.ended = true;
                return Poll::Ready(None);
            };
            let had_thread = self.observer.thread.is_some();
            self.observe(&line);
            let thread = self.observer.thread.as_ref().filter(|_| !had_thread);
            let named = thread.zip(self.claim.as_ref());
            let noting = Noting::begin(named, self.record.as_mut());
            let Some(noting) = noting else {
                return Poll::Ready(Some(line));
            };
            self.noting = Some((noting, line));
        }
    }

    /// Lets a request to stop, messages and answers have their effect on the process.
    fn serve(&mut self, context: &mut Context<'_>) {
        let Source::Process(process) = &mut self.source else {
            return;
        };
        if self.cancel.is_new(context) || self.cut.is_new(context) {
            process.begin_stop();
        }
        if let Some(outbox) = &self.outbox {
            outbox.poll(context);
        }
        self.questions.poll(context, process);
    }

    /// Learns what a line says about the turn, before anybody sees it, and ends the process where
    /// that is the end of it.
    fn observe(&mut self, line: &TurnLine) {
        let decoded = line.decoded();
        let is_damaged = line.completeness() != Completeness::Complete;
        self.observer.observe(decoded, is_damaged);
        if let Some(sandbox) = &mut self.sandbox {
            sandbox.observe(decoded);
        }
        let in_order = self.questions.observe(decoded);
        let is_capped = self.caps.observe(decoded, self.observer.progress());
        self.cut.observe(self.observer.waits_for_ever());
        if let Source::Process(process) = &mut self.source {
            if !in_order {
                process.begin_kill();
            } else if self.observer.has_result() {
                process.begin_finish();
            } else if self.observer.is_login_flow() || is_capped {
                process.begin_stop();
            }
        }
    }

    fn record_questions(&mut self) {
        self.questions.record(self.record.as_ref(), &self.secrets);
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
            snapshots: self.snapshots.take(),
            questions: std::mem::take(&mut self.questions),
            cap: self.caps.reached(),
            is_cut: self.cut.was_last(),
            service_log: self.service_log.take(),
            claim: self.claim.take(),
            files: self.files.take(),
        }
    }
}
