//! Lines come out the same however the bytes come in.

use std::io::{self, BufRead, BufReader, Read};

use amp_protocol::{Decoded, MalformedKind, decode_line, decode_reader};
use proptest::prelude::*;

/// The bytes of a line, and how many of it were left out.
type Line = (Vec<u8>, u64);

fn read(stream: impl BufRead, limit: usize) -> Vec<Line> {
    let mut reader = decode_reader(stream).with_max_line_bytes(limit);
    let mut lines = Vec::new();
    while let Some(decoded) = reader.next() {
        let decoded = decoded.expect("the stream can be read");
        let omitted = match &decoded {
            Decoded::Malformed(malformed) => malformed.omitted_bytes,
            _ => 0,
        };
        if omitted == 0 {
            assert_eq!(decoded, decode_line(reader.line()));
        }
        lines.push((reader.line().to_vec(), omitted));
    }
    assert!(reader.next().is_none(), "the end stays the end");
    lines
}

fn whole(lines: &[&str]) -> Vec<Line> {
    let line = |line: &&str| (line.as_bytes().to_vec(), 0);
    lines.iter().map(line).collect()
}

#[test]
fn only_a_line_feed_ends_a_line() {
    let stream = "a\r\n\u{2028}b\u{2029}\n\nc".as_bytes();
    let expected = whole(&["a\r", "\u{2028}b\u{2029}", "", "c"]);
    assert_eq!(read(stream, 100), expected);
}

#[test]
fn a_line_feed_at_the_end_starts_no_line() {
    assert_eq!(read(b"a\n".as_slice(), 100), whole(&["a"]));
    assert_eq!(read(b"".as_slice(), 100), []);
}

#[test]
fn the_limit_counts_the_line_without_its_line_feed() {
    assert_eq!(read(b"abc\n".as_slice(), 3), whole(&["abc"]));
    assert_eq!(read(b"abc".as_slice(), 3), whole(&["abc"]));
    assert_eq!(read(b"abcd\n".as_slice(), 3), [(b"abc".to_vec(), 1)]);
    assert_eq!(read(b"abcd".as_slice(), 3), [(b"abc".to_vec(), 1)]);
    assert_eq!(read(b"abcd".as_slice(), 0), [(Vec::new(), 4)]);
}

#[test]
fn the_head_of_a_line_that_is_too_long_is_kept_and_the_rest_is_told() {
    let stream = br#"{"type":"result","subtype":"success"}"#;
    let mut reader = decode_reader(stream.as_slice()).with_max_line_bytes(20);
    let decoded = reader.next().expect("a line").expect("it can be read");
    let Decoded::Malformed(malformed) = decoded else {
        panic!("the line is too long")
    };
    assert_eq!(malformed.kind, MalformedKind::Oversized);
    assert_eq!(malformed.line, stream[..20]);
    assert_eq!(malformed.omitted_bytes, 17);
    assert_eq!(
        malformed.to_string(),
        "a line of 37 bytes, of which 20 were kept at column 20, path ."
    );
}

/// Fails before each read.
struct Stuttering<R> {
    inner: R,
    error: io::ErrorKind,
    fails: bool,
}

impl<R: Read> Read for Stuttering<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fails = !self.fails;
        if self.fails {
            return Err(self.error.into());
        }
        self.inner.read(buffer)
    }
}

/// Returns the lines of a reader that fails so before each read, and how many errors came.
fn read_stuttering(error: io::ErrorKind) -> (Vec<Vec<u8>>, usize) {
    let stream = Stuttering {
        inner: b"one\ntwo\nthree".as_slice(),
        error,
        fails: false,
    };
    let mut reader = decode_reader(BufReader::with_capacity(2, stream));
    let (mut lines, mut errors) = (Vec::new(), 0);
    while let Some(decoded) = reader.next() {
        match decoded {
            Ok(_) => lines.push(reader.line().to_vec()),
            Err(_) => errors += 1,
        }
    }
    (lines, errors)
}

#[test]
fn an_error_is_handed_on_and_loses_nothing() {
    let (lines, errors) = read_stuttering(io::ErrorKind::WouldBlock);
    assert_eq!(lines, [b"one".as_slice(), b"two", b"three"]);
    assert!(errors > 5, "{errors}");
}

#[test]
fn an_interrupted_read_is_tried_again() {
    let (lines, errors) = read_stuttering(io::ErrorKind::Interrupted);
    assert_eq!(lines, [b"one".as_slice(), b"two", b"three"]);
    assert_eq!(errors, 0);
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_lines(
        stream in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200),
        chunk in 1_usize..40,
        limit in 0_usize..40,
    ) {
        let lines = stream.strip_suffix(b"\n").unwrap_or(&stream).split(|byte| *byte == b'\n');
        let expected: Vec<Line> = lines
            .map(|line| {
                let kept = line.len().min(limit);
                (line[..kept].to_vec(), (line.len() - kept) as u64)
            })
            .collect();
        let expected = if stream.is_empty() { Vec::new() } else { expected };
        let chunked = BufReader::with_capacity(chunk, &stream[..]);
        prop_assert_eq!(read(chunked, limit), expected);
    }
}
