//! A CLI that is a shell script.

use std::path::Path;

use xtask::installed_cli::InstalledCli;

/// Writes a script into `folder` and returns it as an installed CLI.
pub(crate) fn script_cli(folder: &Path, script: &str) -> InstalledCli {
    let executable = folder.join("amp");
    fixtures::write_script(&executable, script);
    InstalledCli {
        version: fixtures::NEWEST_VERSION.to_owned(),
        executable,
        installation: folder.to_path_buf(),
        search_path: "/usr/bin:/bin".into(),
    }
}
