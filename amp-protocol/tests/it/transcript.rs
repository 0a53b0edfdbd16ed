//! Events in, conversation out.

use amp_protocol::decode_line;
use amp_protocol::transcript::{Block, Message, Transcript};

fn fold(lines: &[&str]) -> Transcript {
    lines.iter().map(|line| crate::event(line)).collect()
}

fn recorded(version: &str, scenario: &str) -> Transcript {
    let recording = fixtures::recording(version, scenario).expect("the recording exists");
    let lines = recording.lines().expect("the recording can be read");
    lines
        .iter()
        .filter_map(|line| decode_line(line).into_event())
        .collect()
}

const PROMPT: &str =
    r#"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"go"}]}}"#;
const TASK: &str = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"Asking."},{"type":"tool_use","id":"t1","name":"Task","input":{"prompt":"p"}}],"usage":{"input_tokens":1,"output_tokens":10}},"parent_tool_use_id":null}"#;
const CHILD: &str = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"child"},{"type":"tool_use","id":"c1","name":"Bash","input":{"cmd":"ls"}}],"usage":{"input_tokens":2,"output_tokens":20}},"parent_tool_use_id":"t1"}"#;
const GRANDCHILD: &str = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"grandchild"}],"usage":{"input_tokens":4,"output_tokens":null}},"parent_tool_use_id":"c1"}"#;
const ANSWER: &str = r#"{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t1","content":"report","is_error":false}]},"parent_tool_use_id":null}"#;
const END: &str = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"Done."}],"stop_reason":"end_turn"},"parent_tool_use_id":null}"#;

#[test]
fn calls_are_joined_with_their_results() {
    for version in fixtures::versions() {
        let transcript = recorded(&version, "parallel");
        assert!(transcript.calls().len() > 1, "{version}");
        assert_eq!(transcript.open_calls().count(), 0, "{version}");
        assert_eq!(transcript.unmatched_results(), [], "{version}");
        for call in transcript.calls() {
            let result = call.result.as_ref().expect("an answer");
            assert_eq!(result.tool_use_id, call.request.id);
        }
    }
}

#[test]
fn every_recording_ends_with_the_text_that_its_result_names() {
    for recording in fixtures::recordings() {
        let mut transcript = Transcript::new();
        let mut told = None;
        for line in recording.lines().expect("the recording can be read") {
            match decode_line(&line).into_event() {
                Some(amp_protocol::Event::Result(result)) => told = result.result,
                Some(event) => transcript.push(event),
                None => {}
            }
        }
        if let Some(told) = told {
            let name = format!("{}/{}", recording.version, recording.scenario);
            assert_eq!(transcript.final_text().unwrap_or_default(), told, "{name}");
        }
    }
}

#[test]
fn what_a_subagent_says_hangs_below_its_call() {
    let transcript = fold(&[PROMPT, TASK, CHILD, GRANDCHILD, ANSWER, END]);
    assert_eq!(transcript.turns().len(), 1);
    let turn = &transcript.turns()[0];
    assert_eq!(turn.prompt_text(), "go");
    let said: Vec<String> = turn.messages.iter().map(Message::text).collect();
    assert_eq!(said, ["Asking.", "Done."]);

    let task = transcript.call(turn.messages[0].calls().next().expect("the task"));
    assert_eq!(task.messages[0].text(), "child");
    let bash = transcript.call(task.messages[0].calls().next().expect("the child's call"));
    assert_eq!(bash.messages[0].text(), "grandchild");
    assert_eq!(bash.result, None);
}

#[test]
fn the_order_of_arrival_does_not_matter_to_subagents() {
    let expected = fold(&[PROMPT, TASK, CHILD, GRANDCHILD, ANSWER, END]);
    for lines in [
        [PROMPT, TASK, ANSWER, CHILD, GRANDCHILD, END],
        [PROMPT, CHILD, GRANDCHILD, TASK, ANSWER, END],
        [PROMPT, GRANDCHILD, TASK, CHILD, END, ANSWER],
    ] {
        let transcript = fold(&lines);
        assert_eq!(transcript.unmatched_messages().count(), 0);
        assert_eq!(transcript.usage(), expected.usage());
        let task = transcript
            .calls()
            .iter()
            .find(|call| call.request.id == *"t1")
            .expect("the task");
        assert_eq!(task.messages[0].text(), "child");
        assert!(task.result.is_some());
    }
}

#[test]
fn tokens_are_added_up_per_turn_and_in_total() {
    let transcript = fold(&[PROMPT, TASK, CHILD, GRANDCHILD, ANSWER, PROMPT, END]);
    let first = transcript.turn_usage(&transcript.turns()[0]);
    assert_eq!((first.input_tokens, first.output_tokens), (7, 30));
    assert_eq!(first.messages_without_usage, 0);
    let second = transcript.turn_usage(&transcript.turns()[1]);
    assert_eq!((second.input_tokens, second.messages_without_usage), (0, 1));
    assert_eq!(transcript.usage().input_tokens, 7);
}

#[test]
fn each_message_of_the_user_starts_a_turn() {
    let transcript = recorded(fixtures::LAST_JAVASCRIPT_VERSION, "multiturn-spaced");
    let turns: Vec<(String, usize)> = transcript
        .turns()
        .iter()
        .map(|turn| (turn.prompt_text(), turn.messages.len()))
        .collect();
    assert_eq!(
        turns,
        [
            ("SCN:turn1 first".to_owned(), 2),
            ("SCN:turn2 second".to_owned(), 1)
        ]
    );
}

#[test]
fn nothing_without_its_counterpart_is_dropped() {
    let transcript = fold(&[ANSWER, CHILD, END]);
    assert_eq!(transcript.unmatched_results().len(), 1);
    assert_eq!(transcript.unmatched_messages().count(), 1);
    assert_eq!(
        transcript.turns()[0].messages[0].blocks,
        [Block::Text("Done.".to_owned())]
    );
    assert!(transcript.turns()[0].prompt.is_empty());
}

#[test]
fn a_cancelled_run_leaves_its_call_open() {
    let transcript = fold(&[PROMPT, TASK]);
    let open: Vec<&str> = transcript
        .open_calls()
        .map(|call| call.request.id.as_str())
        .collect();
    assert_eq!(open, ["t1"]);
    assert_eq!(transcript.final_text().as_deref(), Some("Asking."));
}
