//! `ampctl sessions show`.

use std::io::Write;

use amp_session::{SessionMetadata, SessionRecord, TurnEnd, TurnRecord, TurnStart};
use serde::Serialize;

use super::list::title;
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::settings::Settings;
use crate::text::{ago, bytes, elapsed, fit, one_line};

#[derive(Serialize)]
struct Document<'a> {
    session: &'a SessionMetadata,
    folder: &'a std::path::Path,
    bytes: u64,
    turns: Vec<TurnDocument>,
}

#[derive(Serialize)]
struct TurnDocument {
    number: u32,
    start: Option<TurnStart>,
    end: Option<TurnEnd>,
}

pub(super) fn run(
    record: &SessionRecord,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let turn = |turn: TurnRecord| TurnDocument {
        number: turn.number(),
        start: turn.start(),
        end: turn.end(),
    };
    let document = Document {
        session: record.metadata(),
        folder: record.folder(),
        bytes: record.size(),
        turns: record.turns()?.into_iter().map(turn).collect(),
    };
    if global.json {
        json::write(&document, &mut context.stdout)?;
    } else {
        write_text(&document, global, context)?;
    }
    Ok(ExitCode::Done)
}

fn write_text(
    document: &Document<'_>,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<(), Failure> {
    let style = Settings::of(global, context)?
        .color
        .style(context, &context.stdout);
    let session = document.session;
    let stdout = &mut context.stdout;
    writeln!(stdout, "{}", style.strong(title(session)))?;
    let mut fact = |name: &str, value: &str| {
        writeln!(
            stdout,
            "  {}  {value}",
            style.dim(format_args!("{name:<8}"))
        )
    };
    fact("session", session.id.as_str())?;
    if let Some(thread) = &session.thread {
        fact("thread", thread.as_str())?;
    }
    if let Some(folder) = &session.working_directory {
        fact("folder", &folder.display().to_string())?;
    }
    if let Some(version) = &session.amp_version {
        fact("amp", version)?;
    }
    if let Some(mode) = &session.mode {
        fact("mode", mode)?;
    }
    fact("used", &ago(session.updated_at))?;
    let record = format!("{} ({})", document.folder.display(), bytes(document.bytes));
    fact("record", &record)?;
    for turn in &document.turns {
        let prompt = turn
            .start
            .as_ref()
            .and_then(|start| start.prompt.as_deref());
        let prompt = fit(&one_line(prompt.unwrap_or("(prompt unknown)")), 70);
        writeln!(stdout, "\n{}. {prompt}", turn.number)?;
        writeln!(stdout, "   {}", style.dim(ending(turn.end.as_ref())))?;
    }
    if let Some(thread) = &session.thread {
        let command = format!("ampctl continue --session {thread} \"…\"");
        writeln!(
            stdout,
            "\n{} {}",
            style.dim("go on:"),
            style.command(command)
        )?;
    }
    Ok(())
}

fn ending(end: Option<&TurnEnd>) -> String {
    let Some(end) = end else {
        return "did not end, or still runs".to_owned();
    };
    let time = elapsed(std::time::Duration::from_millis(end.wall_time));
    match &end.failure {
        None => format!("{} in {time}", end.status),
        Some(failure) => format!(
            "{} after {time}: {}",
            end.status,
            one_line(&failure.message)
        ),
    }
}
