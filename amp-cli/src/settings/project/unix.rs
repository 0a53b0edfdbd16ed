//! Whose a file or a folder is.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Returns whether a folder is this user's, and not one where everybody may put files.
pub(super) fn is_private(folder: &Path) -> bool {
    const WRITABLE_BY_ALL: u32 = 0o002;
    folder
        .metadata()
        .is_ok_and(|about| is_own(&about) && about.mode() & WRITABLE_BY_ALL == 0)
}

/// Returns whether this is a file of this user's, and so is the link to it if there is one.
pub(super) fn is_own_file(path: &Path) -> bool {
    let link = path.symlink_metadata().is_ok_and(|about| is_own(&about));
    link && path
        .metadata()
        .is_ok_and(|about| about.is_file() && is_own(&about))
}

fn is_own(about: &Metadata) -> bool {
    is_own_of(about.uid(), rustix::process::geteuid().as_raw())
}

/// Judges an owner for a user; a file of the administrator is no more the user's than another's.
fn is_own_of(owner: u32, user: u32) -> bool {
    owner == user
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, lchown, symlink};

    use super::*;

    #[test]
    fn only_the_user_owns_what_is_the_users() {
        assert!(is_own_of(1000, 1000) && is_own_of(0, 0));
        assert!(!is_own_of(0, 1000) && !is_own_of(1000, 0) && !is_own_of(1001, 1000));
    }

    #[test]
    fn what_was_given_away_is_not_the_users() {
        const SOMEBODY: Option<u32> = Some(65_533);
        let folder = tempfile::tempdir().unwrap();
        let [file, link] = ["file", "link"].map(|name| folder.path().join(name));
        std::fs::write(&file, "").unwrap();
        symlink(&file, &link).unwrap();
        assert!(is_own_file(&file) && is_own_file(&link) && is_private(folder.path()));
        if let Err(error) = lchown(&link, SOMEBODY, None) {
            return fixtures::Requirement::Root.is_missing(error);
        }
        assert!(is_own_file(&file) && !is_own_file(&link));
        chown(&file, SOMEBODY, None).unwrap();
        assert!(!is_own_file(&file));
        chown(folder.path(), SOMEBODY, None).unwrap();
        assert!(!is_private(folder.path()));
    }
}
