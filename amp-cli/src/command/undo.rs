//! `ampctl undo`: the files that turns changed, as they were before.

use std::io::Write;

use serde::Serialize;

use super::turn_files::Turns;
use crate::arguments::{GlobalArguments, UndoArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::runtime::interruptible;
use crate::settings::Settings;
use crate::text::{counted, one_line};

/// The object that `--json` writes.
#[derive(Serialize)]
struct Document {
    session: String,
    turns: Vec<u32>,
    /// What was restored or deleted, as paths from the root of the work tree.
    restored: Vec<String>,
}

pub(super) fn run(
    arguments: &UndoArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let Turns {
        session,
        numbers,
        files,
    } = Turns::find(&arguments.turns, context)?;
    let is_whole = files.is_whole();
    let style = Settings::color_or_flag(global, context).style(context, &context.stderr);
    let (diff, undo) = interruptible(&context.signals, async {
        let diff = match arguments.yes {
            true => Vec::new(),
            false => files.diff(style.is_colored()).await?,
        };
        Ok((diff, files.undo().await?))
    })?;
    let conflicts = undo.conflicts();
    if !conflicts.is_empty() {
        let what = counted(conflicts.len(), "file");
        let list: Vec<String> = conflicts
            .iter()
            .map(|path| one_line(path).to_string())
            .collect();
        let is_later_turn = "a later turn may have done it: `--all` undoes those as well";
        return Err(Failure::new(
            ExitCode::Failed,
            format!("nothing was restored: {what} changed since the turn"),
        )
        .because(list.join("\n"))
        .hint(is_later_turn)
        .next(format!("ampctl diff {session}"), "shows what the turn did"));
    }
    let restored = undo.files();
    if !restored.is_empty() && !arguments.yes {
        if !is_whole {
            let note = "the turn was cut off: everything that changed since it began is undone";
            writeln!(context.stderr, "note: {note}")?;
        }
        if !is_confirmed(&diff, restored.len(), context)? {
            return Ok(ExitCode::Interrupted);
        }
    }
    // Not to be interrupted: a file is restored whole, but not all of them at once.
    crate::runtime::block_on(undo.carry_out())??;
    if global.json {
        let document = Document {
            session,
            turns: numbers,
            restored,
        };
        json::write(&document, &mut context.stdout)?;
    } else if !global.quiet {
        match restored.len() {
            0 => writeln!(
                context.stderr,
                "nothing to undo: the files are as they were"
            )?,
            count => writeln!(context.stderr, "restored {}", counted(count, "file"))?,
        }
    }
    Ok(ExitCode::Done)
}

/// Shows what is undone, and asks a person; without one, nothing is restored.
fn is_confirmed(diff: &[u8], count: usize, context: &mut Context) -> Result<bool, Failure> {
    if !context.stdin.is_terminal() {
        return Err(Failure::new(ExitCode::Usage, "nothing was restored")
            .because("standard input is no terminal, so nobody can confirm it")
            .next("ampctl undo --yes …", "restores without asking"));
    }
    context.stderr.write_all(diff)?;
    let count = counted(count, "file");
    Ok(context.confirms(&format!("Undo this in {count}?"))?)
}
