//! The one question that only npm can answer, put to npm itself.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// The most that npm's answer may be long.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// Runs `npm config get KEY` outside of any project and returns the one line it prints.
pub(super) fn npm_config_get(
    npm: &Path,
    key: &str,
    environment: Environment<'_>,
    deadline: Duration,
) -> Result<String> {
    let failed = |message: &str| {
        Error::new(ErrorKind::NpmConfiguration, message)
            .at(format!("{} config get {key}", npm.display()))
    };
    // A file instead of a pipe: nothing can block on it, however npm ends.
    let answer =
        NamedTempFile::new().map_err(|cause| failed("no temporary file").caused_by(cause))?;
    let output: File = answer
        .reopen()
        .map_err(|cause| failed("no temporary file").caused_by(cause))?;
    #[expect(
        clippy::disallowed_methods,
        reason = "npm alone knows its default; short-lived, with a deadline, and amp-process is not known here"
    )]
    let mut command = Command::new(npm);
    command
        .args(["config", "get", key, "--global"])
        .env_clear()
        .envs(environment.0)
        .current_dir(npm.parent().unwrap_or(Path::new("/")))
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(Stdio::null());
    let mut child = command
        .spawn()
        .map_err(|cause| failed("could not start npm").caused_by(cause))?;
    let end = Instant::now() + deadline;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < end && !is_too_long(&answer) => {
                thread::sleep(Duration::from_millis(2));
            }
            outcome => {
                // Killing may fail only because it is gone; either way it is reaped.
                drop(child.kill());
                drop(child.wait());
                let error = match is_too_long(&answer) {
                    true => failed("npm does not stop answering"),
                    false => failed("npm did not answer in time"),
                };
                return Err(match outcome {
                    Err(cause) => error.caused_by(cause),
                    Ok(_) => error,
                });
            }
        }
    };
    let mut text = String::new();
    answer
        .as_file()
        .take(LONGEST_ANSWER)
        .read_to_string(&mut text)
        .map_err(|cause| failed("npm's answer is not text").caused_by(cause))?;
    let answer = text.trim();
    if !status.success() || answer.is_empty() || answer == "undefined" {
        return Err(failed("npm does not say it").compare("a value", format!("{status}")));
    }
    Ok(answer.to_owned())
}

/// Returns whether no answer can be so long, so that the rest need not be waited for.
fn is_too_long(answer: &NamedTempFile) -> bool {
    let metadata = answer.as_file().metadata();
    metadata.is_ok_and(|metadata| metadata.len() > LONGEST_ANSWER)
}
