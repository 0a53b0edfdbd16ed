//! `ampctl sessions`: the recorded conversations.

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
use crate::records::Records;

pub(super) fn run(
    command: &SessionsCommand,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let records = Records::open(context)?;
    match command {
        SessionsCommand::List { limit, here } => {
            list::run(&records, *limit, *here, global, context)
        }
        SessionsCommand::Show { session } => show::run(&records.find(session)?, global, context),
        SessionsCommand::Export {
            session,
            format,
            to,
        } => export::run(&records.find(session)?, *format, to.as_deref(), context),
        SessionsCommand::Replay { session } => {
            replay::run(&records.find(session)?, global, context)
        }
        SessionsCommand::Delete { sessions, yes } => {
            delete::run(&records, sessions, *yes, global, context)
        }
        SessionsCommand::Prune(arguments) => prune::run(&records, arguments, global, context),
    }
}
