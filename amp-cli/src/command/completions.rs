//! `ampctl completions`: a completion script for a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

pub(super) fn run(shell: Shell, context: &mut Context) -> Result<ExitCode, Failure> {
    // Generated in memory first: the generator panics when its writer fails.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "ampctl", &mut script);
    std::io::Write::write_all(&mut context.stdout, &script)?;
    Ok(ExitCode::Done)
}
