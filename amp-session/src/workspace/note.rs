//! What the record of a turn says about the files before and after it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// What the record of a turn says about its snapshots.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SnapshotNote {
    /// The root of the work tree; absent where there is no snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) root: Option<PathBuf>,
    /// What the names of its refs begin with.
    pub(crate) name: String,
    /// Whether the files were kept when the turn had ended, too.
    pub(crate) is_whole: bool,
    /// Why there is no snapshot, or only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trouble: Option<String>,
}

impl SnapshotNote {
    /// Returns the ref of the files before the turn.
    pub(super) fn before(&self) -> String {
        format!("{}/before", self.name)
    }

    /// Returns the ref of the files after the turn.
    pub(super) fn after(&self) -> String {
        format!("{}/after", self.name)
    }

    /// Returns the ref of the files as they became after a turn that was cut off.
    pub(super) fn now(&self) -> String {
        format!("{}/now", self.name)
    }

    /// Says why there is none.
    pub(crate) fn none(error: Error) -> Self {
        Self {
            trouble: Some(match error {
                Error::WorkTree { reason } => reason,
                other => other.to_string(),
            }),
            ..Self::default()
        }
    }
}
