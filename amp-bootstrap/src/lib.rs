//! Find or install the Amp CLI: verified, once, whatever happens.
//!
//! This program takes the Amp that is there, or else installs the newest:
//!
//! ```no_run
//! use amp_bootstrap::{InstallRequest, Platform, Silent, Store, VersionSpec, install, locate};
//!
//! fn main() -> Result<(), amp_bootstrap::Error> {
//!     let environment = std::env::vars_os().collect();
//!     let store = Store::from_environment(&environment)?;
//!     let newest = InstallRequest::new(VersionSpec::Latest);
//!     let path = match locate(&environment, Some(&store), Platform::detect()?).found {
//!         Some(found) => found.path,
//!         None => install(&store, &newest, &environment, &Silent)?.path,
//!     };
//!     println!("{}", path.display());
//!     Ok(())
//! }
//! ```
//!
//! # Where to begin
//!
//! - [`install`] turns a [`VersionSpec`] into an executable in a [`Store`]; [`InstallRequest`] has
//!   the [`Source`]s to ask, offline mode, deadlines and a [pinned key](PinnedKey), and
//!   [`Progress`] is told what happens.
//! - [`locate`] finds an Amp that is already on the machine, and says for every place why it was
//!   taken or not.
//! - [`Store`] lists, verifies and removes what is installed; a [`Lease`] keeps a version from
//!   being removed while it runs.
//!
//! # What it promises
//!
//! - Nothing is executable on disk before its digest was compared with the publisher's; a
//!   publisher without a digest is refused.
//! - A version counts once its receipt is written, which is the last step; a process killed
//!   before that leaves nothing that could be run by mistake.
//! - One download, however many threads and processes ask at once.
//! - Nothing is asked over plain HTTP of a host that the caller has not named
//!   ([`InstallRequest::http_hosts`]); this machine is no such host.
//! - What an npm registry signs is checked, and the provenance that it serves; a registry that once
//!   signed may not stop, nor turn to what was built elsewhere.
//! - Another source is asked only when the network failed, never after a check did.
//! - Credentials appear in no error, event, receipt or report.
//!
//! # What it leaves to others
//!
//! It runs nothing that it finds or installs, prints nothing, and reads the environment it is
//! handed, never the process's own. It blocks: an async program calls it on a thread of its own.
//!
//! # Errors and limits
//!
//! There is one [`Error`] with a [`kind`](Error::kind) to branch on and [next
//! steps](Error::next_steps) as data. Every wait has a deadline and every body a cap ([`Limits`]):
//! 10 s to connect, 30 s of silence, an hour and 512 MiB for a download, 15 minutes for another
//! installer of the same version.
//!
//! # Platforms
//!
//! [`Platform::detect`] knows what Amp is built for: Linux with glibc and macOS on x86-64 and
//! 64-bit ARM, and Windows on x86-64; anything else, musl too, is
//! [`ErrorKind::UnsupportedPlatform`]. Processors without AVX2 get the build that does without.
//! Proxies and certificate authorities come from the usual variables and from npm's configuration.

mod available;
mod bounded_file;
mod digest;
mod environment;
mod error;
mod fetch;
mod http;
mod install;
mod locate;
mod mirror;
mod npm;
mod place;
mod platform;
mod progress;
mod provenance;
mod question;
mod registry_signature;
mod settings;
mod signature;
mod source;
mod source_name;
mod store;
mod transfer;
mod unpack;
mod version;
mod warning;

pub use available::{Available, available};
pub use environment::Variables;
pub use error::{Error, ErrorKind, ErrorReport, NextStep, Result};
pub use install::{CrossCheck, InstallRequest, Installed, Outcome, install};
pub use locate::{
    Candidate, EXECUTABLE_VARIABLE, ExecutableKind, Found, Launch, LocateReport, Verdict, Wanted,
    locate, locate_wanted,
};
pub use mirror::export_to_mirror;
pub use place::Place;
pub use platform::{Architecture, CLibrary, HostFacts, OperatingSystem, Platform};
pub use progress::{Event, Progress, Silent};
pub use provenance::Provenance;
pub use question::{Answer, Delivery, Question, ask, deliver};
pub use settings::{Caps, Deadlines, Limits, RetryPolicy};
pub use signature::PinnedKey;
pub use source::Source;
pub use store::{
    CollectOptions, Collected, Entry, EntryState, Kept, Lease, Receipt, RemovedEntry,
    SHARED_STORE_VARIABLE, STORE_VARIABLE, Store,
};
pub use version::{CliVersion, KNOWN_VERSIONS, VersionSpec};
pub use warning::Warning;

/// Reads any bytes as an archive, for the fuzzer.
#[cfg(fuzzing)]
pub fn fuzz_archive(bytes: &[u8]) {
    unpack::promises::check(bytes);
}

/// Reads any bytes as documents of a registry, for the fuzzer.
#[cfg(fuzzing)]
pub fn fuzz_documents(bytes: &[u8]) {
    source::fuzz_documents(bytes);
}
