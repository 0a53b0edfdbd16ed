//! What the crate promises for any bytes, checked by the fuzzer and by the tests alike.

use amp_protocol::transcript::Transcript;
use amp_protocol::{
    Decoded, Event, LineSplitter, SplitLine, decode_line, encode_line, lost_fields,
};

/// Feeds bytes through the splitter, the decoder and the fold, and panics on a broken promise.
///
/// The first byte says how long the chunks are and how long a line may be; the rest is the
/// stream.
pub(crate) fn check(bytes: &[u8]) {
    let Some((first, stream)) = bytes.split_first() else {
        return;
    };
    let chunk_bytes = usize::from(first & 15) + 1;
    let max_line_bytes = if first & 16 == 0 { 1 << 20 } else { 64 };

    let lines = split(stream, chunk_bytes, max_line_bytes);
    assert_eq!(lines, split(stream, stream.len().max(1), max_line_bytes));

    let mut transcript = Transcript::new();
    for line in lines.iter().flatten() {
        if let Decoded::Event(event) = decode_line(line) {
            check_round_trip(line, &event);
            transcript.push(event);
        }
    }
    for call in transcript.calls() {
        let _ = (call.request.typed_input(), call.output());
    }
    let _ = (
        transcript.usage(),
        transcript.final_text(),
        transcript.open_calls().count(),
    );
}

/// Returns the lines; `None` stands for one that was too long.
fn split(stream: &[u8], chunk_bytes: usize, max_line_bytes: usize) -> Vec<Option<Vec<u8>>> {
    let mut splitter = LineSplitter::with_max_line_bytes(max_line_bytes);
    let mut lines = Vec::new();
    for chunk in stream.chunks(chunk_bytes) {
        splitter.push(chunk);
        while let Some(line) = splitter.next_line() {
            lines.push(own(line));
        }
        assert!(splitter.allocated_bytes() <= max_line_bytes + chunk_bytes);
    }
    while let Some(line) = splitter.finish() {
        lines.push(own(line));
    }
    lines
}

fn own(line: SplitLine<'_>) -> Option<Vec<u8>> {
    match line {
        SplitLine::Line(line) => Some(line.to_vec()),
        SplitLine::Oversized(_) => None,
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
