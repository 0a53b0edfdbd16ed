//! `ampctl modes` and `ampctl capabilities`: what the Amp in use knows.

use std::io::Write;

use amp_session::{AgentMode, Amp, Dialect, Feature, Subagent};
use serde::Serialize;

use crate::arguments::{GlobalArguments, WhichArguments};
use crate::context::Context;
use crate::failure::Failure;
use crate::settings::{Layer, Settings};
use crate::style::Style;
use crate::{ExitCode, amp_in_use, json, runtime};

/// Runs `ampctl modes`.
pub(super) fn modes(
    arguments: &WhichArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let (amp, style) = in_use(arguments, global, context)?;
    let discovery = async { Ok(amp.discover_modes().await?) };
    let modes = runtime::interruptible(&context.signals, discovery)?;
    if global.json {
        #[derive(Serialize)]
        struct Document<'a> {
            version: &'a str,
            modes: &'a [AgentMode],
        }
        let document = Document {
            version: amp.version().as_str(),
            modes: &modes,
        };
        json::write(&document, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    let width = modes.iter().map(|mode| mode.key.len()).max().unwrap_or(0);
    for mode in &modes {
        write_mode(mode, width, style, &mut context.stdout)?;
    }
    note(amp.dialect(), global, context)?;
    Ok(ExitCode::Done)
}

fn write_mode(
    mode: &AgentMode,
    width: usize,
    style: Style,
    mut to: impl Write,
) -> std::io::Result<()> {
    let mut facts = Vec::new();
    facts.extend(mode.model.map(str::to_owned));
    if !mode.efforts.is_empty() {
        facts.push(format!("efforts {}", mode.efforts.join(", ")));
    }
    if !mode.drivable {
        facts.push("not available to ampctl".to_owned());
    }
    let facts = if facts.is_empty() {
        String::new()
    } else {
        format!(" ({})", facts.join("; "))
    };
    let key = style.command(format!("{:<width$}", mode.key));
    writeln!(to, "{key}  {}{}", mode.description, style.dim(facts))
}

/// Runs `ampctl capabilities`.
pub(super) fn capabilities(
    arguments: &WhichArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let (amp, style) = in_use(arguments, global, context)?;
    let dialect = amp.dialect();
    if global.json {
        json::write(&Capabilities::of(&amp), &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    let to = &mut context.stdout;
    writeln!(
        to,
        "Amp {} at {}",
        style.strong(amp.version()),
        amp.executable().display()
    )?;
    writeln!(
        to,
        "treated like {dialect}; shell tool {}",
        dialect.shell_tool()
    )?;
    writeln!(to, "visibility: {}", dialect.visibilities().join(", "))?;
    for feature in Feature::all() {
        if dialect.supports(feature) {
            writeln!(to, "  {} {}", style.success("✓"), feature.spelling())?;
        } else {
            let elsewhere = style.dim(dialect.available_in(feature)).to_string();
            writeln!(
                to,
                "  {} {}  {elsewhere}",
                style.dim("·"),
                feature.spelling()
            )?;
        }
    }
    note(dialect, global, context)?;
    Ok(ExitCode::Done)
}

#[derive(Serialize)]
struct Capabilities<'a> {
    version: &'a str,
    path: &'a std::path::Path,
    measured_build: Option<&'static str>,
    generation: amp_session::Generation,
    shell_tool: &'static str,
    visibilities: &'static [&'static str],
    subagents: Vec<Subagent>,
    features: Vec<Capability>,
}

#[derive(Serialize)]
struct Capability {
    feature: Feature,
    spelling: &'static str,
    supported: bool,
    available: String,
}

impl<'a> Capabilities<'a> {
    fn of(amp: &'a Amp) -> Self {
        let dialect = amp.dialect();
        let capability = |feature: Feature| Capability {
            feature,
            spelling: feature.spelling(),
            supported: dialect.supports(feature),
            available: dialect.available_in(feature),
        };
        Self {
            version: amp.version().as_str(),
            path: amp.executable(),
            measured_build: dialect.build().map(|build| build.version),
            generation: dialect.generation(),
            shell_tool: dialect.shell_tool(),
            visibilities: dialect.visibilities(),
            subagents: dialect.subagents(),
            features: Feature::all().map(capability).collect(),
        }
    }
}

fn in_use(
    arguments: &WhichArguments,
    global: &GlobalArguments,
    context: &Context,
) -> Result<(Amp, Style), Failure> {
    let flags = Layer {
        amp: arguments.amp.clone(),
        ..Layer::default()
    };
    let settings = Settings::resolve(flags, global, context)?;
    let found = amp_in_use::find(&settings, context)?;
    let amp = runtime::interruptible(&context.signals, found.identify(context))?;
    Ok((amp, settings.color.style(context, &context.stdout)))
}

/// Says so when the facts were not measured on this very build.
fn note(dialect: &Dialect, global: &GlobalArguments, context: &mut Context) -> std::io::Result<()> {
    match dialect.note() {
        Some(note) if !global.quiet => writeln!(context.stderr, "note: {note}"),
        _ => Ok(()),
    }
}
