//! `ampctl which`: the Amp that would run, and why.

use std::io::Write;

use amp_bootstrap::{Candidate, LocateReport, Verdict};
use serde::Serialize;

use crate::amp_in_use::{Look, look};
use crate::arguments::{GlobalArguments, WhichArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::settings::Settings;
use crate::style::Style;

/// The object that `--json` writes.
#[derive(Serialize)]
struct Document<'a> {
    /// The option, variable or file that chose the Amp.
    #[serde(skip_serializing_if = "Option::is_none")]
    chosen_by: Option<String>,
    #[serde(flatten)]
    report: &'a LocateReport,
}

pub(super) fn run(
    arguments: &WhichArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let settings = Settings::about(arguments.amp.clone(), global, context)?;
    let look = look(&settings.amp, context)?;
    if global.json {
        let document = Document {
            chosen_by: look.chosen_by().map(ToString::to_string),
            report: &look.report,
        };
        json::write(&document, &mut context.stdout)?;
        return Ok(match look.report.found {
            Some(_) => ExitCode::Done,
            None => ExitCode::NoUsableAmp,
        });
    }
    if global.verbose {
        let style = settings.color.style(context, &context.stderr);
        for candidate in &look.report.candidates {
            write_candidate(candidate, style, &mut context.stderr)?;
        }
    }
    let found = look.require()?;
    writeln!(context.stdout, "{}", found.path.display())?;
    if !global.quiet && context.stdout.terminal().is_some() {
        let style = settings.color.style(context, &context.stderr);
        writeln!(context.stderr, "{}", style.dim(reason(&look)))?;
    }
    Ok(ExitCode::Done)
}

/// Says in a few words what was found, and where.
fn reason(look: &Look) -> String {
    let Some(found) = &look.report.found else {
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
        look.place(found.place),
        source.unwrap_or_default()
    )
}

fn write_candidate(candidate: &Candidate, style: Style, mut to: impl Write) -> std::io::Result<()> {
    let (mark, note) = match &candidate.verdict {
        Verdict::Taken => (style.success("✓"), "taken"),
        Verdict::Shadowed => (style.dim("·"), "would do, but an earlier place wins"),
        Verdict::Absent => (style.dim("·"), "nothing there"),
        Verdict::Unusable { reason, .. } => (style.warning("!"), reason.as_str()),
        _ => (style.dim("·"), ""),
    };
    writeln!(
        to,
        "{mark} {}: {}",
        candidate.path.display(),
        style.dim(note)
    )
}
