//! `ampctl man`: the manual pages.

use std::io::Write;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::arguments::{Arguments, exit_codes};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::style::ON_A_TERMINAL;

pub(super) fn run(directory: Option<&Path>, context: &mut Context) -> Result<ExitCode, Failure> {
    let Some(directory) = directory else {
        context.stdout.write_all(&page(root())?)?;
        return Ok(ExitCode::Done);
    };
    let directory = context.resolve(directory);
    write_pages(&directory).map_err(|error| {
        Failure::new(
            ExitCode::Failed,
            format!(
                "manual pages could not be written to {}",
                directory.display()
            ),
        )
        .caused_by(&error)
        .next(
            "ampctl man > ampctl.1",
            "writes the one page that has everything",
        )
    })?;
    Ok(ExitCode::Done)
}

/// Returns the command itself, with more to say than fits the first screen of the help.
fn root() -> Command {
    let end = format!("{}\n{ON_A_TERMINAL}", exit_codes());
    Arguments::command().after_long_help(end)
}

fn write_pages(directory: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    let mut root = root();
    root.build();
    let mut commands = vec![root];
    while let Some(command) = commands.pop() {
        let name = command
            .get_display_name()
            .unwrap_or(command.get_name())
            .to_owned();
        let below = command.get_subcommands();
        // Help about help needs no page.
        commands.extend(
            below
                .filter(|command| command.get_name() != "help")
                .cloned(),
        );
        std::fs::write(directory.join(format!("{name}.1")), page(command)?)?;
    }
    Ok(())
}

fn page(command: Command) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(page)
}
