//! What a command can read.

use std::fmt;
use std::io::{Cursor, IsTerminal, Read};
use std::sync::mpsc;
use std::time::Duration;

/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 4096;

/// How long the first byte of a piped input may take, for a command that does not need it.
const FIRST_BYTE: Duration = Duration::from_secs(10);

/// How much is read at first, in bytes.
const FIRST_READ: usize = 8192;

/// Represents standard input.
pub struct Input {
    source: Box<dyn Read + Send>,
    terminal: bool,
    first_byte: Duration,
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
            first_byte: FIRST_BYTE,
        }
    }

    /// Creates a pipe that somebody holds open and nobody writes to.
    #[cfg(test)]
    pub(crate) fn silent() -> Self {
        struct Silence(
            mpsc::Receiver<()>,
            #[expect(dead_code, reason = "held")] mpsc::Sender<()>,
        );
        impl Read for Silence {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                self.0.recv().map_err(std::io::Error::other).map(|()| 0)
            }
        }
        let (sender, receiver) = mpsc::channel();
        Self {
            source: Box::new(Silence(receiver, sender)),
            terminal: false,
            first_byte: Duration::from_millis(1),
        }
    }

    pub(super) fn of_process() -> Self {
        let stdin = std::io::stdin();
        Self {
            terminal: stdin.is_terminal(),
            source: Box::new(stdin),
            first_byte: FIRST_BYTE,
        }
    }

    /// Takes what is to be read, for who reads on a thread of its own; nothing is left here.
    #[cfg(feature = "acp")]
    pub(crate) fn take(&mut self) -> Box<dyn Read + Send> {
        std::mem::replace(&mut self.source, Box::new(std::io::empty()))
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
        read_at_most(&mut self.source, limit)
    }

    /// Reads to the end, as [`Input::read_to_end`] does, once somebody has begun to write.
    ///
    /// # Errors
    /// As for [`Input::read_to_end`]; the kind is [`TimedOut`](std::io::ErrorKind::TimedOut) when
    /// the pipe is open and nothing came in time, and then the input is lost.
    pub(crate) fn read_what_comes(&mut self, limit: u64) -> std::io::Result<Vec<u8>> {
        let mut source = std::mem::replace(&mut self.source, Box::new(std::io::empty()));
        let (sender, receiver) = mpsc::channel();
        // Windows cannot wait for a pipe with a limit, so somebody else does. A read of which
        // nothing comes ends with the process.
        std::thread::spawn(move || {
            let mut bytes = vec![0; FIRST_READ];
            let read = read_once(&mut *source, &mut bytes).map(|length| {
                bytes.truncate(length);
                bytes
            });
            let _ = sender.send((source, read));
        });
        let (source, begun) = receiver.recv_timeout(self.first_byte).map_err(|_| {
            std::io::Error::new(
                std::io::ErrorKind::TimedOut,
                format!(
                    "nothing came within {}",
                    crate::text::duration::clock(self.first_byte)
                ),
            )
        })?;
        let begun = begun?;
        self.source = if begun.is_empty() {
            source
        } else {
            Box::new(Cursor::new(begun).chain(source))
        };
        self.read_to_end(limit)
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

/// Reads to the end, at most `limit` bytes.
///
/// # Errors
/// When reading fails, or there is more.
pub(crate) fn read_at_most(source: impl Read, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let reason = format!("it is longer than {}", crate::text::size::bytes(limit));
        return Err(std::io::Error::new(
            std::io::ErrorKind::FileTooLarge,
            reason,
        ));
    }
    Ok(bytes)
}

fn read_once(source: &mut dyn Read, bytes: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match source.read(bytes) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return result,
        }
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
