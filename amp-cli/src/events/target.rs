//! What `--events` names: a descriptor that `ampctl` was started with, or a file.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use super::sink::Sink;

/// Begins to write to a descriptor, where the word is a number, or else to a file.
///
/// # Errors
/// When there is no such descriptor, and for what is neither an ordinary file nor a named pipe.
pub(super) fn open(word: &str, path: &Path) -> io::Result<Sink> {
    if let Ok(number) = word.parse() {
        let file = inherited(number)?;
        return Sink::start(move || Ok(file));
    }
    if is_named_pipe(path) {
        let path = path.to_owned();
        // It takes until somebody reads it.
        return Sink::start(move || checked(OpenOptions::new().write(true).open(&path)?));
    }
    let file = checked(append(path)?)?;
    Sink::start(move || Ok(file))
}

#[cfg(unix)]
fn inherited(number: i32) -> io::Result<File> {
    amp_session::process::take_inherited(number).map(File::from)
}

#[cfg(not(unix))]
fn inherited(_: i32) -> io::Result<File> {
    let why = "descriptors are not passed on by number here; name a file";
    Err(io::Error::new(io::ErrorKind::Unsupported, why))
}

/// Opens a file to append to it; one that is made for it is its owner's alone.
fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A device or a pipe in its place cannot make us wait.
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

/// Refuses what is neither an ordinary file nor a named pipe, wherever a link has led.
fn checked(file: File) -> io::Result<File> {
    let about = file.metadata()?;
    if about.is_file() || is_pipe(&about) {
        return Ok(file);
    }
    let why = "it is neither an ordinary file nor a named pipe";
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

fn is_named_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|about| is_pipe(&about))
}

#[cfg(unix)]
fn is_pipe(about: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&about.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &Metadata) -> bool {
    false
}
