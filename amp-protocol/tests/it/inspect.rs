//! The `inspect` example on streams that are partly broken.

#[path = "../../examples/inspect.rs"]
#[expect(
    dead_code,
    reason = "the tests call the example below its main function"
)]
mod example;

/// Inspects a stream and returns the report and the reasons.
fn inspect(arguments: &[&str], input: &[u8]) -> (String, String) {
    let (mut report, mut odd) = (Vec::new(), Vec::new());
    let arguments = arguments.iter().map(ToString::to_string);
    example::run(arguments, input, &mut report, &mut odd).expect("the stream can be read");
    let text = |bytes| String::from_utf8(bytes).expect("the report is UTF-8");
    (text(report), text(odd))
}

#[test]
fn a_report_counts_every_line_and_explains_the_odd_ones() {
    let streams = fixtures::synthetic().into_iter().chain(fixtures::invalid());
    let mut bytes = Vec::new();
    for stream in streams {
        bytes.extend(stream.bytes().expect("the stream can be read"));
        if !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
    }
    let (report, odd) = inspect(&["--verbose"], &bytes);
    insta::assert_snapshot!(format!("{report}\n{odd}"));
}

#[test]
fn recordings_lose_nothing_and_the_reasons_are_told_only_when_asked() {
    let recording = fixtures::recording(fixtures::NEWEST_VERSION, "files").expect("a recording");
    let (report, odd) = inspect(&[], &recording.stdout().expect("the recording can be read"));
    assert!(report.ends_with(
        "\"unrecognised\":0,\"malformed\":0,\"repaired\":0,\"oversized\":0,\"lost_fields\":[]}\n"
    ));
    assert_eq!(odd, "");
}
