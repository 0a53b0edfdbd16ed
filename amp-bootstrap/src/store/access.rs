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

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::store::EntryState;
    use crate::store::tests::{LINUX, install, store, version};

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    /// Checks that an access was refused because of a folder that everybody may write to, with
    /// advice on the folder that the user named.
    fn is_refused(outcome: Result<()>, exposed: &Path, of_user: &Path) {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UntrustedStore);
        let reason = format!("others may write to {}: its mode is 777", exposed.display());
        assert!(error.to_string().contains(&reason), "{error}");
        let restrict = NextStep::RestrictAccess {
            folder: of_user.display().to_string(),
        };
        let [first, NextStep::MoveStore { .. }] = &error.next_steps()[..] else {
            panic!("{error:?}");
        };
        assert_eq!(*first, restrict);
    }

    #[test]
    fn a_store_that_everybody_may_write_to_is_refused_and_nothing_in_it_is_trusted() {
        let (folder, store) = store();
        install(&store, &version(1));
        let versions = store.root().join("versions");
        for exposed in [folder.path(), store.root(), &versions] {
            set_mode(exposed, 0o777);
            is_refused(store.check_access(), exposed, folder.path());
            let found = store.find(&version(1), LINUX).unwrap();
            assert!(matches!(found.state, EntryState::Untrusted(_)), "{found:?}");
            assert_eq!(store.list().unwrap(), [found]);
            set_mode(exposed, 0o700);
            store.check_access().unwrap();
            let found = store.find(&version(1), LINUX).unwrap();
            assert_eq!(found.state, EntryState::Sound);
        }
    }

    #[test]
    fn a_folder_is_refused_that_everybody_may_write_to_or_replace() {
        let (of_user, store) = store();
        install(&store, &version(1));
        let folder = store.folder(&version(1), LINUX);
        for exposed in [folder.parent().unwrap(), &folder] {
            set_mode(exposed, 0o777);
            is_refused(store.check_access_to(&folder), exposed, of_user.path());
            let found = store.find(&version(1), LINUX).unwrap();
            assert!(matches!(found.state, EntryState::Untrusted(_)), "{found:?}");
            set_mode(exposed, 0o700);
            store.check_access_to(&folder).unwrap();
        }
    }
}
