//! Writing files so that readers find them whole: as they were, or as they are now.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;

use serde::Serialize;
use tempfile::NamedTempFile;

/// A file that is written beside its place; its owner alone can read it.
#[derive(Debug)]
pub(crate) struct Draft {
    file: NamedTempFile,
    place: PathBuf,
}

impl Draft {
    /// Writes a value as JSON.
    pub(crate) fn json(place: &Path, value: &impl Serialize) -> io::Result<Self> {
        let mut text = serde_json::to_vec_pretty(value)?;
        text.push(b'\n');
        let folder = place.parent().unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(&text)?;
        Ok(Self {
            file,
            place: place.to_path_buf(),
        })
    }

    /// Puts it in its place without waiting for the disk: a loss of power may leave an empty file.
    pub(crate) fn put_unflushed(self) -> io::Result<()> {
        self.file.persist(self.place)?;
        Ok(())
    }
}

/// Writes a value as JSON, flushed.
pub(crate) fn write_json(place: &Path, value: &impl Serialize) -> io::Result<()> {
    put(vec![Draft::json(place, value)?], None)
}

/// Flushes drafts, and what was appended to another file, and then puts them in their places in this
/// order. The disk is waited for once.
pub(crate) fn put(drafts: Vec<Draft>, appended: Option<&File>) -> io::Result<()> {
    let files = drafts.iter().map(|draft| draft.file.as_file());
    flush(&files.chain(appended).collect::<Vec<_>>())?;
    drafts.into_iter().try_for_each(Draft::put_unflushed)
}

/// Flushes files at the same time: a disk takes no longer for all of them than for one.
fn flush(files: &[&File]) -> io::Result<()> {
    let Some((last, others)) = files.split_last() else {
        return Ok(());
    };
    thread::scope(|scope| {
        let mut begun = Vec::new();
        for file in others {
            let flush = move || file.sync_all();
            let other = thread::Builder::new().spawn_scoped(scope, flush);
            // Where there is no thread to be had it is done here.
            begun.push(other.map_err(|_| flush));
        }
        let mut flushed = last.sync_all();
        for other in begun {
            let other = match other.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(other)) => other,
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
                Err(flush) => flush(),
            };
            flushed = flushed.and(other);
        }
        flushed
    })
}
