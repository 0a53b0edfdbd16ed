//! Lines are the same whoever frames them: `amp-process` for a program that runs, `amp-protocol` for
//! bytes from elsewhere.

use std::io::BufReader;

use amp_process::{Completeness, Containment, ContainmentKind, ProcessSpec, StdinSource};
use amp_session::protocol::{Decoded, decode_reader};
use proptest::prelude::*;

/// A line, and how many bytes of it were left out.
type Framed = (Vec<u8>, u64);

async fn framed_by_process(stream: &[u8], max_line_bytes: usize) -> Vec<Framed> {
    let mut process = ProcessSpec::new("/bin/cat")
        .with_containment(Containment::Require(ContainmentKind::Group))
        .with_stdin(StdinSource::Bytes(stream.to_vec()))
        .with_max_line_bytes(max_line_bytes)
        .spawn()
        .await
        .unwrap();
    let mut lines = Vec::new();
    while let Some(line) = process.next_line().await.unwrap() {
        let omitted = match line.completeness() {
            Completeness::Oversized { length, .. } => length - line.bytes().len() as u64,
            _ => 0,
        };
        lines.push((line.to_vec(), omitted));
    }
    process.finish().await;
    lines
}

fn framed_by_protocol(stream: &[u8], read_bytes: usize, max_line_bytes: usize) -> Vec<Framed> {
    let stream = BufReader::with_capacity(read_bytes, stream);
    let mut reader = decode_reader(stream).with_max_line_bytes(max_line_bytes);
    let mut lines = Vec::new();
    while let Some(decoded) = reader.next() {
        let omitted = match decoded.unwrap() {
            Decoded::Malformed(malformed) => malformed.omitted_bytes,
            _ => 0,
        };
        lines.push((reader.line().to_vec(), omitted));
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_program_and_a_reader_give_the_same_lines(
        stream in prop::collection::vec(prop_oneof![4 => any::<u8>(), 1 => Just(b'\n')], 0..200),
        read_bytes in 1..40_usize,
        max_line_bytes in 1..20_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        prop_assert_eq!(
            runtime.block_on(framed_by_process(&stream, max_line_bytes)),
            framed_by_protocol(&stream, read_bytes, max_line_bytes)
        );
    }
}
