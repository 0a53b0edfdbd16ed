//! Turns that may use only so much.

use amp_session::{Cap, Caps, Outcome, Reason, SessionConfig, Status, TurnItem};
use tempfile::TempDir;

use crate::support::{INIT, SEPTEMBER, SUCCESS, playing};

/// Writes a message with a tool call and the result of that, as commands of the fake agent's script.
fn call(number: usize) -> String {
    format!(
        concat!(
            r#"out {{"type":"assistant","message":{{"content":[{{"type":"tool_use","id":"{0}","#,
            r#""name":"Read","input":{{}}}}],"usage":{{"input_tokens":30,"output_tokens":10}}}}}}; "#,
            r#"out {{"type":"user","message":{{"content":[{{"type":"tool_result","#,
            r#""tool_use_id":"{0}","content":"text"}}]}}}}"#,
        ),
        number
    )
}

/// Runs a turn of five calls between two parts of a script, and says how it ended and of what it
/// warned.
async fn five_calls(caps: Caps, begin: &str, end: &str) -> (Outcome, Vec<Cap>) {
    let home = TempDir::new().unwrap();
    let calls: Vec<String> = (1..=5).map(call).collect();
    let amp = playing(
        &home,
        SEPTEMBER,
        &format!("{begin}; {}; {end}", calls.join("; ")),
    );
    let session = amp.start(SessionConfig::new().with_caps(caps)).unwrap();
    let mut turn = session.prompt("Read it all.").await.unwrap();
    let mut warned = Vec::new();
    loop {
        match turn.next_item().await.unwrap() {
            TurnItem::Cap(near) => warned.push(near.cap),
            TurnItem::End(outcome) => return (*outcome, warned),
            _ => {}
        }
    }
}

#[tokio::test]
async fn an_agent_that_wants_more_than_it_may_have_is_stopped() {
    let cases = [
        (Caps::default().with_tool_calls(4), Cap::ToolCalls),
        (Caps::default().with_messages(5), Cap::Messages),
        (Caps::default().with_tokens(200), Cap::Tokens),
    ];
    for (caps, cap) in cases {
        let (outcome, warned) = five_calls(caps, INIT, "hang").await;
        assert_eq!(outcome.status, Status::Capped, "{outcome:?}");
        assert_eq!(outcome.reason(), Some(Reason::CapReached));
        assert_eq!((outcome.tool_calls, warned), (5, vec![cap]));
        assert!(outcome.thread.is_some(), "it can go on");
    }
}

#[tokio::test]
async fn an_agent_that_was_done_by_then_has_completed_its_turn() {
    let caps = Caps::default().with_tool_calls(4);
    let begin = format!("on SIGTERM {{ {SUCCESS}; exit 0 }}; {INIT}");
    let (outcome, _) = five_calls(caps, &begin, "hang").await;
    assert_eq!((outcome.status, outcome.failure), (Status::Completed, None));
}

#[tokio::test]
async fn what_is_enough_stops_nobody() {
    let caps = Caps::default()
        .with_tool_calls(5)
        .with_messages(6)
        .with_tokens(201);
    let (outcome, warned) = five_calls(caps, INIT, SUCCESS).await;
    assert_eq!(outcome.status, Status::Completed, "{outcome:?}");
    assert_eq!(warned, [Cap::ToolCalls, Cap::Tokens, Cap::Messages]);
}
