//! `--check`: whether the work is good, and more turns until it is.

use amp_session::{AfterCheck, Attempts, Check, CheckReport, Session};

use crate::arguments::AgentArguments;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, last_lines};

/// How many of the last lines of a check are shown.
const SHOWN: usize = 20;

/// Returns the check that the work of a session is to pass, and how often it may be tried. It runs
/// without the key, and in the sandbox of the session, if that has one.
///
/// # Errors
/// Fails when the sandbox cannot be had.
pub(super) fn attempts(
    arguments: &AgentArguments,
    session: &Session,
    context: &Context,
) -> Result<Option<Attempts>, Failure> {
    let Some(command) = &arguments.check else {
        return Ok(None);
    };
    let environment = context.environment_without_key();
    let folder = session.config().working_directory.as_deref();
    let mut check = Check::new(command, folder.unwrap_or(&context.directory), environment);
    if let Some(sandbox) = session.sandbox()? {
        check = check.with_sandbox(sandbox);
    }
    Ok(Some(Attempts::new(check, arguments.attempts.unwrap_or(1))))
}

/// Returns the failure of a run whose work is not good.
pub(super) fn failure(after: AfterCheck) -> Option<Failure> {
    let (report, why) = match after {
        AfterCheck::Failed(report) => (report, None),
        AfterCheck::Unchanged(report) => {
            let why = "nothing has changed since the turn before, so no other followed";
            (report, Some(why))
        }
        _ => return None,
    };
    let CheckReport {
        command,
        end,
        output,
        ..
    } = report;
    let tail = last_lines(output.trim_end(), SHOWN);
    let failure = Failure::new(ExitCode::CheckFailed, "the check of the work failed").because(
        match tail.as_str() {
            "" => format!("`{command}` ended with {end}, and wrote nothing"),
            tail => format!("`{command}` ended with {end}:\n{tail}"),
        },
    );
    let failure = match why {
        Some(why) => failure.because(why),
        None => failure,
    };
    Some(failure.next("ampctl continue \"…\"", "goes on from there"))
}
