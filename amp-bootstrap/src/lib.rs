//! Find or install the Amp CLI: verified, once, whatever happens.
//!
//! [`install`] turns a [`VersionSpec`] into an executable in a [`Store`]; [`locate`] finds an Amp
//! that is already on the machine. Both take the environment as an argument, print nothing and
//! block, so an async caller puts them on a thread of their own.
//!
//! ```no_run
//! use amp_bootstrap::{InstallRequest, Silent, Store, VersionSpec, install};
//!
//! let environment = std::env::vars_os().collect();
//! let store = Store::from_environment(&environment)?;
//! let request = InstallRequest::new(VersionSpec::Latest);
//! let installed = install(&store, &request, &environment, &Silent)?;
//! assert!(installed.path.exists());
//! # Ok::<(), amp_bootstrap::Error>(())
//! ```
//!
//! What holds, whatever happens on the way:
//!
//! - Nothing is executable on disk before its digest was compared with the publisher's; a
//!   publisher without a digest is refused.
//! - A version counts once its receipt is written, which is the last step; a process killed
//!   before that leaves nothing that could be run by mistake.
//! - One download, however many threads and processes ask at once.
//! - Another source is asked only when the network failed, never after a check did.
//! - Credentials appear in no error, event, receipt or report.

mod digest;
mod environment;
mod error;
mod fetch;
mod http;
mod install;
mod locate;
mod npm;
mod platform;
mod progress;
mod settings;
mod signature;
mod source;
mod store;
mod transfer;
mod unpack;
mod version;

pub use environment::Variables;
pub use error::{Error, ErrorKind, ErrorReport, NextStep, Result};
pub use install::{CrossCheck, InstallRequest, Installed, Outcome, Warning, install};
pub use locate::{
    Candidate, EXECUTABLE_VARIABLE, ExecutableKind, Found, Launch, LocateReport, Place, Verdict,
    locate,
};
pub use platform::{Architecture, CLibrary, HostFacts, OperatingSystem, Platform};
pub use progress::{Event, Progress, Silent};
pub use settings::{Caps, Deadlines, Limits, RetryPolicy};
pub use signature::PinnedKey;
pub use source::Source;
pub use store::{
    CollectOptions, Collected, Entry, EntryState, Kept, Lease, Receipt, RemovedEntry,
    STORE_VARIABLE, Store,
};
pub use version::{CliVersion, KNOWN_VERSIONS, VersionSpec};
