//! The shells of a sandbox in which commands are not to see what the program itself has.
//!
//! In the place of each shell stands the shim, which takes the variables away, and puts what follows
//! into a domain of Landlock below the program's: from there its memory and its environment in
//! `/proc` cannot be read.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::entry::{self, Entry, Identity};
use super::evidence::Evidence;
use super::mount::Mount;
use crate::sandbox::policy::Access;

/// Where the shells themselves are.
pub(crate) const FOLDER: &str = "/run/amp-process-shells";
/// The variable that names those to take away, with colons between.
pub(crate) const VARIABLE: &str = "AMP_PROCESS_WITHHELD";

/// The names of shells that programs start.
const SHELLS: [&str; 2] = ["/bin/bash", "/bin/sh"];

/// A shell of this machine, by its path without links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shell {
    path: PathBuf,
    identity: Identity,
}

/// Finds the shells of this machine.
pub(super) fn find() -> Vec<Shell> {
    let mut found: Vec<Shell> = Vec::new();
    for name in SHELLS {
        let Ok(path) = Path::new(name).canonicalize() else {
            continue;
        };
        let Ok(identity) = Identity::of(&path) else {
            continue;
        };
        if !found.iter().any(|shell| shell.path == path) {
            found.push(Shell { path, identity });
        }
    }
    found
}

/// What puts the shim in the place of the shells.
pub(super) struct StandIn {
    pub(super) mounts: Vec<Mount>,
    pub(super) evidence: Vec<Evidence>,
    /// The value of [`VARIABLE`].
    pub(super) names: OsString,
}

/// Returns what puts `shim` in the place of `shells`; nothing where the folder for them would not
/// be the sandbox's own.
pub(super) fn stand_in(
    shells: &[Shell],
    shim: &Path,
    withheld: &[OsString],
    entries: &[Entry],
) -> Option<StandIn> {
    let folder = Path::new(FOLDER);
    if withheld.is_empty() || entry::access(entries, folder) != Access::Private {
        return None;
    }
    let visible = shells
        .iter()
        .filter(|shell| entry::access(entries, &shell.path) == Access::Readable);
    let (mut mounts, mut evidence) = (Vec::new(), Vec::new());
    for Shell { path, identity } in visible {
        let aside = folder.join(path.file_name()?);
        mounts.push(Mount::Substitute(path.clone(), aside));
        mounts.push(Mount::Substitute(shim.to_owned(), path.clone()));
        evidence.push(Evidence::Other(path.clone(), *identity));
    }
    Some(StandIn {
        mounts,
        evidence,
        names: withheld.join(std::ffi::OsStr::new(":")),
    })
}
