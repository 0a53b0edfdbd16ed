//! The Debian package in a root of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use amp_process::ProcessSpec;
use anyhow::{Result, ensure};

use super::root::Root;
use super::{LIMIT, Runs, untried};
use crate::release::target::Target;
use crate::{command, machine, say};

/// Installs the package into a root, runs what it brought, and removes it without a trace.
pub(super) async fn package(
    package: &Path,
    target: &Target,
    runs: &Runs,
    version: &str,
    required: bool,
) -> Result<()> {
    let tools = ["dpkg", "bwrap"];
    if let Some(tool) = tools
        .iter()
        .find(|tool| machine::find_program(tool).is_none())
    {
        return untried(&format!("the Debian package, for want of {tool}"), required);
    }
    let root = Root::new(runs).await?;
    for folder in [
        "var/lib/dpkg/info",
        "var/lib/dpkg/updates",
        "var/lib/dpkg/triggers",
    ] {
        fs::create_dir_all(root.path(folder))?;
    }
    fs::write(root.path("var/lib/dpkg/status"), "")?;
    let architecture = target.debian.unwrap_or_default();
    let dpkg = |arguments: &[&str]| {
        ProcessSpec::new("dpkg")
            .with_environment(machine::environment())
            .with_argument(format!("--root={}", root.folder.path().display()))
            .with_arguments([
                "--force-not-root",
                "--force-architecture",
                "--force-depends",
            ])
            .with_arguments(arguments.iter().copied())
    };
    command::output(dpkg(&["--install"]).with_argument(package), LIMIT).await?;
    for path in [
        "usr/share/man/man1/ampctl.1.gz",
        "usr/share/bash-completion/completions/ampctl",
        "usr/share/doc/ampctl/copyright",
    ] {
        ensure!(root.path(path).is_file(), "the package has no {path}");
    }
    let program = root.path("usr/bin/ampctl");
    let mode = fs::metadata(&program)?.permissions().mode();
    ensure!(mode & 0o777 == 0o755, "its program has mode {mode:o}");
    if !matches!(runs, Runs::Not) {
        let said = root.run("/usr/bin/ampctl", &["--version"]).await?.stdout;
        ensure!(said.contains(version), "it says {said:?}");
    }
    command::output(dpkg(&["--purge", "ampctl"]), LIMIT).await?;
    ensure!(!program.exists(), "the package leaves its program behind");
    say(format!(
        "tried{}: Debian package for {architecture}, installed and removed",
        runs.manner()
    ));
    Ok(())
}
