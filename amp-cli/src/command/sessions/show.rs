//! `ampctl sessions show`.

use std::io::Write;
use std::time::Duration;

use amp_session::approval::ApprovalNote;
use amp_session::{RetryNote, SessionMetadata, SessionRecord, TurnEnd, TurnRecord, TurnStart};
use serde::Serialize;

use super::list::title;
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::settings::Settings;
use crate::text::{ago, bytes, elapsed, fit, markdown, one_line, tokens};
use crate::view;

/// The widest an answer is shown, in columns.
const WIDEST_TEXT: u16 = 100;

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
    /// The final text of the agent.
    answer: Option<String>,
    /// What was asked and decided about its calls; absent where nobody was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    approvals: Vec<ApprovalNote>,
}

pub(super) fn run(
    record: &SessionRecord,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let turns = record.turns()?;
    let last = turns.len();
    let turn = |(index, turn): (usize, TurnRecord)| {
        // People are shown the last answer alone.
        let is_wanted = global.json || index + 1 == last;
        Ok::<_, Failure>(TurnDocument {
            number: turn.number(),
            start: turn.start()?,
            end: turn.end()?,
            answer: if is_wanted { turn.answer()? } else { None },
            approvals: turn.questions()?,
        })
    };
    let document = Document {
        session: record.metadata(),
        folder: record.folder(),
        bytes: record.size(),
        turns: turns
            .into_iter()
            .enumerate()
            .map(turn)
            .collect::<Result<_, _>>()?,
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
    let width = context.columns(WIDEST_TEXT).min(WIDEST_TEXT.into());
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
    let usage = &session.totals.usage;
    let (read, written) = (usage.all_input_tokens(), usage.output_tokens);
    if (read, written) != (0, 0) {
        fact(
            "tokens",
            &format!("{} in, {} out", tokens(read), tokens(written)),
        )?;
    }
    let record = format!("{} ({})", document.folder.display(), bytes(document.bytes));
    fact("record", &record)?;
    for turn in &document.turns {
        let prompt = turn
            .start
            .as_ref()
            .and_then(|start| start.prompt.as_deref());
        let prompt = fit(&one_line(prompt.unwrap_or("(prompt unknown)")), 70);
        writeln!(stdout, "\n{}. {prompt}", turn.number)?;
        if let Some(retry) = turn.start.as_ref().and_then(|start| start.retry.as_ref()) {
            writeln!(stdout, "   {}", style.dim(retried(retry)))?;
        }
        writeln!(stdout, "   {}", style.dim(ending(turn.end.as_ref())))?;
        for line in turn.approvals.iter().filter_map(in_a_line) {
            writeln!(stdout, "   {} {line}", style.dim("?"))?;
        }
    }
    let answer = document
        .turns
        .last()
        .and_then(|turn| turn.answer.as_deref());
    if let Some(answer) = answer.filter(|answer| !answer.trim().is_empty()) {
        let answer = markdown(answer, width, style);
        writeln!(stdout, "\n{}", answer.trim_end_matches('\n'))?;
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

/// Returns what a note of the questions says; a question is told with its answer.
fn in_a_line(note: &ApprovalNote) -> Option<String> {
    match note {
        ApprovalNote::Decided(answer) => Some(view::in_a_line(answer)),
        ApprovalNote::TurnedAway(reason) => Some(format!("not heard: {}", one_line(reason))),
        ApprovalNote::Bypassed(reason) => {
            Some(format!("bypassed its questions: {}", one_line(reason)))
        }
        _ => None,
    }
}

/// Says what a turn follows that was not the first attempt.
fn retried(retry: &RetryNote) -> String {
    let waited = elapsed(Duration::from_millis(retry.waited));
    let (attempt, why, how) = (retry.attempt, &retry.why, retry.how);
    format!("attempt {attempt}, {waited} later ({why}): {how}")
}

fn ending(end: Option<&TurnEnd>) -> String {
    let Some(end) = end else {
        return "did not end, or still runs".to_owned();
    };
    let time = elapsed(Duration::from_millis(end.wall_time));
    match &end.failure {
        None => format!("{} in {time}", end.status),
        Some(failure) => format!(
            "{} after {time}: {}",
            end.status,
            one_line(&failure.message)
        ),
    }
}
