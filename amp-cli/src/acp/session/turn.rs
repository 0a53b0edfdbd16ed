//! A turn of a session: the agent's items go to the client, and the client's answers and orders to
//! the agent.

use std::collections::HashMap;
use std::io::Write;
use std::thread;
use std::time::Duration;

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::StopReason;
use amp_session::protocol::{Event, SettingsKey};
use amp_session::{Outcome, Reason, Status, Turn, TurnInput, TurnItem};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;

use super::open_input::{OpenInput, QUIET};
use super::{Afterwards, MOST_PROMPTS, Order, Prompt, Session, Stop};
use crate::acp::approval::{Choices, rules_without_questions};
use crate::acp::error::of_failure;
use crate::acp::history;
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

impl Next {
    fn after(stop: Option<Stop>) -> Self {
        match stop {
            Some(Stop::Closed(afterwards)) => Self::End(afterwards),
            Some(Stop::Cancelled) | None => Self::GoOn,
        }
    }
}

/// Why a turn has not begun.
enum Unbegun {
    Failed(Error),
    /// The client has taken its prompt back.
    Withdrawn,
    Stopped(Stop),
}

impl Session {
    /// Takes a turn and answers its prompt, and those that have reached it.
    pub(super) async fn take_turn(&mut self, prompt: Prompt) -> Next {
        if prompt.is_withdrawn() {
            prompt.answer(Ok(StopReason::Cancelled));
            return Next::GoOn;
        }
        let (outcome, stop) = match self.begin(&prompt).await {
            Ok((turn, input)) => {
                let input = OpenInput::new(input, QUIET);
                self.drive(turn, input, &prompt).await
            }
            Err(Unbegun::Stopped(stop)) => {
                for order in self.orders.take_early() {
                    self.obey(order);
                }
                self.cancel_waiting();
                prompt.answer(Ok(StopReason::Cancelled));
                return Next::after(Some(stop));
            }
            Err(Unbegun::Withdrawn) => {
                prompt.answer(Ok(StopReason::Cancelled));
                return Next::GoOn;
            }
            Err(Unbegun::Failed(error)) => {
                prompt.answer(Err(error));
                return Next::GoOn;
            }
        };
        self.tell_info().await;
        let of_turn = match &stop {
            None => stop_reason(&outcome, &self.service_url),
            Some(_) => Ok(StopReason::Cancelled),
        };
        prompt.answer(of_turn.clone());
        for prompt in self.steering.drain(..) {
            prompt.answer(of_turn.clone());
        }
        Next::after(stop)
    }

    /// Begins a turn, unless it is to be stopped before that: then an agent that was about to start
    /// is killed.
    async fn begin(&mut self, prompt: &Prompt) -> Result<(Turn, Option<TurnInput>), Unbegun> {
        let input = input(&prompt.blocks, self.takes_images, &self.commands);
        let input = input.map_err(Unbegun::Failed)?;
        self.configure();
        let beginning = async {
            match self.can_steer {
                true => {
                    let begun = self.session.converse_from(input).await;
                    begun.map(|(turn, input)| (turn, Some(input)))
                }
                false => self.session.prompt(input).await.map(|turn| (turn, None)),
            }
        };
        tokio::select! {
            biased;
            stop = self.orders.stop() => Err(Unbegun::Stopped(stop)),
            () = prompt.withdrawal() => Err(Unbegun::Withdrawn),
            begun = beginning => {
                begun.map_err(|error| Unbegun::Failed(of_failure(&error.into())))
            }
        }
    }

    /// Sets what the next turn goes by.
    fn configure(&mut self) {
        let approval = self.approval();
        let mode = self.options.mode().map(str::to_owned);
        let rules = match &approval {
            None => rules_without_questions(self.rules.as_ref(), &self.editor),
            Some(_) => self.rules.clone(),
        };
        let config = self.session.config_mut();
        let key = SettingsKey::PERMISSIONS.as_str();
        match rules {
            Some(rules) => config.settings.insert(key.to_owned(), rules),
            None => config.settings.remove(key),
        };
        config.approval = approval;
        config.mode = mode;
    }

    async fn drive(
        &mut self,
        mut turn: Turn,
        mut input: OpenInput,
        prompt: &Prompt,
    ) -> (Outcome, Option<Stop>) {
        let asks = self.session.config().approval.is_some();
        let moment = Moment::Now { asks };
        self.turns += 1;
        let recorded = turn.recorded();
        let number = recorded.map_or(self.turns, |(number, _)| number.into());
        let mut info = recorded.map(|(_, metadata)| history::info(metadata));
        let mut mapping = Mapping::new(&self.folder, number, moment, self.shows);
        let mut arrived: HashMap<u64, OpenQuestion> = HashMap::new();
        let mut asked: FuturesUnordered<BoxFuture<'static, ()>> = FuturesUnordered::new();
        let all = self.waiting.iter().chain([prompt]);
        let mut withdrawals: FuturesUnordered<_> = all.map(Prompt::withdrawal).collect();
        let mut stop = None;
        let outcome = loop {
            let may_read = self.wire.has_room();
            let may_be_done = input.is_open() && !mapping.has_open_call() && may_read;
            let is_closed = matches!(stop, Some(Stop::Closed(_)));
            tokio::select! {
                biased;
                order = self.orders.next(), if !is_closed => match order {
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
                    Some(Order::Prompt(prompt)) => {
                        withdrawals.push(prompt.withdrawal());
                        let to_wait = match &stop {
                            None => self.steer(prompt, &mut input),
                            Some(_) => Some(prompt),
                        };
                        if let Some(prompt) = to_wait {
                            self.obey(Order::Prompt(prompt));
                        }
                    }
                    Some(order) => self.obey(order),
                },
                commands = self.commands.found() => self.wire.update(commands),
                Some(()) = withdrawals.next() => {
                    self.answer_withdrawn();
                    // What has reached the agent cannot be taken from it: its turn is cancelled.
                    let mut of_turn = self.steering.iter().chain([prompt]);
                    if stop.is_none() && of_turn.any(Prompt::is_withdrawn) {
                        stop = Some(Stop::Cancelled);
                        turn.cancel();
                    }
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
                    if let TurnItem::Line(line) = &item {
                        input.hear(line.event());
                        self.hear(line.event());
                        if let Some(Event::System(_)) = line.event() {
                            info.take().into_iter().for_each(|info| self.wire.update(info));
                        }
                    }
                    for update in mapping.item(&item) {
                        self.wire.update(update);
                    }
                    for what in mapping.take_unshown() {
                        self.log(what);
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
                () = input.close_when_quiet(), if may_be_done => {}
                () = self.wire.room(), if !may_read => {}
            }
        };
        // A client that was told to stop answers what it was asked; dropped, a request is cancelled.
        let answered = async { while asked.next().await.is_some() {} };
        let _ = tokio::time::timeout(LATE_ANSWER, answered).await;
        (outcome, stop)
    }

    /// Hands a prompt to the turn that is running; returns it when that cannot be done.
    fn steer(&mut self, prompt: Prompt, turn: &mut OpenInput) -> Option<Prompt> {
        let is_next = self.waiting.is_empty() && self.steering.len() < MOST_PROMPTS;
        let is_taken = is_next
            && turn.is_open()
            // What is wrong with it is said when its turn comes.
            && input(&prompt.blocks, self.takes_images, &self.commands)
                .is_ok_and(|input| turn.steer(input));
        if !is_taken {
            return Some(prompt);
        }
        self.steering.push(prompt);
        None
    }

    /// Writes to standard error, of which editors keep a log; one that reads none is not waited for.
    fn log(&self, what: String) {
        let mut stderr = self.context.stderr.clone();
        // What cannot be written is in no log.
        let _ = thread::Builder::new().spawn(move || writeln!(stderr, "ampctl: {what}"));
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
