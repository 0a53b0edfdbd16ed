//! Bytes in, lines out: split on `\n` only, bounded, resumable after a line that is too long.

#[cfg(any(test, fuzzing))]
pub(crate) mod promises;

use bytes::{Buf, Bytes, BytesMut};

/// One line of standard output, byte for byte, without its `\n`.
///
/// It shares the memory that it was read into, usually 192 KiB, with its neighbours. Where few of
/// many lines are kept, keep copies made by [`to_vec`](Self::to_vec).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    bytes: Bytes,
    number: u64,
    offset: u64,
    completeness: Completeness,
}

/// Whether a [`Line`] is all that the program wrote before the next `\n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Completeness {
    /// The whole line.
    Complete,
    /// The last line: the stream ended without a `\n`.
    Unterminated,
    /// Only the first bytes, as many as the limit allows; the rest was read and dropped.
    #[non_exhaustive]
    Oversized {
        /// The length of the whole line in bytes, its `\n` not counted.
        length: u64,
    },
}

impl Line {
    /// Returns the bytes, without the `\n` and otherwise as written: a `\r`, a byte order mark and
    /// invalid UTF-8 are kept.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns a copy of the bytes, which shares no memory.
    pub fn to_vec(&self) -> Vec<u8> {
        self.bytes.to_vec()
    }

    /// Returns the line's number, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns how many bytes of standard output come before this line.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns whether this is the whole line.
    pub fn completeness(&self) -> Completeness {
        self.completeness
    }
}

/// The bytes, as [`Line::bytes`] returns them.
impl AsRef<[u8]> for Line {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

/// How much is read at once.
const CHUNK: usize = 128 * 1024;
/// How much is taken for that and for the beginning of a line that was read before.
const BUFFER: usize = CHUNK + CHUNK / 2;
/// A buffer with more room than this is given back once it is empty and long lines come no more.
const LARGEST_IDLE: usize = 2 * CHUNK;

/// The buffer between pipe and caller.
///
/// It never holds more than the longest allowed line and one chunk. The room of a long line is kept while
/// long ones come, and for about ten short ones after it.
#[derive(Debug)]
pub(crate) struct LineBuffer {
    buffer: BytesMut,
    /// Up to here there is no `\n`.
    scanned: usize,
    max_line: usize,
    /// How long a line was of late: of the longest, an eighth is forgotten with each line after it.
    recent: usize,
    number: u64,
    offset: u64,
    oversized: Option<Oversized>,
}

/// A line over the limit whose end has not come yet.
#[derive(Debug)]
struct Oversized {
    head: BytesMut,
    length: u64,
}

impl LineBuffer {
    /// Returns an empty buffer for lines of up to `max_line` bytes.
    pub(crate) fn new(max_line: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            scanned: 0,
            max_line,
            recent: 0,
            number: 0,
            offset: 0,
            oversized: None,
        }
    }

    /// Returns the buffer for the next read to be added, with room for it.
    pub(crate) fn room(&mut self) -> &mut BytesMut {
        let enough = LARGEST_IDLE.max(self.recent.saturating_mul(4));
        if self.buffer.is_empty() && self.buffer.capacity() > enough {
            self.buffer = BytesMut::new();
        }
        let length = self.buffer.len();
        if self.buffer.capacity() - length < CHUNK {
            // The same memory does, once the lines before are gone, unless the next is a long one.
            self.buffer
                .reserve(CHUNK.max(BUFFER.saturating_sub(length)));
        }
        &mut self.buffer
    }

    /// Returns the next line that is complete, or complete as far as the limit goes.
    pub(crate) fn next_line(&mut self) -> Option<Line> {
        match memchr::memchr(b'\n', &self.buffer[self.scanned..]) {
            Some(position) => {
                let line = self.take(self.scanned + position, Completeness::Complete);
                self.buffer.advance(1);
                self.offset += 1;
                Some(line)
            }
            None => {
                self.scanned = self.buffer.len();
                if self.oversized.is_some() || self.buffer.len() > self.max_line {
                    self.add_to_oversized(self.buffer.len());
                }
                None
            }
        }
    }

    /// Returns what is left when the stream has ended, if anything is.
    pub(crate) fn last_line(&mut self) -> Option<Line> {
        if self.buffer.is_empty() && self.oversized.is_none() {
            return None;
        }
        Some(self.take(self.buffer.len(), Completeness::Unterminated))
    }

    /// Makes a line of the next `length` bytes.
    fn take(&mut self, length: usize, completeness: Completeness) -> Line {
        if self.oversized.is_some() || length > self.max_line {
            self.add_to_oversized(length);
        }
        let (bytes, length, completeness) = match self.oversized.take() {
            Some(Oversized { head, length }) => (head, length, Completeness::Oversized { length }),
            None => (self.buffer.split_to(length), length as u64, completeness),
        };
        self.scanned = 0;
        self.recent = bytes.len().max(self.recent - self.recent / 8);
        self.number += 1;
        let offset = self.offset;
        self.offset += length;
        Line {
            bytes: bytes.freeze(),
            number: self.number,
            offset,
            completeness,
        }
    }

    /// Moves the next `length` bytes into the oversized line, which keeps the head and counts all.
    fn add_to_oversized(&mut self, length: usize) {
        let part = self.buffer.split_to(length);
        self.scanned = 0;
        let oversized = self.oversized.get_or_insert_with(|| Oversized {
            head: part[..self.max_line.min(part.len())].into(),
            length: 0,
        });
        oversized.length += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use bytes::BytesMut;
    use proptest::prelude::*;

    use super::{CHUNK, Completeness, LARGEST_IDLE, Line, LineBuffer, promises};

    /// Feeds `input` in pieces of the given sizes and returns every line.
    fn split(input: &[u8], sizes: &[usize], max_line: usize) -> Vec<Line> {
        let mut buffer = LineBuffer::new(max_line);
        let mut lines = Vec::new();
        let mut rest = input;
        let mut sizes = sizes.iter().cycle();
        while !rest.is_empty() {
            let size = (*sizes.next().unwrap()).min(rest.len());
            buffer.room().extend_from_slice(&rest[..size]);
            rest = &rest[size..];
            lines.extend(std::iter::from_fn(|| buffer.next_line()));
        }
        lines.extend(buffer.last_line());
        lines
    }

    #[test]
    fn keeps_everything_but_the_newline() {
        let lines = split(b"\xef\xbb\xbfone\r\n\n \nlast\xff\0", &[64], 100);
        let bytes: Vec<&[u8]> = lines.iter().map(Line::bytes).collect();
        assert_eq!(bytes, [&b"\xef\xbb\xbfone\r"[..], b"", b" ", b"last\xff\0"]);
        assert_eq!(lines[2].completeness(), Completeness::Complete);
        assert_eq!(lines[3].completeness(), Completeness::Unterminated);
        assert_eq!((lines[3].number(), lines[3].offset()), (4, 11));
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_complete_and_one_more_byte_is_not() {
        let lines = split(b"12345\n123456\n1\n", &[64], 5);
        assert_eq!(lines[0].completeness(), Completeness::Complete);
        assert_eq!(lines[1].bytes(), b"12345");
        let oversized = Completeness::Oversized { length: 6 };
        assert_eq!(lines[1].completeness(), oversized);
        assert_eq!((lines[2].bytes(), lines[2].offset()), (&b"1"[..], 13));
    }

    #[test]
    fn a_stream_that_ends_inside_an_oversized_line_still_yields_its_head() {
        let lines = split(b"123456789", &[2], 4);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].bytes(), b"1234");
        assert_eq!(lines[0].as_ref(), b"1234");
        let oversized = Completeness::Oversized { length: 9 };
        assert_eq!(lines[0].completeness(), oversized);
    }

    #[test]
    fn memory_stays_bounded_while_a_huge_line_passes() {
        let mut buffer = LineBuffer::new(1024 * 1024);
        for _ in 0..200 {
            let room = buffer.room();
            room.resize(room.capacity(), b'x');
            assert_eq!(buffer.next_line(), None);
            assert!(buffer.buffer.capacity() <= 2 * (1024 * 1024 + CHUNK));
        }
    }

    #[test]
    fn there_is_always_room_for_what_a_pipe_holds() {
        let mut buffer = LineBuffer::new(1024 * 1024);
        for written in [0, 1, CHUNK / 2 - 1, CHUNK / 2, CHUNK / 2 + 1, CHUNK] {
            let room = buffer.room();
            let free = room.capacity() - room.len();
            assert!(free >= CHUNK, "{free}");
            room.resize(room.len() + written.min(free), b'x');
        }
    }

    #[test]
    fn room_that_is_left_is_used_before_more_is_taken() {
        let mut buffer = LineBuffer::new(1024 * 1024);
        let capacity = buffer.room().capacity();
        buffer.room().resize(capacity - CHUNK, b'x');
        assert_eq!(buffer.room().capacity(), capacity);
        buffer.room().extend_from_slice(b"x");
        assert!(buffer.room().capacity() > capacity);
    }

    /// Reads a line of `length` bytes, by as much as there is room for at a time.
    fn read_line(buffer: &mut LineBuffer, length: usize) {
        let mut left = length;
        while left > 0 {
            let room = buffer.room();
            let part = left.min(room.capacity() - room.len());
            room.resize(room.len() + part, b'x');
            left -= part;
            assert_eq!(buffer.next_line(), None);
        }
        buffer.room().extend_from_slice(b"\n");
        let line = buffer.next_line().unwrap();
        assert_eq!(line.bytes().len(), length);
    }

    #[test]
    fn the_memory_of_a_huge_line_is_given_back_when_shorter_ones_come() {
        let mut buffer = LineBuffer::new(16 * LARGEST_IDLE);
        read_line(&mut buffer, 8 * LARGEST_IDLE);
        for _ in 0..20 {
            read_line(&mut buffer, 1);
        }
        assert!(buffer.room().capacity() <= LARGEST_IDLE);
    }

    #[test]
    fn the_memory_of_a_long_line_is_used_for_the_next() {
        let mut buffer = LineBuffer::new(16 * LARGEST_IDLE);
        read_line(&mut buffer, 8 * LARGEST_IDLE);
        let end = |buffer: &mut LineBuffer| {
            let room = buffer.room();
            room.as_ptr().wrapping_add(room.capacity())
        };
        let before = end(&mut buffer);
        for _ in 0..5 {
            read_line(&mut buffer, 8 * LARGEST_IDLE);
            read_line(&mut buffer, 100);
        }
        assert_eq!(end(&mut buffer), before);
    }

    #[test]
    fn an_idle_buffer_of_the_usual_size_is_kept() {
        let mut buffer = LineBuffer::new(1024);
        buffer.buffer = BytesMut::with_capacity(256 * 1024);
        let (address, capacity) = (buffer.buffer.as_ptr(), buffer.buffer.capacity());
        let room = buffer.room();
        assert_eq!((room.as_ptr(), room.capacity()), (address, capacity));
    }

    #[test]
    fn seeds_hold_what_is_promised() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/lines");
        let seeds = std::fs::read_dir(folder).unwrap();
        let seeds: Vec<_> = seeds.map(|seed| seed.unwrap().path()).collect();
        assert!(seeds.len() >= 6);
        for seed in seeds {
            promises::check(&std::fs::read(seed).unwrap());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_hold_what_is_promised(
            first in any::<u8>(),
            stream in prop::collection::vec(prop_oneof![4 => any::<u8>(), 1 => Just(b'\n')], 0..400),
        ) {
            promises::check(&[vec![first], stream].concat());
        }
    }
}
