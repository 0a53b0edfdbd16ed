//! Amp's own login: an address to open in a browser, and a code to paste.
//!
//! Six builds, from 2026-01-08 to 2026-09-23, were logged in through a pipe. Each writes the
//! address on a line of its own, asks for the code without ending that line, keeps the key in its
//! secrets file and exits with 0; or it says `Login failed: …` on standard error and exits with 1.
//! With a key in `AMP_API_KEY` it stores that one and asks for nothing, so it is not given any.

use std::ffi::OsStr;
use std::fmt;
use std::time::Duration;

use amp_process::{Deadlines, Exit, Process, StdinSource, StdinWriter};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use super::Amp;
use crate::error::Error;
use crate::plain_text::{telling_line, without_escapes};
use crate::settings::ServiceAddress;

/// How long an Amp may take to its first line; measured are 1.5 seconds.
const STARTUP_TIMEOUT: Duration = Duration::from_secs(60);

/// A login that waits for somebody: in a browser, or with a code.
///
/// Dropping it ends Amp's process.
pub struct Login {
    process: Process,
    input: StdinWriter,
    url: String,
    timeout: Duration,
    /// Where Amp runs: no project is there to name another service.
    _folder: TempDir,
}

impl Amp {
    /// Begins to log in to a service; Amp itself gives up after five minutes.
    ///
    /// # Errors
    ///
    /// Fails when Amp cannot be started, or shows no address within the timeout.
    pub async fn begin_login(
        &self,
        service: &ServiceAddress,
        timeout: Duration,
    ) -> Result<Login, Error> {
        let folder = tempfile::tempdir().map_err(Error::RunFiles)?;
        let mut environment = self.environment_for(service);
        environment.remove(OsStr::new("AMP_API_KEY"));
        let deadlines = Deadlines::default()
            .with_startup(Some(STARTUP_TIMEOUT.min(timeout)))
            .with_total(Some(timeout));
        let spec = self
            .process(["login"], environment)
            .with_working_directory(folder.path())
            .with_stdin(StdinSource::Piped)
            .with_deadlines(deadlines);
        let failed = |source| Error::Process {
            executable: self.executable.clone(),
            source,
        };
        let mut process = spec.spawn().await.map_err(failed)?;
        let input = process.take_stdin();
        let input = input.ok_or_else(|| self.not_amp("login takes no input".to_owned()))?;
        loop {
            match process.next_line().await {
                Ok(Some(line)) => {
                    if let Some(url) = address(line.bytes()) {
                        return Ok(Login {
                            process,
                            input,
                            url,
                            timeout,
                            _folder: folder,
                        });
                    }
                }
                Ok(None) => {
                    let exit = process.finish().await;
                    return Err(match exit.status().is_success() {
                        true => self.not_amp("login shows no address".to_owned()),
                        false => failure(&exit),
                    });
                }
                Err(_) => {
                    process.stop().await;
                    return Err(Error::LoginTimedOut { timeout });
                }
            }
        }
    }
}

impl Login {
    /// Returns the address that the user has to open; what is in it belongs to this login alone.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Hands over the code that the browser shows.
    ///
    /// # Errors
    ///
    /// Refuses what is not one line, and fails when Amp reads no more.
    pub async fn enter(&mut self, code: &str) -> Result<(), Error> {
        let code = code.trim();
        if code.is_empty() || code.chars().any(char::is_control) {
            return Err(Error::InvalidOption {
                option: "login code",
                reason: "a code is one line that is not empty".to_owned(),
            });
        }
        let line = format!("{code}\n");
        self.input
            .write_all(line.as_bytes())
            .await
            .map_err(Error::InputClosed)
    }

    /// Waits until Amp has stored a key, after a code or because the browser has brought one.
    ///
    /// Dropping the future loses nothing: the next call goes on where it was.
    ///
    /// # Errors
    ///
    /// [`Error::LoginFailed`] in Amp's own words, [`Error::LoginTimedOut`] at the deadline.
    pub async fn finish(&mut self) -> Result<(), Error> {
        loop {
            match self.process.next_line().await {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => {
                    self.process.stop().await;
                    return Err(Error::LoginTimedOut {
                        timeout: self.timeout,
                    });
                }
            }
        }
        let exit = self.process.finish().await;
        match exit.status().is_success() {
            true => Ok(()),
            false => Err(failure(&exit)),
        }
    }
}

/// Returns the line as an address, if it is one.
fn address(line: &[u8]) -> Option<String> {
    let line = without_escapes(&String::from_utf8_lossy(line));
    let line = line.trim();
    let is_address = line.starts_with("https://") || line.starts_with("http://");
    (is_address && !line.contains(char::is_whitespace)).then(|| line.to_owned())
}

/// Returns what Amp says of a login that came to nothing.
fn failure(exit: &Exit) -> Error {
    let stderr = without_escapes(&exit.stderr().to_string());
    let said = stderr
        .lines()
        .find_map(|line| line.trim().strip_prefix("Login failed: "))
        .or_else(|| telling_line(&stderr));
    let reason = said.map_or_else(|| exit.status().to_string(), str::to_owned);
    Error::LoginFailed { reason }
}

/// Shows no address, which is good for this login.
impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Login")
            .field("process", &self.process)
            .finish_non_exhaustive()
    }
}
