//! `ampctl which`: the Amp that would run, and why.

use std::io::Write;

use amp_bootstrap::{Candidate, LocateReport, Verdict};

use crate::amp_in_use;
use crate::arguments::{GlobalArguments, WhichArguments};
use crate::context::Context;
use crate::failure::Failure;
use crate::settings::{Layer, Settings};
use crate::style::Style;
use crate::{ExitCode, json};

pub(super) fn run(
    arguments: &WhichArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let flags = Layer {
        amp: arguments.amp.clone(),
        ..Layer::default()
    };
    let settings = Settings::resolve(flags, global, context)?;
    let report = amp_in_use::look(settings.amp.as_deref(), context)?;
    if global.json {
        json::write(&report, &mut context.stdout)?;
        return Ok(report
            .found
            .map_or(ExitCode::NoUsableAmp, |_| ExitCode::Done));
    }
    if global.verbose {
        let style = settings.color.style(context, &context.stderr);
        for candidate in &report.candidates {
            write_candidate(candidate, style, &mut context.stderr)?;
        }
    }
    let found = amp_in_use::require(&report)?;
    writeln!(context.stdout, "{}", found.path.display())?;
    if !global.quiet && context.stdout.terminal().is_some() {
        let style = settings.color.style(context, &context.stderr);
        writeln!(context.stderr, "{}", style.dim(reason(&report)))?;
    }
    Ok(ExitCode::Done)
}

/// Says in a few words what was found, and where.
fn reason(report: &LocateReport) -> String {
    let Some(found) = &report.found else {
        return String::new();
    };
    let version = found
        .version
        .as_ref()
        .map(|version| format!("Amp {version} of {}, ", version.release_date()));
    let source = found
        .source
        .as_ref()
        .map(|source| format!(", installed from {source}"));
    format!(
        "{}found {}{}",
        version.unwrap_or_default(),
        place(found.place),
        source.unwrap_or_default()
    )
}

/// Says where a kind of place is.
pub(super) fn place(place: amp_bootstrap::Place) -> &'static str {
    use amp_bootstrap::Place;
    match place {
        Place::Explicit => "where AMP_CLI_PATH or --amp says",
        Place::Store => "in ampctl's own store",
        Place::AmpHome => "in $AMP_HOME/bin",
        Place::HomeAmp => "in ~/.amp/bin",
        Place::LocalBin => "in ~/.local/bin",
        Place::SearchPath => "on PATH",
        Place::NpmGlobal => "in npm's global folder",
        _ => "in a place without a name",
    }
}

fn write_candidate(candidate: &Candidate, style: Style, mut to: impl Write) -> std::io::Result<()> {
    let (mark, note) = match &candidate.verdict {
        Verdict::Taken => (style.success("✓"), "taken"),
        Verdict::Shadowed => (style.dim("·"), "would do, but an earlier place wins"),
        Verdict::Absent => (style.dim("·"), "nothing there"),
        Verdict::Unusable { reason } => (style.warning("!"), reason.as_str()),
        _ => (style.dim("·"), ""),
    };
    writeln!(
        to,
        "{mark} {}: {}",
        candidate.path.display(),
        style.dim(note)
    )
}
