//! Who may run a file, as Windows decides it: by its name.

use std::path::Path;

pub(crate) fn assert_everybody_may_run(path: &Path) {
    assert!(somebody_may_run(path), "{}", path.display());
}

pub(crate) fn somebody_may_run(path: &Path) -> bool {
    // Platforms without a suffix stand for the one that has it.
    path.file_stem().is_some_and(|name| name == "amp")
}
