//! The npm client of this machine, which installs the JavaScript versions.
//!
//! Which registry answers is npm's own configuration; no host is written here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Context, Result};

use crate::{command, machine};

/// The package of the JavaScript versions.
pub const JAVASCRIPT_PACKAGE: &str = "@sourcegraph/amp";

/// Time for an installation: about 10 MB.
const INSTALL_LIMIT: Duration = Duration::from_secs(300);

/// npm and the Node.js that it and the JavaScript versions run on.
#[derive(Debug, Clone)]
pub struct Npm {
    npm: PathBuf,
    node: PathBuf,
}

impl Npm {
    /// Finds npm and Node.js on this machine's path.
    #[must_use]
    pub fn find() -> Option<Self> {
        Some(Self {
            npm: machine::find_program("npm")?,
            node: machine::find_program("node")?,
        })
    }

    /// Returns the folder that holds the `node` executable.
    #[must_use]
    pub fn node_folder(&self) -> &Path {
        self.node.parent().unwrap_or(&self.node)
    }

    /// Installs a package into `folder`, which appears whole or not at all.
    ///
    /// Install scripts of packages are not run.
    ///
    /// # Errors
    /// When npm fails, or the folder cannot be written.
    pub async fn install(&self, package: &str, version: &str, folder: &Path) -> Result<()> {
        let parent = folder.parent().context("a folder without a parent")?;
        std::fs::create_dir_all(parent)?;
        let unfinished = tempfile::Builder::new()
            .prefix(".unfinished-")
            .tempdir_in(parent)?;
        let spec = self
            .spec()
            .with_arguments([
                "install",
                "--no-save",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--omit=dev",
            ])
            .with_argument("--prefix")
            .with_argument(unfinished.path())
            .with_argument(format!("{package}@{version}"));
        command::output(spec, INSTALL_LIMIT)
            .await
            .with_context(|| format!("cannot install {package} {version}"))?;
        match std::fs::rename(unfinished.path(), folder) {
            Ok(()) => {
                let _ = unfinished.keep();
                Ok(())
            }
            // Another process was faster; its file is as good.
            Err(_) if folder.is_dir() => Ok(()),
            Err(error) => Err(error).with_context(|| format!("cannot fill {}", folder.display())),
        }
    }

    fn spec(&self) -> ProcessSpec {
        // npm is a script that looks for its node on the path.
        ProcessSpec::new(&self.npm).with_environment(machine::environment())
    }
}
