//! A look at every place where the chosen Amp may be, and why it was or was not found.

use amp_bootstrap::{
    Candidate, Found, LocateReport, NextStep, Place, Platform, Store, Verdict, VersionSpec, Wanted,
    locate_wanted,
};

use super::store::store;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, Step};
use crate::settings::{AmpChoice, LockFile, Origin};

/// Holds what the settings chose and what was found of it.
#[derive(Debug)]
pub(crate) struct Look {
    choice: AmpChoice,
    pub(crate) report: LocateReport,
    /// Why what was found is not the one of the lock file.
    refused: Option<String>,
}

/// Looks for the Amp that the settings choose, or else for any.
///
/// # Errors
/// Fails on a machine that no publisher builds Amp for, and when a version was chosen and there is
/// no store to have it.
pub(crate) fn look(choice: &AmpChoice, context: &Context) -> Result<Look, Failure> {
    let (wanted, store) = match choice {
        AmpChoice::Version { version, .. } => {
            (Wanted::Version(version.clone()), Some(store(context)?))
        }
        AmpChoice::Executable { path, .. } => {
            let path = context.resolve(path);
            (Wanted::Executable(path), store_if_any(context))
        }
        AmpChoice::Found => (Wanted::Any, store_if_any(context)),
    };
    let platform = Platform::detect()?;
    let mut report = locate_wanted(&wanted, &context.environment, store.as_ref(), platform);
    let refused = match (choice, &report.found) {
        (
            AmpChoice::Version {
                lock: Some(lock), ..
            },
            Some(found),
        ) => differs(lock, found, platform),
        _ => None,
    };
    if refused.is_some() {
        report.found = None;
    }
    Ok(Look {
        choice: choice.clone(),
        report,
        refused,
    })
}

/// Returns how the installed version is not the one of a lock file.
fn differs(lock: &LockFile, found: &Found, platform: Platform) -> Option<String> {
    let Some(expected) = lock.sha256.get(&platform.to_string()) else {
        return Some(format!(
            "it has no sum for {platform}, so nothing is proved"
        ));
    };
    let actual = found.sha256.as_deref().unwrap_or("none");
    if actual.eq_ignore_ascii_case(expected) {
        return None;
    }
    Some(format!(
        "the executable has another sum: expected sha256:{expected}, got sha256:{actual}"
    ))
}

fn store_if_any(context: &Context) -> Option<Store> {
    Store::from_environment(&context.environment).ok()
}

impl Look {
    /// Returns what was found, or why nothing was.
    ///
    /// # Errors
    /// Fails when there is none; where the settings chose one, that is what the failure is about.
    pub(crate) fn require(&self) -> Result<&Found, Failure> {
        if let Some(found) = &self.report.found {
            return Ok(found);
        }
        match &self.choice {
            AmpChoice::Found => Ok(self.report.require()?),
            AmpChoice::Executable { path, by } => {
                let path = self.first().map_or(path, |candidate| &candidate.path);
                let what = format!("{} is not a usable Amp", path.display());
                Err(Failure::new(ExitCode::NoUsableAmp, what)
                    .because(
                        self.reason()
                            .map_or("there is nothing at that path", |(reason, _)| reason),
                    )
                    .because(format!("{by} names it"))
                    .next("ampctl which --verbose", "shows what else was looked at")
                    .next("ampctl install", "installs one that is known to work"))
            }
            AmpChoice::Version { version, by, .. } => Err(self.lacks(version, by)),
        }
    }

    fn lacks(&self, version: &VersionSpec, by: &Origin) -> Failure {
        let (what, demand) = match version {
            VersionSpec::Exact(version) => (
                format!("Amp {version} cannot be used"),
                format!("{by} asks for exactly this version"),
            ),
            _ => (
                "no Amp that is known to work is installed".to_owned(),
                format!("{by} asks for one"),
            ),
        };
        if let Some(refused) = &self.refused {
            return Failure::new(ExitCode::NoUsableAmp, what)
                .because(demand)
                .because(refused.clone())
                .next(
                    format!("ampctl install {version} --lock"),
                    "writes the sum that your sources announce",
                );
        }
        let (reason, advice) = self.reason().unwrap_or(("it is not installed", &[]));
        let failure = Failure::new(ExitCode::NoUsableAmp, what)
            .because(demand)
            .because(reason);
        if advice.is_empty() {
            return failure.next(format!("ampctl install {version}"), "installs it");
        }
        failure.next_steps(Step::of_advice(advice))
    }

    /// Returns why the first place that was looked at did not do, and what makes it usable.
    fn reason(&self) -> Option<(&str, &[NextStep])> {
        match &self.first()?.verdict {
            Verdict::Unusable { reason, next_steps } => Some((reason, next_steps)),
            _ => None,
        }
    }

    fn first(&self) -> Option<&Candidate> {
        self.report.candidates.first()
    }

    /// Returns who chose the Amp, if anybody did.
    pub(crate) fn chosen_by(&self) -> Option<&Origin> {
        match &self.choice {
            AmpChoice::Found => None,
            AmpChoice::Executable { by, .. } | AmpChoice::Version { by, .. } => Some(by),
        }
    }

    /// Says where an Amp was found: "found in …".
    pub(crate) fn place(&self, place: Place) -> String {
        let place = match place {
            Place::Explicit => {
                let by = self.chosen_by().map(ToString::to_string);
                return format!("where {} says", by.unwrap_or_default());
            }
            Place::Store => "in ampctl's own store",
            Place::SharedStore => "in the store of this machine",
            Place::AmpHome => "in $AMP_HOME/bin",
            Place::HomeAmp => "in ~/.amp/bin",
            Place::LocalBin => "in ~/.local/bin",
            Place::SearchPath => "on PATH",
            Place::NpmGlobal => "in npm's global folder",
            _ => "in a place without a name",
        };
        match self.chosen_by() {
            Some(by) => format!("{place} as {by} demands"),
            None => place.to_owned(),
        }
    }
}
