//! A CLI that is a shell script.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use xtask::installed_cli::InstalledCli;

/// Writes a script into `folder` and returns it as an installed CLI.
pub(crate) fn script_cli(folder: &Path, script: &str) -> InstalledCli {
    let executable = folder.join("amp");
    fs::write(&executable, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&executable, fs::Permissions::from_mode(0o755)).unwrap();
    InstalledCli {
        version: fixtures::NEWEST_VERSION.to_owned(),
        executable,
        installation: folder.to_path_buf(),
        search_path: "/usr/bin:/bin".into(),
    }
}
