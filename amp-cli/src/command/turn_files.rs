//! Which turns `ampctl diff` and `ampctl undo` are about.

use amp_session::{TurnFiles, TurnRecord};

use crate::arguments::TurnArguments;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::runtime::interruptible;
use crate::sessions::{Sessions, refuse_in_use};

/// Turns of a recorded session, and what they did to files.
pub(super) struct Turns {
    pub(super) session: String,
    pub(super) numbers: Vec<u32>,
    pub(super) files: TurnFiles,
}

impl Turns {
    /// Finds the turns that are meant, and reads their snapshots.
    ///
    /// # Errors
    /// Fails when there are none, while one of them runs, and when they have no snapshots.
    pub(super) fn find(arguments: &TurnArguments, context: &Context) -> Result<Self, Failure> {
        let sessions = Sessions::open(context)?;
        let record = match &arguments.session {
            Some(word) => sessions.find(word)?,
            None => sessions.newest_in(&context.directory)?,
        };
        let session = record.metadata().id.to_string();
        refuse_in_use(&record, "what it does is known when the run has ended")?;
        let mut turns = record.turns()?;
        if let Some(number) = arguments.turn {
            turns.retain(|turn| turn.number() == number);
        } else if !arguments.all {
            turns.drain(..turns.len().saturating_sub(1));
        }
        if turns.is_empty() {
            let what = format!("session {session} has no such turn");
            let show = format!("ampctl sessions show {session}");
            return Err(Failure::new(ExitCode::Usage, what).next(show, "shows its turns"));
        }
        let environment = context.environment_without_key();
        let files = interruptible(&context.signals, async {
            Ok(TurnFiles::of(&turns, &environment).await?)
        })?;
        Ok(Self {
            session,
            numbers: turns.iter().map(TurnRecord::number).collect(),
            files,
        })
    }
}
