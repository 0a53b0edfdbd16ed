//! From the name of a program to the file that is executed.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::platform;
use crate::spec::ProcessSpec;

impl ProcessSpec {
    /// Returns the absolute path of the file to execute.
    ///
    /// A path, never a bare name, is handed to the operating system: with a name std would have to
    /// fork to search the new `PATH`, and a fork costs more the more memory the host uses.
    ///
    /// # Errors
    ///
    /// Fails when `PATH` has no such program, or only some that nobody may execute. A path is not
    /// looked at.
    pub fn find_program(&self) -> Result<PathBuf, Error> {
        let program = &self.program;
        let not_found = |source| Error::spawn(program.clone(), false, source);
        if has_separator(program) {
            return std::path::absolute(program).map_err(not_found);
        }
        let path = platform::variable(&self.environment, "PATH");
        let candidates = path.into_iter().flat_map(std::env::split_paths);
        let mut unusable = None;
        for folder in candidates {
            let candidate = folder.join(program);
            let Some(candidate) = platform::with_program_suffix(candidate, &self.environment)
            else {
                continue;
            };
            match platform::is_executable(&candidate) {
                true => return std::path::absolute(candidate).map_err(not_found),
                false => unusable = Some(io::Error::from(io::ErrorKind::PermissionDenied)),
            }
        }
        Err(not_found(
            unusable.unwrap_or_else(|| io::ErrorKind::NotFound.into()),
        ))
    }
}

/// Checks the working directory first, so that its absence is not mistaken for the program's.
pub(crate) fn check_working_directory(spec: &ProcessSpec) -> Result<(), Error> {
    let Some(directory) = &spec.working_directory else {
        return Ok(());
    };
    let wrap = |source| Error::WorkingDirectory {
        directory: directory.clone(),
        source,
    };
    match std::fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(wrap(io::ErrorKind::NotADirectory.into())),
        Err(source) => Err(wrap(source)),
    }
}

/// Returns whether `program` is a path rather than a name.
fn has_separator(program: &Path) -> bool {
    program.components().count() > 1
}
