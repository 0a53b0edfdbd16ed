//! The host's executable in the place of a shell: it takes variables away that the program alone
//! shall have, and becomes the shell.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sandbox::linux::{landlock, shells};

/// Becomes the shell that this process stands in for, if it was started in the place of one;
/// returns the exit code when that cannot be.
#[expect(
    clippy::disallowed_methods,
    reason = "the shell inherits what this process was given"
)]
pub(super) fn become_shell_if_asked() -> Option<i32> {
    let own = std::fs::read_link("/proc/self/exe").ok()?;
    let shell: PathBuf = Path::new(shells::FOLDER).join(own.file_name()?);
    if !shell.exists() {
        return None;
    }
    let mut arguments = std::env::args_os();
    let mut command = Command::new(&shell);
    command.arg0(arguments.next().unwrap_or_else(|| OsString::from("sh")));
    command.args(arguments);
    if let Some(names) = std::env::var_os(shells::VARIABLE) {
        // From here on nobody can look into the program, which has the variables still.
        if let Err(reason) = landlock::part() {
            complain(&reason);
            return Some(126);
        }
        command.env_remove(shells::VARIABLE);
        for name in names.to_string_lossy().split(':') {
            command.env_remove(name);
        }
    }
    complain(&command.exec().to_string());
    Some(127)
}

fn complain(reason: &str) {
    use std::io::Write;
    // Whoever does not read it does not want to know.
    let _ = writeln!(std::io::stderr(), "the shell cannot be started: {reason}");
}
