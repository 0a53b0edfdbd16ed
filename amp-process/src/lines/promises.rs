//! What the line buffer promises for any bytes, checked by the fuzzer and by the tests alike.

use super::{Completeness, LineBuffer};

/// Feeds bytes through a line buffer, and panics on a broken promise.
///
/// The first byte says how much comes at once and how long a line may be; the rest is the stream.
pub(crate) fn check(bytes: &[u8]) {
    let Some((first, stream)) = bytes.split_first() else {
        return;
    };
    let read_bytes = usize::from(first & 15) + 1;
    let max_line = usize::from(first >> 4);
    for read_bytes in [read_bytes, stream.len().max(1)] {
        let mut buffer = LineBuffer::new(max_line);
        let mut expected = expected(stream, max_line);
        for part in stream.chunks(read_bytes) {
            buffer.room().extend_from_slice(part);
            for line in std::iter::from_fn(|| buffer.next_line()) {
                assert_eq!(Some(line), expected.next());
            }
        }
        assert_eq!(buffer.last_line(), expected.next());
        assert_eq!((buffer.last_line(), expected.next()), (None, None));
    }
}

/// Returns the lines of a stream that is there as a whole.
fn expected(stream: &[u8], max_line: usize) -> impl Iterator<Item = super::Line> {
    let mut rest = stream;
    let mut number = 0;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        number += 1;
        let offset = (stream.len() - rest.len()) as u64;
        let end = rest.iter().position(|byte| *byte == b'\n');
        let line = &rest[..end.unwrap_or(rest.len())];
        rest = &rest[end.map_or(rest.len(), |end| end + 1)..];
        let length = line.len() as u64;
        Some(super::Line {
            bytes: line[..line.len().min(max_line)].to_vec().into(),
            number,
            offset,
            completeness: match end {
                _ if line.len() > max_line => Completeness::Oversized { length },
                Some(_) => Completeness::Complete,
                None => Completeness::Unterminated,
            },
        })
    })
}
