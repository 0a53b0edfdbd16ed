//! Lines come out the same however the bytes go in.

use amp_protocol::{LineSplitter, SplitLine};
use proptest::prelude::*;

/// A line, or the length of one that was too long.
type Split = Result<Vec<u8>, u64>;

fn own(line: SplitLine<'_>) -> Split {
    match line {
        SplitLine::Line(line) => Ok(line.to_vec()),
        SplitLine::Oversized(oversized) => Err(oversized.bytes),
    }
}

fn split<'chunk>(
    mut splitter: LineSplitter,
    chunks: impl IntoIterator<Item = &'chunk [u8]>,
) -> Vec<Split> {
    let mut lines = Vec::new();
    for chunk in chunks {
        splitter.push(chunk);
        while let Some(line) = splitter.next_line() {
            lines.push(own(line));
        }
    }
    while let Some(line) = splitter.finish() {
        lines.push(own(line));
    }
    lines
}

#[test]
fn only_a_line_feed_ends_a_line() {
    let stream = "a\r\n\u{2028}b\u{2029}\n\nc".as_bytes();
    let lines = split(LineSplitter::new(), [stream]);
    let expected = ["a\r", "\u{2028}b\u{2029}", "", "c"].map(|line| Ok(line.as_bytes().to_vec()));
    assert_eq!(lines, expected);
}

#[test]
fn a_line_feed_at_the_end_starts_no_line() {
    assert_eq!(
        split(LineSplitter::new(), [b"a\n".as_slice()]),
        [Ok(b"a".to_vec())]
    );
    assert_eq!(split(LineSplitter::new(), []), []);
}

#[test]
fn the_limit_counts_the_line_without_its_line_feed() {
    let splitter = || LineSplitter::with_max_line_bytes(3);
    assert_eq!(
        split(splitter(), [b"abc\n".as_slice()]),
        [Ok(b"abc".to_vec())]
    );
    assert_eq!(split(splitter(), [b"abcd\n".as_slice()]), [Err(4)]);
    assert_eq!(
        split(splitter(), [b"abc".as_slice()]),
        [Ok(b"abc".to_vec())]
    );
    assert_eq!(split(splitter(), [b"abcd".as_slice()]), [Err(4)]);
}

#[test]
fn the_stream_goes_on_after_a_line_that_is_too_long() {
    let chunks: [&[u8]; 5] = [b"ok\nlong", b"long", b"", b"long\nfi", b"ne\n"];
    let lines = split(LineSplitter::with_max_line_bytes(8), chunks);
    assert_eq!(lines, [Ok(b"ok".to_vec()), Err(12), Ok(b"fine".to_vec())]);
}

#[test]
fn lines_not_asked_for_are_kept() {
    let mut splitter = LineSplitter::new();
    splitter.push(b"a\nb\n");
    assert_eq!(splitter.next_line().map(own), Some(Ok(b"a".to_vec())));
    splitter.push(b"c");
    let rest: Vec<Split> = std::iter::from_fn(|| splitter.finish().map(own)).collect();
    assert_eq!(rest, [Ok(b"b".to_vec()), Ok(b"c".to_vec())]);
}

#[test]
fn memory_stays_below_the_limit_plus_one_read() {
    const LIMIT: usize = 1 << 20;
    const READ: usize = 64 * 1024;
    let mut splitter = LineSplitter::with_max_line_bytes(LIMIT);
    let chunk = vec![b'x'; READ];
    for _ in 0..1_000 {
        splitter.push(&chunk);
        assert_eq!(splitter.next_line(), None);
        assert!(splitter.allocated_bytes() <= LIMIT + READ);
    }
    splitter.push(b"\n");
    assert_eq!(
        splitter.next_line().map(own),
        Some(Err(1_000 * READ as u64))
    );
}

#[test]
fn a_line_of_the_whole_limit_arrives_byte_by_byte() {
    let line = vec![b'x'; 100_000];
    let mut splitter = LineSplitter::with_max_line_bytes(line.len());
    for byte in &line {
        splitter.push(std::slice::from_ref(byte));
        assert_eq!(splitter.next_line(), None);
    }
    assert_eq!(splitter.finish().map(own), Some(Ok(line)));
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_lines(
        stream in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        limit in 0_usize..40,
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let chunks = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]);
        let expected: Vec<Split> = stream
            .strip_suffix(b"\n")
            .unwrap_or(&stream)
            .split(|byte| *byte == b'\n')
            .map(|line| if line.len() > limit { Err(line.len() as u64) } else { Ok(line.to_vec()) })
            .collect();
        let expected = if stream.is_empty() { Vec::new() } else { expected };
        prop_assert_eq!(split(LineSplitter::with_max_line_bytes(limit), chunks), expected);
    }
}
