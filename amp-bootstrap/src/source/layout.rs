//! The official layout, on the web or in a folder.
//!
//! `cli/cli-version.txt`, `cli/<version>/<platform>-amp.sha256` and
//! `cli/<version>/amp-<platform>[.exe][.gz]`, as Amp's own installer and the releases from
//! 0.0.1770734955 to 0.0.1784106548 use it; the checksum is that of the unpacked executable.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::{Announced, Artifact, Packing, Place, Publisher, Release, Source};
use crate::bounded_file;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::http::{Address, Client};
use crate::platform::Platform;
use crate::progress::Progress;
use crate::settings::Limits;
use crate::version::{CliVersion, excerpt};

/// A tree of files in the official layout.
pub(super) struct Layout {
    name: String,
    root: Root,
    text_cap: u64,
}

enum Root {
    Web { base: Address, client: Box<Client> },
    Folder(PathBuf),
}

impl Layout {
    pub(super) fn on_the_web(source: &Source, base: &str, client: Client) -> Result<Self> {
        Ok(Self {
            name: source.to_string(),
            text_cap: client.limits.caps.text,
            root: Root::Web {
                base: Address::parse(base)?,
                client: Box::new(client),
            },
        })
    }

    pub(super) fn in_folder(source: &Source, folder: &Path, limits: &Limits) -> Self {
        Self {
            name: source.to_string(),
            root: Root::Folder(folder.to_owned()),
            text_cap: limits.caps.text,
        }
    }

    fn place(&self, path: &str) -> Result<Place> {
        Ok(match &self.root {
            Root::Web { base, .. } => Place::Web(Address::below(base.as_str(), path)?),
            Root::Folder(folder) => Place::File(folder.join(path)),
        })
    }

    /// Reads a small text file.
    fn text(&self, path: &str, progress: &dyn Progress) -> Result<(String, Place)> {
        let place = self.place(path)?;
        let bytes = match (&place, &self.root) {
            (Place::Web(address), Root::Web { client, .. }) => {
                client.fetch(address, None, self.text_cap, progress)?
            }
            (Place::File(file), _) => read_file(file, self.text_cap)?,
            (Place::Web(_), Root::Folder(_)) => Vec::new(),
        };
        Ok((String::from_utf8_lossy(&bytes).into_owned(), place))
    }
}

/// Reads a small file of a mirror.
pub(crate) fn read_file(path: &Path, cap: u64) -> Result<Vec<u8>> {
    bounded_file::read(path, cap).map_err(|cause| missing_or_unreadable(path, cause))
}

/// Tells a file that the mirror lacks from one that cannot be read.
pub(crate) fn missing_or_unreadable(path: &Path, cause: std::io::Error) -> Error {
    if cause.kind() != std::io::ErrorKind::NotFound {
        return Error::storage("read", path, cause);
    }
    Error::new(ErrorKind::NotPublished, "the mirror does not have it")
        .at(path.display().to_string())
        .caused_by(cause)
}

/// The path of the file that names the newest version, below the root.
pub(crate) const NEWEST_PATH: &str = "cli/cli-version.txt";

/// Returns the path of a version's checksum below the root.
pub(crate) fn checksum_path(version: impl Display, platform: impl Display) -> String {
    format!("cli/{version}/{platform}-amp.sha256")
}

/// Returns the path of a version's executable below the root.
pub(crate) fn executable_path(version: impl Display, platform: impl Display) -> String {
    let platform = platform.to_string();
    let extension = match platform.starts_with("windows") {
        true => ".exe",
        false => "",
    };
    format!("cli/{version}/amp-{platform}{extension}")
}

/// Returns what a mirror folder must hold to install a version, or the newest one, from it.
pub(crate) fn mirror_files(version: Option<&CliVersion>, platform: Platform) -> Vec<String> {
    let newest = version.is_none().then(|| NEWEST_PATH.to_owned());
    let version = version.map_or("<version>".to_owned(), ToString::to_string);
    let release = [
        checksum_path(&version, platform),
        format!("{}.gz", executable_path(&version, platform)),
    ];
    newest.into_iter().chain(release).collect()
}

impl Publisher for Layout {
    fn name(&self) -> &str {
        &self.name
    }

    fn newest(&self, _platform: Platform, progress: &dyn Progress) -> Result<CliVersion> {
        let (text, place) = self.text(NEWEST_PATH, progress)?;
        text.trim().parse().map_err(|_| {
            Error::new(
                ErrorKind::UnexpectedResponse,
                "the publisher names no version",
            )
            .at(place.to_string())
            .compare("0.0.<unix seconds>-g<commit>", excerpt(text.trim()))
            .next(NextStep::SuspectTampering)
        })
    }

    fn release(
        &self,
        version: &CliVersion,
        platform: Platform,
        progress: &dyn Progress,
    ) -> Result<Release> {
        let (text, place) = self.text(&checksum_path(version, platform), progress)?;
        let digest = Digest::from_checksum_file(&text)
            .map_err(|error| error.at(place.to_string()).next(NextStep::SuspectTampering))?;
        let executable = executable_path(version, platform);
        let packed = Artifact {
            place: self.place(&format!("{executable}.gz"))?,
            packing: Packing::Gzip,
        };
        let raw = Artifact {
            place: self.place(&executable)?,
            packing: Packing::Raw,
        };
        Ok(Release {
            attestations: None,
            artifacts: vec![packed, raw],
            announced: Announced::Executable(digest),
            signature: Some(self.place(&format!("{executable}.minisig"))?),
            claim: None,
        })
    }

    fn client(&self) -> Option<&Client> {
        match &self.root {
            Root::Web { client, .. } => Some(client),
            Root::Folder(_) => None,
        }
    }

    fn address(&self) -> Option<&Address> {
        match &self.root {
            Root::Web { base, .. } => Some(base),
            Root::Folder(_) => None,
        }
    }
}
