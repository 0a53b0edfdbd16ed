//! `ampctl.lock`: the Amp that a project runs, to the byte.
//!
//! Taken from where a project file is, and only when it is the user's own. It arrives with a clone,
//! so it may narrow what runs and not widen it: a version that the user's own sources have, and what
//! its bytes must be.

use std::collections::BTreeMap;
use std::path::PathBuf;

use amp_bootstrap::{CliVersion, VersionSpec};
use serde::Deserialize;

use super::Layer;
use super::project::{self, ProjectFile};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::named_file;

const NAME: &str = "ampctl.lock";

/// The longest lock file that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// A lock file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LockFile {
    pub(crate) path: PathBuf,
    pub(crate) version: CliVersion,
    /// The SHA-256 of the executable for each platform, in hexadecimal.
    pub(crate) sha256: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: CliVersion,
    #[serde(default)]
    sha256: BTreeMap<String, String>,
}

impl LockFile {
    /// Reads the nearest one.
    ///
    /// # Errors
    /// Fails when it cannot be read: without it, another Amp would run.
    pub(super) fn find(context: &Context) -> Result<Option<Self>, Failure> {
        let path = match project::nearest_file(NAME, context) {
            Some(ProjectFile::Own(path)) => path,
            Some(ProjectFile::Foreign(path)) => {
                return Err(unusable(&path, "it is no file of yours"));
            }
            None => return Ok(None),
        };
        let failed = |reason: String| unusable(&path, &reason);
        let bytes = named_file::read(&path, LONGEST).map_err(|cause| failed(cause.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|cause| failed(cause.to_string()))?;
        let content: Content =
            toml::from_str(&text).map_err(|cause| failed(cause.message().to_owned()))?;
        Ok(Some(Self {
            path,
            version: content.version,
            sha256: content.sha256,
        }))
    }

    /// Returns the file that an installation in the current folder writes: the one that applies, or
    /// a new one there.
    pub(crate) fn written_by(
        applies: Option<Self>,
        version: &CliVersion,
        platform: &str,
        sha256: &str,
        context: &Context,
    ) -> Self {
        let mut lock = match applies {
            Some(lock) if lock.version == *version => lock,
            other => Self {
                path: other.map_or_else(|| context.directory.join(NAME), |lock| lock.path),
                version: version.clone(),
                sha256: BTreeMap::new(),
            },
        };
        lock.sha256.insert(platform.to_owned(), sha256.to_owned());
        lock
    }

    pub(super) fn layer(&self) -> Layer {
        Layer {
            version: Some(VersionSpec::Exact(self.version.clone())),
            ..Layer::default()
        }
    }

    /// Returns the file as it is written.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "# Written by `ampctl install --lock`: the Amp that runs in this project.\n\
             version = \"{}\"\n\n[sha256]\n",
            self.version
        );
        for (platform, sha256) in &self.sha256 {
            text.push_str(&format!("{platform} = \"{sha256}\"\n"));
        }
        text
    }
}

fn unusable(path: &std::path::Path, reason: &str) -> Failure {
    let what = format!("lock file {} cannot be used", path.display());
    Failure::new(ExitCode::Usage, what)
        .because(reason)
        .hint("mend the file, or move it away to go without")
}
