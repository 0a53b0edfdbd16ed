//! `--check`: the command that says whether the work is good.

use amp_session::{Attempts, Check, Session};

use crate::context::Context;
use crate::failure::Failure;
use crate::settings::Settings;

/// Returns the check that the work of a session is to pass, and how often it may be tried. It runs
/// without the key, and in the sandbox of the session, if that has one.
///
/// # Errors
/// Fails when the sandbox cannot be had.
pub(super) fn attempts(
    settings: &Settings,
    session: &Session,
    context: &Context,
) -> Result<Option<Attempts>, Failure> {
    let Some(command) = &settings.check else {
        return Ok(None);
    };
    let environment = context.environment_without_key();
    let folder = session.config().working_directory.as_deref();
    let mut check = Check::new(command, folder.unwrap_or(&context.directory), environment);
    if let Some(sandbox) = session.sandbox()? {
        check = check.with_sandbox(sandbox);
    }
    Ok(Some(Attempts::new(check, settings.attempts.get())))
}
