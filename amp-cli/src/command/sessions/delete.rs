//! `ampctl sessions delete`.

use std::io::Write;

use amp_session::SessionRecord;

use super::list::title;
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::sessions::{Sessions, refuse_in_use};
use crate::text::{ago, counted};

pub(super) fn run(
    sessions: &Sessions,
    words: &[String],
    yes: bool,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let chosen: Vec<SessionRecord> = words
        .iter()
        .map(|word| sessions.find(word))
        .collect::<Result<_, _>>()?;
    if !yes && !is_confirmed(&chosen, "delete", context)? {
        return Ok(ExitCode::Interrupted);
    }
    for record in &chosen {
        let metadata = record.metadata();
        refuse_in_use(record, "it can be deleted when the run has ended")?;
        sessions.delete(record, context)?;
        if !global.quiet {
            writeln!(
                context.stderr,
                "deleted {} ({})",
                metadata.id,
                title(metadata)
            )?;
        }
    }
    Ok(ExitCode::Done)
}

/// Asks a person; without one, nothing is deleted.
pub(super) fn is_confirmed(
    chosen: &[SessionRecord],
    command: &str,
    context: &mut Context,
) -> Result<bool, Failure> {
    if !context.stdin.is_terminal() {
        return Err(Failure::new(ExitCode::Usage, "nothing was deleted")
            .because("standard input is no terminal, so nobody can confirm it")
            .next(
                format!("ampctl sessions {command} --yes …"),
                "deletes without asking",
            ));
    }
    for record in chosen {
        let metadata = record.metadata();
        let used = format!("{:>12}", ago(metadata.updated_at));
        writeln!(
            context.stderr,
            "{}  {used}  {}",
            metadata.id,
            title(metadata)
        )?;
    }
    let count = counted(chosen.len(), "recorded session");
    Ok(context.confirms(&format!("Delete {count}?"))?)
}
