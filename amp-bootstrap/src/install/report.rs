//! What an installation returns: the executable, and how it came to be there.

use std::path::PathBuf;

use serde::Serialize;

use crate::provenance::Provenance;
use crate::version::CliVersion;
use crate::warning::Warning;

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
    /// The registry's key, or the pinned one, whose signature was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// What it was built from, where the registry proves that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
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
