//! A folder for temporary files where no mount can make the shared one private.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::spec::ProcessSpec;

/// The variable by which programs find it.
pub(super) const VARIABLE: &str = "TMPDIR";

/// A folder that is its user's alone, and gone with this.
#[derive(Debug)]
pub(crate) struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// Makes it where the program would have its temporary files.
    pub(super) fn for_program(spec: &ProcessSpec) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let around = spec.environment.get(OsStr::new(VARIABLE));
        let around = around.map_or(Path::new("/tmp"), Path::new).canonicalize()?;
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = around.join(format!("amp-process-{}-{count}", std::process::id()));
            match std::fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                // Somebody else's, or left by a process of the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be removed is left to whoever clears the folder around it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
