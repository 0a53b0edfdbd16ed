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

impl Content {
    /// Reads what stands in a file.
    ///
    /// # Errors
    /// Says what is wrong with it.
    fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let text = String::from_utf8(bytes).map_err(|cause| cause.to_string())?;
        let content: Self = toml::from_str(&text).map_err(|cause| cause.message().to_owned())?;
        for (platform, sha256) in &content.sha256 {
            let is_of_name = |one: u8| one.is_ascii_alphanumeric() || one == b'-';
            if platform.is_empty() || !platform.bytes().all(is_of_name) {
                return Err(format!("{platform:?} is the name of no platform"));
            }
            if sha256.len() != 64 || !sha256.bytes().all(|one| one.is_ascii_hexdigit()) {
                return Err(format!(
                    "the sum for {platform} is not 64 hexadecimal digits"
                ));
            }
        }
        Ok(content)
    }
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
        let content = named_file::read(&path, LONGEST)
            .map_err(|cause| cause.to_string())
            .and_then(Content::parse);
        match content {
            Ok(Content { version, sha256 }) => Ok(Some(Self {
                path,
                version,
                sha256,
            })),
            Err(reason) => Err(unusable(&path, &reason)),
        }
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
        .hint("correct the file, or move it away to run without it")
}

/// Reads bytes as a lock file, for the fuzzer and the tests: what can be read is written so that it
/// reads the same.
#[cfg(any(test, fuzzing))]
pub(crate) fn check_promises(bytes: &[u8]) {
    let Ok(Content { version, sha256 }) = Content::parse(bytes.to_vec()) else {
        return;
    };
    let lock = LockFile {
        path: PathBuf::from(NAME),
        version,
        sha256,
    };
    let again = Content::parse(lock.text().into_bytes()).expect("what was written can be read");
    assert_eq!((again.version, again.sha256), (lock.version, lock.sha256));
}

#[cfg(test)]
mod tests {
    use super::{Content, check_promises};

    #[test]
    fn seeds_hold_what_is_promised_and_so_do_damaged_ones() {
        fixtures::with_seeds(env!("CARGO_MANIFEST_DIR"), "lock_file", check_promises);
    }

    #[test]
    fn what_is_no_platform_and_what_is_no_sum_is_refused() {
        for line in ["\"a b\" = \"00\"", "linux-x64 = \"00\""] {
            let text = format!("version = \"0.0.1790142911-g7618fb\"\n[sha256]\n{line}\n");
            assert!(Content::parse(text.into_bytes()).is_err(), "{line}");
        }
    }
}
