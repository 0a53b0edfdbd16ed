//! A session: what it is told to do, one thing after another, on a thread of its own.

mod open_input;
mod turn;

use std::collections::VecDeque;
use std::path::PathBuf;

use agent_client_protocol::Error;
use agent_client_protocol::v1::Responder;
use agent_client_protocol::v1::schema::{
    ConfigOptionUpdate, ContentBlock, CurrentModeUpdate, PromptResponse, SessionUpdate,
    SetSessionConfigOptionResponse, SetSessionModeResponse, StopReason,
};
use amp_session::protocol::Event;
use amp_session::{Approval, DISK_LIMIT, Session as AmpSession, SessionRecord};
use serde_json::Value;
use tokio::sync::mpsc;

use self::turn::Next;
use super::client::Shows;
use super::commands::Commands;
use super::error::invalid;
use super::history;
use super::options::{Options, Preset};
use super::wire::Wire;
use crate::amp_in_use::Found;
use crate::approve::person::Questions;
use crate::context::Context;
use crate::runtime;
use crate::sessions::Sessions;

/// How many prompts may wait for the one before them or for the turn that they have reached.
const MOST_PROMPTS: usize = 100;

/// What is done when a session has ended.
pub(super) type Afterwards = Box<dyn FnOnce() + Send>;

/// What a session is told to do.
pub(super) enum Order {
    /// Take a turn, after those before it.
    Prompt(Prompt),
    /// Stop the turn that is running, and those that wait.
    Cancel,
    /// Choose who decides, by a client that knows modes only.
    Mode(String, Responder<SetSessionModeResponse>),
    /// Choose a value of an option.
    Option {
        option: String,
        value: String,
        responder: Responder<SetSessionConfigOptionResponse>,
    },
    /// End, and then do this.
    Close(Afterwards),
}

/// A prompt, and where its answer goes.
pub(super) struct Prompt {
    pub(super) blocks: Vec<ContentBlock>,
    pub(super) responder: Responder<PromptResponse>,
}

impl Prompt {
    /// Answers it; where it was cancelled because the client took its request back, with the error
    /// for that. A client that is gone needs no answer.
    pub(super) fn answer(self, answer: Result<StopReason, Error>) {
        let answer = match answer {
            Ok(StopReason::Cancelled) if self.is_withdrawn() => Err(Error::request_cancelled()),
            answer => answer.map(PromptResponse::new),
        };
        let _ = self.responder.respond_with_result(answer);
    }

    /// Tells whether the client has taken its request back.
    pub(super) fn is_withdrawn(&self) -> bool {
        self.responder.cancellation().is_cancelled()
    }

    /// Waits until the client takes its request back.
    pub(super) fn withdrawal(&self) -> impl Future<Output = ()> + Send + 'static {
        let cancellation = self.responder.cancellation();
        async move { cancellation.cancelled().await }
    }
}

impl Order {
    /// Answers an order that no session takes.
    pub(super) fn refuse(self, error: Error) {
        // A client that is gone needs no answer.
        let _ = match self {
            Self::Prompt(prompt) => prompt.responder.respond_with_error(error),
            Self::Mode(_, responder) => responder.respond_with_error(error),
            Self::Option { responder, .. } => responder.respond_with_error(error),
            Self::Cancel | Self::Close(_) => Ok(()),
        };
    }
}

/// The orders of a session, in the order in which they came.
pub(super) struct Heard {
    receiver: mpsc::UnboundedReceiver<Order>,
    /// Those that have come while nothing could be done about them.
    early: VecDeque<Order>,
}

impl Heard {
    pub(super) fn new(receiver: mpsc::UnboundedReceiver<Order>) -> Self {
        Self {
            receiver,
            early: VecDeque::new(),
        }
    }

    /// Waits for the next order; `None` when there will be no more. Dropping the future loses
    /// nothing.
    pub(super) async fn next(&mut self) -> Option<Order> {
        match self.early.pop_front() {
            Some(order) => Some(order),
            None => self.receiver.recv().await,
        }
    }

    /// Waits for the order to stop, and keeps what comes before it. Dropping the future loses nothing.
    async fn stop(&mut self) -> Stop {
        loop {
            match self.receiver.recv().await {
                Some(Order::Cancel) => return Stop::Cancelled,
                Some(Order::Close(afterwards)) => return Stop::Closed(Some(afterwards)),
                None => return Stop::Closed(None),
                Some(order) => self.early.push_back(order),
            }
        }
    }

    /// Takes what has come before the order to stop.
    fn take_early(&mut self) -> VecDeque<Order> {
        std::mem::take(&mut self.early)
    }
}

/// Why a turn is being stopped.
enum Stop {
    /// The client has cancelled the session's work, or taken back a prompt of the turn.
    Cancelled,
    /// The session ends.
    Closed(Option<Afterwards>),
}

/// A session of the connection.
pub(super) struct Session {
    pub(super) session: AmpSession,
    pub(super) folder: PathBuf,
    pub(super) wire: Wire,
    pub(super) shows: Shows,
    pub(super) options: Options,
    /// Asks the person at the editor, as far as the preset wants it.
    pub(super) editor: Approval,
    /// Asks the program of the command line.
    pub(super) program: Option<Approval>,
    /// The permission rules of the command line and the settings.
    pub(super) rules: Option<Value>,
    pub(super) questions: Questions,
    pub(super) orders: Heard,
    pub(super) waiting: VecDeque<Prompt>,
    /// The prompts that have reached the running turn beside its own.
    pub(super) steering: Vec<Prompt>,
    pub(super) takes_images: bool,
    /// A prompt that comes while a turn runs can reach it.
    pub(super) can_steer: bool,
    pub(super) commands: Commands,
    pub(super) service_url: String,
    /// How many turns there were.
    pub(super) turns: u64,
    pub(super) context: Context,
    /// Keeps the executable from being removed.
    pub(super) found: Found,
}

impl Session {
    /// Does what it is told until it is closed, or the connection ends.
    pub(super) async fn work(mut self) {
        let afterwards = loop {
            let order = match self.waiting.pop_front() {
                Some(prompt) => Some(Order::Prompt(prompt)),
                None => self.next_order().await,
            };
            match order {
                None => break None,
                Some(Order::Close(afterwards)) => break Some(afterwards),
                Some(Order::Prompt(prompt)) => match self.take_turn(prompt).await {
                    Next::GoOn => {}
                    Next::End(afterwards) => break afterwards,
                },
                Some(order) => self.obey(order),
            }
        };
        self.cancel_waiting();
        self.wire.close();
        self.forget_if_empty().await;
        drop(self.found);
        if let Some(afterwards) = afterwards {
            afterwards();
        }
    }

    /// Waits for an order between two turns. Nothing is told after the answer to a prompt, but
    /// before the first one the client hears of commands.
    async fn next_order(&mut self) -> Option<Order> {
        loop {
            tokio::select! {
                biased;
                order = self.orders.next() => return order,
                commands = self.commands.found(), if self.turns == 0 => self.wire.update(commands),
            }
        }
    }

    /// Does what can be done at any time.
    pub(super) fn obey(&mut self, order: Order) {
        // A client that is gone needs no answer.
        match order {
            Order::Prompt(prompt) if self.waiting.len() + self.steering.len() >= MOST_PROMPTS => {
                let what = format!("{MOST_PROMPTS} prompts of this session have no answer yet");
                prompt.answer(Err(invalid(what)));
            }
            Order::Prompt(prompt) => self.waiting.push_back(prompt),
            Order::Mode(mode, responder) => {
                let chosen = self.options.choose_mode(&mode);
                self.tell_options(chosen.is_ok());
                let answer = chosen.map(|()| SetSessionModeResponse::new());
                let _ = responder.respond_with_result(answer);
            }
            Order::Option {
                option,
                value,
                responder,
            } => {
                let chosen = self.options.choose(&option, &value);
                self.tell_options(chosen.is_ok());
                let options = self.options.all();
                let answer = chosen.map(|()| SetSessionConfigOptionResponse::new(options));
                let _ = responder.respond_with_result(answer);
            }
            Order::Cancel | Order::Close(_) => {}
        }
    }

    /// Answers the prompts that nothing was done for.
    pub(super) fn cancel_waiting(&mut self) {
        for prompt in self.waiting.drain(..) {
            prompt.answer(Ok(StopReason::Cancelled));
        }
    }

    /// Answers the prompts that wait and that the client has taken back.
    pub(super) fn answer_withdrawn(&mut self) {
        let waiting = self.waiting.drain(..);
        let (withdrawn, waiting): (Vec<_>, Vec<_>) = waiting.partition(Prompt::is_withdrawn);
        self.waiting = waiting.into();
        for prompt in withdrawn {
            prompt.answer(Ok(StopReason::Cancelled));
        }
    }

    /// Returns who is asked about the calls of the next turn.
    pub(super) fn approval(&self) -> Option<Approval> {
        match self.options.preset().get() {
            Preset::Rules => None,
            Preset::Program => self.program.clone(),
            _ => Some(self.editor.clone()),
        }
    }

    /// Tells of the options where Amp says that it works in another mode than they show.
    pub(super) fn hear(&mut self, event: Option<&Event>) {
        if let Some(Event::System(system)) = event
            && let Some(mode) = &system.agent_mode
            && self.options.hear_mode(mode.as_str())
        {
            self.tell_config_options();
        }
    }

    fn tell_config_options(&self) {
        let options = ConfigOptionUpdate::new(self.options.all());
        self.wire.update(SessionUpdate::ConfigOptionUpdate(options));
    }

    fn tell_options(&self, have_changed: bool) {
        if !have_changed {
            return;
        }
        self.tell_config_options();
        let mode = self.options.session_modes().current_mode_id;
        let mode = CurrentModeUpdate::new(mode);
        self.wire.update(SessionUpdate::CurrentModeUpdate(mode));
    }

    /// Tells what lists show of the session, which a turn has changed.
    pub(super) async fn tell_info(&self) {
        // What cannot be read is told by who lists it.
        let info = self.read_record(|_, record| history::info(record.metadata()));
        if let Some(info) = info.await {
            self.wire.update(info);
        }
    }

    /// Deletes the record of a session in which nothing was said.
    async fn forget_if_empty(&self) {
        let forget = |sessions: &Sessions, record: SessionRecord| {
            if !history::has_begun(record.metadata()) {
                // One that stays is listed nowhere, and old ones are pruned.
                let _ = sessions.ledger().delete(&record.metadata().id);
            }
        };
        self.read_record(forget).await;
    }

    /// Opens the session's record anew and does something with it, unless the disk does not answer.
    pub(super) async fn read_record<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Sessions, SessionRecord) -> T + Send + 'static,
    ) -> Option<T> {
        let id = self.session.record()?.metadata().id.clone();
        let sessions = Sessions::open(&self.context).ok()?;
        let work = move || {
            let record = sessions.ledger().open(&id).ok()?;
            Some(work(&sessions, record))
        };
        runtime::within(DISK_LIMIT, work).await.flatten()
    }
}
