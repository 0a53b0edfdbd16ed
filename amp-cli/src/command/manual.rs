//! `ampctl man`: the manual pages.

use std::io::Write;
use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man;

use crate::ExitCode;
use crate::arguments::Arguments;
use crate::context::Context;
use crate::failure::Failure;

pub(super) fn run(directory: Option<&Path>, context: &mut Context) -> Result<ExitCode, Failure> {
    let Some(directory) = directory else {
        context.stdout.write_all(&page(Arguments::command())?)?;
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
    })?;
    Ok(ExitCode::Done)
}

fn write_pages(directory: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    let mut root = Arguments::command();
    root.build();
    let mut commands = vec![root];
    while let Some(command) = commands.pop() {
        let name = command
            .get_display_name()
            .unwrap_or(command.get_name())
            .to_owned();
        commands.extend(command.get_subcommands().cloned());
        std::fs::write(directory.join(format!("{name}.1")), page(command)?)?;
    }
    Ok(())
}

fn page(command: clap::Command) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(page)
}
