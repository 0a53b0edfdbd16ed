//! A mirror of the bucket in a folder, made of what is installed, for machines without a network.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use tempfile::NamedTempFile;

use crate::digest::{Digest, Hasher};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::install::Installed;
use crate::source::{NEWEST_PATH, checksum_path, executable_path};
use crate::version::CliVersion;

/// Adds an installed executable to a mirror of the bucket, and returns the files that it wrote.
///
/// The bytes are hashed on their way: what is in the store and is not what was installed goes
/// nowhere. A mirror may hold several versions and platforms; the newest version that was added is
/// the one it announces.
///
/// # Errors
///
/// [`ErrorKind::ChecksumMismatch`] when the executable is not the one that was installed, and the
/// kinds of storage.
pub fn export_to_mirror(installed: &Installed, folder: &Path) -> Result<Vec<PathBuf>> {
    let (version, platform) = (&installed.version, &installed.platform);
    let packed = folder.join(format!("{}.gz", executable_path(version, platform)));
    write_file(&packed, |to| {
        let mut from = File::open(&installed.path)
            .map_err(|cause| Error::storage("read", &installed.path, cause))?;
        // Without a time in it, so that the same executable is always the same file.
        let mut encoder = GzBuilder::new().write(to, Compression::default());
        let actual = copy_and_hash(&mut from, &mut encoder)
            .and_then(|digest| encoder.finish().map(|_| digest))
            .map_err(|cause| Error::storage("write", &packed, cause))?;
        if Digest::from_sha256_hex(&installed.sha256) == Some(actual) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::ChecksumMismatch,
            "the executable is not the one installed",
        )
        .at(installed.path.display().to_string())
        .compare(format!("sha256:{}", installed.sha256), actual.to_string())
        .next(NextStep::SuspectTampering))
    })?;
    let checksum = folder.join(checksum_path(version, platform));
    write_text(&checksum, &format!("{}\n", installed.sha256))?;
    let mut written = vec![packed, checksum];
    let newest = folder.join(NEWEST_PATH);
    if announced(&newest).is_none_or(|announced| announced < *version) {
        write_text(&newest, &format!("{version}\n"))?;
        written.push(newest);
    }
    Ok(written)
}

/// Returns the version that a mirror announces, if it does.
fn announced(path: &Path) -> Option<CliVersion> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn copy_and_hash(from: &mut impl Read, to: &mut impl Write) -> io::Result<Digest> {
    let mut hasher = Hasher::sha256();
    let mut buffer = vec![0; 128 * 1024];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            count => {
                hasher.update(&buffer[..count]);
                to.write_all(&buffer[..count])?;
            }
        }
    }
}

fn write_text(path: &Path, text: &str) -> Result<()> {
    write_file(path, |to| {
        to.write_all(text.as_bytes())
            .map_err(|cause| Error::storage("write", path, cause))
    })
}

/// Writes a file whole or not at all; others may read it, as is the point of a mirror.
fn write_file(path: &Path, write: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let failed = |cause| Error::storage("write", path, cause);
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(failed)?;
    let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
    write(file.as_file_mut())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let permissions = fs::Permissions::from_mode(0o644);
        file.as_file()
            .set_permissions(permissions)
            .map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
