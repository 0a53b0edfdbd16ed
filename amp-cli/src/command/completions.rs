//! `ampctl completions`: a script that has a shell ask `ampctl` what a word may become.

use std::io::{self, Write};

use clap_complete::Shell;

use crate::completion::{VARIABLE, completer};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

pub(super) fn run(shell: Shell, context: &mut Context) -> Result<ExitCode, Failure> {
    let name = shell.to_string();
    let completer = completer(&name)
        .ok_or_else(|| io::Error::other(format!("no completion script for {name}")))?;
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, "ampctl", "ampctl", "ampctl", &mut script)?;
    context.stdout.write_all(&script)?;
    Ok(ExitCode::Done)
}
