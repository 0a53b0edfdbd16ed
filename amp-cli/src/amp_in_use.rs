//! Which Amp runs: found where the user already has one, and asked for its version if nothing says
//! it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use amp_bootstrap::{
    self as bootstrap, CliVersion, EXECUTABLE_VARIABLE, ErrorKind, Lease, LocateReport, Place,
    Platform, Store, Variables, Verdict, locate,
};
use amp_session::Amp;

use crate::ExitCode;
use crate::context::Context;
use crate::failure::Failure;
use crate::settings::Settings;

/// Represents an executable that is, or may be, Amp.
#[derive(Debug)]
pub(crate) struct Found {
    program: PathBuf,
    leading_arguments: Vec<OsString>,
    version: Option<CliVersion>,
    /// Keeps the version from being removed while it runs.
    _lease: Option<Lease>,
}

/// Looks in every place; `named` is the user's own choice and then the only place.
///
/// # Errors
/// Fails on a machine that no publisher builds Amp for.
pub(crate) fn look(named: Option<&Path>, context: &Context) -> Result<LocateReport, Failure> {
    let environment = environment(named, context);
    let store = Store::from_environment(&environment).ok();
    Ok(locate(&environment, store.as_ref(), Platform::detect()?))
}

/// Finds the executable to run.
///
/// # Errors
/// Fails when there is none, or when the version that the settings pin is not installed.
pub(crate) fn find(settings: &Settings, context: &Context) -> Result<Found, Failure> {
    let pinned = settings
        .version
        .as_deref()
        .and_then(|text| text.parse::<CliVersion>().ok());
    if let (None, Some(version)) = (&settings.amp, pinned) {
        return pinned_version(&version, context);
    }
    from_report(&look(settings.amp.as_deref(), context)?, context)
}

/// Takes the executable that a look found.
///
/// # Errors
/// Fails when it found none.
pub(crate) fn from_report(report: &LocateReport, context: &Context) -> Result<Found, Failure> {
    let found = require(report)?;
    Ok(Found {
        program: found.launch.program.clone(),
        leading_arguments: found.launch.arguments.clone(),
        _lease: found
            .version
            .as_ref()
            .and_then(|version| lease(version, &found.path, context)),
        version: found.version.clone(),
    })
}

/// Returns what a look found, or why it found nothing.
///
/// # Errors
/// Fails when it found none; where the user named one, that is what the failure is about.
pub(crate) fn require(report: &LocateReport) -> Result<&bootstrap::Found, Failure> {
    let named = report
        .candidates
        .iter()
        .find(|candidate| candidate.place == Place::Explicit);
    match named {
        Some(named) if report.found.is_none() => Err(Failure::new(
            ExitCode::NoUsableAmp,
            format!("{} is not a usable Amp", named.path.display()),
        )
        .because(match &named.verdict {
            Verdict::Unusable { reason } => reason,
            _ => "there is nothing at that path",
        })
        .because("--amp, AMP_CLI_PATH or `amp` in the configuration names it")
        .next("ampctl which --verbose", "shows what else was looked at")
        .next("ampctl install", "installs one that is known to work")),
        _ => Ok(report.require()?),
    }
}

/// Opens the store of installed versions.
///
/// # Errors
/// Fails when there is no folder to keep it in.
pub(crate) fn store(context: &Context) -> Result<Store, Failure> {
    Store::from_environment(&context.environment).map_err(|error| match error.kind() {
        ErrorKind::InvalidInput => Failure::new(
            ExitCode::Usage,
            "there is no folder to keep installed versions in",
        )
        .caused_by(&error)
        .next(
            "export AMPCTL_CACHE_DIR=DIR",
            "names one, by its whole path",
        ),
        _ => error.into(),
    })
}

fn pinned_version(version: &CliVersion, context: &Context) -> Result<Found, Failure> {
    let store = store(context)?;
    let lease = store.lease(version, Platform::detect()?).map_err(|error| {
        Failure::new(
            ExitCode::NoUsableAmp,
            format!("Amp {version} cannot be used"),
        )
        .because("the settings ask for exactly this version")
        .caused_by(&error)
        .next(format!("ampctl install {version}"), "installs it")
    })?;
    Ok(Found {
        program: lease.path().to_owned(),
        leading_arguments: Vec::new(),
        version: Some(version.clone()),
        _lease: Some(lease),
    })
}

/// Takes a lease on an executable of the store; others need none.
fn lease(version: &CliVersion, path: &Path, context: &Context) -> Option<Lease> {
    let store = Store::from_environment(&context.environment).ok()?;
    if !path.starts_with(store.root()) {
        return None;
    }
    store.lease(version, Platform::detect().ok()?).ok()
}

fn environment(named: Option<&Path>, context: &Context) -> Variables {
    let mut environment = context.environment.clone();
    if let Some(path) = named {
        environment.insert(EXECUTABLE_VARIABLE.into(), context.resolve(path).into());
    }
    environment
}

impl Found {
    /// Returns the Amp; it is asked for its version, which takes half a second, only when neither a
    /// receipt nor a package says it.
    ///
    /// # Errors
    /// Fails when the executable does not answer like Amp.
    pub(crate) async fn identify(&self, context: &Context) -> Result<Amp, Failure> {
        let known = self.version.as_ref().map(ToString::to_string);
        let amp = Amp::new(&self.program, known.as_deref().unwrap_or_default())
            .with_leading_arguments(self.leading_arguments.iter().cloned())
            .with_environment(context.environment.clone());
        if known.is_some() {
            Ok(amp)
        } else {
            Ok(amp.probed().await?)
        }
    }
}
