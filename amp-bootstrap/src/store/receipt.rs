//! The receipt: what was installed, from where, and how to tell that it is still the same.

use std::fs::{self, Metadata};
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::latest::now_unix;
use super::{staging, system};
use crate::error::{Error, Result};
use crate::provenance::Provenance;
use crate::version::CliVersion;

const NAME: &str = "receipt.json";

/// What the store knows about an installed executable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The version.
    pub version: CliVersion,
    /// The platform's name, such as `linux-x64`.
    pub platform: String,
    /// The source, as [`Source`](crate::Source) writes it.
    pub source: String,
    /// What the source stood for: the address or folder that everything was asked of, without
    /// credentials. The same words may stand for another place later.
    #[serde(default)]
    pub origin: String,
    /// The URL or path of the download, without credentials.
    pub location: String,
    /// The digest the publisher announced, `sha256:` of the executable or `sha512:` of the archive.
    pub announced: String,
    /// The SHA-256 of the executable, in hexadecimal.
    pub sha256: String,
    /// The size of the executable in bytes.
    pub size: u64,
    /// The second publisher that announced the same executable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// The identifier of the pinned key that signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// The identifier of the registry's key that signed version and digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry_key: Option<String>,
    /// Where the registry was asked for attestations of how the package was built, as it names some,
    /// without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestations: Option<String>,
    /// What the package was built from, where the registry serves provenance; it was checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// The moment of the installation, in seconds since the Unix epoch.
    pub installed_unix: u64,
    /// The file's modification time, in nanoseconds since the Unix epoch.
    pub modified_nanoseconds: u64,
    /// The file's identity on its disk.
    pub identity: u64,
}

impl Receipt {
    /// Returns a receipt without content, for its fields that [`record`](Self::record) fills.
    pub(crate) fn blank(version: CliVersion) -> Self {
        Self {
            version,
            platform: String::new(),
            source: String::new(),
            origin: String::new(),
            location: String::new(),
            announced: String::new(),
            sha256: String::new(),
            size: 0,
            confirmed_by: None,
            signed_by: None,
            registry_key: None,
            attestations: None,
            provenance: None,
            installed_unix: now_unix(),
            modified_nanoseconds: 0,
            identity: 0,
        }
    }

    pub(super) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(NAME)).ok()?).ok()
    }

    /// Notes the file's present look and writes the receipt; from here on the version counts.
    pub(crate) fn record(mut self, folder: &Path, executable: &Path) -> Result<Self> {
        let failed = |cause| Error::storage("look at", executable, cause);
        let metadata = fs::symlink_metadata(executable).map_err(failed)?;
        self.size = metadata.len();
        self.modified_nanoseconds = modified(&metadata);
        self.identity = system::identity(executable, &metadata).map_err(failed)?;
        staging::write_whole(&folder.join(NAME), &self)?;
        Ok(self)
    }

    /// Takes the receipt away, so that the version no longer counts.
    pub(super) fn withdraw(folder: &Path) -> std::io::Result<()> {
        match fs::remove_file(folder.join(NAME)) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(cause),
            _ => Ok(()),
        }
    }

    /// Returns whether it was written for this version on this platform.
    pub(super) fn is_for(&self, version: &CliVersion, platform: &str) -> bool {
        self.version == *version && self.platform == platform
    }

    /// Returns how the file differs from the one installed, by its look alone.
    pub(super) fn difference(
        &self,
        version: &CliVersion,
        platform: &str,
        executable: &Path,
        metadata: &Metadata,
    ) -> Option<Difference> {
        let content = |reason: &str| Some(Difference::Content(reason.to_owned()));
        if !self.is_for(version, platform) {
            content("its receipt belongs to another version")
        } else if metadata.is_symlink() {
            content("it is a symbolic link")
        } else if !metadata.is_file() {
            content("it is not a file")
        } else if metadata.len() != self.size {
            let (actual, expected) = (metadata.len(), self.size);
            content(&format!("it has {actual} bytes instead of {expected}"))
        } else if !system::is_executable(metadata) {
            content("it is not executable")
        } else if modified(metadata) != self.modified_nanoseconds {
            Some(Difference::Look("it was written to, or copied"))
        } else if system::identity(executable, metadata).ok() != Some(self.identity) {
            Some(Difference::Look("another file took its place, or a copy"))
        } else {
            None
        }
    }
}

/// How a file differs from the one installed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// Its bytes may be the same all the same: copying changes a file's identity, and an archive
    /// keeps no more than the second of its time.
    Look(&'static str),
    /// It cannot be the one, or may not run.
    Content(String),
}

fn modified(metadata: &Metadata) -> u64 {
    let since = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::EntryState;
    use crate::store::tests::{EXECUTABLE, LINUX, install, store, touch, version};

    #[test]
    fn a_receipt_is_withdrawn_once_and_its_absence_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), "{}").unwrap();
        Receipt::withdraw(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        Receipt::withdraw(folder.path()).unwrap();
    }

    #[test]
    fn a_receipt_that_cannot_be_withdrawn_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        // No file has this name.
        fs::create_dir(folder.path().join(NAME)).unwrap();
        Receipt::withdraw(folder.path()).unwrap_err();
    }

    #[test]
    fn a_receipt_speaks_of_one_version_on_one_platform() {
        let receipt = Receipt {
            platform: "linux-x64".to_owned(),
            ..Receipt::blank(version(1))
        };
        assert!(receipt.is_for(&version(1), "linux-x64"));
        assert!(!receipt.is_for(&version(2), "linux-x64"));
        assert!(!receipt.is_for(&version(1), "linux-arm64"));
    }

    #[test]
    fn a_file_differs_in_content_or_by_its_look() {
        let (_folder, store) = store();
        let state = || store.find(&version(1), LINUX).unwrap().state;
        let changed = |reason: &str| EntryState::Changed(reason.to_owned());
        let unverified = |reason: &str| EntryState::Unverified(reason.to_owned());

        let path = install(&store, &version(1)).path;
        assert_eq!(state(), EntryState::Sound);
        touch(&path);
        assert_eq!(state(), unverified("it was written to, or copied"));

        install(&store, &version(1));
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        let copy = path.with_extension("copy");
        fs::copy(&path, &copy).unwrap();
        let file = fs::File::options().append(true).open(&copy).unwrap();
        file.set_modified(modified).unwrap();
        drop(file);
        fs::rename(&copy, &path).unwrap();
        assert_eq!(
            state(),
            unverified("another file took its place, or a copy")
        );

        fs::write(&path, "short").unwrap();
        let (actual, expected) = ("short".len(), EXECUTABLE.len());
        assert_eq!(
            state(),
            changed(&format!("it has {actual} bytes instead of {expected}"))
        );

        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(state(), changed("it is not a file"));
    }

    #[test]
    #[cfg(unix)]
    fn a_link_in_place_of_the_file_and_a_file_that_may_not_be_run_differ_in_content() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, store) = store();
        let state = || store.find(&version(1), LINUX).unwrap().state;
        let changed = |reason: &str| EntryState::Changed(reason.to_owned());

        let path = install(&store, &version(1)).path;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(state(), changed("it is not executable"));

        let elsewhere = path.with_extension("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert_eq!(state(), changed("it is a symbolic link"));
    }
}
