//! From any reader to outcomes, line by line.

use std::io::{self, BufRead};

use memchr::memchr;

use super::{Decoded, decode_line};
use crate::malformed::Malformed;

/// The longest line that is decoded unless another limit is set: 64 MiB.
pub const DEFAULT_MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// A line buffer with more room than this is given back after its line.
const LARGEST_IDLE: usize = 256 * 1024;

/// Decodes each line that a reader has.
///
/// Only `\n` ends a line: the CLI writes U+2028 and U+2029 raw inside of lines. A line longer than
/// [`DEFAULT_MAX_LINE_BYTES`] comes as [`MalformedKind::Oversized`](crate::MalformedKind) with its
/// head; the rest is read, counted and dropped, and the stream goes on. An error of the reader is
/// handed on, and asking again goes on where it stopped, in the middle of a line if need be.
///
/// ```
/// use amp_protocol::{Decoded, decode_reader};
///
/// # fn main() -> std::io::Result<()> {
/// let stream = b"{\"type\":\"result\",\"subtype\":\"success\"}\nno JSON\n";
/// let lines: Vec<Decoded> = decode_reader(stream.as_slice()).collect::<Result<_, _>>()?;
/// assert!(matches!(lines[..], [Decoded::Event(_), Decoded::Malformed(_)]));
/// # Ok(())
/// # }
/// ```
pub fn decode_reader<R: BufRead>(reader: R) -> DecodeReader<R> {
    DecodeReader {
        reader,
        line: Head {
            bytes: Vec::new(),
            limit: DEFAULT_MAX_LINE_BYTES,
            omitted: 0,
        },
        ended: false,
    }
}

/// The lines of a reader, decoded; [`decode_reader`] makes it.
#[derive(Debug)]
pub struct DecodeReader<R> {
    reader: R,
    line: Head,
    /// Whether `line` is a whole line, which was given out.
    ended: bool,
}

/// As much of a line as may be kept.
#[derive(Debug)]
struct Head {
    bytes: Vec<u8>,
    limit: usize,
    omitted: u64,
}

impl<R> DecodeReader<R> {
    /// Sets how many bytes a line may have, its `\n` not counted.
    #[must_use]
    pub fn with_max_line_bytes(mut self, max_line_bytes: usize) -> Self {
        self.line.limit = max_line_bytes;
        self
    }

    /// Returns the bytes of the line that was decoded last, without its `\n`; of an oversized one
    /// its head.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        &self.line.bytes
    }
}

impl<R: BufRead> DecodeReader<R> {
    /// Reads the next line; returns `false` when there is none.
    fn read_line(&mut self) -> io::Result<bool> {
        if self.ended {
            self.line.clear();
            self.ended = false;
        }
        loop {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                self.ended = true;
                return Ok(!self.line.is_empty());
            }
            let line_feed = memchr(b'\n', chunk);
            let length = line_feed.unwrap_or(chunk.len());
            self.line.push(&chunk[..length]);
            self.reader
                .consume(length + usize::from(line_feed.is_some()));
            if line_feed.is_some() {
                self.ended = true;
                return Ok(true);
            }
        }
    }
}

impl<R: BufRead> Iterator for DecodeReader<R> {
    type Item = io::Result<Decoded>;

    fn next(&mut self) -> Option<io::Result<Decoded>> {
        match self.read_line() {
            Ok(false) => None,
            Ok(true) => Some(Ok(self.line.decode())),
            Err(error) => Some(Err(error)),
        }
    }
}

impl Head {
    fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.omitted == 0
    }

    /// Adds what follows; grows by doubling, but never past the limit.
    fn push(&mut self, part: &[u8]) {
        let kept = part.len().min(self.limit - self.bytes.len());
        let needed = self.bytes.len() + kept;
        if needed > self.bytes.capacity() {
            let target = (2 * self.bytes.capacity()).min(self.limit).max(needed);
            self.bytes.reserve_exact(target - self.bytes.len());
        }
        self.bytes.extend_from_slice(&part[..kept]);
        self.omitted += (part.len() - kept) as u64;
    }

    fn decode(&self) -> Decoded {
        if self.omitted > 0 {
            return Decoded::Malformed(Malformed::oversized(self.bytes.clone(), self.omitted));
        }
        decode_line(&self.bytes)
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(LARGEST_IDLE);
        self.omitted = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::{LARGEST_IDLE, decode_reader};

    #[test]
    fn memory_stays_within_the_limit_and_is_given_back() {
        // No power of two, which doubling would meet by chance.
        const LIMIT: usize = 1_000_000;
        let mut stream = vec![b'x'; 10 * LIMIT];
        stream.extend(b"\nshort\n");
        // The first part is shorter, so that doubling meets no end of a later one by chance either.
        let parts = BufReader::with_capacity(7_777, b"head".chain(&stream[..]));
        let mut lines = decode_reader(parts).with_max_line_bytes(LIMIT);
        lines.next().expect("a line").expect("it can be read");
        assert_eq!(lines.line().len(), LIMIT);
        assert!(lines.line.bytes.capacity() <= LIMIT);
        lines.next().expect("a line").expect("it can be read");
        assert_eq!(lines.line(), b"short");
        assert!(lines.line.bytes.capacity() <= LARGEST_IDLE);
    }

    #[test]
    fn a_line_in_many_parts_is_moved_a_few_times_only() {
        let mut lines = decode_reader(b"".as_slice());
        let mut moves = 0;
        for _ in 0..1000 {
            let before = lines.line.bytes.capacity();
            lines.line.push(&[b'x'; 100]);
            moves += usize::from(lines.line.bytes.capacity() != before);
        }
        assert!(moves < 20, "{moves}");
    }

    #[test]
    fn a_buffer_of_a_usual_size_is_kept() {
        let mut stream = vec![b'x'; 200 * 1024];
        stream.extend(b"\nshort\n");
        let mut lines = decode_reader(&stream[..]);
        for _ in 0..2 {
            lines.next().expect("a line").expect("it can be read");
        }
        assert_eq!(lines.line(), b"short");
        assert!(lines.line.bytes.capacity() >= 200 * 1024);
    }

    #[test]
    fn lines_of_up_to_64_mebibytes_are_decoded() {
        assert_eq!(decode_reader(b"".as_slice()).line.limit, 67_108_864);
    }
}
