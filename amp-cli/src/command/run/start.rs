//! The start of a turn: its session, the record of that, and the prompt on its way.

use amp_session::permission::Finding;
use amp_session::process::release_program_pages;
use amp_session::protocol::UserInput;
use amp_session::{
    Amp, Session, SessionConfig, SessionId, SessionRecord, ThreadId, Turn, recorded_folder,
};

use crate::context::Context;
use crate::failure::Failure;
use crate::sessions::{Sessions, is_of};

/// What a turn is started with.
pub(super) struct Start<'a> {
    pub(super) prompt: UserInput,
    pub(super) config: SessionConfig,
    /// The thread to continue.
    pub(super) thread: Option<ThreadId>,
    /// The session of that thread, if it was recorded.
    pub(super) record: Option<SessionRecord>,
    /// The name that the session is to have.
    pub(super) name: Option<&'a str>,
    /// Whether the turn is recorded.
    pub(super) is_recorded: bool,
}

/// A turn that has begun.
pub(super) struct Begun {
    pub(super) turn: Turn,
    /// The session, for more turns.
    pub(super) session: Session,
    /// The record of it.
    pub(super) recorded: Option<SessionId>,
    /// Whether `ampctl continue` goes on with that session in the folder it was typed in.
    pub(super) goes_on_here: bool,
    /// What is doubtful about the rules of the turn.
    pub(super) warnings: Vec<Finding>,
}

impl Start<'_> {
    /// Sends the prompt; a session that was begun for it goes when that fails.
    ///
    /// # Errors
    /// Fails when the session cannot be recorded, or nothing could be sent.
    pub(super) async fn begin(self, amp: &Amp, context: &Context) -> Result<Begun, Failure> {
        // What has led to here is not needed as long as the agent works.
        release_program_pages();
        let mut session = match self.thread {
            Some(thread) => amp.resume(thread, self.config)?,
            None => amp.start(self.config)?,
        };
        let warnings = match session.config().approval {
            Some(_) => session.rule_warnings()?,
            None => Vec::new(),
        };
        let is_new = self.record.is_none();
        let (mut recorded, mut goes_on_here) = (None, false);
        if self.is_recorded {
            let record = match (self.record, self.name) {
                (Some(mut record), Some(name)) => {
                    record.rename(name)?;
                    record
                }
                (Some(record), None) => record,
                (None, name) => Sessions::open(context)?.create(name, session.config())?,
            };
            recorded = Some(record.metadata().id.clone());
            // `continue` finds the session that was used last in this folder.
            goes_on_here = is_of(&record, &recorded_folder(&context.directory));
            session = session.recorded(record);
        }
        let begun = session.prompt(self.prompt).await;
        release_program_pages();
        match begun {
            Ok(turn) => Ok(Begun {
                turn,
                session,
                recorded,
                goes_on_here,
                warnings,
            }),
            Err(error) => {
                if let (true, Some(id)) = (is_new, &recorded) {
                    // Nothing was said in it, so there is nothing to list or to continue.
                    let _ = Sessions::open(context)?.ledger().delete(id);
                }
                Err(error.into())
            }
        }
    }
}
