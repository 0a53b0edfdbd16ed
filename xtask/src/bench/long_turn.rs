//! A turn as long as wanted: what a recording begins and ends with, and other lines between.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};

/// The first and the last line of a recorded turn.
pub(super) struct LongTurn {
    first: String,
    last: String,
}

impl LongTurn {
    /// Reads the recording of the newest version.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read() -> Result<Self> {
        let recording = fixtures::recording(fixtures::NEWEST_VERSION, "text")?;
        let recorded = std::fs::read_to_string(recording.folder.join("stdout.jsonl"))?;
        let first = recorded.lines().next().context("the recording is empty")?;
        let last = recorded.lines().last().context("the recording is empty")?;
        Ok(Self {
            first: first.to_owned(),
            last: last.to_owned(),
        })
    }

    /// Writes the turn with these lines in it, over and over up to `length` bytes, and returns how
    /// many lines it has.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write_file(
        &self,
        path: &Path,
        lines: &[String],
        length: usize,
    ) -> io::Result<usize> {
        let mut target = BufWriter::new(File::create(path)?);
        writeln!(target, "{}", self.first)?;
        let (mut written, mut count) = (0, 2);
        for line in lines.iter().cycle() {
            if written >= length {
                break;
            }
            writeln!(target, "{line}")?;
            written += line.len() + 1;
            count += 1;
        }
        writeln!(target, "{}", self.last)?;
        target.flush()?;
        Ok(count)
    }

    /// Returns the lines of a turn in which these bytes stand in for a line, without a line feed
    /// after them unless they have one.
    pub(super) fn around(&self, bytes: &[u8]) -> Vec<u8> {
        let (first, last) = (self.first.as_bytes(), self.last.as_bytes());
        [first, b"\n", bytes, b"\n", last, b"\n"].concat()
    }

    /// Returns this turn with each of its lines changed.
    pub(super) fn map(self, change: impl Fn(&str) -> String) -> Self {
        Self {
            first: change(&self.first),
            last: change(&self.last),
        }
    }
}
