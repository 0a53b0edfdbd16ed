//! Which Amp runs: the one answer for every command, kept from being removed while it is in use
//! and asked for its version if nothing says it.

mod look;
mod store;

use std::ffi::OsString;
use std::path::PathBuf;

use amp_bootstrap::{self as bootstrap, CliVersion, Lease, Platform};
use amp_session::{Amp, SandboxConfig};

pub(crate) use self::look::{Look, look};
pub(crate) use self::store::store;
use crate::context::Context;
use crate::failure::Failure;
use crate::settings::{AmpChoice, Settings};

/// Represents an executable that is, or may be, Amp.
#[derive(Debug)]
pub(crate) struct Found {
    program: PathBuf,
    leading_arguments: Vec<OsString>,
    version: Option<CliVersion>,
    /// Keeps the version from being removed while it runs.
    _lease: Option<Lease>,
}

/// Finds the executable to run.
///
/// # Errors
/// Fails when there is none, or when the one that the settings choose cannot be used.
pub(crate) fn find(settings: &Settings, context: &Context) -> Result<Found, Failure> {
    Found::taken(&look(&settings.amp, context)?, context)
}

/// Finds the executable to run, where a command does without one.
///
/// # Errors
/// Fails when the settings choose one that cannot be used: another one in its place would be a wrong
/// answer.
pub(crate) fn find_if_any(
    settings: &Settings,
    context: &Context,
) -> Result<Option<Found>, Failure> {
    match find(settings, context) {
        Err(_) if settings.amp == AmpChoice::Found => Ok(None),
        found => found.map(Some),
    }
}

/// Takes a lease on an executable of the store; others need none.
fn lease(found: &bootstrap::Found, context: &Context) -> Result<Option<Lease>, Failure> {
    match &found.version {
        Some(version) if found.place == bootstrap::Place::Store => {
            let lease = store(context)?.lease(version, Platform::detect()?)?;
            Ok(Some(lease))
        }
        _ => Ok(None),
    }
}

impl Found {
    /// Takes the executable that a look found.
    ///
    /// # Errors
    /// Fails when it found none, or when that is being removed.
    pub(crate) fn taken(look: &Look, context: &Context) -> Result<Self, Failure> {
        let found = look.require()?;
        Ok(Self {
            program: found.launch.program.clone(),
            leading_arguments: found.launch.arguments.clone(),
            version: found.version.clone(),
            _lease: lease(found, context)?,
        })
    }

    /// Returns the Amp; it is asked for its version, which takes half a second, only when neither a
    /// receipt nor a package says it, and a native one only once; in a sandbox where what is to come
    /// has one.
    ///
    /// # Errors
    /// Fails when the executable does not answer like Amp, or the sandbox cannot be had.
    pub(crate) async fn identify(
        &self,
        sandbox: Option<&SandboxConfig>,
        context: &Context,
    ) -> Result<Amp, Failure> {
        let known = self.version.as_ref().map(ToString::to_string);
        let mut amp = Amp::new(&self.program, known.as_deref().unwrap_or_default())
            .with_leading_arguments(self.leading_arguments.iter().cloned())
            .with_environment(context.environment.clone());
        if let Ok(store) = store(context) {
            amp = amp.with_answers_kept_in(store.root().join("answers"));
        }
        if let Some(sandbox) = sandbox {
            amp = amp.with_questions_in_sandbox(sandbox.clone());
        }
        if known.is_some() {
            Ok(amp)
        } else {
            Ok(amp.probed().await?)
        }
    }
}
