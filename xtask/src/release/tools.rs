//! The subcommands of cargo that a release is built with: these versions, whatever else is on the path.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Context, Result};

use crate::{command, machine};

/// Packages and their versions.
const TOOLS: [(&str, &str); 2] = [("cargo-auditable", "0.7.7"), ("cargo-cyclonedx", "0.5.9")];

/// Time to build one on a small machine.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Installs them into a folder, but for those that are there, and returns the path of programs that
/// begins with them.
pub(super) async fn install(folder: &Path) -> Result<OsString> {
    for (package, version) in TOOLS {
        let cargo = ProcessSpec::new("cargo")
            .with_environment(machine::environment())
            .with_arguments(["install", "--locked", "--quiet", package])
            .with_arguments(["--version", &format!("={version}")])
            .with_argument("--root")
            .with_argument(folder);
        let installed = command::output(cargo, LIMIT).await;
        installed.with_context(|| format!("{package} {version} cannot be installed"))?;
    }
    let path = machine::search_path();
    let folders = [folder.join("bin")].into_iter();
    env::join_paths(folders.chain(env::split_paths(&path)))
        .with_context(|| format!("{} cannot be on a path", folder.display()))
}
