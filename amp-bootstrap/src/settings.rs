//! Deadlines, retries and caps: how long and how much, before it is an error.

use std::time::Duration;

/// How long each wait may last.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deadlines {
    /// Name look-up; and once more as long for the connection with its TLS handshake.
    pub connect: Duration,
    /// From the request until the response's headers are here.
    pub response: Duration,
    /// Between two reads of a body.
    pub read: Duration,
    /// How long a body may stay below [`slow_bytes`](Self::slow_bytes) before it counts as stuck.
    pub slow_window: Duration,
    /// The bytes that must arrive within [`slow_window`](Self::slow_window).
    pub slow_bytes: u64,
    /// A whole transfer with all its attempts.
    pub transfer: Duration,
    /// The wait for another installer of the same version.
    pub lock: Duration,
    /// The wait for npm to name its registry.
    pub npm: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            response: Duration::from_secs(30),
            read: Duration::from_secs(30),
            slow_window: Duration::from_secs(60),
            slow_bytes: 16 * 1024,
            transfer: Duration::from_secs(3600),
            lock: Duration::from_secs(900),
            npm: Duration::from_secs(20),
        }
    }
}

/// How often and after which pause a failed request is repeated.
///
/// The pause doubles from [`first_pause`](Self::first_pause) up to
/// [`longest_pause`](Self::longest_pause), spread by half to either side so that many machines do
/// not return at once. A server's `Retry-After` wins.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The repetitions after the first attempt.
    pub retries: u32,
    /// The pause after the first failure.
    pub first_pause: Duration,
    /// The longest pause that is ours to choose.
    pub longest_pause: Duration,
    /// The longest pause a server may ask for; a longer one is an error at once.
    pub longest_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            retries: 3,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(8),
            longest_retry_after: Duration::from_secs(60),
        }
    }
}

/// The most bytes that are taken from anyone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caps {
    /// A version or checksum file.
    pub text: u64,
    /// A package's list of versions.
    pub package_document: u64,
    /// The attestations of a version.
    pub attestations: u64,
    /// The body of a download.
    pub download: u64,
    /// The unpacked executable; the builds of 2026 have 101 to 111 MB.
    pub executable: u64,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            text: 64 * 1024,
            package_document: 64 * 1024 * 1024,
            attestations: 1024 * 1024,
            download: 512 * 1024 * 1024,
            executable: 512 * 1024 * 1024,
        }
    }
}

/// All limits of an installation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Limits {
    /// How long each wait may last.
    pub deadlines: Deadlines,
    /// How failed requests are repeated.
    pub retry: RetryPolicy,
    /// How much is taken.
    pub caps: Caps,
}
