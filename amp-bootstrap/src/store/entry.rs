//! One version for one platform in the store: what a look at it says, and what its bytes say.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::receipt::Difference;
use super::{Receipt, access};
use crate::digest::{Digest, Hasher};
use crate::error::{Error, ErrorKind, Result};
use crate::version::CliVersion;

/// One version for one platform in a store, whatever its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// The version.
    pub version: CliVersion,
    /// The platform's name, such as `linux-x64`.
    pub platform: String,
    /// Where the executable is, or should be.
    pub path: PathBuf,
    /// What a look at the file says.
    pub state: EntryState,
    /// The receipt, when there is one that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// What is known about an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "reason")]
#[non_exhaustive]
pub enum EntryState {
    /// Installed, and untouched since.
    Sound,
    /// As large as what was installed, but perhaps a copy of it; it is hashed before it runs.
    Unverified(String),
    /// Never finished: there is no receipt.
    Unfinished,
    /// Not what was installed.
    Changed(String),
    /// Others may write to it, so nothing about it can be believed.
    Untrusted(String),
}

impl EntryState {
    /// Returns whether it may be what was installed.
    pub(super) fn counts(&self) -> bool {
        matches!(self, Self::Sound | Self::Unverified(_))
    }
}

impl Entry {
    /// Looks at one folder; `None` when nothing was ever put there.
    pub(super) fn in_folder(
        folder: &Path,
        version: CliVersion,
        platform: String,
        executable: &str,
    ) -> Option<Self> {
        let path = folder.join(executable);
        let receipt = Receipt::read(folder);
        let metadata = fs::symlink_metadata(&path);
        let paths = [folder.parent(), Some(folder), Some(&path)];
        let exposed = access::exposed(paths.into_iter().flatten());
        let state = match (&receipt, metadata) {
            (None, Err(_)) if is_empty(folder) => return None,
            (None, _) => EntryState::Unfinished,
            (Some(_), _) if exposed.is_some() => EntryState::Untrusted(exposed.unwrap_or_default()),
            (Some(_), Err(cause)) => EntryState::Changed(cause.to_string()),
            (Some(receipt), Ok(metadata)) => {
                match receipt.difference(&version, &platform, &path, &metadata) {
                    None => EntryState::Sound,
                    Some(Difference::Look(reason)) => EntryState::Unverified(reason.to_owned()),
                    Some(Difference::Content(reason)) => EntryState::Changed(reason),
                }
            }
        };
        Some(Self {
            version,
            platform,
            path,
            state,
            receipt,
        })
    }

    /// Looks at the same place once more.
    pub(super) fn again(&self) -> Option<Self> {
        let (folder, name) = (self.path.parent()?, self.path.file_name()?.to_str()?);
        Self::in_folder(folder, self.version.clone(), self.platform.clone(), name)
    }

    /// Returns the folder that holds the executable and its receipt.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }
}

/// Returns whether a folder holds nothing, not even itself.
fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

/// Hashes a file and compares.
pub(super) fn check_bytes(path: &Path, sha256: &str) -> Result<()> {
    let actual = fs::File::open(path)
        .and_then(Hasher::sha256_of)
        .map_err(|cause| Error::storage("read", path, cause))?;
    if Digest::from_sha256_hex(sha256) == Some(actual) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::ChecksumMismatch,
        "the executable is not the one installed",
    )
    .at(path.display().to_string())
    .compare(format!("sha256:{sha256}"), actual.to_string()))
}
