//! What is asked of an installation: version, sources and conditions.

use std::time::Duration;

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::platform::Platform;
use crate::settings::Limits;
use crate::signature::PinnedKey;
use crate::source::Source;
use crate::store::{Entry, EntryState};
use crate::version::{VersionSpec, excerpt};

/// What to install and under which conditions.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InstallRequest {
    /// The version wanted.
    pub version: VersionSpec,
    /// The platform to install for; this machine's when `None`.
    pub platform: Option<Platform>,
    /// The sources, the preferred first; another one is asked only when the network fails.
    pub sources: Vec<Source>,
    /// Whether to stay off the network.
    pub offline: bool,
    /// How long the answer to "which is the newest" is good for.
    pub latest_for: Duration,
    /// A second publisher that must announce the same executable.
    pub cross_check: Option<CrossCheck>,
    /// The key that must have signed the executable.
    pub pinned_key: Option<PinnedKey>,
    /// The SHA-256 that the executable must have, in hexadecimal; see
    /// [`with_sha256`](Self::with_sha256).
    pub(super) sha256: Option<Digest>,
    /// The hosts that may be asked over plain HTTP, where anybody between could change everything;
    /// this machine always may.
    pub http_hosts: Vec<String>,
    /// How long and how much, before it is an error.
    pub limits: Limits,
}

/// A second publisher to compare digests with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CrossCheck {
    /// The second publisher; one that announces the executable's own digest, so not npm.
    pub source: Source,
    /// Whether its silence is an error, or else a warning.
    pub required: bool,
}

impl CrossCheck {
    /// Demands the agreement of a second publisher.
    pub fn required(source: Source) -> Self {
        Self {
            source,
            required: true,
        }
    }

    /// Compares with a second publisher if it answers.
    pub fn when_reachable(source: Source) -> Self {
        Self {
            source,
            required: false,
        }
    }
}

impl InstallRequest {
    /// Asks for a version from the bucket or else, when that cannot be reached, from npm.
    pub fn new(version: VersionSpec) -> Self {
        Self {
            version,
            platform: None,
            sources: vec![Source::Bucket, Source::Npm],
            offline: false,
            latest_for: Duration::from_secs(6 * 3600),
            cross_check: None,
            pinned_key: None,
            sha256: None,
            http_hosts: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// Asks these sources only.
    #[must_use]
    pub fn with_sources(mut self, sources: impl IntoIterator<Item = Source>) -> Self {
        self.sources = sources.into_iter().collect();
        self
    }

    /// Installs for another platform than this machine's.
    #[must_use]
    pub fn with_platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Stays off the network.
    #[must_use]
    pub fn with_offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }

    /// Sets how long the answer to "which is the newest" is good for.
    #[must_use]
    pub fn with_latest_for(mut self, latest_for: Duration) -> Self {
        self.latest_for = latest_for;
        self
    }

    /// Compares digests with a second publisher.
    #[must_use]
    pub fn with_cross_check(mut self, cross_check: CrossCheck) -> Self {
        self.cross_check = Some(cross_check);
        self
    }

    /// Demands a signature.
    #[must_use]
    pub fn with_pinned_key(mut self, key: PinnedKey) -> Self {
        self.pinned_key = Some(key);
        self
    }

    /// Demands an executable with a SHA-256, in hexadecimal.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when it is none.
    pub fn with_sha256(mut self, hexadecimal: &str) -> Result<Self> {
        let digest = Digest::from_sha256_hex(hexadecimal.trim()).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "not a SHA-256")
                .compare("64 hexadecimal digits", excerpt(hexadecimal))
        })?;
        self.sha256 = Some(digest);
        Ok(self)
    }

    /// Lets a host be asked over plain HTTP.
    #[must_use]
    pub fn with_http_hosts(mut self, hosts: impl IntoIterator<Item = String>) -> Self {
        self.http_hosts = hosts.into_iter().collect();
        self
    }

    /// Sets deadlines, retries and caps.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Returns whether an entry satisfies the conditions but for where it came from.
    pub(super) fn accepts(&self, entry: &Entry) -> bool {
        let Some(receipt) = &entry.receipt else {
            return false;
        };
        let key = self.pinned_key.as_ref().map(PinnedKey::as_str);
        let signed = key.is_none() || receipt.signed_by.as_deref() == key;
        let confirmed = self.cross_check.as_ref().is_none_or(|check| {
            !check.required || receipt.confirmed_by == Some(check.source.to_string())
        });
        let is_demanded = |digest: &Digest| digest.to_hex() == receipt.sha256;
        let demanded = self.sha256.as_ref().is_none_or(is_demanded);
        entry.state == EntryState::Sound && signed && confirmed && demanded
    }
}
