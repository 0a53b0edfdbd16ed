//! What comes over the pipes: every byte, in order, within bounds.

use amp_process::{Completeness, Line};
use futures::StreamExt;

use crate::support::{fake, lines, run, start, state_of, wait_until};

/// Runs a script and returns its lines.
async fn all(script: &str) -> Vec<Line> {
    lines(&mut fake(script).spawn().await.unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_last_line_without_newline_is_marked() {
    let lines = all("write one\\ntwo").await;
    assert_eq!(lines[0].completeness(), Completeness::Complete);
    assert_eq!(lines[1].bytes(), b"two");
    assert_eq!(lines[1].completeness(), Completeness::Unterminated);
}

#[tokio::test]
async fn nothing_but_the_newline_is_taken_away() {
    let odd = r"write \xef\xbb\xbf{}\r\n\n \t\n\x00\x01\x1b[31m\n\xff\xc3\n\xe2\x82\xac\n";
    let lines = all(odd).await;
    let bytes: Vec<&[u8]> = lines.iter().map(Line::bytes).collect();
    let expected: [&[u8]; 6] = [
        b"\xef\xbb\xbf{}\r",
        b"",
        b" \t",
        b"\0\x01\x1b[31m",
        b"\xff\xc3",
        "€".as_bytes(),
    ];
    assert_eq!(bytes, expected);
}

#[tokio::test]
async fn a_line_that_comes_byte_by_byte_is_one_line() {
    let bytes = "{\"text\":\"naïve €uro 😀\"}\n".as_bytes();
    let script: Vec<String> = bytes
        .iter()
        .map(|byte| format!("write \\x{byte:02x}"))
        .collect();
    let lines = all(&script.join(";")).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].bytes(), &bytes[..bytes.len() - 1]);
}

#[tokio::test]
async fn a_line_that_is_not_what_was_expected_is_a_line() {
    let (lines, _) = run(fake(
        "out warning: log line; out {\"a\":1}{\"b\":2}; out \\x7b\"cut; out {}",
    ))
    .await;
    assert_eq!(
        lines,
        ["warning: log line", "{\"a\":1}{\"b\":2}", "{\"cut", "{}"]
    );
}

#[tokio::test]
async fn the_stream_yields_the_same_lines_and_ends() {
    let process = fake("out one; write two").spawn().await.unwrap();
    let lines: Vec<_> = process.map(|line| line.unwrap().to_vec()).collect().await;
    assert_eq!(lines, [b"one".to_vec(), b"two".to_vec()]);
}

#[tokio::test]
async fn a_line_over_the_limit_is_cut_and_the_stream_goes_on() {
    // One line of 5 bytes, one of 6, one far beyond any buffer, one more.
    let script = "out 12345; out 123456; flood stdout 64m; out; out end";
    let spec = fake(script).with_max_line_bytes(5);
    let lines = lines(&mut spec.spawn().await.unwrap()).await.unwrap();
    assert_eq!(lines[0].completeness(), Completeness::Complete);
    let cut = |line: &Line| match line.completeness() {
        Completeness::Oversized { length, .. } => Some((line.bytes().len(), length)),
        _ => None,
    };
    assert_eq!(cut(&lines[1]), Some((5, 6)));
    assert_eq!(cut(&lines[2]), Some((5, 64 << 20)));
    assert_eq!(lines[3].bytes(), b"end");
    assert_eq!(lines[3].offset(), 6 + 7 + (64 << 20) + 1);
}

#[tokio::test]
async fn a_long_line_within_the_limit_arrives_whole() {
    let lines = all("flood stdout 8m").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].bytes().len(), 8 << 20);
}

#[tokio::test]
async fn a_flood_on_standard_error_does_not_block_the_lines() {
    let script = "repeat 20 flood stderr 1m; out done; err \\xff last words";
    let (lines, exit) = run(fake(script)).await;
    assert_eq!(lines, ["done"]);
    assert_eq!(exit.stderr().total_bytes(), (20 << 20) + 13);
    assert!(exit.stderr().to_string().ends_with("\u{fffd} last words\n"));
    assert!(exit.stderr().to_string().contains("bytes omitted]"));
}

#[tokio::test]
async fn standard_error_without_a_newline_is_kept() {
    let (_, exit) = run(fake("write-err no newline")).await;
    assert_eq!(exit.stderr().to_string(), "no newline");
}

#[tokio::test]
async fn interleaved_streams_are_both_complete() {
    let (lines, exit) = run(fake(
        "repeat 500 repeat 1 out o; err e; repeat 500 err e; out end",
    ))
    .await;
    assert_eq!(lines.len(), 501);
    assert_eq!(exit.stderr().total_bytes(), 501 * 2);
}

#[tokio::test]
async fn a_slow_caller_blocks_the_program() {
    let mut process = start(&fake("flood stdout 200m 1000")).await;
    let pid = process.id();
    let enough = 256 * 1024;
    wait_until("the program has filled the pipe and sleeps", || {
        state_of(pid).is_some_and(|(state, written)| state == 'S' && written >= enough)
    });
    // The pipe, what we have read ahead, and the block that it is about to write.
    let (_, written) = state_of(pid).unwrap();
    assert!(
        written < 1 << 20,
        "it wrote {written} bytes that nobody asked for"
    );
    let exit = process.stop().await;
    assert!(exit.discarded_bytes() > 0);
}

#[tokio::test]
async fn what_finishing_drops_is_counted() {
    let mut process = fake("out result; out more; out last")
        .spawn()
        .await
        .unwrap();
    let exit = process.finish().await;
    assert_eq!(exit.discarded_bytes(), 7 + 5 + 5);
}
