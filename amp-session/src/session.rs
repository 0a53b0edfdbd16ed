//! A session: one thread, its options, one turn at a time.

mod begin;
mod circumstances;
mod confirm;
mod note_check;
mod plan;
mod retry;
mod supervise;

use std::path::Path;
use std::sync::Arc;

use amp_process::sandbox::Sandbox;
use amp_protocol::UserInput;

use crate::amp::Amp;
use crate::claim::SharedThread;
use crate::config::SessionConfig;
use crate::credentials::Credentials;
use crate::environment::with_variables;
use crate::error::Error;
use crate::invocation::{Input, Invocation};
use crate::ledger::{Ledger, SessionRecord, recorded_folder};
use crate::permission::Finding;
use crate::settings::Effective;
use crate::thread_id::ThreadId;
use crate::thread_lock;
use crate::turn::{Turn, TurnInput};
use circumstances::Circumstances;
pub use retry::Retried;

/// Stands for any prompt.
const PREVIEW: &str = "preview";

/// Stands for the folder of a run that is not begun.
const RUN_FOLDER: &str = "RUN-FOLDER";

/// A thread of the agent, driven turn by turn, and recorded if it is asked to be.
///
/// Each prompt is one process of the CLI. The first one begins a thread, unless the session was
/// [resumed](Amp::resume); the later ones continue it.
#[derive(Debug)]
pub struct Session {
    amp: Amp,
    config: SessionConfig,
    shared: Arc<SharedThread>,
    record: Option<Arc<SessionRecord>>,
}

impl Amp {
    /// Begins a new thread; nothing is run before its first prompt.
    ///
    /// # Errors
    ///
    /// Refuses options that this Amp lacks, see [`invocation`](crate::invocation).
    pub fn start(&self, config: SessionConfig) -> Result<Session, Error> {
        Session::new(self.clone(), config, None)
    }

    /// Goes on with a thread; nothing is run before the next prompt.
    ///
    /// Only new messages will be in the stream: no build repeats the old ones.
    ///
    /// # Errors
    ///
    /// Refuses options that this Amp lacks, see [`invocation`](crate::invocation).
    #[doc(alias = "continue_thread")]
    #[doc(alias = "continue")]
    pub fn resume(&self, thread: ThreadId, config: SessionConfig) -> Result<Session, Error> {
        Session::new(self.clone(), config, Some(thread))
    }

    /// Goes on with the last recorded thread of the configuration's folder, and records what
    /// follows there; `None` when the ledger has none with a thread.
    ///
    /// Folders are compared as records name them, see [`recorded_folder`].
    ///
    /// # Errors
    ///
    /// Fails when the ledger cannot be listed, and like [`resume`](Self::resume).
    #[doc(alias = "continue_thread")]
    #[doc(alias = "continue")]
    pub fn continue_last(
        &self,
        ledger: &Ledger,
        config: SessionConfig,
    ) -> Result<Option<Session>, Error> {
        let folder = recorded_folder(config.folder());
        let last = ledger.sessions()?.into_iter().find_map(|record| {
            let metadata = record.metadata();
            let recorded = metadata.working_directory.as_deref()?;
            let thread = metadata.thread.clone()?;
            (recorded == folder).then_some((thread, record))
        });
        let Some((thread, record)) = last else {
            return Ok(None);
        };
        Ok(Some(self.resume(thread, config)?.recorded(record)))
    }
}

impl Session {
    fn new(amp: Amp, config: SessionConfig, thread: Option<ThreadId>) -> Result<Self, Error> {
        let shared = SharedThread::new(thread_lock::folder(amp.environment()), thread);
        let session = Self {
            amp,
            config,
            shared: Arc::new(shared),
            record: None,
        };
        // What is refused for any prompt is refused now.
        session.preview(PREVIEW)?;
        Ok(session)
    }

    /// Returns this session with every turn recorded in a ledger.
    #[must_use]
    pub fn recorded(mut self, record: SessionRecord) -> Self {
        self.record = Some(Arc::new(record));
        self
    }

    /// Returns the thread, once a turn has begun one.
    #[must_use]
    pub fn thread(&self) -> Option<ThreadId> {
        self.shared.id()
    }

    /// Returns the Amp that this session runs.
    #[must_use]
    pub fn amp(&self) -> &Amp {
        &self.amp
    }

    /// Returns the options of the session.
    #[must_use]
    pub fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// Returns the options, to change them for the turns to come.
    pub fn config_mut(&mut self) -> &mut SessionConfig {
        &mut self.config
    }

    /// Returns the record that the turns are kept in.
    #[must_use]
    pub fn record(&self) -> Option<&SessionRecord> {
        self.record.as_deref()
    }

    /// Returns what a prompt would run, without running it.
    ///
    /// # Errors
    ///
    /// Refuses what this Amp lacks, as [`prompt`](Self::prompt) does.
    pub fn preview(&self, prompt: impl Into<UserInput>) -> Result<Invocation, Error> {
        let prompt = prompt.into();
        let run_folder = Path::new(RUN_FOLDER);
        let plan = self.plan((&prompt).into(), &self.circumstances(), run_folder)?;
        Ok(plan.invocation)
    }

    /// Returns what the linter warns of in the rules that a turn with an approver composes: those of
    /// the run, those that answers have kept, and the settings'. Errors in them refuse the turn.
    ///
    /// # Errors
    ///
    /// Refuses what [`prompt`](Self::prompt) refuses.
    pub fn rule_warnings(&self) -> Result<Vec<Finding>, Error> {
        let prompt = UserInput::from("preview");
        let run_folder = Path::new(RUN_FOLDER);
        let plan = self.plan((&prompt).into(), &self.circumstances(), run_folder)?;
        Ok(plan.findings)
    }

    /// Refuses what would make every turn fail: a missing key above all.
    ///
    /// # Errors
    ///
    /// [`Error::NotConfigured`] when the CLI would find no key.
    pub fn preflight(&self) -> Result<(), Error> {
        self.credentials().check()
    }

    /// Returns the credentials that a turn of this session would use.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        self.circumstances().credentials()
    }

    /// Reads the settings that a turn of this session would go by.
    #[must_use]
    pub fn settings(&self) -> Effective {
        self.circumstances().settings
    }

    fn circumstances(&self) -> Circumstances {
        Circumstances::read(&self.amp, &self.config)
    }

    /// Sends a prompt, once, and returns the turn that it begins.
    ///
    /// A text is a prompt; a [`UserInput`] may hold [images](crate::image_from_bytes) as well, where
    /// this Amp takes them.
    ///
    /// # Errors
    ///
    /// Nothing was sent when this fails: a turn is still running, a key is missing, an option is
    /// not there, or the process cannot be started.
    pub async fn prompt(&self, prompt: impl Into<UserInput>) -> Result<Turn, Error> {
        self.begin((&prompt.into()).into(), None).await
    }

    /// Begins a turn that takes [messages](Turn::take_input) while it runs.
    ///
    /// The CLI writes one result for all of them, after the input was closed.
    ///
    /// # Errors
    ///
    /// As for [`prompt`](Self::prompt), and when this Amp takes no messages.
    pub async fn converse(&self) -> Result<Turn, Error> {
        self.begin(Input::Messages, None).await
    }

    /// Sends a prompt, once, and returns the turn that it begins, which takes more messages while it
    /// runs.
    ///
    /// The CLI writes its result only after the input was closed, but for a failure, which it writes
    /// at once (builds of 2026-05-04 and 2026-09-23, with a service that fails). The record has the
    /// prompt as that of the turn.
    ///
    /// # Errors
    ///
    /// As for [`prompt`](Self::prompt), and when this Amp takes no messages.
    pub async fn converse_from(
        &self,
        prompt: impl Into<UserInput>,
    ) -> Result<(Turn, TurnInput), Error> {
        let prompt = prompt.into();
        let mut turn = self.begin(Input::FirstMessage(&prompt), None).await?;
        let Some(mut input) = turn.take_input() else {
            return Err(Error::InputClosed(std::io::ErrorKind::BrokenPipe.into()));
        };
        // An agent that reads nothing has ended, and the outcome says how.
        let _ = input.send(&prompt);
        Ok((turn, input))
    }

    /// Returns the sandbox that a turn would run in, if one is configured.
    ///
    /// Amp's own folders are made when they are not there.
    ///
    /// # Errors
    ///
    /// Refuses what [`prompt`](Self::prompt) would refuse, and a service that is not allowed.
    pub fn sandbox(&self) -> Result<Option<Sandbox>, Error> {
        let circumstances = self.circumstances();
        let run_folder = Path::new(RUN_FOLDER);
        let plan = self.plan(Input::Prompt(PREVIEW), &circumstances, run_folder)?;
        let variables = &plan.invocation.variables;
        let environment = with_variables(self.amp.environment(), variables);
        self.sandbox_of(&circumstances, &plan.invocation, &environment, run_folder)
    }
}
