//! `ampctl sessions list`.

use std::io::Write;
use std::path::Path;

use amp_session::{SessionMetadata, SessionRecord, Status, recorded_folder};
use serde::Serialize;

use super::left_out::{LeftOut, tell};
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::sessions::{Sessions, is_of};
use crate::settings::Settings;
use crate::text::{ago, columns, fit, fit_path, one_line, tokens};

/// The columns of a list that goes to no terminal.
const WIDE: u16 = 120;

/// With less room than this behind the id, folders are left out.
const ROOM_FOR_FOLDER: usize = 40;

/// With less room than this a title has a line of its own, and the time is left out.
const NARROWEST_TITLE: usize = 12;

pub(super) fn run(
    all: &Sessions,
    limit: usize,
    here: bool,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let folder = recorded_folder(&context.directory);
    let belongs = |record: &SessionRecord| !here || is_of(record, &folder);
    let records = all.ledger().records()?;
    let sessions = records.sessions.into_iter();
    let sessions: Vec<SessionRecord> = sessions.filter(belongs).take(limit).collect();
    let unreadable = LeftOut::of(records.unreadable);
    if global.json {
        #[derive(Serialize)]
        struct Document<'a> {
            sessions: Vec<&'a SessionMetadata>,
            unreadable: Vec<LeftOut>,
        }
        let document = Document {
            sessions: sessions.iter().map(SessionRecord::metadata).collect(),
            unreadable,
        };
        json::write(&document, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    tell(&unreadable, &mut context.stderr)?;
    let style = Settings::of(global, context)?
        .color
        .style(context, &context.stdout);
    if sessions.is_empty() && limit > 0 && !global.quiet {
        let place = if here { " in this folder" } else { "" };
        writeln!(
            context.stderr,
            "no sessions are recorded{place} yet; `ampctl run` records one"
        )?;
    }
    let width = context.columns(WIDE);
    let home = context.home();
    for session in &sessions {
        let metadata = session.metadata();
        let id = style.command(&metadata.id).to_string();
        let mark = match (metadata.last_status, session.is_in_use()) {
            (_, true) => style.command("▸"),
            (Some(Status::Completed), _) => style.success("✓"),
            (Some(Status::Cancelled | Status::Capped), _) => style.warning("⊘"),
            (Some(_), _) => style.error("✗"),
            (None, _) => style.warning("?"),
        };
        let when = format!("{:>12}", ago(metadata.updated_at));
        let usage = &metadata.totals.usage;
        let used = tokens(usage.all_input_tokens() + usage.output_tokens);
        let before = format!("{when}  {used:>6}");
        let room = width.saturating_sub(metadata.id.as_str().len() + columns(&before) + 8);
        if room < NARROWEST_TITLE {
            let title = fit(&title(metadata), width.saturating_sub(2));
            writeln!(context.stdout, "{id} {mark}\n  {title}")?;
            continue;
        }
        let folder = match &metadata.working_directory {
            Some(folder) if !here && room >= ROOM_FOR_FOLDER => {
                let folder = as_typed(folder, home.as_deref());
                let width = room / 3;
                let folder = fit_path(&folder, width);
                let padding = " ".repeat(width.saturating_sub(columns(&folder)));
                format!("{folder}{padding}  ")
            }
            _ => String::new(),
        };
        let title = fit(&title(metadata), room.saturating_sub(columns(&folder)));
        let (before, folder) = (style.dim(before), style.dim(folder));
        writeln!(context.stdout, "{id} {mark} {before}  {folder}{title}")?;
    }
    Ok(ExitCode::Done)
}

/// Returns a folder as people type it.
fn as_typed(folder: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| folder.strip_prefix(home).ok()) {
        Some(inside) => one_line(&format!("~/{}", inside.display())),
        None => one_line(&folder.display().to_string()),
    }
}

/// Returns what a session is called: its name, else its title, else its thread.
pub(super) fn title(metadata: &SessionMetadata) -> String {
    let name = metadata.name.as_deref().or(metadata.title.as_deref());
    match (name, &metadata.thread) {
        (Some(name), _) => one_line(name),
        (None, Some(thread)) => thread.to_string(),
        (None, None) => "(nothing was said)".to_owned(),
    }
}
