//! Failures to start a turn.

use amp_session::{Error, ErrorKind};

use super::{Failure, Step};
use crate::exit_code::ExitCode;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // A reader that closes its end of the pipe early is told nothing.
        let error = match error {
            Error::Output(error) => return error.into(),
            Error::NotConfigured { service_url } => {
                return not_configured(&service_url).because(format!("for {service_url}"));
            }
            error => error,
        };
        match error.kind() {
            ErrorKind::Usage => {
                let (command, purpose) = advice(&error);
                from(ExitCode::Usage, &error).next(command, purpose)
            }
            ErrorKind::Executable => from(ExitCode::NoUsableAmp, &error)
                .next("ampctl which", "shows which Amp is used, and why")
                .next("ampctl install", "installs one that is known to work"),
            ErrorKind::Login => from(ExitCode::Credentials, &error)
                .next("ampctl login", "tries again, with a new code")
                .next("ampctl credentials set", "stores a key instead"),
            ErrorKind::Threads => from(ExitCode::Failed, &error)
                .next(
                    "ampctl doctor --network",
                    "tells whether the service can be reached",
                )
                .next("ampctl sessions list", "lists what is recorded here"),
            ErrorKind::WorkTree => from(ExitCode::Failed, &error).hint(
                "`ampctl run` keeps the files before and after a turn in a Git work tree, unless \
                 `snapshots` is off or nothing is recorded",
            ),
            ErrorKind::TimedOut => from(ExitCode::TimedOut, &error),
            ErrorKind::Refused => refused(&error),
            ErrorKind::Busy => {
                from(ExitCode::Failed, &error).hint("it can be continued when the run has ended")
            }
            _ => from(ExitCode::Failed, &error)
                .next("ampctl doctor", "looks for what is wrong with this machine"),
        }
    }
}

/// Returns what helps against an option that cannot be used.
fn advice(error: &Error) -> (&'static str, &'static str) {
    match error {
        Error::ModeNotAvailable { .. } => ("ampctl modes", "lists the modes of the Amp in use"),
        Error::InvalidOption { option, .. } if *option == "AMP_URL" => (
            "export AMP_URL=https://…",
            "names the service by its whole address",
        ),
        Error::InvalidOption { option, .. } if *option == "API key" => {
            ("ampctl credentials set", "asks for one key")
        }
        _ => ("ampctl capabilities", "shows what the Amp in use can do"),
    }
}

/// Returns the failure of a run that its permission rules or its sandbox would not control.
fn refused(error: &Error) -> Failure {
    let failure = Failure::new(
        ExitCode::Refused,
        "the run was refused: its permission rules are not safe",
    );
    match error {
        Error::UnsafeRules { reason, advice } => failure.because(reason).hint(*advice),
        Error::SandboxedService { rule, .. } => Failure::new(ExitCode::Refused, error.to_string())
            .because("only its services can be reached from the sandbox")
            .hint(format!("--allow-host {rule} allows it")),
        Error::NoApproval { .. } => Failure::new(ExitCode::Refused, error.to_string())
            .next(
                "ampctl run --approve none …",
                "asks nobody; Amp's own rules decide",
            )
            .next("ampctl permissions list", "shows the rules in force"),
        Error::Process { source, .. } => Failure::new(ExitCode::Refused, source.to_string())
            .next("ampctl sandbox explain", "shows what is missing here")
            .hint("--sandbox=best-effort runs with what there is"),
        _ => failure.caused_by(error),
    }
}

/// Returns the page of a service on which its users make keys.
pub(crate) fn settings_page(service_url: &str) -> String {
    format!("{}/settings", service_url.trim_end_matches('/'))
}

/// Returns the failure of a run without a key for a service, with the ways to set one.
pub(crate) fn not_configured(service_url: &str) -> Failure {
    let page = settings_page(service_url);
    Failure::new(ExitCode::Credentials, "AMP_API_KEY not configured").next_steps([
        Step::new(
            "export AMP_API_KEY=…",
            format!("for this shell; keys are made at {page}"),
        ),
        Step::new(
            "ampctl credentials set",
            "stores the key where Amp looks for it",
        ),
        Step::new(
            "ampctl credentials status",
            "shows every place that was looked at",
        ),
    ])
}

/// Says the error itself, and its causes as the reasons.
fn from(code: ExitCode, error: &Error) -> Failure {
    let failure = Failure::new(code, error.to_string());
    match std::error::Error::source(error) {
        Some(cause) => failure.caused_by(cause),
        None => failure,
    }
}
