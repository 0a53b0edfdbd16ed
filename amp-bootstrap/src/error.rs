//! The one error type of the crate: what failed, where, what was expected, and what to do next.

mod next_step;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

pub use next_step::NextStep;
use next_step::usual_steps;

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
    /// The publisher is asked over plain HTTP, and its host was not named for that.
    NotEncrypted,
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
    /// Others may write to the store, so what is in it proves nothing.
    UntrustedStore,
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
    earlier: Vec<Earlier>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

/// A source that was given up before the one that failed last.
#[derive(Debug)]
struct Earlier {
    publisher: String,
    reason: String,
}

impl fmt::Display for Earlier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.publisher, self.reason)
    }
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
            self.0.earlier.push(Earlier {
                publisher: error.publisher().unwrap_or("another source").to_owned(),
                reason: error.with_causes(),
            });
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
            usual_steps(self.0.kind, &self.tried())
        } else {
            self.0.next_steps.clone()
        }
    }

    /// Returns why every source that was asked failed, in the order they were asked.
    ///
    /// Each reason is whole, causes included; where several sources were asked, it begins with
    /// the source's name.
    pub fn reasons(&self) -> Vec<String> {
        let last = match self.publisher() {
            Some(publisher) if !self.0.earlier.is_empty() => {
                format!("{publisher}: {}", self.with_causes())
            }
            _ => self.with_causes(),
        };
        let earlier = self.0.earlier.iter().map(ToString::to_string);
        earlier.chain([last]).collect()
    }

    /// Returns the sources that were asked.
    fn tried(&self) -> Vec<&str> {
        let earlier = self
            .0
            .earlier
            .iter()
            .map(|earlier| earlier.publisher.as_str());
        earlier.chain(self.publisher()).collect()
    }

    /// Returns the error's own text and those of its causes, each told once.
    fn with_causes(&self) -> String {
        let own = fmt::from_fn(|formatter| self.write_own(formatter)).to_string();
        [own]
            .into_iter()
            .chain(self.causes())
            .collect::<Vec<_>>()
            .join(": ")
    }

    fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut cause = self.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Many errors end with the text of their cause.
            let outer = causes.last().unwrap_or(&self.0.message);
            if !outer.contains(&text) {
                causes.push(text);
            }
            cause = error.source();
        }
        causes
    }

    /// Writes everything but the sources that were asked before.
    fn write_own(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)?;
        if let Some((expected, actual)) = self.difference() {
            write!(formatter, ": expected {expected}, got {actual}")?;
        }
        match &self.0.location {
            Some(location) if !self.0.message.contains(location.as_str()) => {
                write!(formatter, " ({location})")
            }
            _ => Ok(()),
        }
    }

    /// Returns the error as plain data.
    pub fn report(&self) -> ErrorReport {
        ErrorReport {
            kind: self.0.kind,
            message: self.0.message.clone(),
            causes: self.causes(),
            publisher: self.0.publisher.clone(),
            location: self.0.location.clone(),
            expected: self.0.expected.clone(),
            actual: self.0.actual.clone(),
            earlier: self.0.earlier.iter().map(ToString::to_string).collect(),
            next_steps: self.next_steps(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_own(formatter)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_whose_text_was_told_already_is_not_repeated() {
        let cause = ureq::Error::Io(io::Error::other("connection reset"));
        assert_eq!(cause.to_string(), "io: connection reset");
        let cause = io::Error::other(Error::new(ErrorKind::Unreachable, "outer").caused_by(cause));
        let error = Error::new(ErrorKind::Unreachable, "could not connect").caused_by(cause);
        assert_eq!(error.report().causes, ["outer", "io: connection reset"]);
        let same = Error::new(ErrorKind::Storage, "disk on fire")
            .caused_by(io::Error::other("disk on fire"));
        assert_eq!(same.reasons(), ["disk on fire"]);
    }
}
