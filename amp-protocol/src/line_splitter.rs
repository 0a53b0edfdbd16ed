//! From chunks of bytes to lines.

use std::ops::Range;

use memchr::memchr;

/// Cuts a stream of bytes into lines, however the bytes arrive.
///
/// Only `\n` ends a line: the CLI writes U+2028 and U+2029 raw inside of lines. A line longer
/// than the limit is dropped and reported as one [`SplitLine::Oversized`]; the stream goes on.
/// Between calls the splitter holds at most the limit plus the last chunk.
///
/// ```
/// use amp_protocol::{LineSplitter, SplitLine};
///
/// let mut splitter = LineSplitter::new();
/// splitter.push(b"{\"type\":");
/// assert_eq!(splitter.next_line(), None);
/// splitter.push(b"\"x\"}\n");
/// assert_eq!(splitter.next_line(), Some(SplitLine::Line(b"{\"type\":\"x\"}")));
/// assert_eq!(splitter.finish(), None);
/// ```
#[derive(Debug, Clone)]
pub struct LineSplitter {
    max_line_bytes: usize,
    buffer: Vec<u8>,
    /// Bytes before this one were given out.
    start: usize,
    /// Bytes before this one were searched and hold no line feed.
    searched: usize,
    /// Bytes already dropped of a line that is too long and has not ended.
    dropped: Option<u64>,
}

/// One line, without its line feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a line fits or it does not")]
pub enum SplitLine<'buffer> {
    /// A line within the limit. A carriage return at its end is part of it.
    Line(&'buffer [u8]),
    /// A line over the limit, dropped.
    Oversized(Oversized),
}

/// What is known of a line that was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Oversized {
    /// The line's length in bytes, without the line feed.
    pub bytes: u64,
}

impl Default for LineSplitter {
    fn default() -> Self {
        Self::new()
    }
}

impl LineSplitter {
    /// The longest line that [`LineSplitter::new`] lets through: 64 MiB.
    pub const DEFAULT_MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

    /// Makes a splitter with the default limit.
    #[must_use]
    pub fn new() -> Self {
        Self::with_max_line_bytes(Self::DEFAULT_MAX_LINE_BYTES)
    }

    /// Makes a splitter that lets lines of this many bytes through, the line feed not counted.
    #[must_use]
    pub fn with_max_line_bytes(max_line_bytes: usize) -> Self {
        Self {
            max_line_bytes,
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            dropped: None,
        }
    }

    /// Takes the next bytes.
    ///
    /// Call [`next_line`](Self::next_line) until it returns `None` before the next push;
    /// otherwise the splitter keeps everything that was pushed.
    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.make_room(chunk.len());
        self.buffer.extend_from_slice(chunk);
    }

    /// Returns the next line whose end has arrived.
    pub fn next_line(&mut self) -> Option<SplitLine<'_>> {
        let Some(found) = memchr(b'\n', &self.buffer[self.searched..]) else {
            self.searched = self.buffer.len();
            self.drop_pending_if_too_long();
            return None;
        };
        let end = self.searched + found;
        let line = self.start..end;
        self.start = end + 1;
        self.searched = self.start;
        Some(self.take(line))
    }

    /// Returns what is left after the last byte: a line that has no line feed.
    ///
    /// Call it until it returns `None`; lines that [`next_line`](Self::next_line) was not asked
    /// for come first.
    pub fn finish(&mut self) -> Option<SplitLine<'_>> {
        let line_feed = memchr(b'\n', &self.buffer[self.searched..]);
        if line_feed.is_some() {
            return self.next_line();
        }
        let line = self.start..self.buffer.len();
        self.start = self.buffer.len();
        self.searched = self.start;
        if line.is_empty() && self.dropped.is_none() {
            return None;
        }
        Some(self.take(line))
    }

    /// Returns how much memory the splitter holds, in bytes.
    #[must_use]
    pub fn allocated_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    fn take(&mut self, line: Range<usize>) -> SplitLine<'_> {
        let dropped = self.dropped.take();
        if dropped.is_some() || line.len() > self.max_line_bytes {
            return SplitLine::Oversized(Oversized {
                bytes: dropped.unwrap_or(0) + line.len() as u64,
            });
        }
        SplitLine::Line(&self.buffer[line])
    }

    fn drop_pending_if_too_long(&mut self) {
        let pending = self.buffer.len() - self.start;
        if self.dropped.is_some() || pending > self.max_line_bytes {
            self.dropped = Some(self.dropped.unwrap_or(0) + pending as u64);
            self.buffer.clear();
            self.start = 0;
            self.searched = 0;
        }
    }

    /// Grows by doubling, but never past the limit plus one chunk.
    fn make_room(&mut self, chunk: usize) {
        let needed = self.buffer.len() + chunk;
        if needed > self.buffer.capacity() {
            let ceiling = needed.max(self.max_line_bytes.saturating_add(chunk));
            let target = (self.buffer.capacity() * 2).clamp(needed, ceiling);
            self.buffer.reserve_exact(target - self.buffer.len());
        }
    }
}
