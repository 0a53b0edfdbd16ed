//! One module for each command.

#[cfg(feature = "acp")]
mod acp;
mod batch;
mod capabilities;
mod completions;
mod config;
pub(crate) mod credentials;
mod diff;
mod doctor;
mod install;
mod login;
mod manual;
mod mirror;
mod modes;
mod permissions;
pub(crate) mod run;
mod sandbox;
mod sessions;
mod threads;
mod turn_files;
mod undo;
mod versions;
mod which;

use crate::arguments::{Arguments, Command};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Runs the chosen command.
pub(crate) fn dispatch(arguments: &Arguments, context: &mut Context) -> Result<ExitCode, Failure> {
    let Arguments { command, global } = arguments;
    match command {
        Command::Run(arguments) => run::run(arguments, global, context),
        Command::Continue(arguments) => run::go_on(arguments, global, context),
        Command::Batch(command) => batch::run(command, global, context),
        Command::Sessions(command) => sessions::run(command, global, context),
        Command::Threads(command) => threads::run(command, global, context),
        Command::Diff(arguments) => diff::run(arguments, global, context),
        Command::Undo(arguments) => undo::run(arguments, global, context),
        Command::Permissions(command) => permissions::run(command, global, context),
        Command::Install(arguments) => install::run(arguments, global, context),
        Command::Mirror(command) => mirror::run(command, global, context),
        Command::Versions(arguments) => versions::list(arguments, global, context),
        Command::Which(arguments) => which::run(arguments, global, context),
        Command::Uninstall(arguments) => versions::uninstall(arguments, global, context),
        Command::Gc(arguments) => versions::collect(arguments, global, context),
        Command::Modes(arguments) => modes::run(arguments, global, context),
        Command::Credentials(command) => credentials::run(command, global, context),
        Command::Config(command) => config::run(command, global, context),
        Command::Login(arguments) => login::run(arguments, global, context),
        #[cfg(feature = "acp")]
        Command::Acp(arguments) => acp::run(arguments, global, context),
        Command::Capabilities(arguments) => capabilities::run(arguments, global, context),
        Command::Sandbox(command) => sandbox::run(command, global, context),
        Command::Doctor { network } => doctor::run(*network, global, context),
        Command::Completions { shell } => completions::run(*shell, context),
        Command::Man {
            command: words,
            directory,
        } => manual::run(words, directory.as_deref(), context),
    }
}
