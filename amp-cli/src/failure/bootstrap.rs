//! Failures to find or install an Amp executable.

use amp_bootstrap::{Error, ErrorKind, NextStep};

use super::{Failure, Step};
use crate::ExitCode;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::InvalidInput => ExitCode::Usage,
            _ => ExitCode::NoUsableAmp,
        };
        let reasons = error.reasons();
        let what = match (error.kind(), error.publisher()) {
            (ErrorKind::NotInstalled, _) => "no usable Amp was found".to_owned(),
            (ErrorKind::InvalidInput, _) => "that cannot be installed".to_owned(),
            // Of several sources, each reason names its own.
            (_, Some(publisher)) if reasons.len() == 1 => format!("Bootstrap failed ({publisher})"),
            _ => "Bootstrap failed".to_owned(),
        };
        let failure = Self::new(code, what).next_steps(error.next_steps().iter().flat_map(steps));
        reasons.into_iter().fold(failure, Self::because)
    }
}

/// Turns a piece of advice into commands.
fn steps(advice: &NextStep) -> Vec<Step> {
    let one = |command: &str, purpose: String| vec![Step::new(command, purpose)];
    match advice {
        NextStep::Retry {
            after_seconds: None,
        } => one("ampctl install", "tries again".to_owned()),
        NextStep::Retry {
            after_seconds: Some(seconds),
        } => one(
            "ampctl install",
            format!("tries again; the server asked to wait {seconds} s"),
        ),
        NextStep::UseSource { sources } => sources
            .iter()
            .map(|source| {
                let purpose = format!("installs from {}", in_words(source));
                Step::new(format!("ampctl install --source {source}"), purpose)
            })
            .collect(),
        NextStep::UseMirror => one(
            "ampctl install --source URL",
            "installs from a mirror of the bucket; a folder does too".to_owned(),
        ),
        NextStep::ChooseVersion { available } => available
            .iter()
            .take(3)
            .map(|version| Step::new(format!("ampctl install {version}"), "installs this one"))
            .collect(),
        NextStep::Configure { name, value } => {
            one(&format!("export {name}=…"), format!("set it to {value}"))
        }
        NextStep::FetchElsewhere { files } => one(
            "ampctl install --source DIR",
            format!(
                "after fetching {} into DIR on a connected machine",
                files.join(", ")
            ),
        ),
        NextStep::InstallOnline { version } => one(
            &format!("ampctl install {version}"),
            "once, while online".to_owned(),
        ),
        NextStep::FreeSpace => one("ampctl gc", "removes old versions".to_owned()),
        NextStep::MoveStore { reason } => one(
            "export AMPCTL_CACHE_DIR=DIR",
            format!("moves the store: {reason}"),
        ),
        NextStep::RestrictAccess { folder } => one(
            &format!("chmod -R go-w {folder}"),
            "if it is yours: takes the right to write from others".to_owned(),
        ),
        NextStep::StopUsers => one(
            "ampctl versions",
            "shows what is in use; stop that first".to_owned(),
        ),
        NextStep::SuspectTampering => one(
            "ampctl doctor --network",
            "shows who answers; something may sit between this machine and the publisher"
                .to_owned(),
        ),
        NextStep::CorrectInput => one("ampctl install --help", "says what can be given".to_owned()),
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
