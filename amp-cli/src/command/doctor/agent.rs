//! The agent: its executable, its version and what we know of it, its key.

use amp_bootstrap::CliVersion;
use amp_session::{Amp, CredentialState};

use super::check::Check;
use crate::amp_in_use::{Found, Look, look};
use crate::command::credentials;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::settings::AmpChoice;

/// Examines the executable that would run, and returns it if it answers like Amp.
pub(super) async fn examine(choice: &AmpChoice, context: &Context) -> (Vec<Check>, Option<Amp>) {
    let look = match look(choice, context) {
        Ok(look) => look,
        Err(failure) => return (vec![missing(&failure)], None),
    };
    let found = match found(&look) {
        Ok(check) => check,
        Err(check) => return (vec![check], None),
    };
    let identified = match Found::taken(&look, context) {
        Ok(found) => found.identify(None, context).await,
        Err(failure) => Err(failure),
    };
    match identified {
        Ok(amp) => (vec![found, version(&amp), dialect(&amp)], Some(amp)),
        Err(failure) => (vec![found, missing(&failure)], None),
    }
}

fn found(look: &Look) -> Result<Check, Check> {
    let found = look.require().map_err(|failure| missing(&failure))?;
    let (path, place) = (found.path.display(), look.place(found.place));
    Ok(Check::green("amp", format!("{path}, found {place}")))
}

fn missing(failure: &Failure) -> Check {
    let check = Check::red("amp", failure.in_one_line(), ExitCode::NoUsableAmp);
    let fix = failure.install_command();
    let fix = fix.or_else(|| failure.commands().next());
    check.fix(fix.unwrap_or("ampctl install"))
}

/// Reports that nobody can say which Amp would run, because the settings make no sense.
pub(super) fn not_chosen(failure: &Failure) -> Check {
    let finding = format!("not looked for: {}", failure.in_one_line());
    Check::red("amp", finding, failure.code())
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

/// Reports the key of a run here, and the service that it goes to.
pub(super) fn key(context: &Context) -> Check {
    let credentials = credentials::of(None, context);
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
    let found = report
        .used()
        .map(|place| format!("a key for {} from {}", report.service_url, place.name));
    if let (Some(found), Some(note)) = (&found, credentials::other_service(&report)) {
        return Check::yellow("credentials", format!("{found}{also}; {note}"));
    }
    match (found, report.hint()) {
        (Some(found), _) => Check::green("credentials", format!("{found}{also}")),
        // Whether there is a key in that store is known to Amp alone, and `run` lets it look.
        (None, _) if credentials.check().is_ok() => Check::yellow(
            "credentials",
            format!("your settings keep the key in the operating system's store{also}"),
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
