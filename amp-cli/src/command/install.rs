//! `ampctl install`: a verified Amp, once.

mod chosen;
mod progress;

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use amp_bootstrap::{
    CrossCheck, InstallRequest, Installed, Outcome, PinnedKey, Platform, Source, Store,
    VersionSpec, install,
};

use self::progress::{InstallView, warning_in_words};
use crate::arguments::{GlobalArguments, InstallArguments, TrustArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, InstallCommand};
use crate::screen::may_animate;
use crate::settings::{Layer, SOURCES, Settings};
use crate::text::{bytes, days_old, safe};
use crate::{amp_in_use, json, runtime};

/// Amp appears every week: when the newest is older than this, something may keep newer ones away.
const LONG_FOR_THE_NEWEST: Duration = Duration::from_secs(30 * 86_400);

pub(super) fn run(
    arguments: &InstallArguments,
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
    let mut request = request(&settings, arguments.offline, Platform::detect()?, context)?;
    if let Some(sha256) = &arguments.sha256 {
        request = request.with_sha256(sha256)?;
    }
    let command = InstallCommand::new(
        arguments.version.clone(),
        arguments.sources.clone(),
        arguments.offline,
    )
    .with_option("--sha256", &arguments.sha256);
    let command = trusting(command, &arguments.trust);
    let is_latest = request.version == VersionSpec::Latest;
    let installed = perform(request, &command, &settings, global, context)?;
    if global.json {
        json::write(&installed, &mut context.stdout)?;
    } else {
        say(&installed, is_latest, global, context)?;
        writeln!(context.stdout, "{}", installed.path.display())?;
    }
    let kept = match (arguments.lock, arguments.use_it) {
        (true, _) => Some(chosen::lock(&installed, settings.lock(), context)?),
        (_, true) => Some(chosen::use_it(&installed, &settings, global, context)?),
        _ => None,
    };
    if let Some(kept) = kept.filter(|_| !global.quiet) {
        writeln!(context.stderr, "{kept}")?;
    }
    Ok(ExitCode::Done)
}

/// Returns the command with what it demands of sources.
pub(super) fn trusting(command: InstallCommand, trust: &TrustArguments) -> InstallCommand {
    command
        .with_option("--pin-key", &trust.pin_key)
        .with_option("--cross-check", &trust.cross_check)
        .with_option("--allow-http", &trust.allow_http)
}

/// Returns the settings of an installation: what its flags say, over everything else.
pub(super) fn settings(
    version: Option<&str>,
    sources: &[String],
    trust: &TrustArguments,
    global: &GlobalArguments,
    context: &Context,
) -> Result<Settings, Failure> {
    let list = |values: &[String]| (!values.is_empty()).then(|| values.to_vec());
    let flags = Layer {
        version: version.map(str::parse).transpose()?,
        sources: list(sources),
        pin_key: trust.pin_key.clone(),
        cross_check: trust.cross_check.clone(),
        allow_http: list(&trust.allow_http),
        ..Layer::default()
    };
    Settings::resolve(flags, global, context)
}

/// Installs the newest Amp for a run that found none.
pub(super) fn install_for_run(
    settings: &Settings,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<(), Failure> {
    let request = request(settings, false, Platform::detect()?, context)?;
    let command = InstallCommand::default();
    let is_latest = request.version == VersionSpec::Latest;
    let installed = perform(request, &command, settings, global, context)?;
    Ok(say(&installed, is_latest, global, context)?)
}

pub(super) fn perform(
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

/// Returns what the settings ask of an installation.
///
/// # Errors
/// Fails when a source, a key or a sum of theirs cannot be used.
pub(super) fn request(
    settings: &Settings,
    offline: bool,
    platform: Platform,
    context: &Context,
) -> Result<InstallRequest, Failure> {
    let version = settings.version.clone().unwrap_or_default();
    let mut request = InstallRequest::new(version)
        .with_offline(offline)
        .with_http_hosts(settings.allow_http.clone());
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
    if let Some(key) = &settings.pin_key {
        request = request.with_pinned_key(PinnedKey::parse(key)?);
    }
    if let Some(text) = &settings.cross_check {
        request = request.with_cross_check(CrossCheck::required(source(text, context)?));
    }
    let locked = settings.lock().filter(|_| settings.is_version_locked());
    if let Some(lock) = locked
        && let Some(sha256) = lock.sha256.get(&platform.to_string())
    {
        request = request.with_sha256(sha256)?;
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
    is_latest: bool,
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
        let age = installed.version.age(SystemTime::now());
        let age = match is_latest && age > LONG_FOR_THE_NEWEST {
            true => format!("; the newest of its source is {}", days_old(age)),
            false => String::new(),
        };
        writeln!(context.stderr, "{what}{age}")?;
        if global.verbose {
            writeln!(context.stderr, "sha256 {}", installed.sha256)?;
            writeln!(context.stderr, "from {}", installed.location)?;
            if let Some(key) = &installed.signed_by {
                writeln!(context.stderr, "signed by {key}")?;
            }
            if let Some(provenance) = &installed.provenance {
                let repository = safe(&provenance.repository);
                writeln!(context.stderr, "built from {repository}")?;
            }
        }
    }
    Ok(())
}
