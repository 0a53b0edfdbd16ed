//! What a command can read.

use std::fmt;
use std::io::{Cursor, IsTerminal, Read};

/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 4096;

/// Represents standard input.
pub struct Input {
    source: Box<dyn Read + Send>,
    terminal: bool,
}

impl Input {
    /// Creates an input that is at its end.
    #[must_use]
    pub fn empty() -> Self {
        Self::piped(Vec::new())
    }

    /// Creates an input that holds these bytes, as a pipe would.
    #[must_use]
    pub fn piped(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            source: Box::new(Cursor::new(bytes.into())),
            terminal: false,
        }
    }

    pub(super) fn of_process() -> Self {
        let stdin = std::io::stdin();
        Self {
            terminal: stdin.is_terminal(),
            source: Box::new(stdin),
        }
    }

    /// Returns whether a person is typing.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Reads to the end, at most `limit` bytes.
    ///
    /// # Errors
    /// Fails when reading fails or when there is more than `limit` bytes.
    pub(crate) fn read_to_end(&mut self, limit: u64) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.source
            .by_ref()
            .take(limit + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(std::io::Error::other(format!(
                "it is longer than {}",
                crate::text::bytes(limit)
            )));
        }
        Ok(bytes)
    }

    /// Reads one line, without reading ahead.
    ///
    /// # Errors
    /// Fails when reading fails.
    pub(crate) fn read_line(&mut self) -> std::io::Result<String> {
        let mut line = Vec::new();
        let mut byte = [0];
        while line.len() < LONGEST_LINE && self.source.read(&mut byte)? == 1 && byte != [b'\n'] {
            line.extend(byte);
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Input")
            .field("terminal", &self.terminal)
            .finish_non_exhaustive()
    }
}
