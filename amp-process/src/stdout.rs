//! Standard output: the pipe, and the lines that come out of it.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BufMut;
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use crate::lines::{Line, LineBuffer};
use crate::platform::{self, OutputPipe};

/// More than a pipe and one read from it hold: what is read at the most of a pipe that cannot tell
/// how much has been written to it.
const MOST_BUFFERED: u64 = 4 * 1024 * 1024;

/// How long to wait, in all, for the bytes that such a pipe may hold. They come at once; this is
/// time for a busy machine.
const TAIL_LIMIT: Duration = Duration::from_secs(1);

/// Our end of the program's standard output.
pub(crate) struct Stdout {
    /// Gone once the output has ended.
    pipe: Option<OutputPipe>,
    /// How many more bytes are wanted, if there is an end to that.
    wanted: Option<u64>,
    /// Set when `wanted` is only the most that there can be.
    tail: Option<Tail>,
    lines: LineBuffer,
}

/// The wait for bytes that may not come.
struct Tail {
    /// How long it may still last.
    left: Duration,
    /// Since when a read has been waiting.
    since: Option<Instant>,
}

impl Stdout {
    /// Returns the lines of `pipe`, each of up to `max_line` bytes.
    pub(crate) fn new(pipe: OutputPipe, max_line: usize) -> Self {
        Self {
            pipe: Some(pipe),
            wanted: None,
            tail: None,
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
        match self.pipe.as_ref().and_then(platform::buffered_bytes) {
            Some(0) => self.close(),
            Some(count) => self.wanted = Some(count),
            None => self.limit_unknown(),
        }
    }

    /// Limits what is read to what can have been written by now.
    fn limit_unknown(&mut self) {
        self.wanted = Some(MOST_BUFFERED);
        self.tail = Some(Tail {
            left: TAIL_LIMIT,
            since: None,
        });
    }

    /// Returns when the wait for bytes that may not come is over; only time in which a read waits
    /// counts, not the time that the caller takes for its lines.
    pub(crate) fn tail_ends(&self) -> Option<Instant> {
        let tail = self.tail.as_ref().filter(|_| self.is_open())?;
        tail.ends()
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
        let read = pin!(pipe.read_buf(&mut room)).poll(context);
        if let Some(tail) = &mut self.tail {
            tail.note(read.is_pending(), Instant::now());
        }
        let read = ready!(read);
        let count = *read.as_ref().unwrap_or(&0);
        self.wanted = self.wanted.map(|wanted| wanted - count as u64);
        if count == 0 || self.wanted == Some(0) {
            self.close();
        }
        Poll::Ready(read.map(|count| count > 0))
    }
}

impl Tail {
    /// Notes whether a read waits, after each attempt to read.
    fn note(&mut self, is_waiting: bool, now: Instant) {
        if is_waiting {
            self.since.get_or_insert(now);
        } else if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(now - since);
        }
    }

    /// Returns when the wait that is on is over.
    fn ends(&self) -> Option<Instant> {
        self.since.map(|since| since + self.left)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Duration, Instant};

    use super::Tail;

    #[test]
    fn the_wait_for_a_tail_counts_all_time_that_a_read_waits_and_no_other() {
        const SECOND: Duration = Duration::from_secs(1);
        let start = Instant::now();
        let mut tail = Tail {
            left: 10 * SECOND,
            since: None,
        };
        assert_eq!(tail.ends(), None);
        tail.note(true, start);
        tail.note(true, start + SECOND);
        assert_eq!(tail.ends(), Some(start + 10 * SECOND));
        tail.note(false, start + 2 * SECOND);
        assert_eq!(tail.ends(), None);
        // The caller is busy with its line.
        tail.note(false, start + 60 * SECOND);
        tail.note(true, start + 60 * SECOND);
        assert_eq!(tail.ends(), Some(start + 68 * SECOND));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_pipe_that_tells_no_length_is_not_read_for_ever() {
        use tokio::io::AsyncWriteExt;

        let (mut writer, reader) = tokio::net::unix::pipe::pipe().expect("a pipe");
        let mut stdout = super::Stdout::new(reader, 100);
        stdout.limit_unknown();
        let flood =
            tokio::spawn(async move { while writer.write_all(&[b'x'; 4096]).await.is_ok() {} });
        while stdout.is_open() {
            let read = std::future::poll_fn(|context| stdout.poll_read(context));
            assert!(read.await.expect("the pipe can be read"));
        }
        flood.await.expect("it ends with the pipe");
    }
}
