//! The one error type of the crate: what failed, where, what was expected, and what to do next.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

/// The result of every fallible operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// The reason an operation failed, stable enough to match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// No publisher builds Amp for this machine.
    UnsupportedPlatform,
    /// A version, digest, URL or setting given by the caller makes no sense.
    InvalidInput,
    /// npm's configuration names no registry, or cannot be read.
    NpmConfiguration,
    /// The network could not be reached, or the connection broke, on every attempt.
    Unreachable,
    /// A wait reached its deadline.
    Timeout,
    /// The proxy refused, demanded credentials or is not there.
    Proxy,
    /// The server answered 408, 429 or 5xx on every attempt.
    ServerError,
    /// The server's certificate was not accepted.
    Tls,
    /// The server refused the credentials, or demands some.
    Unauthorized,
    /// The publisher does not have what was asked for.
    NotPublished,
    /// The answer is not what this publisher sends, such as a login page.
    UnexpectedResponse,
    /// A redirect would have left HTTPS, or redirects never ended.
    Redirect,
    /// The publisher offers no usable digest, so nothing can be verified.
    ChecksumMissing,
    /// The bytes are not the ones the publisher announced.
    ChecksumMismatch,
    /// Two publishers announce different bytes for one version.
    PublishersDisagree,
    /// The signature is absent or does not belong to the pinned key.
    Signature,
    /// The archive is damaged or does not hold the executable.
    Archive,
    /// More bytes than the cap allows.
    TooLarge,
    /// Offline mode was asked for and the store does not have it.
    Offline,
    /// Another installer held the lock for too long.
    LockTimeout,
    /// The disk or quota is full.
    StorageFull,
    /// The store may not be written or executed from.
    StorageDenied,
    /// Any other failure of the file system.
    Storage,
    /// The version is in use and stays.
    InUse,
    /// The version is not in the store.
    NotInstalled,
}

impl ErrorKind {
    /// Returns whether another source may be asked instead: the network failed, no check did.
    pub fn is_network(self) -> bool {
        matches!(
            self,
            Self::Unreachable | Self::Timeout | Self::Proxy | Self::ServerError
        )
    }
}

/// A thing the user can do about an error, as data for whoever words it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
#[non_exhaustive]
pub enum NextStep {
    /// Run the same command again later.
    Retry {
        /// The wait that the server asked for, in seconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        after_seconds: Option<u64>,
    },
    /// Use another source, such as `npm`, `bucket` or a mirror.
    UseSource {
        /// The sources worth trying.
        sources: Vec<String>,
    },
    /// Choose one of these versions.
    ChooseVersion {
        /// What the publisher or the store has, newest first.
        available: Vec<String>,
    },
    /// Set or correct an environment variable or a setting.
    Configure {
        /// The variable or setting.
        name: String,
        /// What it should hold.
        value: String,
    },
    /// Fetch these on a connected machine and install from the folder.
    FetchElsewhere {
        /// What to fetch, relative to the mirror folder.
        files: Vec<String>,
    },
    /// Install once while online.
    InstallOnline {
        /// The version to install.
        version: String,
    },
    /// Remove old versions from the store.
    FreeSpace,
    /// Move the store to another folder.
    MoveStore {
        /// Why the present one does not do.
        reason: String,
    },
    /// Stop what is using the version first.
    StopUsers,
    /// Correct what was given.
    CorrectInput,
    /// Check who sits between this machine and the publisher.
    SuspectTampering,
}

/// A failure of this crate.
///
/// The text is one lower-case fragment; the cause is in [`source`](StdError::source) and never
/// repeated in it.
pub struct Error(Box<Details>);

#[derive(Debug)]
struct Details {
    kind: ErrorKind,
    message: String,
    publisher: Option<String>,
    location: Option<String>,
    expected: Option<String>,
    actual: Option<String>,
    next_steps: Vec<NextStep>,
    retry_after: Option<Duration>,
    permanent: bool,
    earlier: Vec<String>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

/// An [`Error`] as plain data, for JSON output and logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ErrorReport {
    /// The reason.
    pub kind: ErrorKind,
    /// The error's own text.
    pub message: String,
    /// The texts of its causes, outermost first.
    pub causes: Vec<String>,
    /// The publisher that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// The URL or path that failed, without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What should have been there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// Why the sources that were asked before this one were given up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<String>,
    /// What the user can do.
    pub next_steps: Vec<NextStep>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            message: message.into(),
            publisher: None,
            location: None,
            expected: None,
            actual: None,
            next_steps: Vec::new(),
            retry_after: None,
            permanent: false,
            earlier: Vec::new(),
            cause: None,
        }))
    }

    /// Wraps a file-system failure; the kind follows from the operating system's reason.
    pub(crate) fn storage(action: &str, path: &Path, cause: io::Error) -> Self {
        let (kind, step) = match cause.kind() {
            io::ErrorKind::StorageFull => (ErrorKind::StorageFull, Some("the disk is full")),
            io::ErrorKind::QuotaExceeded => (ErrorKind::StorageFull, Some("the quota is used up")),
            io::ErrorKind::PermissionDenied => {
                (ErrorKind::StorageDenied, Some("the folder is not writable"))
            }
            io::ErrorKind::ReadOnlyFilesystem => (
                ErrorKind::StorageDenied,
                Some("the file system is read-only"),
            ),
            _ => (ErrorKind::Storage, None),
        };
        let error = Self::new(kind, format!("could not {action} {}", path.display()))
            .at(path.display().to_string())
            .caused_by(cause);
        let error = match kind {
            ErrorKind::StorageFull => error.next(NextStep::FreeSpace),
            _ => error,
        };
        match step {
            Some(reason) => error.next(NextStep::MoveStore {
                reason: reason.to_owned(),
            }),
            None => error,
        }
    }

    pub(crate) fn at(mut self, location: impl Into<String>) -> Self {
        self.0.location = Some(location.into());
        self
    }

    pub(crate) fn asked_of(mut self, publisher: &str) -> Self {
        self.0.publisher.get_or_insert_with(|| publisher.to_owned());
        self
    }

    pub(crate) fn compare(
        mut self,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        self.0.expected = Some(expected.into());
        self.0.actual = Some(actual.into());
        self
    }

    pub(crate) fn next(mut self, step: NextStep) -> Self {
        self.0.next_steps.push(step);
        self
    }

    pub(crate) fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    pub(crate) fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds why other sources were given up before this one failed.
    pub(crate) fn after(mut self, earlier: &[Self]) -> Self {
        for error in earlier {
            let publisher = error.publisher().unwrap_or("another source");
            let chain = [error.to_string()].into_iter().chain(error.report().causes);
            let reason = chain.collect::<Vec<_>>().join(": ");
            self.0.earlier.push(format!("{publisher}: {reason}"));
        }
        self
    }

    /// Marks a failure of a transient kind that another attempt would not cure.
    pub(crate) fn permanent(mut self) -> Self {
        self.0.permanent = true;
        self
    }

    pub(crate) fn is_permanent(&self) -> bool {
        self.0.permanent
    }

    /// The wait the server asked for.
    pub(crate) fn wait_asked_for(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the reason.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the URL or path that failed, without credentials.
    pub fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// Returns the publisher that was asked.
    pub fn publisher(&self) -> Option<&str> {
        self.0.publisher.as_deref()
    }

    /// Returns what should have been there and what was, when the failure is a difference.
    pub fn difference(&self) -> Option<(&str, &str)> {
        Some((self.0.expected.as_deref()?, self.0.actual.as_deref()?))
    }

    /// Returns what the user can do about it; there is always something.
    pub fn next_steps(&self) -> Vec<NextStep> {
        if self.0.next_steps.is_empty() {
            usual_steps(self.0.kind)
        } else {
            self.0.next_steps.clone()
        }
    }

    /// Returns the error as plain data.
    pub fn report(&self) -> ErrorReport {
        let mut causes = Vec::new();
        let mut cause = self.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        ErrorReport {
            kind: self.0.kind,
            message: self.0.message.clone(),
            causes,
            publisher: self.0.publisher.clone(),
            location: self.0.location.clone(),
            expected: self.0.expected.clone(),
            actual: self.0.actual.clone(),
            earlier: self.0.earlier.clone(),
            next_steps: self.next_steps(),
        }
    }
}

/// Returns what helps against a kind of failure when nothing more specific is known.
fn usual_steps(kind: ErrorKind) -> Vec<NextStep> {
    let other_sources = NextStep::UseSource {
        sources: ["bucket", "npm", "a mirror URL or folder"]
            .map(str::to_owned)
            .to_vec(),
    };
    let configure = |name: &str, value: &str| NextStep::Configure {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let retry = NextStep::Retry {
        after_seconds: None,
    };
    match kind {
        ErrorKind::Unreachable | ErrorKind::Timeout | ErrorKind::ServerError => {
            vec![retry, other_sources]
        }
        ErrorKind::Proxy => vec![
            configure(
                "HTTPS_PROXY",
                "a proxy that may reach the publisher, with its credentials",
            ),
            other_sources,
        ],
        ErrorKind::Tls => vec![
            configure(
                "SSL_CERT_FILE",
                "a PEM file with the authority that your network uses",
            ),
            NextStep::SuspectTampering,
        ],
        ErrorKind::Unauthorized => vec![
            configure(
                "NPM_CONFIG_USERCONFIG",
                "an .npmrc with a valid token for the registry",
            ),
            other_sources,
        ],
        ErrorKind::NotPublished | ErrorKind::Signature | ErrorKind::UnsupportedPlatform => {
            vec![other_sources]
        }
        ErrorKind::UnexpectedResponse | ErrorKind::Redirect | ErrorKind::TooLarge => {
            vec![NextStep::SuspectTampering, other_sources]
        }
        ErrorKind::ChecksumMissing
        | ErrorKind::ChecksumMismatch
        | ErrorKind::PublishersDisagree
        | ErrorKind::Archive => vec![NextStep::SuspectTampering],
        ErrorKind::NpmConfiguration => vec![
            configure("NPM_CONFIG_REGISTRY", "the URL of your npm registry"),
            NextStep::UseSource {
                sources: vec!["bucket".to_owned()],
            },
        ],
        ErrorKind::StorageFull | ErrorKind::StorageDenied | ErrorKind::Storage => {
            vec![NextStep::MoveStore {
                reason: "its folder cannot be used".to_owned(),
            }]
        }
        ErrorKind::LockTimeout => vec![retry],
        ErrorKind::InUse => vec![NextStep::StopUsers],
        ErrorKind::Offline | ErrorKind::NotInstalled => vec![NextStep::InstallOnline {
            version: "latest".to_owned(),
        }],
        ErrorKind::InvalidInput => vec![NextStep::CorrectInput],
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)?;
        if let Some((expected, actual)) = self.difference() {
            write!(formatter, ": expected {expected}, got {actual}")?;
        }
        if let Some(location) = &self.0.location
            && !self.0.message.contains(location.as_str())
        {
            write!(formatter, " ({location})")?;
        }
        for earlier in &self.0.earlier {
            write!(formatter, ", after {earlier}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let cause: &(dyn StdError + 'static) = self.0.cause.as_deref()?;
        Some(cause)
    }
}
