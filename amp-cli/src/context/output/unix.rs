//! Writes to a reader that may stop reading; signals and deadlines count meanwhile.

use std::fs::File;
use std::io::{self, LineWriter, Stderr, Stdout, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::Output;
use crate::context::Requests;

/// What a pipe with room takes without blocking (`PIPE_BUF` of Linux; POSIX promises 512).
const PIECE: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };

/// How often a stalled write looks for a reason to end.
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// How long a reader may stall after that before the write fails.
const GRACE: Duration = Duration::from_secs(2);

/// Returns an output that keeps the beginning of a line until the line is whole.
pub(super) fn standard_output(stream: Stdout, requests: Requests) -> Output {
    match InterruptibleWriter::new(&stream, requests) {
        Ok(writer) => Output::new(LineWriter::new(writer)),
        Err(_) => Output::new(stream),
    }
}

/// Returns an output that writes at once.
pub(super) fn standard_error(stream: Stderr, requests: Requests) -> Output {
    match InterruptibleWriter::new(&stream, requests) {
        Ok(writer) => Output::new(writer),
        Err(_) => Output::new(stream),
    }
}

/// Writes to a stream of the process.
///
/// A plain write would wait for its reader for ever, and the signal that should end the program would
/// wait for the write.
struct InterruptibleWriter {
    stream: File,
    requests: Requests,
}

impl InterruptibleWriter {
    fn new(stream: &impl AsFd, requests: Requests) -> io::Result<Self> {
        let stream = File::from(stream.as_fd().try_clone_to_owned()?);
        Ok(Self { stream, requests })
    }

    /// Waits a little for room; what cannot be waited for says by itself what is wrong.
    fn is_writable(&self) -> bool {
        let mut room = [PollFd::new(&self.stream, PollFlags::OUT)];
        match poll(&mut room, Some(&LOOK)) {
            Ok(ready) => ready > 0,
            Err(error) => error != Errno::INTR,
        }
    }
}

impl Write for InterruptibleWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut end_of_grace = None;
        while !self.is_writable() {
            // The agent is stalled as well, by the lines that are not read.
            self.requests.suspend();
            if let Some(reason) = self.requests.reason() {
                let now = Instant::now();
                if now >= *end_of_grace.get_or_insert(now + GRACE) {
                    return Err(reason.into());
                }
            }
        }
        self.stream.write(&bytes[..bytes.len().min(PIECE)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
