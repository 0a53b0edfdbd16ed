//! Lines of a record, without secrets.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::Path;

use super::appended::Appended;
use super::behind::Behind;
use crate::secrets::{Cut, Secrets};

/// How much of the room for lines is kept for the next ones, in bytes.
const MOST_KEPT: usize = 1 << 20;

/// A file of lines without secrets, each of them appended whole.
#[derive(Debug)]
pub(crate) struct Lines {
    file: Appended,
    /// What is to be written next.
    waiting: Vec<u8>,
    secrets: Secrets,
    /// How many lines had a secret in them.
    redacted: u64,
    /// No more lines are written: a gap would be worse than an end.
    cut: bool,
    /// The last lines were not written at once, and nobody waits for them yet.
    is_behind: bool,
}

impl Lines {
    /// Creates a file that lines are to be appended to.
    pub(super) fn create(path: &Path) -> io::Result<File> {
        File::options().create_new(true).append(true).open(path)
    }

    pub(super) fn new(file: Appended, secrets: &Secrets) -> Self {
        Self {
            file,
            waiting: Vec::new(),
            secrets: secrets.clone(),
            redacted: 0,
            cut: false,
            is_behind: false,
        }
    }

    /// Appends a line; `cut` says whether it is a whole one.
    pub(crate) fn append(&mut self, line: &[u8], cut: Cut) {
        self.add(line, cut);
        self.write();
    }

    /// Takes a line in that [`write`](Self::write) writes, with those before it.
    pub(super) fn add(&mut self, line: &[u8], cut: Cut) {
        if self.cut {
            return;
        }
        let redacted = self.secrets.redacted(line, cut);
        self.redacted += u64::from(matches!(redacted, Cow::Owned(_)));
        self.waiting.extend_from_slice(&redacted);
        self.waiting.push(b'\n');
    }

    /// Writes the lines that were taken in.
    pub(super) fn write(&mut self) {
        if self.cut || self.waiting.is_empty() {
            return;
        }
        // Why not is in the failure of the record.
        let written = self.file.append(&self.waiting);
        self.waiting.clear();
        self.waiting.shrink_to(MOST_KEPT);
        self.cut = written.is_err();
        self.is_behind = matches!(written, Ok(false));
    }

    /// Returns the thread that writes the lines, where one does.
    pub(super) fn behind(&self) -> Option<&Behind> {
        self.file.behind()
    }

    /// Returns what waits until the last lines are written, unless that was done at once; the disk
    /// limit ends it.
    pub(super) fn unwritten(&mut self) -> Option<impl FnOnce() + Send + 'static> {
        let is_behind = std::mem::take(&mut self.is_behind);
        let file = self.file.behind().filter(|_| is_behind)?.clone();
        Some(move || {
            // Why not is in the failure of the record.
            let _ = file.flush();
        })
    }

    pub(super) fn redacted(&self) -> u64 {
        self.redacted
    }
}
