//! What the crate promises for any bytes, checked by the fuzzer and by the tests alike.

use std::io::BufReader;

use amp_protocol::progress::Progress;
use amp_protocol::{Decoded, Event, decode_line, decode_reader, encode_line, lost_fields};

/// Feeds bytes through the reader, the decoder and the fold, and panics on a broken promise.
///
/// The first byte says how long the chunks are and how long a line may be; the rest is the
/// stream.
pub(crate) fn check(bytes: &[u8]) {
    let Some((first, stream)) = bytes.split_first() else {
        return;
    };
    let chunk_bytes = usize::from(first & 15) + 1;
    let max_line_bytes = if first & 16 == 0 { 1 << 20 } else { 64 };

    let lines = read(stream, chunk_bytes, max_line_bytes);
    assert_eq!(lines, read(stream, stream.len().max(1), max_line_bytes));
    let kept: usize = lines.iter().map(|(line, _)| line.len()).sum();
    let omitted: u64 = lines.iter().map(omitted_bytes).sum();
    let line_feeds = stream.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(kept as u64 + omitted, (stream.len() - line_feeds) as u64);

    let mut progress = Progress::new();
    for (line, decoded) in lines {
        if let Decoded::Event(event) = decoded {
            check_round_trip(&line, &event);
            for closed in progress.observe(&event) {
                let _ = closed.outcome();
                if let Some(call) = closed.call {
                    let _ = (call.request.typed_input(), call.request.subject());
                }
            }
        }
    }
    let open = progress.open_calls().count();
    assert_eq!(progress.finish().len(), open);
}

/// Returns the lines and what they are.
fn read(stream: &[u8], chunk_bytes: usize, max_line_bytes: usize) -> Vec<(Vec<u8>, Decoded)> {
    let stream = BufReader::with_capacity(chunk_bytes, stream);
    let mut reader = decode_reader(stream).with_max_line_bytes(max_line_bytes);
    let mut lines = Vec::new();
    while let Some(decoded) = reader.next() {
        let decoded = decoded.expect("bytes in memory can be read");
        assert!(reader.line().len() <= max_line_bytes);
        lines.push((reader.line().to_vec(), decoded));
    }
    lines
}

fn omitted_bytes((_, decoded): &(Vec<u8>, Decoded)) -> u64 {
    match decoded {
        Decoded::Malformed(malformed) => malformed.omitted_bytes,
        Decoded::Event(_) | Decoded::Unrecognised(_) => 0,
    }
}

fn check_round_trip(line: &[u8], event: &Event) {
    let written = encode_line(event);
    let again = decode_line(written.as_bytes())
        .into_event()
        .expect("what we write can be read");
    assert_eq!(written, encode_line(&again));
    if event.repairs().is_empty() {
        assert_eq!(&again, event);
        let line = std::str::from_utf8(line).expect("a line that needs no repair is UTF-8");
        let lost = lost_fields(line, event);
        assert!(lost.is_empty(), "lost {lost:?}");
    }
}
