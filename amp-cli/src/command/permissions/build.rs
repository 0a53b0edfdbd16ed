//! The build whose reading of rules counts, and why that one.

use std::path::PathBuf;

use amp_session::{Amp, AmpVersion, BUILDS};
use serde::Serialize;

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::{amp_in_use, runtime};

/// The build whose reading of rules counts.
pub(super) struct Build {
    pub(super) version: AmpVersion,
    pub(super) chosen_by: ChosenBy,
}

/// Why it is that build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ChosenBy {
    /// `--build` names it.
    Option,
    /// It is the Amp in use.
    AmpInUse,
    /// There is no Amp here, and it is the newest measured one.
    NewestMeasured,
}

impl Build {
    /// Takes the build that is named, else the Amp in use, else the newest measured one.
    pub(super) fn choose(named: Option<&str>, amp: Option<&Amp>) -> Self {
        let (version, chosen_by) = match (named, amp) {
            (Some(named), _) => (AmpVersion::new(named), ChosenBy::Option),
            (None, Some(amp)) => (amp.version().clone(), ChosenBy::AmpInUse),
            (None, None) => {
                let newest = BUILDS[BUILDS.len() - 1].version;
                (AmpVersion::new(newest), ChosenBy::NewestMeasured)
            }
        };
        Self { version, chosen_by }
    }

    /// Takes the build that is named, else asks for the Amp in use.
    ///
    /// # Errors
    /// Fails when an Amp is found that does not say its version.
    pub(super) fn find(
        named: Option<&str>,
        global: &GlobalArguments,
        context: &Context,
    ) -> Result<Self, Failure> {
        let amp = match named {
            Some(_) => None,
            None => amp_if_any(None, global, context)?,
        };
        Ok(Self::choose(named, amp.as_ref()))
    }

    /// Says in words which it is.
    pub(super) fn in_words(&self) -> String {
        let version = self.version.as_str();
        match self.chosen_by {
            ChosenBy::Option => format!("Amp {version}"),
            ChosenBy::AmpInUse => format!("Amp {version}, the one in use"),
            ChosenBy::NewestMeasured => {
                format!("Amp {version}, the newest measured, for there is none here")
            }
        }
    }
}

/// Returns the Amp in use; that there is none is no failure, unless one was chosen.
///
/// # Errors
/// Fails when the chosen one is not there, and when one is found that does not say its version.
pub(super) fn amp_if_any(
    named: Option<PathBuf>,
    global: &GlobalArguments,
    context: &Context,
) -> Result<Option<Amp>, Failure> {
    let settings = Settings::about(named, global, context)?;
    let Some(found) = amp_in_use::find_if_any(&settings, context)? else {
        return Ok(None);
    };
    runtime::interruptible(&context.signals, found.identify(None, context)).map(Some)
}
