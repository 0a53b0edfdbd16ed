//! The end of a turn in a few lines: what changed, what was refused, what it took, how to go on.

use amp_session::protocol::progress::ContextUse;
use amp_session::{Outcome, Status as OutcomeStatus};

use super::status::Status;
use crate::style::Style;
use crate::text::{columns, counted, elapsed, fit_path, one_line, tokens, wrap_hard};

/// How many changed files are named.
const FILES_NAMED: usize = 12;

/// Says what became of a turn, in lines that fit.
pub(super) fn summary(
    outcome: &Outcome,
    status: &Status,
    goes_on: Option<&str>,
    room: usize,
    style: Style,
) -> String {
    let mark = match outcome.is_success() {
        true => style.success("✓").to_string(),
        false => style.error("✗").to_string(),
    };
    let mut text = String::new();
    for (index, line) in wrap_hard(&facts(outcome, status).join(" · "), room - 2)
        .iter()
        .enumerate()
    {
        let before = if index == 0 { mark.as_str() } else { " " };
        text.push_str(&format!("{before} {line}\n"));
    }
    text.push_str(&files(status, room, style));
    if let Some(command) = goes_on.filter(|_| outcome.is_success()) {
        text.push_str(&format!(
            "  {} {}\n",
            style.dim("go on:"),
            style.command(command)
        ));
    }
    text
}

/// Says in few words how a turn ended and what it took.
pub(super) fn facts(outcome: &Outcome, status: &Status) -> Vec<String> {
    let time = elapsed(status.elapsed());
    let mut facts = vec![match outcome.status {
        OutcomeStatus::Completed => format!("done in {time}"),
        OutcomeStatus::Cancelled => format!("stopped after {time}"),
        OutcomeStatus::Capped => format!("capped after {time}"),
        OutcomeStatus::TimedOut => format!("out of time after {time}"),
        OutcomeStatus::NoResult => format!("no result after {time}"),
        _ => format!("failed after {time}"),
    }];
    let usage = status.usage();
    let (read, cached) = (usage.all_input_tokens(), usage.cache_read_input_tokens);
    if (read, usage.output_tokens) != (0, 0) {
        let of_them = match cached {
            0 => String::new(),
            cached => format!(" ({} from the cache)", tokens(cached)),
        };
        let written = tokens(usage.output_tokens);
        facts.push(format!(
            "{} tokens in{of_them}, {written} out",
            tokens(read)
        ));
    }
    facts.extend(status.context().map(context));
    if outcome.refused_tools > 0 {
        let count = usize::try_from(outcome.refused_tools).unwrap_or(usize::MAX);
        facts.push(format!("{} refused", counted(count, "tool call")));
    }
    facts
}

fn context(context: ContextUse) -> String {
    let used = tokens(context.tokens);
    match context.limit {
        Some(limit @ 1..) => {
            let percent = context.tokens.saturating_mul(100) / limit;
            format!("context {used} of {} ({percent} %)", tokens(limit))
        }
        _ => format!("{used} in context"),
    }
}

/// Names the files that were changed, with the lines added and deleted.
fn files(status: &Status, room: usize, style: Style) -> String {
    let files = status.changes().files();
    let mut text = String::new();
    if files.is_empty() {
        return text;
    }
    let title = format!("{} changed:", counted(files.len(), "file"));
    text.push_str(&format!("  {}\n", style.dim(title)));
    let shown = &files[..files.len().min(FILES_NAMED)];
    let counts = |added, deleted| (format!("+{added}"), format!("−{deleted}"));
    let widest = shown.iter().map(|file| columns(&file.path)).max();
    let widest = widest.unwrap_or_default();
    for file in shown {
        let (added, deleted) = counts(file.added, file.deleted);
        let left = room.saturating_sub(7 + added.len() + columns(&deleted));
        let width = widest.min(left);
        let path = fit_path(&one_line(&file.path), width);
        let padding = " ".repeat(width.saturating_sub(columns(&path)));
        let (added, deleted) = (style.added(added), style.deleted(deleted));
        text.push_str(&format!("    {path}{padding}  {added} {deleted}\n"));
    }
    if files.len() > shown.len() {
        let more = format!("    … {} more\n", files.len() - shown.len());
        text.push_str(&style.dim(more).to_string());
    }
    text
}
