//! Where executables come from: who publishes them, and what each publisher announces.

mod layout;
mod registry;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Serialize, Serializer};

pub(crate) use layout::{
    NEWEST_PATH, checksum_path, executable_path, mirror_files, missing_or_unreadable, read_file,
};

use crate::digest::Digest;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::http::{Address, Client, Credentials, ProxyRules, Trust};
use crate::npm::NpmConfiguration;
use crate::platform::Platform;
use crate::progress::Progress;
use crate::provenance::Attestations;
use crate::registry_signature::{Claim, KeyList};
use crate::settings::Limits;
use crate::source_name::{BUCKET, NPM};
use crate::version::{CliVersion, excerpt, known_versions};

/// The official bucket; the installer and updater of the 2026 releases use it.
const OFFICIAL_BUCKET: &str = "https://static.ampcode.com";

/// The variable with which Amp's own installer moves the bucket.
const BUCKET_VARIABLE: &str = "AMP_STORAGE_BASE";

/// A place to install from.
///
/// Written as `bucket`, `npm`, a URL or an absolute folder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The official bucket, or the one that `AMP_STORAGE_BASE` names.
    Bucket,
    /// The platform packages on the registry that npm's configuration names.
    Npm,
    /// A mirror of the bucket at a URL.
    Mirror(String),
    /// A mirror of the bucket in a folder.
    Folder(PathBuf),
}

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            BUCKET => Ok(Self::Bucket),
            NPM => Ok(Self::Npm),
            url if url.contains("://") => {
                Address::parse(url)?;
                Ok(Self::Mirror(url.to_owned()))
            }
            folder if std::path::Path::new(folder).is_absolute() => {
                Ok(Self::Folder(PathBuf::from(folder)))
            }
            other => Err(Error::new(ErrorKind::InvalidInput, "not a source")
                .compare("bucket, npm, a URL or an absolute folder", excerpt(other))),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket => formatter.write_str(BUCKET),
            Self::Npm => formatter.write_str(NPM),
            Self::Mirror(url) => match Address::parse(url) {
                Ok(address) => formatter.write_str(address.to_string().trim_end_matches('/')),
                Err(_) => formatter.write_str("mirror"),
            },
            Self::Folder(folder) => folder.display().fmt(formatter),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Source {
    /// Returns whether it answers without a network.
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Folder(_))
    }

    /// Returns what the source stands for in an environment: the address or the folder that
    /// everything is asked of, without credentials.
    pub(crate) fn origin(&self, environment: Environment<'_>) -> String {
        match self {
            Self::Bucket => {
                let base = environment.text(BUCKET_VARIABLE).unwrap_or(OFFICIAL_BUCKET);
                Self::Mirror(base.to_owned()).to_string()
            }
            Self::Npm => NpmConfiguration::read(environment)
                .ok()
                .and_then(|configuration| configuration.named_registry())
                .unwrap_or_else(|| self.to_string()),
            Self::Mirror(_) | Self::Folder(_) => self.to_string(),
        }
    }

    /// Makes the publisher behind it; opens nothing yet.
    pub(crate) fn publisher(
        &self,
        environment: Environment<'_>,
        limits: &Limits,
    ) -> Result<Box<dyn Publisher>> {
        let client = || {
            Client::new(
                Trust::from_environment(environment),
                ProxyRules::from_environment(environment),
                Credentials::default(),
                limits.clone(),
            )
        };
        Ok(match self {
            Self::Bucket => {
                let base = environment.text(BUCKET_VARIABLE).unwrap_or(OFFICIAL_BUCKET);
                Box::new(layout::Layout::on_the_web(self, base, client())?)
            }
            Self::Mirror(url) => Box::new(layout::Layout::on_the_web(self, url, client())?),
            Self::Folder(folder) => Box::new(layout::Layout::in_folder(self, folder, limits)),
            Self::Npm => Box::new(registry::Registry::open(environment, limits)?),
        })
    }
}

/// Somebody who announces versions and digests.
pub(crate) trait Publisher {
    /// Returns the source's name, as [`Source`] writes it.
    fn name(&self) -> &str;

    /// Returns every version that it offers for a platform, as far as it says.
    fn versions(&self, platform: Platform, progress: &dyn Progress) -> Result<Vec<CliVersion>> {
        Ok(vec![self.newest(platform, progress)?])
    }

    /// Returns the newest version for a platform.
    fn newest(&self, platform: Platform, progress: &dyn Progress) -> Result<CliVersion>;

    /// Returns the newest version that is known to work.
    fn newest_known(&self, _platform: Platform, _progress: &dyn Progress) -> Result<CliVersion> {
        known_versions()
            .next()
            .ok_or_else(|| Error::new(ErrorKind::NotPublished, "no version is known to work"))
    }

    /// Returns what is announced for a version: the digest first of all.
    fn release(
        &self,
        version: &CliVersion,
        platform: Platform,
        progress: &dyn Progress,
    ) -> Result<Release>;

    /// Returns the client for what is on the web.
    fn client(&self) -> Option<&Client>;

    /// Returns the address that everything is asked for below, when it is on the web.
    fn address(&self) -> Option<&Address>;

    /// Returns the keys that it signs with; none when it lists none.
    fn signing_keys(&self, _progress: &dyn Progress) -> Result<Option<KeyList>> {
        Ok(None)
    }

    /// Returns what it serves as attestations; nothing when it does not have what it names.
    fn attestations(
        &self,
        _attestations: &Attestations,
        _progress: &dyn Progress,
    ) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    /// Returns whether others could read and change what is sent.
    fn is_exposed(&self) -> bool {
        self.address()
            .is_some_and(|address| !address.is_https() && !address.is_loopback())
    }
}

/// What a publisher announces for one version and platform.
#[derive(Debug)]
pub(crate) struct Release {
    /// The forms the executable comes in, the best first.
    pub(crate) artifacts: Vec<Artifact>,
    pub(crate) announced: Announced,
    /// Where the detached signature of the executable would be.
    pub(crate) signature: Option<Place>,
    /// What a registry has signed, if it is one.
    pub(crate) claim: Option<Claim>,
    /// Where a registry serves attestations of how the package was built.
    pub(crate) attestations: Option<Attestations>,
}

/// A digest and what it is the digest of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Announced {
    Executable(Digest),
    Download(Digest),
}

impl Announced {
    pub(crate) fn digest(self) -> Digest {
        match self {
            Self::Executable(digest) | Self::Download(digest) => digest,
        }
    }
}

/// One form of the executable.
#[derive(Debug)]
pub(crate) struct Artifact {
    pub(crate) place: Place,
    pub(crate) packing: Packing,
}

/// Where bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Web(Address),
    File(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Web(address) => address.fmt(formatter),
            Self::File(path) => path.display().fmt(formatter),
        }
    }
}

/// How the executable is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Raw,
    Gzip,
    /// A gzipped tar archive with the executable as `package/<name>`.
    Package,
}

impl Packing {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Gzip => "gz",
            Self::Package => "tgz",
        }
    }
}

/// Adds to an error that other versions are there.
fn with_versions(error: Error, mut available: Vec<CliVersion>) -> Error {
    available.sort_unstable_by(|a, b| b.cmp(a));
    available.truncate(10);
    error.next(NextStep::ChooseVersion {
        available: available.iter().map(ToString::to_string).collect(),
    })
}

/// Reads any bytes as documents of a registry, for the fuzzer.
#[cfg(fuzzing)]
pub(crate) fn fuzz_documents(bytes: &[u8]) {
    registry::promises::check(bytes);
}
