//! The files of one run: private to the user, gone when the turn ends.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::environment::{self, Environment};
use crate::error::Error;
use crate::invocation::RunFile;

/// A folder that only this user can read and that is removed on drop.
#[derive(Debug)]
pub(crate) struct RunFolder {
    folder: TempDir,
}

impl RunFolder {
    /// Creates it where the environment wants temporary files, else where the system does.
    pub(crate) fn create(environment: &Environment) -> Result<Self, Error> {
        let wanted = ["TMPDIR", "TEMP"];
        let base = wanted
            .iter()
            .find_map(|name| environment::value(environment, name));
        let base = base.map_or_else(std::env::temp_dir, PathBuf::from);
        let folder = tempfile::Builder::new()
            .prefix("amp-session-")
            .tempdir_in(base);
        Ok(Self {
            folder: folder.map_err(Error::RunFiles)?,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes the files with mode 0600.
    pub(crate) fn write(&mut self, files: &[RunFile]) -> Result<(), Error> {
        for file in files {
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options
                .open(&file.path)
                .and_then(|mut open| open.write_all(file.content.as_bytes()))
                .map_err(Error::RunFiles)?;
        }
        Ok(())
    }
}
