//! The file that holds the rules of a scope, and how it is replaced as a whole.

#[cfg(unix)]
#[path = "place/unix.rs"]
mod platform;
#[cfg(not(unix))]
#[path = "place/windows.rs"]
mod platform;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::file_lock;
use crate::ordinary_file;
use crate::settings::SettingsScope;

/// How long another writer is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Where a settings file really is.
#[derive(Debug)]
pub(super) struct Place {
    /// The file, links followed.
    pub(super) file: PathBuf,
    scope: SettingsScope,
}

impl Place {
    /// Follows the links of a path; those of a workspace may not lead out of it, because whoever
    /// wrote the repository made them.
    pub(super) fn find(path: &Path, scope: SettingsScope) -> io::Result<Self> {
        let real = real(path)?;
        let workspace = path.parent().and_then(Path::parent);
        if let (SettingsScope::Workspace, Some(workspace)) = (scope, workspace)
            && !real.starts_with(fs::canonicalize(workspace)?)
        {
            let reason = format!("it is a link out of the workspace, to {}", real.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
        }
        Ok(Self { file: real, scope })
    }

    /// Makes the file's folder and keeps other writers of this crate out of it for as long as what
    /// is returned lives.
    pub(super) fn lock(&self) -> io::Result<Option<File>> {
        let folder = self.folder();
        fs::create_dir_all(folder)?;
        // Windows opens no folders this way; there a change that comes between is found by the
        // comparison in `replace` alone.
        if cfg!(windows) {
            return Ok(None);
        }
        let end = Instant::now() + LONGEST_WAIT;
        loop {
            match file_lock::take_whole(folder) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < end => {
                }
                result => return result.map(Some),
            }
        }
    }

    /// Returns the bytes of the file; `None` when there is none.
    pub(super) fn read(&self) -> io::Result<Option<Vec<u8>>> {
        match ordinary_file::read(&self.file) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the whole file beside its place and renames it there, with the mode and the owner
    /// that the old one had.
    ///
    /// Returns false, and changes nothing, when the file is no longer what it was.
    pub(super) fn replace(&self, before: Option<&[u8]>, after: &str) -> io::Result<bool> {
        let mut builder = tempfile::Builder::new();
        if let Some(mode) = platform::new_mode(self.scope) {
            builder.permissions(mode);
        }
        let mut file = builder
            .prefix(".amp-settings-")
            .tempfile_in(self.folder())?;
        file.write_all(after.as_bytes())?;
        if before.is_some() {
            let old = fs::metadata(&self.file)?;
            platform::keep_owner(file.as_file(), &old)?;
            file.as_file().set_permissions(old.permissions())?;
        }
        file.as_file().sync_all()?;
        if self.read()?.as_deref() != before {
            return Ok(false);
        }
        match before {
            Some(_) => file.persist(&self.file).map_err(|error| error.error)?,
            None => match file.persist_noclobber(&self.file) {
                Ok(file) => file,
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                    return Ok(false);
                }
                Err(error) => return Err(error.error),
            },
        };
        Ok(true)
    }

    fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("/"))
    }
}

/// Follows the links of a path whose last parts may not exist yet.
fn real(path: &Path) -> io::Result<PathBuf> {
    match (fs::canonicalize(path), path.parent(), path.file_name()) {
        (Ok(real), ..) => Ok(real),
        (Err(error), Some(parent), Some(name))
            if error.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_err() =>
        {
            Ok(real(parent)?.join(name))
        }
        (Err(error), ..) => Err(error),
    }
}
