//! CLI versions of the manifest, installed and ready to run in a throw-away home.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_bootstrap::{InstallRequest, Silent, Source, Store, VersionSpec, Warning};
use amp_process::ProcessSpec;
use anyhow::{Context, Result, bail};

use crate::npm::{JAVASCRIPT_PACKAGE, Npm};
use crate::versions::{Packaging, Version};
use crate::{command, machine};

/// Time for `amp --version`: a cold start of the slowest build takes about a second.
const VERSION_LIMIT: Duration = Duration::from_secs(60);

/// A version that can be run.
#[derive(Debug, Clone)]
pub struct InstalledCli {
    /// The published number.
    pub version: String,
    /// The executable, or the script that Node.js runs.
    pub executable: PathBuf,
    /// The folder of the CLI's own files, which its error messages may show.
    pub installation: PathBuf,
    /// The value of `PATH` that it is run with.
    pub search_path: OsString,
}

/// Whether a version can be run here.
#[derive(Debug, Clone)]
pub enum Installation {
    /// It is installed.
    Ready(InstalledCli),
    /// It cannot be installed on this machine; the reason is for the maintainer.
    Unavailable(String),
}

/// Installs a version, or finds it where it was installed before.
///
/// # Errors
/// When it should be possible here and failed: the registry does not answer, what was published
/// does not verify, or the program calls itself another version.
pub async fn install(version: &Version) -> Result<Installation> {
    let cli = match version.packaging {
        Packaging::Javascript => {
            let Some(npm) = Npm::find() else {
                return Ok(Installation::Unavailable(
                    "node and npm are not on the path, and this version is JavaScript".to_owned(),
                ));
            };
            let folder = install_javascript(&npm, &version.number).await?;
            InstalledCli {
                version: version.number.clone(),
                executable: folder.join("node_modules/.bin/amp"),
                installation: folder
                    .join("node_modules")
                    .join(JAVASCRIPT_PACKAGE)
                    .join("dist"),
                search_path: join_path(npm.node_folder(), &machine::search_path())?,
            }
        }
        Packaging::Native => {
            // npm keeps every version, also since the newest ones are published elsewhere.
            let spec = VersionSpec::Exact(version.number.parse()?);
            install_native(spec, &[Source::Npm, Source::Bucket]).await?
        }
    };
    cli.check_version().await?;
    Ok(Installation::Ready(cli))
}

/// Installs versions, as [`install`] does, and leaves out those that cannot be installed here.
///
/// # Errors
/// As for [`install`].
pub async fn ready<'a>(versions: &[&'a Version]) -> Result<Vec<(&'a Version, InstalledCli)>> {
    let mut ready = Vec::new();
    for version in versions {
        match install(version).await? {
            Installation::Ready(cli) => ready.push((*version, cli)),
            Installation::Unavailable(reason) => {
                crate::note(format!("{}: skipped: {reason}", version.number));
            }
        }
    }
    Ok(ready)
}

impl InstalledCli {
    /// Returns the environment of a run with `home` as the home folder; of this machine's own it
    /// has the path alone.
    #[must_use]
    pub fn environment(&self, home: &Path) -> BTreeMap<OsString, OsString> {
        [
            ("PATH", self.search_path.as_os_str()),
            ("HOME", home.as_os_str()),
            ("LANG", "C.UTF-8".as_ref()),
            ("AMP_SKIP_UPDATE_CHECK", "1".as_ref()),
        ]
        .map(|(name, value)| (name.into(), value.to_owned()))
        .into()
    }

    /// Describes a run in that environment.
    #[must_use]
    pub fn spec(&self, home: &Path) -> ProcessSpec {
        ProcessSpec::new(&self.executable).with_environment(self.environment(home))
    }

    async fn check_version(&self) -> Result<()> {
        let home = tempfile::tempdir()?;
        let spec = self.spec(home.path()).with_argument("--version");
        let answer = command::output(spec, VERSION_LIMIT).await?;
        if answer.split_whitespace().next() != Some(&self.version) {
            bail!(
                "{} calls itself `{}`",
                self.executable.display(),
                answer.trim()
            );
        }
        Ok(())
    }
}

/// Returns the folder that npm installed a version into.
async fn install_javascript(npm: &Npm, number: &str) -> Result<PathBuf> {
    let folder = machine::cli_store().join("javascript").join(number);
    if !folder.is_dir() {
        crate::note(format!("installing {number}"));
        npm.install(JAVASCRIPT_PACKAGE, number, &folder).await?;
    }
    Ok(folder)
}

/// Installs a native version through `amp-bootstrap`, which verifies it; the sources are asked in
/// this order.
///
/// # Errors
/// When no source can be reached, or what it has does not verify.
pub async fn install_native(spec: VersionSpec, sources: &[Source]) -> Result<InstalledCli> {
    // The latest version here is what is published now.
    let request = InstallRequest::new(spec)
        .with_sources(sources.iter().cloned())
        .with_latest_for(Duration::ZERO);
    let installed = tokio::task::spawn_blocking(move || {
        let store = Store::at(machine::cli_store().join("native"));
        amp_bootstrap::install(&store, &request, &machine::environment(), &Silent)
    })
    .await??;
    let stale = |warning: &Warning| matches!(warning, Warning::NewestUnknown { .. });
    if installed.warnings.iter().any(stale) {
        bail!("no source could say which version is the newest published one");
    }
    Ok(InstalledCli {
        version: installed.version.to_string(),
        installation: installed
            .path
            .parent()
            .unwrap_or(&installed.path)
            .to_path_buf(),
        executable: installed.path,
        search_path: machine::search_path(),
    })
}

fn join_path(first: &Path, rest: &OsString) -> Result<OsString> {
    let folders = std::iter::once(first.to_path_buf()).chain(std::env::split_paths(rest));
    std::env::join_paths(folders).context("the path holds a separator")
}
