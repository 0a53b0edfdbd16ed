//! `ampctl capabilities`: what the Amp in use can do.

use std::io::Write;
use std::path::Path;

use amp_session::{Amp, Capabilities, Dialect, Feature};
use serde::Serialize;

use crate::arguments::{GlobalArguments, WhichArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::style::Style;
use crate::{amp_in_use, json, runtime};

/// The object that `--json` writes: what `amp-session` says, and where this Amp is.
#[derive(Serialize)]
struct Document<'a> {
    path: &'a Path,
    #[serde(flatten)]
    capabilities: &'a Capabilities,
    options: Vec<AmpOption>,
}

/// A flag, a setting or a behaviour of the command line.
#[derive(Serialize)]
struct AmpOption {
    feature: Feature,
    spelling: &'static str,
    supported: bool,
    available: String,
}

pub(super) fn run(
    arguments: &WhichArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let (amp, style) = in_use(arguments, global, context)?;
    let document = Document {
        path: amp.executable(),
        capabilities: &amp.capabilities(),
        options: Feature::all()
            .map(|feature| option(feature, amp.dialect()))
            .collect(),
    };
    if global.json {
        json::write(&document, &mut context.stdout)?;
    } else {
        write_text(&document, &amp, style, &mut context.stdout)?;
        note(amp.dialect(), global, context)?;
    }
    Ok(ExitCode::Done)
}

fn option(feature: Feature, dialect: &Dialect) -> AmpOption {
    AmpOption {
        feature,
        spelling: feature.spelling(),
        supported: dialect.supports(feature),
        available: dialect.available_in(feature),
    }
}

fn write_text(
    document: &Document<'_>,
    amp: &Amp,
    style: Style,
    mut to: impl Write,
) -> std::io::Result<()> {
    let (dialect, capabilities) = (amp.dialect(), document.capabilities);
    let (version, path) = (style.strong(amp.version()), document.path.display());
    writeln!(to, "Amp {version} at {path}")?;
    let shell = capabilities.shell_tool;
    writeln!(to, "treated like {dialect}; shell tool {shell}")?;
    writeln!(to, "visibility: {}", capabilities.visibilities.join(", "))?;
    writeln!(to, "{}", style.strong("What it can do"))?;
    for (ability, support) in &capabilities.abilities {
        let name = in_words(ability);
        write_line(&name, support.supported, support.note, style, &mut to)?;
    }
    writeln!(to, "{}", style.strong("What it understands"))?;
    for option in &document.options {
        // Where a present one is missing is of no interest here.
        let note = match option.supported {
            true => "",
            false => option.available.as_str(),
        };
        write_line(option.spelling, option.supported, note, style, &mut to)?;
    }
    Ok(())
}

fn write_line(
    name: &str,
    is_there: bool,
    note: &str,
    style: Style,
    mut to: impl Write,
) -> std::io::Result<()> {
    let mark = match is_there {
        true => style.success("✓"),
        false => style.dim("·"),
    };
    if note.is_empty() {
        return writeln!(to, "  {mark} {name}");
    }
    writeln!(to, "  {mark} {name}  {}", style.dim(note))
}

/// Returns the name that an ability has in JSON as words.
fn in_words(ability: &impl Serialize) -> String {
    let name = serde_json::to_value(ability).unwrap_or_default();
    name.as_str().unwrap_or_default().replace('_', " ")
}

/// Returns the Amp that a command is about, and the look of the answer.
///
/// # Errors
/// Fails when there is none, or it does not answer.
pub(super) fn in_use(
    arguments: &WhichArguments,
    global: &GlobalArguments,
    context: &Context,
) -> Result<(Amp, Style), Failure> {
    let settings = Settings::about(arguments.amp.clone(), global, context)?;
    let found = amp_in_use::find(&settings, context)?;
    let amp = runtime::interruptible(&context.signals, found.identify(None, context))?;
    Ok((amp, settings.color.style(context, &context.stdout)))
}

/// Says so when the facts were not measured on this very build.
pub(super) fn note(
    dialect: &Dialect,
    global: &GlobalArguments,
    context: &mut Context,
) -> std::io::Result<()> {
    match dialect.note() {
        Some(note) if !global.quiet => writeln!(context.stderr, "note: {note}"),
        _ => Ok(()),
    }
}
