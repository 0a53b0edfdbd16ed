//! `ampctl credentials`: the key the agent needs.

pub(crate) mod check;

use std::io::Write;
use std::path::Path;

use amp_session::{CredentialState, Credentials, CredentialsReport, Effective, Place};

use crate::arguments::{CredentialsCommand, GlobalArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::style::Style;
use crate::{json, keyboard};

/// The longest key that is read, in bytes.
const LONGEST_KEY: u64 = 4096;

pub(super) fn run(
    command: &CredentialsCommand,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let credentials = of(None, context);
    match command {
        CredentialsCommand::Status => status(&credentials, global, context),
        CredentialsCommand::Set { check } => set(*check, &credentials, global, context),
        CredentialsCommand::Clear => clear(&credentials, global, context),
    }
}

/// Returns the credentials of a run in `folder`, by default the one at hand: what every command
/// that looks for a key asks.
pub(crate) fn of(folder: Option<&Path>, context: &Context) -> Credentials {
    let folder = folder.unwrap_or(&context.directory);
    let settings = Effective::read(&context.environment, folder, None);
    Credentials::new(&context.environment, &settings)
}

/// Tells of the service that a project names and that does not get the key.
pub(super) fn other_service(report: &CredentialsReport) -> Option<String> {
    let other = report.refused_service.as_ref()?;
    let (path, service) = (other.path.display(), &report.service_url);
    Some(match &other.url {
        Some(url) => format!(
            "{path} names the service {url}, but a project does not choose where your key goes: it \
             goes to {service}; set AMP_URL to choose another one"
        ),
        None => format!("{path} cannot be read; whatever it says, your key goes to {service}"),
    })
}

fn status(
    credentials: &Credentials,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let report = credentials.report();
    // Where Amp itself has to look for the key, a run is started as well.
    let configured = report.is_configured() || credentials.check().is_ok();
    if global.json {
        json::write(&report, &mut context.stdout)?;
    } else {
        let style = Settings::of(global, context)?
            .color
            .style(context, &context.stdout);
        write_report(
            &report,
            configured,
            global.verbose,
            style,
            &mut context.stdout,
        )?;
    }
    Ok(if configured {
        ExitCode::Done
    } else {
        ExitCode::Credentials
    })
}

fn write_report(
    report: &CredentialsReport,
    configured: bool,
    verbose: bool,
    style: Style,
    mut to: impl Write,
) -> std::io::Result<()> {
    writeln!(to, "Keys for {}", report.service_url)?;
    for place in &report.places {
        if place.state == CredentialState::Absent && !verbose && place.name != "AMP_API_KEY" {
            continue;
        }
        writeln!(
            to,
            "  {} {}: {}",
            mark(place, style),
            place.name,
            in_words(&place.state)
        )?;
    }
    if let Some(note) = other_service(report) {
        writeln!(to, "{} {note}", style.warning("note:"))?;
    }
    if let Some(hint) = report.hint().filter(|_| !configured) {
        writeln!(to, "{} {hint}", style.error("AMP_API_KEY not configured:"))?;
        writeln!(
            to,
            "  {} {}",
            style.dim("try:"),
            style.command("ampctl credentials set")
        )?;
    }
    Ok(())
}

fn mark(place: &Place, style: Style) -> String {
    match place.state {
        CredentialState::Used => style.success("✓").to_string(),
        CredentialState::Unreadable(_) => style.error("✗").to_string(),
        CredentialState::Ignored | CredentialState::OtherUrl(_) => style.warning("!").to_string(),
        _ => style.dim("·").to_string(),
    }
}

/// Says what was found at a place.
pub(super) fn in_words(state: &CredentialState) -> String {
    match state {
        CredentialState::Used => "used".to_owned(),
        CredentialState::Shadowed => "a key is there, but an earlier place wins".to_owned(),
        CredentialState::Absent => "not set".to_owned(),
        CredentialState::Empty => "empty, which counts as not set".to_owned(),
        CredentialState::Ignored => "is there, but Amp does not use it".to_owned(),
        CredentialState::OtherUrl(url) => format!("a key for another service, {url}"),
        CredentialState::Unreadable(reason) => format!("cannot be used: {reason}"),
        CredentialState::NotLookedAt => "Amp looks there, this command does not".to_owned(),
        _ => String::new(),
    }
}

fn set(
    is_checked: bool,
    credentials: &Credentials,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let key = read_key(credentials.service_url(), context)?;
    let key = key.trim();
    if key.is_empty() {
        return Err(no_key("no key was given"));
    }
    let user = match is_checked {
        true => check::check(key, credentials, context)?,
        false => None,
    };
    let path = credentials.store(key)?;
    if !global.quiet {
        writeln!(
            context.stderr,
            "stored the key for {} in {}",
            credentials.service_url(),
            path.display()
        )?;
        if let Some(user) = user {
            writeln!(context.stderr, "it works, and belongs to {user}")?;
        } else if is_checked {
            writeln!(context.stderr, "it works")?;
        }
        note_stronger_key(context)?;
    }
    Ok(ExitCode::Done)
}

/// Tells of a key that a run takes instead of the stored one.
pub(super) fn note_stronger_key(context: &mut Context) -> std::io::Result<()> {
    if context.variable("AMP_API_KEY").is_none() {
        return Ok(());
    }
    let note = "note: AMP_API_KEY is set and outranks the stored key";
    writeln!(context.stderr, "{note}")
}

fn no_key(what: &str) -> Failure {
    Failure::new(ExitCode::Usage, what)
        .next("ampctl credentials set", "asks for it on a terminal")
        .next("ampctl credentials set < key.txt", "reads it from a file")
}

/// Reads a key without showing it, or from a pipe.
fn read_key(service_url: &str, context: &mut Context) -> Result<String, Failure> {
    let unreadable = || no_key("the key could not be read");
    if context.stdin.is_terminal() {
        let prompt = format!("Key for {service_url} (not shown): ");
        return keyboard::read_hidden(&prompt, &context.signals)?
            .map_err(|error| unreadable().caused_by(&error));
    }
    let bytes = context
        .stdin
        .read_to_end(LONGEST_KEY)
        .map_err(|error| unreadable().caused_by(&error))?;
    String::from_utf8(bytes).map_err(|_| unreadable().because("it is not valid UTF-8"))
}

fn clear(
    credentials: &Credentials,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let was_there = credentials.clear()?;
    if !global.quiet {
        let what = if was_there {
            "removed the stored key"
        } else {
            "no key was stored"
        };
        writeln!(context.stderr, "{what} for {}", credentials.service_url())?;
    }
    Ok(ExitCode::Done)
}
