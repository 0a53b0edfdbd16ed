//! Reading a file of Amp's or the user's: an ordinary one, and no larger than such files are.

use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// The longest file that is read, in bytes.
const LONGEST: u64 = 4 << 20;

/// Returns what a file holds.
///
/// A pipe in its place would block us, and what comes out of it next time is its writer's choice.
///
/// # Errors
/// When it cannot be read, and with [`io::ErrorKind::IsADirectory`] for a folder,
/// [`io::ErrorKind::Unsupported`] for a pipe or a device, and [`io::ErrorKind::FileTooLarge`].
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    is_ordinary(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    // Whoever puts a pipe there meanwhile cannot make us wait for its writer.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let file = options.read(true).open(path)?;
    is_ordinary(&file.metadata()?)?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        let reason = format!("it is larger than {} MiB", LONGEST >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

fn is_ordinary(about: &Metadata) -> io::Result<()> {
    use io::ErrorKind::{IsADirectory, Unsupported};
    if about.is_dir() {
        return Err(io::Error::new(IsADirectory, "it is a folder"));
    }
    if !about.is_file() {
        return Err(io::Error::new(Unsupported, "it is no ordinary file"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit_and_not_beyond() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let longest = usize::try_from(LONGEST).unwrap();
        fs::write(&path, vec![b' '; longest]).unwrap();
        assert_eq!(read(&path).unwrap().len(), longest);
        fs::write(&path, vec![b' '; longest + 1]).unwrap();
        let error = read(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(error.to_string(), "it is larger than 4 MiB");
    }

    #[test]
    fn a_folder_and_nothing_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let kind = |path: &Path| read(path).unwrap_err().kind();
        assert_eq!(kind(folder.path()), io::ErrorKind::IsADirectory);
        assert_eq!(kind(&folder.path().join("no")), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_and_a_device_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let mode = rustix::fs::Mode::from(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, mode).unwrap();
        for path in [&pipe, Path::new("/dev/zero")] {
            let kind = read(path).unwrap_err().kind();
            assert_eq!(kind, io::ErrorKind::Unsupported, "{}", path.display());
        }
    }
}
