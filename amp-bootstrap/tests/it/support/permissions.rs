//! Who may run a file, as Unix decides it: by its mode.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode()
}

pub(crate) fn assert_everybody_may_run(path: &Path) {
    assert_eq!(mode(path) & 0o777, 0o755);
}

pub(crate) fn somebody_may_run(path: &Path) -> bool {
    mode(path) & 0o111 != 0
}
