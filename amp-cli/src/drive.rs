//! Runs a turn to its outcome: shows its lines and obeys the user's signals.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use amp_session::{Outcome, Turn, TurnItem};
use futures::FutureExt;

use crate::approve::{Event, QuestionQueue};
use crate::context::{Listener, Signal, UserRequest};
use crate::failure::Failure;
use crate::view::View;

/// How often moving things move.
const TICK: Duration = Duration::from_millis(100);

/// How much is taken at once before anything else is looked at, in bytes of lines.
const AT_ONCE: usize = 64 << 10;

/// The most items that are kept while a question is on the terminal; the agent waits then.
const MOST_WAITING: usize = 1000;

/// Waits until a turn has begun.
///
/// No turn has begun, so a signal drops the work, and with it every process that it has started.
///
/// # Errors
/// Fails when the work does, or on a signal.
pub(crate) async fn begin<T>(
    work: impl Future<Output = Result<T, Failure>>,
    view: &mut View,
    signals: &mut Listener,
) -> Result<T, Failure> {
    let mut work = pin!(work);
    let mut ticks = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            signal = signals.next() => return Err(Failure::interrupted(signal)),
            result = &mut work => return result,
            _ = ticks.tick() => view.tick(),
        }
    }
}

/// How a turn was left.
pub(crate) enum Driven {
    /// It came to its end, perhaps because it was asked to stop.
    Ended {
        outcome: Box<Outcome>,
        /// The first signal that came.
        signal: Option<Signal>,
        /// Why the rest of it was not shown.
        write_error: Option<io::Error>,
    },
    /// It was killed on the second signal, without an outcome.
    Killed,
}

impl Driven {
    /// Returns the outcome, if the agent has done its work, all of it shown, and nobody wanted it
    /// stopped.
    ///
    /// With `strict`, a refused call is a failure.
    pub(crate) fn done(&self, strict: bool) -> Option<&Outcome> {
        match self {
            Self::Ended {
                outcome,
                signal: None,
                write_error: None,
            } if outcome.is_success() && !(strict && outcome.refused_tools > 0) => Some(outcome),
            Self::Ended { .. } | Self::Killed => None,
        }
    }
}

/// Who hears of the items of a turn beside its view.
pub(crate) struct Watch<S, R> {
    /// Sees each item as it comes.
    pub(crate) see: S,
    /// Remarks on what the sandbox denies and what is nearly used up, in the order of the view.
    pub(crate) remark: R,
}

/// Shows every item of a turn until it ends, puts its `questions` to the person who answers them,
/// and has those who `watch` hear of it.
///
/// The first signal asks the agent to stop and waits for what it still says; the second kills its
/// whole process tree. When the output was closed, the agent is stopped as well. While a question is
/// on the terminal, nothing else is written.
pub(crate) async fn drive(
    mut turn: Turn,
    view: &mut View,
    signals: &mut Listener,
    questions: &mut Option<QuestionQueue>,
    watch: Watch<impl FnMut(&TurnItem), impl FnMut(&TurnItem, &mut View) -> io::Result<()>>,
) -> Driven {
    let Watch { mut see, remark } = watch;
    let mut first_signal = None;
    let mut display = Display {
        view,
        asks_elsewhere: questions.is_none(),
        remark,
        write_error: None,
    };
    let mut waiting = VecDeque::new();
    let mut ticks = tokio::time::interval(TICK);
    let outcome = 'turn: loop {
        let busy = questions.as_ref().is_some_and(QuestionQueue::is_open);
        while let Some(item) = waiting.pop_front_if(|_| !busy) {
            display.show(&item, &turn);
        }
        tokio::select! {
            request = signals.next_request() => match request {
                UserRequest::Suspension => {
                    suspend(&mut turn, signals);
                    questions.iter_mut().for_each(QuestionQueue::repeat);
                }
                UserRequest::Stop(signal) => {
                    if first_signal.replace(signal).is_some() {
                        // Its end has a deadline; leaving earlier could leave processes behind.
                        turn.kill().await;
                        return Driven::Killed;
                    }
                    let name = signal.name();
                    let text = format!("{name}: stopping the agent; once more kills it");
                    match questions {
                        Some(questions) if busy => questions.say(&text),
                        _ => display.view.announce(&text),
                    }
                    turn.cancel();
                }
            },
            event = next_event(questions) => {
                if let Some(questions) = questions {
                    if !busy {
                        display.view.pause();
                    }
                    // A terminal that is gone refuses by itself.
                    let _ = questions.handle(event);
                    if !questions.is_open() {
                        display.view.resume();
                    }
                }
            }
            mut item = next_item(&mut turn, waiting.len() < MOST_WAITING) => {
                // To wait for everything else costs as much as an item, so it is done once for many.
                let mut length = 0;
                while let Some(taken) = item {
                    see(&taken);
                    match taken {
                        TurnItem::End(outcome) => break 'turn outcome,
                        TurnItem::Line(ref line) => length += line.bytes().len(),
                        _ => {}
                    }
                    match busy {
                        true => waiting.push_back(taken),
                        false => {
                            display.show(&taken, &turn);
                            // Its memory is read into again.
                            drop(taken);
                        }
                    }
                    let may_go_on = length < AT_ONCE && waiting.len() < MOST_WAITING;
                    let next = may_go_on.then(|| turn.next_item().now_or_never());
                    item = next.flatten().flatten();
                }
            }
            _ = ticks.tick(), if !busy => display.view.tick(),
        }
    };
    if questions.as_ref().is_some_and(QuestionQueue::is_open) {
        display.view.resume();
    }
    for item in waiting {
        display.show(&item, &turn);
    }
    Driven::Ended {
        outcome,
        signal: first_signal,
        write_error: display.write_error,
    }
}

/// Waits for what happens to the questions, for ever when nobody here answers them.
async fn next_event(questions: &mut Option<QuestionQueue>) -> Event {
    match questions {
        Some(questions) => questions.next().await,
        None => std::future::pending().await,
    }
}

/// Waits for the next item, or for a deadline where no more items can be taken.
pub(crate) async fn next_item(turn: &mut Turn, may_read: bool) -> Option<TurnItem> {
    match may_read {
        true => turn.next_item().await,
        false => {
            turn.until_deadline().await;
            None
        }
    }
}

/// What a turn is shown on.
struct Display<'a, F> {
    view: &'a mut View,
    /// Whether questions are put to somebody who is not at this terminal.
    asks_elsewhere: bool,
    remark: F,
    /// Why the rest of the turn is not shown.
    write_error: Option<io::Error>,
}

impl<F: FnMut(&TurnItem, &mut View) -> io::Result<()>> Display<'_, F> {
    /// Shows an item, unless what was before it could not be shown.
    fn show(&mut self, item: &TurnItem, turn: &Turn) {
        if self.write_error.is_some() {
            return;
        }
        let shown = match item {
            TurnItem::Line(line) => self.view.line(line.bytes(), line.decoded()),
            TurnItem::Question(question) if self.asks_elsewhere => {
                self.view.question(question);
                Ok(())
            }
            TurnItem::Answer(answer) => self.view.answer(answer),
            TurnItem::Cap(_) | TurnItem::Denial(_) => (self.remark)(item, self.view),
            _ => Ok(()),
        };
        if let Err(error) = shown {
            // When time is up for the reader, it is for the turn, which sees it by itself.
            if error.kind() != io::ErrorKind::TimedOut {
                turn.cancel();
            }
            self.write_error = Some(error);
        }
    }
}

/// Suspends the agent and this process, until this process is continued.
fn suspend(turn: &mut Turn, signals: &Listener) {
    // An agent that cannot be signalled is about to end, or to be told to.
    #[cfg(unix)]
    let _ = turn.pause();
    signals.suspend();
    #[cfg(unix)]
    let _ = turn.resume();
    #[cfg(windows)]
    let _ = turn;
}
