//! `ampctl sessions list`.

use std::io::Write;

use amp_session::{SessionId, SessionMetadata, SessionRecord};
use serde::Serialize;

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::sessions::{Sessions, is_of};
use crate::settings::Settings;
use crate::text::{ago, fit, one_line};

/// The columns of a list that goes to no terminal.
const WIDE: u16 = 120;

/// With less room than this a title has a line of its own, and the time is left out.
const NARROWEST_TITLE: usize = 12;

/// A record that cannot be listed.
#[derive(Serialize)]
struct Unreadable {
    id: SessionId,
    reason: String,
}

pub(super) fn run(
    all: &Sessions,
    limit: usize,
    here: bool,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let belongs = |record: &SessionRecord| !here || is_of(record, &context.directory);
    let sessions: Vec<SessionRecord> = all
        .ledger()
        .sessions()?
        .into_iter()
        .filter(belongs)
        .take(limit)
        .collect();
    let unreadable: Vec<Unreadable> = all
        .ledger()
        .unreadable()?
        .into_iter()
        .map(|(id, error)| Unreadable {
            id,
            reason: std::error::Error::source(&error)
                .unwrap_or(&error)
                .to_string(),
        })
        .collect();
    if global.json {
        #[derive(Serialize)]
        struct Document<'a> {
            sessions: Vec<&'a SessionMetadata>,
            unreadable: Vec<Unreadable>,
        }
        let document = Document {
            sessions: sessions.iter().map(SessionRecord::metadata).collect(),
            unreadable,
        };
        json::write(&document, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    for Unreadable { id, reason } in &unreadable {
        writeln!(context.stderr, "session {id} is left out: {reason}")?;
    }
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
    for session in &sessions {
        let metadata = session.metadata();
        let id = style.command(&metadata.id).to_string();
        let when = format!("{:>12}", ago(metadata.updated_at));
        let room = width.saturating_sub(metadata.id.as_str().len() + when.len() + 4);
        if room < NARROWEST_TITLE {
            let title = fit(&title(metadata), width.saturating_sub(2));
            writeln!(context.stdout, "{id}\n  {title}")?;
            continue;
        }
        let title = fit(&title(metadata), room);
        writeln!(context.stdout, "{id}  {}  {title}", style.dim(when))?;
    }
    Ok(ExitCode::Done)
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
