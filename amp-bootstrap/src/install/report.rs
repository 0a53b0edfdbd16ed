//! What an installation answers: the executable, how it came to be there, what to know about it.

use std::path::PathBuf;

use serde::Serialize;

use crate::version::CliVersion;

/// An executable that is ready to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Installed {
    /// The executable.
    pub path: PathBuf,
    /// Its version.
    pub version: CliVersion,
    /// Its platform's name, such as `linux-x64`.
    pub platform: String,
    /// The source it came from.
    pub source: String,
    /// The URL or path of the download, without credentials.
    pub location: String,
    /// The SHA-256 of the executable, in hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// How it came to be ready.
    pub outcome: Outcome,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

/// How an executable came to be ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// It was there; nothing was read but its receipt.
    AlreadyInstalled,
    /// It was fetched and verified.
    Downloaded,
    /// It was there with another look; its bytes were hashed and are the right ones.
    Restored,
}

/// Something the user should know about a successful installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "warning")]
#[non_exhaustive]
pub enum Warning {
    /// Nobody could say which version is the newest, so the newest installed one is used.
    NewestUnknown {
        /// Why nobody could.
        reason: String,
    },
    /// What was in the store had been changed and was replaced.
    Replaced {
        /// How it had been changed.
        reason: String,
    },
    /// A source did not answer, so another one was used.
    FellBack {
        /// The source that did not answer.
        from: String,
        /// Why.
        reason: String,
    },
    /// Executable and digest came over an unencrypted connection, so whoever sits on the way could
    /// have changed both; a pinned key or a second publisher would tell.
    NotEncrypted {
        /// The publisher.
        source: String,
    },
    /// The second publisher did not answer, so there was no comparison.
    NotCrossChecked {
        /// Why.
        reason: String,
    },
}
