//! Standard input: read, not read, closed early from either side.

use std::task::Poll;

use amp_process::{ErrorKind, ExitStatus, StdinSource, StdinWriter};

use crate::support::{fake, lines, run, start, text};

const TEN_MEGABYTES: usize = 10 << 20;

#[tokio::test]
async fn a_large_input_arrives_whole() {
    let input = StdinSource::Bytes(vec![b'x'; TEN_MEGABYTES]);
    let (lines, _) = run(fake("count").with_stdin(input)).await;
    assert_eq!(lines, ["read 10485760 bytes"]);
}

#[tokio::test]
async fn input_and_output_that_both_fill_their_pipes_do_not_block_each_other() {
    let input = b"0123456789abcde\n".repeat(TEN_MEGABYTES / 16);
    let (lines, exit) = run(fake("echo").with_stdin(StdinSource::Bytes(input))).await;
    assert_eq!(lines.len(), TEN_MEGABYTES / 16);
    assert!(exit.status().is_success());
}

#[tokio::test]
async fn a_program_that_exits_before_it_reads_is_no_error() {
    let input = StdinSource::Bytes(vec![b'x'; TEN_MEGABYTES]);
    let (lines, exit) = run(fake("out bye; exit 4").with_stdin(input)).await;
    assert_eq!(lines, ["bye"]);
    assert_eq!(exit.status(), ExitStatus::Code(4));
}

#[tokio::test]
async fn a_program_that_never_reads_blocks_nothing() {
    let input = StdinSource::Bytes(vec![b'x'; TEN_MEGABYTES]);
    let mut process = start(&fake("out one; hang").with_stdin(input)).await;
    process.begin_stop();
    assert!(lines(&mut process).await.unwrap().is_empty());
}

#[tokio::test]
async fn closing_the_writer_ends_the_programs_input() {
    let spec = fake("read-all; out end").with_stdin(StdinSource::Piped);
    let mut process = spec.spawn().await.unwrap();
    process.take_stdin().unwrap().close();
    let end = process.next_line().await.unwrap().unwrap();
    assert_eq!(text(&end), "end");
}

#[tokio::test]
async fn a_conversation_goes_back_and_forth() {
    let script = "repeat 3 read-line; out three; read-line; out four";
    let spec = fake(script).with_stdin(StdinSource::Piped);
    let mut process = spec.spawn().await.unwrap();
    let mut stdin = process.take_stdin().unwrap();
    stdin.send(b"1\n2\n3\n").await.unwrap();
    assert_eq!(text(&process.next_line().await.unwrap().unwrap()), "three");
    stdin.send(b"4\n").await.unwrap();
    assert_eq!(text(&process.next_line().await.unwrap().unwrap()), "four");
    assert!(process.finish().await.status().is_success());
}

#[tokio::test]
async fn writing_to_a_program_that_closed_its_input_says_so() {
    let spec = fake("close stdin; out closed; hang").with_stdin(StdinSource::Piped);
    let mut process = start(&spec).await;
    let mut stdin = process.take_stdin().unwrap();
    let error = stdin.send(b"hello\n").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StdinClosed);
}

#[tokio::test]
async fn a_writer_that_waits_for_room_learns_of_the_stop() {
    let spec = fake("out ready; hang").with_stdin(StdinSource::Piped);
    let mut process = start(&spec).await;
    let mut stdin = process.take_stdin().unwrap();
    let writing = tokio::spawn(async move { stdin.send(&vec![b'x'; TEN_MEGABYTES]).await });
    process.stop().await;
    let error = writing.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StdinClosed);
}

#[tokio::test]
async fn without_input_the_program_reads_the_end_at_once() {
    let (lines, _) = run(fake("count")).await;
    assert_eq!(lines, ["read 0 bytes"]);
}

#[tokio::test]
async fn a_stop_begins_with_the_end_of_input() {
    let policy = amp_process::StopPolicy::default().with_stdin_grace(crate::support::LIMIT);
    let spec = fake("out ready; read-all; out saved; exit 7")
        .with_stdin(StdinSource::Piped)
        .with_stop_policy(policy);
    let mut process = start(&spec).await;
    process.begin_stop();
    assert_eq!(text(&process.next_line().await.unwrap().unwrap()), "saved");
    let exit = process.finish().await;
    assert_eq!(exit.status(), ExitStatus::Code(7));
    assert_eq!(exit.force(), amp_process::Force::StdinClosed);
}

/// Starts to send a message that the pipe does not take whole, and drops it.
async fn drop_half_a_message(stdin: &mut StdinWriter, message: &[u8]) {
    let mut sending = std::pin::pin!(stdin.send(message));
    let first_poll = std::future::poll_fn(|context| Poll::Ready(sending.as_mut().poll(context)));
    assert!(first_poll.await.is_pending(), "the pipe takes it whole");
}

#[tokio::test]
async fn a_message_whose_sending_was_dropped_half_way_is_not_cut() {
    let spec = fake("out ready; read-line; echo").with_stdin(StdinSource::Piped);
    let mut process = start(&spec).await;
    let mut stdin = process.take_stdin().unwrap();
    let long = [vec![b'x'; TEN_MEGABYTES], b"\n".to_vec()].concat();
    drop_half_a_message(&mut stdin, &long).await;
    // The pipe is full: of this one nothing is written, so nothing is sent.
    drop_half_a_message(&mut stdin, b"never\n").await;
    let sending = async {
        stdin.send(b"next\n").await.unwrap();
        stdin.close();
    };
    let (_, lines) = tokio::join!(sending, lines(&mut process));
    let lines: Vec<String> = lines.unwrap().iter().map(text).collect();
    assert_eq!(lines, ["next"]);
}
