//! Programs of the user's own, which stay when this command ends: a browser, one that is told.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// Starts a program without a terminal, out of reach of a Ctrl-C there; nobody waits for it.
///
/// # Errors
/// Fails when it cannot be started.
#[expect(
    clippy::disallowed_methods,
    reason = "what a user names to be started is the user's: it stays when this command ends"
)]
pub(crate) fn start(
    program: &OsStr,
    arguments: &[&OsStr],
    stdin: Stdio,
    environment: &BTreeMap<OsString, OsString>,
    folder: &Path,
) -> io::Result<()> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(environment)
        .current_dir(folder)
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    // It is taken note of when it ends while this command still runs.
    std::thread::spawn(move || child.wait());
    Ok(())
}
