//! What happens during an installation, told as it happens.

use std::path::Path;
use std::time::Duration;

use crate::error::Error;
use crate::version::CliVersion;
use crate::warning::Warning;

/// Something that happened.
///
/// Events up to [`Recorded`](Event::Recorded) come in the order of this list; each of the last
/// four names a step that is durable by then, so a process killed there leaves what the text says.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A publisher is asked which version is the newest.
    Resolving {
        /// The publisher.
        publisher: &'a str,
    },
    /// Another installer works on the same version; this one waits for it.
    WaitingForLock {
        /// The lock file.
        path: &'a Path,
    },
    /// The body's transfer starts.
    Downloading {
        /// The URL or path, without credentials.
        location: &'a str,
        /// The version.
        version: &'a CliVersion,
        /// The size in bytes, when the server says it.
        total: Option<u64>,
        /// The bytes already here from an earlier attempt.
        resumed_from: u64,
    },
    /// So many bytes of the body have arrived, in all.
    Advanced {
        /// The bytes so far.
        received: u64,
    },
    /// A request failed and will be repeated.
    Retrying {
        /// How often it failed so far.
        failures: u32,
        /// How long the pause is.
        pause: Duration,
        /// Why it failed.
        error: &'a Error,
    },
    /// What came so far cannot be continued, so the transfer begins again.
    StartingOver {
        /// Why, if more is known than that the server would not continue.
        error: Option<&'a Error>,
    },
    /// A source cannot be reached, so the next one is asked.
    FallingBack {
        /// The publisher that failed.
        from: &'a str,
        /// The publisher that is next.
        to: &'a str,
        /// Why.
        error: &'a Error,
    },
    /// Something the user should know, though the work goes on.
    Warning {
        /// What it is.
        warning: &'a Warning,
    },
    /// All bytes are on disk and are the announced ones; nothing is executable yet.
    Verified {
        /// The temporary file.
        path: &'a Path,
    },
    /// The file is synchronised, executable and closed, still under its temporary name.
    Sealed {
        /// The temporary file.
        path: &'a Path,
    },
    /// The file has its final name; without a receipt it does not count yet.
    Placed {
        /// The executable.
        path: &'a Path,
    },
    /// The receipt is written: the version is installed.
    Recorded {
        /// The executable.
        path: &'a Path,
    },
}

/// Hears what happens.
pub trait Progress {
    /// Takes one event; called on the installing thread, which waits for it.
    fn event(&self, event: &Event<'_>);
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn event(&self, _event: &Event<'_>) {}
}

impl<F: Fn(&Event<'_>)> Progress for F {
    fn event(&self, event: &Event<'_>) {
        self(event);
    }
}
