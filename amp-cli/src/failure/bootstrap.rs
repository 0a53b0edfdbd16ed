//! Failures to find or install an Amp executable.

use amp_bootstrap::{Error, ErrorKind, NextStep};

use super::{Failure, InstallCommand, Step};
use crate::exit_code::ExitCode;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::of_installation(&error, &InstallCommand::default())
    }
}

impl Failure {
    /// Creates the failure of an installation; what to try next repeats the command with all that
    /// its user typed.
    pub(crate) fn of_installation(error: &Error, command: &InstallCommand) -> Self {
        let code = match error.kind() {
            ErrorKind::InvalidInput => ExitCode::Usage,
            _ => ExitCode::NoUsableAmp,
        };
        let reasons = error.reasons();
        let what = match (error.kind(), error.publisher()) {
            (ErrorKind::NotInstalled, _) => "no usable Amp was found".to_owned(),
            (ErrorKind::InvalidInput, _) => "that cannot be installed".to_owned(),
            (ErrorKind::UntrustedStore, _) => "the store cannot be trusted".to_owned(),
            // Of several sources, each reason names its own.
            (_, Some(publisher)) if reasons.len() == 1 => format!("Bootstrap failed ({publisher})"),
            _ => "Bootstrap failed".to_owned(),
        };
        let advice = error.next_steps();
        let steps = advice.iter().flat_map(|advice| steps(advice, command));
        let failure = Self::new(code, what).next_steps(steps);
        reasons.into_iter().fold(failure, Self::because)
    }
}

impl Step {
    /// Turns advice into commands to try next.
    pub(crate) fn of_advice(advice: &[NextStep]) -> impl Iterator<Item = Self> {
        let install = InstallCommand::default();
        advice.iter().flat_map(move |one| steps(one, &install))
    }
}

/// Turns a piece of advice into commands.
fn steps(advice: &NextStep, command: &InstallCommand) -> Vec<Step> {
    let one = |command: &str, purpose: &str| vec![Step::new(command, purpose)];
    let install = |command: InstallCommand, purpose: &str| one(&command.to_string(), purpose);
    match advice {
        NextStep::Retry {
            after_seconds: None,
        } => install(command.clone(), "tries again"),
        NextStep::Retry {
            after_seconds: Some(seconds),
        } => install(
            command.clone(),
            &format!("tries again; the server asked to wait {seconds} s"),
        ),
        NextStep::UseSource { sources } => sources
            .iter()
            .flat_map(|source| {
                let purpose = format!("installs from {}", in_words(source));
                install(command.with_source(source), &purpose)
            })
            .collect(),
        NextStep::UseMirror => install(
            command.with_source("MIRROR"),
            "installs from a copy of the bucket; MIRROR is its URL or its folder",
        ),
        NextStep::ChooseVersion { available } => available
            .iter()
            .take(3)
            .flat_map(|version| install(command.with_version(version), "installs this one"))
            .collect(),
        NextStep::Configure { name, value } => {
            one(&format!("export {name}=…"), &format!("set it to {value}"))
        }
        NextStep::FetchElsewhere { files } => install(
            command.with_source("DIR").online(),
            &format!(
                "after fetching {} into DIR on a connected machine",
                files.join(", ")
            ),
        ),
        NextStep::InstallOnline { version } => {
            install(command.with_version(version).online(), "once, while online")
        }
        NextStep::FreeSpace => one("ampctl gc", "removes old versions"),
        NextStep::MoveStore { reason } => one(
            "export AMPCTL_CACHE_DIR=DIR",
            &format!("moves the store: {reason}"),
        ),
        NextStep::RestrictAccess { folder } => one(
            &format!("chmod -R go-w {folder}"),
            "if it is yours: takes the right to write from others",
        ),
        NextStep::AllowHttp { host } => install(
            command.clone().with_option("--allow-http", [host]),
            "asks it all the same; anybody between could change what is sent",
        ),
        NextStep::ForgetSigning { file } => one(
            &format!("rm {}", crate::failure::install_command::as_word(file)),
            "if you know why that has changed: believes what it has now",
        ),
        NextStep::StopUsers => one("ampctl versions", "shows what is in use; stop that first"),
        NextStep::SuspectTampering => one(
            "ampctl doctor --network",
            "shows who answers; something may sit between this machine and the publisher",
        ),
        NextStep::CorrectInput => one("ampctl install --help", "says what can be given"),
        _ => Vec::new(),
    }
}

/// Returns what a source is called in a sentence.
fn in_words(source: &str) -> &str {
    match source {
        "bucket" => "the official bucket",
        "npm" => "your npm registry",
        other => other,
    }
}
