//! `ampctl permissions`: what the rules say, whether they say what is meant, and other rules.

mod build;
mod change;
mod explain;
mod judge;
mod lint;
mod list;
mod print;
mod sarif;
mod test;

use crate::arguments::{GlobalArguments, PermissionsCommand};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

pub(super) fn run(
    command: &PermissionsCommand,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    match command {
        PermissionsCommand::Test(arguments) => test::run(arguments, global, context),
        PermissionsCommand::Explain(arguments) => explain::run(arguments, global, context),
        PermissionsCommand::Lint(arguments) => lint::run(arguments, global, context),
        PermissionsCommand::List(arguments) => list::run(arguments, global, context),
        PermissionsCommand::Add(arguments) => change::add(arguments, global, context),
        PermissionsCommand::Remove(arguments) => change::remove(arguments, global, context),
    }
}
