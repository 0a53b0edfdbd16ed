//! `ampctl sessions`: the recorded sessions.

mod delete;
mod export;
mod left_out;
mod list;
mod open;
mod prune;
mod replay;
mod search;
mod show;
mod stats;

use std::io::Write;

use crate::arguments::{GlobalArguments, SessionsCommand};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::sessions::Sessions;
use crate::text::one_line;

pub(super) use self::export::run as export;
pub(super) use self::replay::run as replay;

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
        SessionsCommand::Search(arguments) => search::run(&sessions, arguments, global, context),
        SessionsCommand::Stats(arguments) => stats::run(&sessions, arguments, global, context),
        SessionsCommand::Rename { session, name } => {
            let mut record = sessions.find(session)?;
            record.rename(name)?;
            match global.json {
                true => json::write(record.metadata(), &mut context.stdout)?,
                false if global.quiet => {}
                false => {
                    let id = &record.metadata().id;
                    writeln!(context.stderr, "{id} is called {} now", one_line(name))?;
                }
            }
            Ok(ExitCode::Done)
        }
        SessionsCommand::Open { session, print } => {
            open::run(&sessions.find(session)?, *print, global, context)
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
