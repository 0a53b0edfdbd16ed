//! `ampctl modes`: how the Amp in use can work.

use std::io::Write;

use amp_session::AgentMode;
use serde::Serialize;

use super::capabilities::{in_use, note};
use crate::arguments::{GlobalArguments, WhichArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::style::Style;
use crate::{json, runtime};

pub(super) fn run(
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
