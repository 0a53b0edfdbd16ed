//! The agent: its executable, its version and what we know of it, its key.

use std::path::Path;

use amp_bootstrap::{CliVersion, LocateReport};
use amp_session::{Amp, CredentialState, Credentials};

use super::check::Check;
use crate::amp_in_use;
use crate::command::which::place;
use crate::context::Context;
use crate::{ExitCode, failure::Failure};

/// Examines the executable that would run, and returns it if it answers like Amp.
pub(super) async fn examine(named: Option<&Path>, context: &Context) -> (Vec<Check>, Option<Amp>) {
    let report = match amp_in_use::look(named, context) {
        Ok(report) => report,
        Err(failure) => return (vec![missing(&failure)], None),
    };
    let found = match found(&report) {
        Ok(check) => check,
        Err(check) => return (vec![check], None),
    };
    let identified = match amp_in_use::from_report(&report, context) {
        Ok(found) => found.identify(context).await,
        Err(failure) => Err(failure),
    };
    match identified {
        Ok(amp) => (vec![found, version(&amp), dialect(&amp)], Some(amp)),
        Err(failure) => (vec![found, missing(&failure)], None),
    }
}

fn found(report: &LocateReport) -> Result<Check, Check> {
    match report.require() {
        Ok(found) => Ok(Check::green(
            "amp",
            format!("{}, found {}", found.path.display(), place(found.place)),
        )),
        Err(error) => {
            Err(Check::red("amp", error.to_string(), ExitCode::NoUsableAmp).fix("ampctl install"))
        }
    }
}

fn missing(failure: &Failure) -> Check {
    Check::red("amp", failure.in_one_line(), ExitCode::NoUsableAmp).fix("ampctl install")
}

fn version(amp: &Amp) -> Check {
    let version = amp.version().as_str();
    match version.parse::<CliVersion>() {
        Ok(parsed) => Check::green("version", format!("{version} of {}", parsed.release_date())),
        Err(_) => Check::yellow(
            "version",
            format!("{version}, which has no build time in it"),
        )
        .fix("ampctl install"),
    }
}

fn dialect(amp: &Amp) -> Check {
    let dialect = amp.dialect();
    match dialect.note() {
        None => Check::green(
            "dialect",
            format!("treated like the measured build {dialect}"),
        ),
        Some(note) => Check::yellow("dialect", note).fix("ampctl install known"),
    }
}

pub(super) fn credentials(amp: Option<&Amp>, context: &Context) -> Check {
    let credentials = amp.map_or_else(|| Credentials::new(&context.environment), Amp::credentials);
    let report = credentials.report();
    let ignored = report
        .places
        .iter()
        .filter(|place| place.state == CredentialState::Ignored);
    let ignored: Vec<&str> = ignored.map(|place| place.name.as_str()).collect();
    let also = match ignored.as_slice() {
        [] => String::new(),
        names => format!("; not used by Amp: {}", names.join(", ")),
    };
    match (report.used(), report.hint()) {
        (Some(place), _) => Check::green(
            "credentials",
            format!("a key for {} from {}{also}", report.service_url, place.name),
        ),
        (None, hint) => Check::red(
            "credentials",
            format!(
                "AMP_API_KEY not configured: {}{also}",
                hint.unwrap_or_default()
            ),
            ExitCode::Credentials,
        )
        .fix("ampctl credentials set"),
    }
}
