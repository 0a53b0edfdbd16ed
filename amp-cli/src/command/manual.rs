//! `ampctl man`: the manual pages.

use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::arguments::Arguments;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::help::end_of_manual;
use crate::runtime::{block_on, on_a_thread};
use crate::style::ON_A_TERMINAL;

pub(super) fn run(
    words: &[String],
    directory: Option<&Path>,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    if let Some(directory) = directory {
        return write_all(&context.resolve(directory));
    }
    let command = named(words)?;
    let page = page(command.clone())?;
    if context.stdout.terminal().is_none() {
        context.stdout.write_all(&page)?;
        return Ok(ExitCode::Done);
    }
    match show(&page, context)? {
        Ok(_) => {}
        // A machine without manual pages.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let help = command.clone().render_long_help();
            write!(context.stdout, "{help}")?;
        }
        Err(error) => {
            return Err(
                Failure::new(ExitCode::Failed, "the manual page could not be shown")
                    .caused_by(&error)
                    .next("ampctl man > ampctl.1", "writes its source"),
            );
        }
    }
    Ok(ExitCode::Done)
}

/// Returns the command that some words name; no words name `ampctl` itself.
fn named(words: &[String]) -> Result<Command, Failure> {
    let mut command = root();
    command.build();
    for word in words {
        command = command.find_subcommand(word).cloned().ok_or_else(|| {
            let words = words.join(" ");
            Failure::new(ExitCode::Usage, format!("there is no command `{words}`"))
                .next("ampctl --help", "lists the commands")
        })?;
    }
    Ok(command)
}

/// Has `man` show a page, through the pager that its user has chosen.
#[expect(
    clippy::disallowed_methods,
    reason = "a pager is the user's own program, and has the terminal while it runs"
)]
fn show(page: &[u8], context: &Context) -> Result<io::Result<ExitStatus>, Failure> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("ampctl.1");
    std::fs::write(&path, page)?;
    let mut man = std::process::Command::new("man");
    man.arg(&path)
        .env_clear()
        .envs(&context.environment)
        .current_dir(&context.directory)
        .stdin(Stdio::inherit());
    block_on(async {
        // Ctrl-C is for the pager.
        let mut signals = context.signals.listen()?;
        let shown = on_a_thread(move || man.status());
        tokio::pin!(shown);
        loop {
            tokio::select! {
                shown = &mut shown => return Ok(shown.flatten()),
                _ = signals.next() => {}
            }
        }
    })?
}

fn write_all(directory: &Path) -> Result<ExitCode, Failure> {
    write_pages(directory).map_err(|error| {
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
    let end = format!("{}\n{ON_A_TERMINAL}", end_of_manual());
    Arguments::command().after_long_help(end)
}

fn write_pages(directory: &Path) -> io::Result<()> {
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

fn page(command: Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    // What stands at the foot of a page; of a subcommand it would be its last word alone.
    let source = concat!("ampctl ", env!("CARGO_PKG_VERSION"));
    Man::new(command).source(source).render(&mut page)?;
    Ok(page)
}
