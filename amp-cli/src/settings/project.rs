//! The file that travels with a project, and how far it is looked for.
//!
//! It may set what a run does, so it is taken only from where the user put it: a file of theirs, in
//! the folder they are in or one of their own above it, up to the repository or their home.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::path::{Path, PathBuf};

#[cfg(unix)]
use self::unix as platform;
#[cfg(windows)]
use self::windows as platform;
use crate::context::Context;

pub(super) const NAME: &str = ".ampctl.toml";

/// A project file that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ProjectFile {
    /// It is the user's, and a file.
    Own(PathBuf),
    /// It is somebody else's, or no file.
    Foreign(PathBuf),
}

/// Looks for the nearest file of a name.
pub(super) fn nearest_file(name: &str, context: &Context) -> Option<ProjectFile> {
    let home = context.home();
    let is_home = |folder: &Path| {
        let same =
            |home: &PathBuf| home == folder || home.canonicalize().is_ok_and(|home| home == folder);
        home.as_ref().is_some_and(same)
    };
    for folder in context.directory.ancestors() {
        if folder != context.directory && !platform::is_private(folder) {
            break;
        }
        let path = folder.join(name);
        if path.symlink_metadata().is_ok() {
            return Some(match platform::is_own_file(&path) {
                true => ProjectFile::Own(path),
                false => ProjectFile::Foreign(path),
            });
        }
        if is_home(folder) || folder.join(".git").exists() {
            break;
        }
    }
    None
}
