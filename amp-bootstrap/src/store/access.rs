//! Who may write to the store: what others could have put there proves nothing.

use std::path::Path;

use super::{Store, system};
use crate::error::{Error, ErrorKind, NextStep, Result};

impl Store {
    /// Refuses a store that others may write to.
    pub(crate) fn check_access(&self) -> Result<()> {
        self.refuse_exposed(self.exposed())
    }

    /// Refuses a folder of the store, and the one above it, that others may write to.
    pub(crate) fn check_access_to(&self, folder: &Path) -> Result<()> {
        self.refuse_exposed(exposed(folder.parent().into_iter().chain([folder])))
    }

    fn refuse_exposed(&self, reason: Option<String>) -> Result<()> {
        let Some(reason) = reason else { return Ok(()) };
        let error = Error::new(ErrorKind::UntrustedStore, reason)
            .at(self.folder_of_user().display().to_string());
        Err(self.advice_on_access().into_iter().fold(error, Error::next))
    }

    /// Returns what makes a store one's own that others may write to.
    pub(crate) fn advice_on_access(&self) -> Vec<NextStep> {
        let restrict = NextStep::RestrictAccess {
            folder: self.folder_of_user().display().to_string(),
        };
        let move_away = NextStep::MoveStore {
            reason: "only you may be able to write to it".to_owned(),
        };
        vec![restrict, move_away]
    }

    /// Returns how others could write to the folders that hold everything.
    pub(super) fn exposed(&self) -> Option<String> {
        let versions = self.root().join("versions");
        let shared = system::write_access(self.folder_of_user(), true);
        shared
            .map(|reason| told(self.folder_of_user(), &reason))
            .or_else(|| exposed([self.root(), versions.as_path()]))
    }

    /// The folder that the user named, which holds the one of this layout.
    fn folder_of_user(&self) -> &Path {
        self.root().parent().unwrap_or(self.root())
    }
}

/// Returns how others could write to one of some files and folders; absent ones are skipped.
pub(super) fn exposed<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Option<String> {
    let mut paths = paths.into_iter();
    paths.find_map(|path| Some(told(path, &system::write_access(path, false)?)))
}

fn told(path: &Path, reason: &str) -> String {
    format!("others may write to {}: {reason}", path.display())
}
