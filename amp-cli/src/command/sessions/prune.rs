//! `ampctl sessions prune`: deletes by age and by size.

use std::io::Write;

use amp_session::{Retention, SessionMetadata, SessionRecord};
use serde::Serialize;

use super::delete::is_confirmed;
use super::left_out::{LeftOut, tell};
use super::list::title;
use crate::arguments::{GlobalArguments, PruneArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::sessions::Sessions;
use crate::text::{ago, bytes, counted};

/// The object that `--json` writes.
#[derive(Serialize)]
struct Document<'a> {
    /// Nothing was deleted, because of `--dry-run`.
    dry_run: bool,
    sessions: Vec<Pruned<'a>>,
    freed_bytes: u64,
    /// What cannot be read is kept, and does not count.
    unreadable: Vec<LeftOut>,
}

#[derive(Serialize)]
struct Pruned<'a> {
    #[serde(flatten)]
    session: &'a SessionMetadata,
    bytes: u64,
}

pub(super) fn run(
    sessions: &Sessions,
    arguments: &PruneArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let mut retention = Retention::new();
    retention.max_age = arguments.older_than.map(Into::into);
    retention.max_bytes = arguments.max_size.map(|size| size.0);
    let records = sessions.ledger().records()?;
    let unreadable = LeftOut::of(records.unreadable);
    if !global.json {
        tell(&unreadable, &mut context.stderr)?;
    }
    let chosen = retention.expired(records.sessions);
    // Looked up while they are there.
    let sizes: Vec<u64> = chosen.iter().map(SessionRecord::size).collect();
    if !arguments.dry_run {
        let is_sure = arguments.yes || chosen.is_empty();
        if !is_sure && !is_confirmed(&chosen, "prune", context)? {
            return Ok(ExitCode::Interrupted);
        }
        // Exactly those that were shown, and no others that have grown too old meanwhile.
        for record in &chosen {
            sessions.delete(record, context)?;
        }
    }
    let pruned = |(record, bytes): (_, &u64)| Pruned {
        session: SessionRecord::metadata(record),
        bytes: *bytes,
    };
    let document = Document {
        dry_run: arguments.dry_run,
        sessions: chosen.iter().zip(&sizes).map(pruned).collect(),
        freed_bytes: sizes.iter().sum(),
        unreadable,
    };
    if global.json {
        json::write(&document, &mut context.stdout)?;
    } else if !global.quiet {
        write_text(&document, &mut context.stdout)?;
    }
    Ok(ExitCode::Done)
}

fn write_text(document: &Document<'_>, mut to: impl Write) -> std::io::Result<()> {
    let (removed, freed) = match document.dry_run {
        true => ("would delete", "would free"),
        false => ("deleted", "freed"),
    };
    for Pruned {
        session,
        bytes: size,
    } in &document.sessions
    {
        writeln!(
            to,
            "{removed} {}  {}  {}  {}",
            session.id,
            ago(session.updated_at),
            bytes(*size),
            title(session)
        )?;
    }
    let count = counted(document.sessions.len(), "session");
    writeln!(
        to,
        "{removed} {count}, {freed} {}",
        bytes(document.freed_bytes)
    )
}
