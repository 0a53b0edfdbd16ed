//! What is sent to the agent: prompts, and messages into a running turn.

use amp_session::protocol::{Event, UserInput};
use amp_session::{ErrorKind, Ledger, NewSession, SessionConfig, Status, image_from_bytes};
use futures::{StreamExt, stream};
use tempfile::TempDir;

use crate::support::{FEBRUARY, INIT, SEPTEMBER, SUCCESS, arguments, playing};

#[tokio::test]
async fn a_long_prompt_arrives_whole_on_standard_input() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, "count");
    let session = amp.start(SessionConfig::new()).unwrap();
    let mut turn = session.prompt(&"x".repeat(1_000_000)).await.unwrap();
    let line = turn.next_line().await.unwrap();
    assert_eq!(line.bytes(), b"read 1000000 bytes");
}

#[tokio::test]
async fn messages_go_into_a_running_turn() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, "echo");
    let session = amp.start(SessionConfig::new()).unwrap();
    let mut turn = session.converse().await.unwrap();
    let mut input = turn.take_input().unwrap();
    assert!(turn.take_input().is_none());
    for text in ["one", "two"] {
        let message = UserInput::text(text);
        input.send(&message).unwrap();
        let line = turn.next_line().await;
        let Some(Event::User(user)) = line.as_ref().and_then(|line| line.event()) else {
            panic!("{line:?}");
        };
        assert_eq!(user.message.content, message.content());
    }
    input.close();
    assert!(turn.next_line().await.is_none());
}

#[tokio::test]
async fn a_prompt_with_an_image_arrives_as_one_message_with_an_image_block() {
    let home = TempDir::new().unwrap();
    let prompt = UserInput::text("What is this?").with_image(image_from_bytes(b"GIF89a").unwrap());
    let amp = playing(&home, SEPTEMBER, "show arguments; echo");
    let session = amp.start(SessionConfig::new()).unwrap();
    let lines = arguments(session.prompt(prompt.clone()).await.unwrap()).await;
    assert!(
        lines.contains(&"--stream-json-input".to_owned()),
        "{lines:?}"
    );
    let expected = r#"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image","source":{"type":"base64","media_type":"image/gif","data":"R0lGODlh"}}]}}"#;
    assert_eq!(lines.last().unwrap(), expected);

    let amp = playing(&home, FEBRUARY, "echo");
    let session = amp.start(SessionConfig::new()).unwrap();
    let error = session.prompt(prompt).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(
        error.to_string().contains("image blocks on standard input"),
        "{error}"
    );
}

#[tokio::test]
async fn a_message_that_this_build_does_not_take_is_refused_and_the_turn_goes_on() {
    let home = TempDir::new().unwrap();
    let image = image_from_bytes(b"GIF89a").unwrap();
    let refused = [
        (UserInput::text("Look.").with_image(image), "image blocks"),
        (UserInput::text("Stop that.").with_steer(true), "steer"),
    ];
    let amp = playing(&home, FEBRUARY, "echo");
    let session = amp.start(SessionConfig::new()).unwrap();
    let mut turn = session.converse().await.unwrap();
    let mut input = turn.take_input().unwrap();
    for (message, lacks) in &refused {
        let error = input.send(message).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains(lacks), "{error}");
    }
    let taken = UserInput::text("one");
    input.send(&taken).unwrap();
    input.close();
    let line = turn.next_line().await.unwrap();
    assert_eq!(line.bytes(), taken.to_line().trim_end().as_bytes());
    assert!(turn.next_line().await.is_none());

    let amp = playing(&home, SEPTEMBER, "echo");
    let session = amp.start(SessionConfig::new()).unwrap();
    let mut turn = session.converse().await.unwrap();
    let mut input = turn.take_input().unwrap();
    for (message, _) in &refused {
        input.send(message).unwrap();
    }
    input.close();
    assert!(turn.next_line().await.is_some());
    assert!(turn.next_line().await.is_some());
    turn.finish().await;
}

#[tokio::test]
async fn a_conversation_may_begin_with_its_prompt_which_is_that_of_the_turn() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, "show arguments; echo");
    let ledger = Ledger::new(home.path().join("ledger"));
    let record = ledger.create(NewSession::new()).unwrap();
    let id = record.metadata().id.clone();
    let session = amp.start(SessionConfig::new()).unwrap().recorded(record);
    let (turn, mut input) = session.converse_from("one").await.unwrap();
    let more = UserInput::text("two").with_steer(true);
    input.send(&more).unwrap();
    input.close();
    let lines = arguments(turn).await;
    assert!(
        lines.contains(&"--stream-json-input".to_owned()),
        "{lines:?}"
    );
    let messages = [UserInput::text("one").to_line(), more.to_line()];
    let messages = messages.map(|line| line.trim_end().to_owned());
    assert_eq!(lines[lines.len() - 2..], messages);
    let turn = ledger.open(&id).unwrap().turns().unwrap().pop().unwrap();
    let start = turn.start().unwrap().unwrap();
    assert_eq!(start.prompt.as_deref(), Some("one"));
    let recorded = turn.messages().unwrap().unwrap();
    assert_eq!(recorded, messages.map(String::into_bytes));
}

#[tokio::test]
async fn every_message_can_be_sent_before_the_first_line_is_read() {
    let home = TempDir::new().unwrap();
    // It writes more than a pipe holds before it reads, and is sent more than a pipe holds.
    let amp = playing(&home, SEPTEMBER, "flood stdout 1000000 1000; count");
    let session = amp.start(SessionConfig::new()).unwrap();
    let mut turn = session.converse().await.unwrap();
    let input = turn.take_input().unwrap();
    let message = UserInput::text("x".repeat(100_000));
    let messages = stream::iter(vec![message.clone(); 10]);
    messages.map(Ok).forward(input).await.unwrap();
    let mut last = Vec::new();
    while let Some(line) = turn.next_line().await {
        last = line.bytes().to_vec();
    }
    let sent = 10 * message.to_line().len();
    assert_eq!(last, format!("read {sent} bytes").into_bytes());
}

#[tokio::test]
async fn a_turn_that_is_waited_for_writes_on_what_is_sent_from_elsewhere() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, "count");
    let session = amp.start(SessionConfig::new()).unwrap();
    let mut turn = session.converse().await.unwrap();
    let mut input = turn.take_input().unwrap();
    let message = UserInput::text("x".repeat(1_000_000));
    let sending = async {
        input.send(&message).unwrap();
        input.close();
    };
    // The turn is polled first, and waits.
    let (line, ()) = tokio::join!(biased; turn.next_line(), sending);
    let sent = message.to_line().len();
    assert_eq!(
        line.unwrap().bytes(),
        format!("read {sent} bytes").as_bytes()
    );
}

#[tokio::test]
async fn messages_that_the_agent_does_not_read_are_refused_in_the_end() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, "hang");
    let session = amp.start(SessionConfig::new()).unwrap();
    let mut turn = session.converse().await.unwrap();
    let mut input = turn.take_input().unwrap();
    let message = UserInput::text("x".repeat(4 << 20));
    let refused = (0..10).find_map(|_| input.send(&message).err());
    assert_eq!(refused.unwrap().kind(), ErrorKind::InputFull);
    turn.kill().await;
    let closed = input.send(&message).unwrap_err();
    assert_eq!(closed.kind(), ErrorKind::InputClosed);
}

#[tokio::test]
async fn an_input_that_nobody_took_does_not_keep_a_turn_open() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, &format!("read-all; {INIT}; {SUCCESS}"));
    let session = amp.start(SessionConfig::new()).unwrap();
    let outcome = session.converse().await.unwrap().finish().await;
    assert_eq!(outcome.status, Status::Completed);
}
