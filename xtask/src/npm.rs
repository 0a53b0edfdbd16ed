//! The npm client of this machine, for what is published and for the JavaScript versions.
//!
//! Which registry answers is npm's own configuration; no host is written here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Context, Result};

use crate::{command, machine};

/// The package of the JavaScript versions, and later a shim for the native ones.
pub const JAVASCRIPT_PACKAGE: &str = "@sourcegraph/amp";

/// The package of the native versions.
pub const NATIVE_PACKAGE: &str = "@ampcode/cli";

/// Time for an answer about a package.
const QUESTION_LIMIT: Duration = Duration::from_secs(60);

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
        let environment = machine::environment();
        Some(Self {
            npm: machine::find_program("npm", &environment)?,
            node: machine::find_program("node", &environment)?,
        })
    }

    /// Returns the folder that holds the `node` executable.
    #[must_use]
    pub fn node_folder(&self) -> &Path {
        self.node.parent().unwrap_or(&self.node)
    }

    /// Returns the newest published version of a package.
    ///
    /// # Errors
    /// When npm cannot be run or the registry does not answer.
    pub async fn newest(&self, package: &str) -> Result<String> {
        let spec = self.spec().with_arguments(["view", package, "version"]);
        let answer = command::output(spec, QUESTION_LIMIT).await?;
        let version = answer.trim().to_owned();
        crate::versions::build_time(&version)
            .with_context(|| format!("npm's newest version of {package}"))?;
        Ok(version)
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
            // Somebody else was faster; theirs is as good.
            Err(_) if folder.is_dir() => Ok(()),
            Err(error) => Err(error).with_context(|| format!("cannot fill {}", folder.display())),
        }
    }

    fn spec(&self) -> ProcessSpec {
        // npm is a script that looks for its node on the path.
        ProcessSpec::new(&self.npm).with_environment(machine::environment())
    }
}
