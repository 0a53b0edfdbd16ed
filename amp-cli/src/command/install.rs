//! `ampctl install`: a verified Amp, once.

mod progress;

use std::io::Write;
use std::sync::Arc;

use amp_bootstrap::{InstallRequest, Installed, Outcome, Source, Store, VersionSpec, install};

use self::progress::{InstallView, warning_in_words};
use crate::arguments::{GlobalArguments, InstallArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, InstallCommand};
use crate::screen::may_animate;
use crate::settings::{Layer, SOURCES, Settings};
use crate::text::bytes;
use crate::{amp_in_use, json, runtime};

pub(super) fn run(
    arguments: &InstallArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let flags = Layer {
        version: version(arguments)?,
        sources: (!arguments.sources.is_empty()).then(|| arguments.sources.clone()),
        ..Layer::default()
    };
    let settings = Settings::resolve(flags, global, context)?;
    let request = request(&settings, arguments.offline, context)?;
    let command = InstallCommand::new(
        arguments.version.clone(),
        arguments.sources.clone(),
        arguments.offline,
    );
    let installed = perform(request, &command, &settings, global, context)?;
    if global.json {
        json::write(&installed, &mut context.stdout)?;
    } else {
        say(&installed, global, context)?;
        writeln!(context.stdout, "{}", installed.path.display())?;
    }
    Ok(ExitCode::Done)
}

/// Installs the newest Amp for a run that found none.
pub(super) fn install_for_run(
    settings: &Settings,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<(), Failure> {
    let request = request(settings, false, context)?;
    let command = InstallCommand::default();
    let installed = perform(request, &command, settings, global, context)?;
    Ok(say(&installed, global, context)?)
}

fn perform(
    request: InstallRequest,
    command: &InstallCommand,
    settings: &Settings,
    global: &GlobalArguments,
    context: &Context,
) -> Result<Installed, Failure> {
    let store = amp_in_use::store(context)?;
    let style = settings.color.style(context, &context.stderr);
    let animate = settings.progress && may_animate(context, &context.stderr);
    let view = InstallView::new(context.stderr.clone(), animate, style, global.quiet);
    let installed = install_watched(store, request, view, context).map_err(|failure| {
        failure
            .hint("the part of a download that is here already is kept")
            .next(command.to_string(), "goes on from there")
    })?;
    installed.map_err(|error| Failure::of_installation(&error, command))
}

/// Installs until it is done or a signal comes; an installation may be killed at any moment.
fn install_watched(
    store: Store,
    request: InstallRequest,
    view: InstallView,
    context: &Context,
) -> Result<amp_bootstrap::Result<Installed>, Failure> {
    let view = Arc::new(view);
    let watching = Arc::clone(&view);
    let environment = context.environment.clone();
    let work = move || install(&store, &request, &environment, &*watching);
    let result = runtime::interruptible(&context.signals, async {
        Ok(runtime::on_a_thread(work).await?)
    });
    view.finish();
    result
}

fn version(arguments: &InstallArguments) -> Result<Option<VersionSpec>, Failure> {
    let version = arguments.version.as_deref().map(str::parse);
    Ok(version.transpose()?)
}

fn request(
    settings: &Settings,
    offline: bool,
    context: &Context,
) -> Result<InstallRequest, Failure> {
    let version = settings.version.clone().unwrap_or_default();
    let mut request = InstallRequest::new(version).with_offline(offline);
    if !settings.sources.is_empty() {
        let sources: Vec<Source> = settings
            .sources
            .iter()
            .map(|text| source(text, context))
            .collect::<Result<_, _>>()
            .map_err(|failure: Failure| {
                failure.because(format!("{} names it", settings.places.origin(&SOURCES)))
            })?;
        request = request.with_sources(sources);
    }
    Ok(request)
}

/// Reads a source; a relative folder is one below the current folder.
fn source(text: &str, context: &Context) -> Result<Source, Failure> {
    if matches!(text, "" | "npm" | "bucket") || text.contains("://") {
        return Ok(text.parse()?);
    }
    let folder = context.resolve(text.as_ref());
    Ok(folder.to_string_lossy().parse()?)
}

/// Tells a person what was installed.
fn say(
    installed: &Installed,
    global: &GlobalArguments,
    context: &mut Context,
) -> std::io::Result<()> {
    let (version, date) = (&installed.version, installed.version.release_date());
    let what = match installed.outcome {
        Outcome::AlreadyInstalled => format!("Amp {version} ({date}) is already installed"),
        _ => format!(
            "installed Amp {version} ({date}) from {}, {}",
            installed.source,
            bytes(installed.size)
        ),
    };
    if !global.quiet {
        for warning in &installed.warnings {
            writeln!(context.stderr, "note: {}", warning_in_words(warning))?;
        }
        writeln!(context.stderr, "{what}")?;
        if global.verbose {
            writeln!(context.stderr, "sha256 {}", installed.sha256)?;
            writeln!(context.stderr, "from {}", installed.location)?;
        }
    }
    Ok(())
}
