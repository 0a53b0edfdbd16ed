//! `ampctl batch`: many tasks from a file.

use crate::arguments::{BatchCommand, GlobalArguments};
use crate::batch;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Runs the chosen command.
pub(super) fn run(
    command: &BatchCommand,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    match command {
        BatchCommand::Run(arguments) => batch::run(arguments, global, context),
        BatchCommand::Status { results } => batch::status(results, global, context),
        BatchCommand::Report {
            results,
            junit,
            html,
        } => {
            let form = batch::Form::of(global.json, *junit, *html);
            batch::report(results, form, context)
        }
        BatchCommand::Submit(arguments) => batch::submit(arguments, global, context),
    }
}
