//! What a session allows its agent.

use std::ffi::OsString;
use std::path::PathBuf;

use amp_process::sandbox::{HostRule, Limits};

/// What a session allows its agent beyond the default.
///
/// By default the agent sees the programs of the system, its own folders and executable, and the
/// folder that it works in, which it can change but for `.git/hooks`, `.git/config` and `.amp`. It
/// reaches `ampcode.com` and the names below it. The rest of the home folder, other projects, other
/// processes and other variables are out of its sight.
///
/// Tools that the agent starts see what it sees, but for the key: commands have no `AMP_API_KEY`, and
/// with one in the environment nobody sees the keys that are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SandboxConfig {
    /// Whether less than the whole policy will do where this machine lacks something.
    pub best_effort: bool,
    /// More services.
    pub hosts: Vec<HostRule>,
    /// More files and folders to read.
    pub readable: Vec<PathBuf>,
    /// More files and folders to change.
    pub writable: Vec<PathBuf>,
    /// More variables, by name; a name that ends in `*` stands for all that begin like it.
    pub variables: Vec<OsString>,
    /// How much the agent and its tools may use.
    pub limits: Limits,
}

impl SandboxConfig {
    /// Returns the default, enforced in full or not at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}
