//! A turn of a session: the agent's items go to the client, and the client's answers and orders to
//! the agent.

use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::StopReason;
use amp_session::{Outcome, Reason, Status, Turn, TurnItem};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;

use super::{Afterwards, Order, Prompt, Session};
use crate::acp::approval::Choices;
use crate::acp::error::of_failure;
use crate::acp::mapping::{Mapping, Moment};
use crate::acp::prompt::input;
use crate::acp::wire::Wire;
use crate::approve::person::OpenQuestion;
use crate::drive::next_item;
use crate::failure::Failure;

/// How long a client may take to answer a question that is no longer asked, as it has to.
const LATE_ANSWER: Duration = Duration::from_secs(1);

/// What follows a turn.
pub(super) enum Next {
    GoOn,
    End(Option<Afterwards>),
}

/// Why a turn is being stopped.
enum Stop {
    /// The client has cancelled the session's work.
    Cancelled,
    /// The client has cancelled its request.
    Withdrawn,
    /// The session ends.
    Closed(Option<Afterwards>),
}

impl Session {
    /// Takes a turn and answers its prompt.
    pub(super) async fn take_turn(&mut self, prompt: Prompt) -> Next {
        let begun = self.begin(&prompt).await;
        let turn = match begun {
            Ok(turn) => turn,
            Err(error) => {
                prompt.answer(Err(error));
                return Next::GoOn;
            }
        };
        let (outcome, stop) = self.drive(turn, &prompt).await;
        self.tell_info();
        match stop {
            None => {
                prompt.answer(stop_reason(&outcome, &self.service_url));
                Next::GoOn
            }
            Some(Stop::Cancelled) => {
                prompt.answer(Ok(StopReason::Cancelled));
                Next::GoOn
            }
            Some(Stop::Withdrawn) => {
                prompt.answer(Err(Error::request_cancelled()));
                Next::GoOn
            }
            Some(Stop::Closed(afterwards)) => {
                prompt.answer(Ok(StopReason::Cancelled));
                Next::End(afterwards)
            }
        }
    }

    async fn begin(&mut self, prompt: &Prompt) -> Result<Turn, Error> {
        let input = input(&prompt.blocks, self.takes_images)?;
        let approval = self.approval();
        let mode = self.options.mode().map(str::to_owned);
        let config = self.session.config_mut();
        config.approval = approval;
        config.mode = mode;
        let turn = self.session.prompt(input).await;
        turn.map_err(|error| of_failure(&error.into()))
    }

    async fn drive(&mut self, mut turn: Turn, prompt: &Prompt) -> (Outcome, Option<Stop>) {
        let asks = self.session.config().approval.is_some();
        let moment = Moment::Now { asks };
        let number = self.next_turn();
        let mut mapping = Mapping::new(&self.folder, number, moment, self.shows);
        let mut arrived: HashMap<u64, OpenQuestion> = HashMap::new();
        let mut asked: FuturesUnordered<BoxFuture<'static, ()>> = FuturesUnordered::new();
        let cancellation = prompt.responder.cancellation();
        let mut withdrawn = pin!(cancellation.cancelled());
        let mut stop = None;
        let outcome = loop {
            let may_read = self.wire.has_room();
            let is_closed = matches!(stop, Some(Stop::Closed(_)));
            tokio::select! {
                biased;
                order = self.orders.recv(), if !is_closed => match order {
                    Some(Order::Cancel) => {
                        self.cancel_waiting();
                        stop = stop.or(Some(Stop::Cancelled));
                        turn.cancel();
                    }
                    Some(Order::Close(afterwards)) => {
                        stop = Some(Stop::Closed(Some(afterwards)));
                        turn.cancel();
                    }
                    None => {
                        stop = Some(Stop::Closed(None));
                        turn.cancel();
                    }
                    Some(order) => self.obey(order),
                },
                () = &mut withdrawn, if stop.is_none() => {
                    stop = Some(Stop::Withdrawn);
                    turn.cancel();
                }
                Some(()) = asked.next() => {}
                question = self.questions.next() => {
                    let number = question.question.subject.number;
                    if mapping.call_of(number).is_some() {
                        asked.push(ask(question, &mapping, &self.wire));
                    } else {
                        // The item that says which call it is about is on its way.
                        arrived.insert(number, question);
                    }
                }
                item = next_item(&mut turn, may_read) => {
                    let Some(item) = item else { continue };
                    for update in mapping.item(&item) {
                        self.wire.update(update);
                    }
                    match item {
                        TurnItem::Question(question) => {
                            let question = arrived.remove(&question.subject.number);
                            asked.extend(question.map(|question| ask(question, &mapping, &self.wire)));
                        }
                        TurnItem::End(outcome) => break *outcome,
                        _ => {}
                    }
                }
                () = self.wire.room(), if !may_read => {}
            }
        };
        // A client that was told to stop answers what it was asked; dropped, a request is cancelled.
        let answered = async { while asked.next().await.is_some() {} };
        let _ = tokio::time::timeout(LATE_ANSWER, answered).await;
        (outcome, stop)
    }

    /// Returns the number of the turn that has just begun.
    fn next_turn(&mut self) -> u64 {
        self.turns += 1;
        let turns = self.session.record().and_then(|record| record.turns().ok());
        let last = turns.and_then(|turns| turns.last().map(|turn| turn.number().into()));
        last.unwrap_or(self.turns)
    }
}

/// Puts a question to the client; the future waits for its answer, or until nobody needs one.
fn ask(question: OpenQuestion, mapping: &Mapping, wire: &Wire) -> BoxFuture<'static, ()> {
    let OpenQuestion {
        question,
        mut reply,
    } = question;
    let choices = Choices::of(&question);
    let sent = wire.ask(mapping.asked(&question.subject), choices.options());
    Box::pin(async move {
        let no_longer_asked = async {
            reply.closed().await;
            tokio::time::sleep(LATE_ANSWER).await;
        };
        let answer = tokio::select! {
            response = sent.block_task() => choices.answer(response),
            () = no_longer_asked => return,
        };
        // The deadline of the question may have been faster.
        let _ = reply.send(answer);
    })
}

/// Returns how a turn ended, in the terms of the protocol.
fn stop_reason(outcome: &Outcome, service_url: &str) -> Result<StopReason, Error> {
    match (outcome.status, outcome.reason()) {
        (Status::Completed, _) => Ok(StopReason::EndTurn),
        (Status::Cancelled, _) => Ok(StopReason::Cancelled),
        (_, Some(Reason::ContextTooLong | Reason::OutputLimit)) => Ok(StopReason::MaxTokens),
        (_, Some(Reason::ModelRefused)) => Ok(StopReason::Refusal),
        (_, Some(Reason::NoAnswer)) => Ok(StopReason::EndTurn),
        (Status::Capped, _) => Ok(StopReason::MaxTurnRequests),
        _ => match Failure::of_outcome(outcome, service_url) {
            Some(failure) => Err(of_failure(&failure)),
            None => Ok(StopReason::EndTurn),
        },
    }
}
