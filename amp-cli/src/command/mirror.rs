//! `ampctl mirror`: what machines without a network install from.

use std::io::Write;
use std::path::PathBuf;

use amp_bootstrap::{Platform, export_to_mirror};
use serde::Serialize;

use super::install::{perform, request, settings, trusting};
use crate::arguments::{GlobalArguments, MirrorCommand, MirrorExportArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, InstallCommand};
use crate::json;

/// Runs the chosen command.
pub(super) fn run(
    command: &MirrorCommand,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    match command {
        MirrorCommand::Export(arguments) => export(arguments, global, context),
    }
}

fn export(
    arguments: &MirrorExportArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let settings = settings(
        arguments.version.as_deref(),
        &arguments.sources,
        &arguments.trust,
        global,
        context,
    )?;
    let platforms = match arguments.platforms.as_slice() {
        [] => vec![Platform::detect()?],
        names => names
            .iter()
            .map(|name| name.parse())
            .collect::<Result<_, _>>()?,
    };
    let folder = context.resolve(&arguments.folder);
    let command = InstallCommand::new(
        arguments.version.clone(),
        arguments.sources.clone(),
        arguments.offline,
    );
    let command = trusting(command, &arguments.trust);
    let mut written: Vec<PathBuf> = Vec::new();
    for platform in platforms {
        let request =
            request(&settings, arguments.offline, platform, context)?.with_platform(platform);
        let installed = perform(request, &command, &settings, global, context)?;
        written.extend(export_to_mirror(&installed, &folder)?);
    }
    if global.json {
        #[derive(Serialize)]
        struct Document<'a> {
            folder: &'a std::path::Path,
            written: &'a [PathBuf],
        }
        let document = Document {
            folder: &folder,
            written: &written,
        };
        json::write(&document, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    for path in written {
        writeln!(context.stdout, "{}", path.display())?;
    }
    Ok(ExitCode::Done)
}
