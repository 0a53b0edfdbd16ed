//! What an outcome says about the sandbox of its turn.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What protected a turn, and what its agent was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SandboxReport {
    /// The protection that was there, such as `files (namespaces)`.
    pub layers: Vec<String>,
    /// What was missing, and why; with best effort alone is there anything.
    pub missing: Vec<String>,
    /// What was refused, in the order in which it first came.
    pub denied: Vec<Denial>,
    /// Files that came to be and that redirect Git or Amp outside the sandbox.
    pub appeared: Vec<PathBuf>,
}

/// Something that the agent or one of its tools was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Denial {
    /// What was tried.
    pub kind: DenialKind,
    /// The host with its port, or the path.
    pub target: String,
    /// Why it was refused, in words.
    pub reason: String,
    /// How often.
    pub count: u64,
    /// The option of `ampctl` that would allow it, if one would.
    pub allow: Option<String>,
}

/// What an agent tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DenialKind {
    /// To reach a service.
    Connect,
    /// To read a file, as seen in what a tool answered.
    Read,
    /// To change a file, as seen in what a tool answered.
    Write,
}

impl DenialKind {
    /// Returns the name, such as `connect`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            target,
            reason,
            count,
            allow: _,
        } = self;
        write!(formatter, "{} {target}: {reason}", kind.as_str())?;
        match count {
            0 | 1 => Ok(()),
            count => write!(formatter, " ({count} times)"),
        }
    }
}
