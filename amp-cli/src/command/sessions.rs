//! `ampctl sessions`: the recorded sessions.

mod delete;
mod export;
mod list;
mod prune;
mod replay;
mod show;

use crate::arguments::{GlobalArguments, SessionsCommand};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::sessions::Sessions;

pub(super) fn run(
    command: &SessionsCommand,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let sessions = Sessions::open(context)?;
    match command {
        SessionsCommand::List { limit, here } => {
            list::run(&sessions, *limit, *here, global, context)
        }
        SessionsCommand::Show { session } => show::run(&sessions.find(session)?, global, context),
        SessionsCommand::Export {
            session,
            format,
            to,
        } => export::run(&sessions.find(session)?, *format, to.as_deref(), context),
        SessionsCommand::Replay { session } => {
            replay::run(&sessions.find(session)?, global, context)
        }
        SessionsCommand::Delete {
            sessions: words,
            yes,
        } => delete::run(&sessions, words, *yes, global, context),
        SessionsCommand::Prune(arguments) => prune::run(&sessions, arguments, global, context),
    }
}
