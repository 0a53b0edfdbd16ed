//! Lines of a record, without secrets.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::Path;

use super::appended::Appended;
use crate::secrets::{Cut, Secrets};

/// A file of lines without secrets, each of them appended whole.
#[derive(Debug)]
pub(crate) struct Lines {
    file: Appended,
    line: Vec<u8>,
    secrets: Secrets,
    /// How many lines had a secret in them.
    redacted: u64,
    /// No more lines are written: a gap would be worse than an end.
    cut: bool,
    /// The last line was not written at once.
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
            line: Vec::new(),
            secrets: secrets.clone(),
            redacted: 0,
            cut: false,
            is_behind: false,
        }
    }

    /// Appends a line; `cut` says whether it is a whole one.
    pub(crate) fn append(&mut self, line: &[u8], cut: Cut) {
        if self.cut {
            return;
        }
        let redacted = self.secrets.redacted(line, cut);
        self.redacted += u64::from(matches!(redacted, Cow::Owned(_)));
        self.line.clear();
        self.line.extend_from_slice(&redacted);
        self.line.push(b'\n');
        // Why not is in the failure of the record.
        let written = self.file.append(&self.line);
        self.cut = written.is_err();
        self.is_behind = matches!(written, Ok(false));
    }

    /// Returns what waits until the last line is written, unless that was done at once; the disk
    /// limit ends it.
    pub(super) fn unwritten(&self) -> Option<impl FnOnce() + Send + 'static> {
        let file = self.is_behind.then(|| self.file.clone())?;
        Some(move || {
            // Why not is in the failure of the record.
            let _ = file.flush();
        })
    }

    pub(super) fn redacted(&self) -> u64 {
        self.redacted
    }
}
