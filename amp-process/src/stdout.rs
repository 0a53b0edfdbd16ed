//! Standard output: the pipe, and the lines that come out of it.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use tokio::io::AsyncReadExt;

use crate::lines::{Line, LineBuffer};
use crate::platform::{self, OutputPipe};

/// Our end of the program's standard output.
pub(crate) struct Stdout {
    /// Gone once the output has ended.
    pipe: Option<OutputPipe>,
    /// How many more bytes are wanted, if there is an end to that.
    wanted: Option<u64>,
    lines: LineBuffer,
}

impl Stdout {
    /// Returns the lines of `pipe`, each of up to `max_line` bytes.
    pub(crate) fn new(pipe: OutputPipe, max_line: usize) -> Self {
        Self {
            pipe: Some(pipe),
            wanted: None,
            lines: LineBuffer::new(max_line),
        }
    }

    /// Returns the next line among what was read.
    pub(crate) fn next_line(&mut self) -> Option<Line> {
        let line = self.lines.next_line();
        if line.is_none() && !self.is_open() {
            return self.lines.last_line();
        }
        line
    }

    /// Returns whether more may be read.
    pub(crate) fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Returns whether there is no end yet to what may be read.
    pub(crate) fn is_unlimited(&self) -> bool {
        self.is_open() && self.wanted.is_none()
    }

    /// Limits what is read to what has been written by now.
    pub(crate) fn limit(&mut self) {
        let buffered = self.pipe.as_ref().and_then(platform::buffered_bytes);
        self.wanted = buffered.filter(|count| *count > 0);
        if self.wanted.is_none() {
            self.close();
        }
    }

    /// Reads no more.
    pub(crate) fn close(&mut self) {
        self.pipe = None;
    }

    /// Reads once, and returns whether anything came; nothing comes of a pipe that has ended.
    pub(crate) fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let Some(pipe) = &mut self.pipe else {
            return Poll::Pending;
        };
        let wanted = self.wanted.map_or(usize::MAX, |wanted| {
            usize::try_from(wanted).unwrap_or(usize::MAX)
        });
        let mut room = self.lines.room().limit(wanted);
        let read = ready!(pin!(pipe.read_buf(&mut room)).poll(context));
        let count = *read.as_ref().unwrap_or(&0);
        self.wanted = self.wanted.map(|wanted| wanted - count as u64);
        if count == 0 || self.wanted == Some(0) {
            self.close();
        }
        Poll::Ready(read.map(|count| count > 0))
    }
}
