//! The files of one run: private to the user, gone when the turn ends.

use std::fs;
use std::io::Write;
use std::path::Path;

use tempfile::TempDir;

use crate::error::Error;
use crate::invocation::RunFile;

/// A folder that only this user can read and that is removed on drop.
#[derive(Debug)]
pub(crate) struct RunFolder {
    folder: TempDir,
}

impl RunFolder {
    pub(crate) fn create() -> Result<Self, Error> {
        let folder = tempfile::Builder::new().prefix("amp-session-").tempdir();
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
