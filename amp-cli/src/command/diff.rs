//! `ampctl diff`: what turns did to files.

use std::io::Write;

use serde::Serialize;

use super::turn_files::Turns;
use crate::arguments::{DiffArguments, GlobalArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::runtime::interruptible;
use crate::settings::Settings;
use crate::text::one_line;

/// The object that `--json` writes.
#[derive(Serialize)]
struct Document {
    session: String,
    turns: Vec<u32>,
    /// Whether every turn has ended; otherwise what others changed since counts as its work.
    whole: bool,
    files: Vec<String>,
    /// What was not looked at besides ignored files, and why.
    left_alone: Vec<String>,
    /// What `git diff` says.
    diff: String,
}

pub(super) fn run(
    arguments: &DiffArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let Turns {
        session,
        numbers,
        files,
    } = Turns::find(&arguments.turns, context)?;
    let style = Settings::color_or_flag(global, context).style(context, &context.stdout);
    let is_colored = style.is_colored() && !global.json;
    let diff = interruptible(&context.signals, async {
        Ok(files.diff(is_colored).await?)
    })?;
    if global.json {
        let document = Document {
            session,
            turns: numbers,
            whole: files.is_whole(),
            files: files.changed(),
            left_alone: files.left_alone(),
            diff: String::from_utf8_lossy(&diff).into_owned(),
        };
        json::write(&document, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    context.stdout.write_all(&diff)?;
    if global.quiet {
        return Ok(ExitCode::Done);
    }
    if !files.is_whole() {
        let note = "the turn was cut off: this is everything that changed since it began";
        writeln!(context.stderr, "note: {note}")?;
    } else if files.changed().is_empty() {
        writeln!(
            context.stderr,
            "no file has changed that Git does not ignore"
        )?;
    }
    for left_alone in files.left_alone() {
        writeln!(
            context.stderr,
            "note: not looked at: {}",
            one_line(&left_alone)
        )?;
    }
    Ok(ExitCode::Done)
}
