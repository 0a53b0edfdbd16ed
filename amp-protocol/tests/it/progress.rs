//! Events in, what they come to out.

use amp_protocol::progress::Progress;
use amp_protocol::{Decoded, Event, ResultEvent, SessionId, ToolUseId, decode_line};

const PROMPT: &str =
    r#"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"go"}]}}"#;
const TASK: &str = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"Asking."},{"type":"tool_use","id":"t1","name":"Task","input":{"prompt":"p"}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"cache_creation_input_tokens":100,"cache_read_input_tokens":1000,"output_tokens":10}},"parent_tool_use_id":null}"#;
const CHILD: &str = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"child"},{"type":"tool_use","id":"c1","name":"Bash","input":{"cmd":"ls"}},{"type":"tool_use","id":"c2","name":"Read","input":{}}],"usage":{"input_tokens":2,"output_tokens":20}},"parent_tool_use_id":"t1"}"#;
const GRANDCHILD: &str = r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"g1","name":"Bash","input":{}}],"usage":{"input_tokens":4,"output_tokens":null}},"parent_tool_use_id":"c1"}"#;
const ANSWER: &str = r#"{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t1","content":"report","is_error":false}]},"parent_tool_use_id":null}"#;
const END: &str = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"Done."}],"stop_reason":"end_turn"},"parent_tool_use_id":null}"#;

/// What ended a call: its id, and the words of its result.
type Ending = (String, Option<String>);

fn observe(progress: &mut Progress, line: &str) -> Vec<Ending> {
    let event = crate::event(line);
    let closed = progress.observe(&event);
    let ending = |closed: &amp_protocol::progress::ClosedCall<'_>| {
        let id = match (&closed.call, closed.result) {
            (Some(call), _) => call.request.id.to_string(),
            (None, Some(result)) => format!("unseen {}", result.tool_use_id),
            (None, None) => unreachable!("nothing has ended"),
        };
        let words = closed.result.and_then(|result| result.text());
        (id, words.map(str::to_owned))
    };
    closed.iter().map(ending).collect()
}

fn follow(lines: &[&str]) -> (Progress, Vec<Ending>) {
    let mut progress = Progress::new();
    let endings = lines.iter().flat_map(|line| observe(&mut progress, line));
    let endings = endings.collect();
    (progress, endings)
}

fn open(progress: &Progress) -> Vec<(&str, usize)> {
    let calls = progress.open_calls();
    calls
        .map(|call| (call.request.id.as_str(), call.depth))
        .collect()
}

fn unanswered(id: &str) -> Ending {
    (id.to_owned(), None)
}

fn answered(id: &str, words: &str) -> Ending {
    (id.to_owned(), Some(words.to_owned()))
}

#[test]
fn every_recorded_call_is_joined_with_its_result() {
    let mut joined = 0;
    for recording in fixtures::recordings() {
        let mut progress = Progress::new();
        for line in recording.lines().expect("the recording can be read") {
            let Some(event) = decode_line(&line).into_event() else {
                continue;
            };
            for closed in progress.observe(&event) {
                let call = closed.call.expect("no result comes without its call");
                if let Some(result) = closed.result {
                    assert_eq!(result.tool_use_id, call.request.id);
                    joined += 1;
                }
            }
        }
        // Only the subagents of January leave calls behind, and runs that were cut off.
        let result = progress.result().is_some_and(ResultEvent::is_success);
        let left = progress.open_calls().filter(|call| call.depth == 0).count();
        let name = format!("{}/{}", recording.version, recording.scenario);
        assert!(!result || left == 0, "{name}: {left} calls have no result");
    }
    assert!(joined > 100, "only {joined} calls are recorded");
}

#[test]
fn every_recording_ends_with_the_text_that_its_result_names() {
    for recording in fixtures::recordings() {
        let mut progress = Progress::new();
        let mut told = None;
        for line in recording.lines().expect("the recording can be read") {
            match decode_line(&line) {
                Decoded::Event(Event::Result(result)) => told = result.result,
                Decoded::Event(event) => drop(progress.observe(&event)),
                _ => {}
            }
        }
        if let Some(told) = told {
            let name = format!("{}/{}", recording.version, recording.scenario);
            assert_eq!(progress.final_text().unwrap_or_default(), told, "{name}");
        }
    }
}

#[test]
fn the_calls_of_a_subagent_hang_below_the_call_that_started_it() {
    let (progress, endings) = follow(&[PROMPT, TASK, CHILD, GRANDCHILD]);
    assert_eq!(
        open(&progress),
        [("t1", 0), ("c1", 1), ("c2", 1), ("g1", 2)]
    );
    assert_eq!(endings, []);
    let grandchild = progress.open_call(&"g1".into()).expect("it is open");
    assert_eq!(
        grandchild.parent.as_ref().map(ToolUseId::as_str),
        Some("c1")
    );
    assert_eq!(progress.tool_calls(), 4);
}

#[test]
fn a_call_ends_behind_those_of_its_subagents() {
    let (mut progress, _) = follow(&[PROMPT, TASK, CHILD, GRANDCHILD]);
    let expected = [
        unanswered("g1"),
        unanswered("c1"),
        unanswered("c2"),
        answered("t1", "report"),
    ];
    assert_eq!(observe(&mut progress, ANSWER), expected);
    assert_eq!(open(&progress), []);
    assert_eq!(progress.finish(), []);
}

#[test]
fn a_subagent_that_goes_on_is_done_with_its_calls() {
    let (mut progress, _) = follow(&[PROMPT, TASK, CHILD]);
    // The same ids once more: calls of before end, those of now are open.
    let expected = [unanswered("c1"), unanswered("c2")];
    assert_eq!(observe(&mut progress, CHILD), expected);
    assert_eq!(open(&progress), [("t1", 0), ("c1", 1), ("c2", 1)]);
}

#[test]
fn an_id_that_comes_again_ends_the_call_before() {
    let (mut progress, _) = follow(&[TASK, CHILD]);
    let expected = [unanswered("c1"), unanswered("c2"), unanswered("t1")];
    assert_eq!(observe(&mut progress, TASK), expected);
    assert_eq!(observe(&mut progress, ANSWER), [answered("t1", "report")]);
}

#[test]
fn a_stream_that_begins_late_gives_results_without_calls() {
    let (progress, endings) = follow(&[ANSWER, CHILD, END]);
    assert_eq!(endings, [answered("unseen t1", "report")]);
    // Their parent is not open, so they hang below nothing.
    assert_eq!(open(&progress), [("c1", 0), ("c2", 0)]);
    assert_eq!(progress.final_text(), Some("Done."));
}

#[test]
fn a_stream_that_is_cut_leaves_its_calls_open() {
    let (mut progress, _) = follow(&[PROMPT, TASK, CHILD]);
    assert!(progress.result().is_none());
    assert_eq!(progress.final_text(), Some("Asking."));
    let cut_off = progress.finish();
    let ids: Vec<&str> = cut_off
        .iter()
        .map(|closed| closed.call.as_ref().expect("a call").request.id.as_str())
        .collect();
    assert_eq!(ids, ["c1", "c2", "t1"]);
    assert!(cut_off.iter().all(|closed| closed.outcome().is_none()));
    assert_eq!(open(&progress), []);
}

#[test]
fn subagents_nest_without_end() {
    let mut progress = Progress::new();
    observe(&mut progress, TASK);
    let mut parent = "t1".to_owned();
    for level in 0..100_000 {
        let id = format!("n{level}");
        let line = format!(
            r#"{{"type":"assistant","message":{{"content":[{{"type":"tool_use","id":"{id}","name":"Task","input":{{}}}}]}},"parent_tool_use_id":"{parent}"}}"#
        );
        observe(&mut progress, &line);
        parent = id;
    }
    let endings = observe(&mut progress, ANSWER);
    assert_eq!(endings.len(), 100_001);
    assert_eq!(endings.first(), Some(&unanswered("n99999")));
}

#[test]
fn tokens_are_added_up_with_those_of_caches_and_subagents() {
    let (progress, _) = follow(&[PROMPT, TASK, CHILD, GRANDCHILD, ANSWER, END]);
    let usage = progress.usage();
    assert_eq!((usage.input_tokens, usage.output_tokens), (7, 30));
    assert_eq!(usage.cache_creation_input_tokens, 100);
    assert_eq!(usage.cache_read_input_tokens, 1000);
    assert_eq!(usage.all_input_tokens(), 1107);
    assert_eq!(usage.messages_without_usage, 1);
    let mut twice = usage;
    twice.add_totals(&usage);
    assert_eq!(twice.all_input_tokens(), 2214);
    assert_eq!((twice.output_tokens, twice.messages_without_usage), (60, 2));
}

#[test]
fn refusals_are_counted_and_cancelled_calls_are_none() {
    let mut progress = Progress::new();
    for (words, refused) in [
        ("Tool execution rejected by user: rule 0", 1),
        ("Tool rejected by plugin: rule 0", 2),
        ("Plugin error: no", 3),
        ("Tool execution cancelled: SIGINT", 3),
        ("done", 3),
    ] {
        let line = format!(
            r#"{{"type":"user","message":{{"content":[{{"type":"tool_result","tool_use_id":"a","content":"{words}"}}]}}}}"#
        );
        let event = crate::event(&line);
        let closed = progress.observe(&event);
        assert!(
            closed[0].outcome().is_some(),
            "a result says what became of it"
        );
        assert_eq!(progress.refused_calls(), refused, "{words}");
    }
}

#[test]
fn a_message_without_a_reason_for_its_end_was_cut_short() {
    let (mut progress, _) = follow(&[PROMPT, TASK]);
    assert!(!progress.is_cut_short());
    observe(&mut progress, CHILD);
    assert!(
        !progress.is_cut_short(),
        "a subagent's message does not count"
    );
    observe(&mut progress, &END.replace(r#""end_turn""#, "null"));
    assert!(progress.is_cut_short());
    observe(&mut progress, END);
    assert!(!progress.is_cut_short());
}

#[test]
fn the_conversation_is_known_from_the_first_event_that_names_it() {
    let (mut progress, _) = follow(&[PROMPT]);
    assert_eq!(progress.session_id(), None);
    assert!(progress.system().is_none());
    let system = r#"{"type":"system","subtype":"init","session_id":"T-1"}"#;
    observe(&mut progress, system);
    let result = r#"{"type":"result","subtype":"success","result":"4","session_id":"T-2"}"#;
    observe(&mut progress, result);
    assert_eq!(progress.session_id().map(SessionId::as_str), Some("T-1"));
    assert!(progress.system().is_some());
    assert_eq!(progress.final_text(), Some("4"));
}

#[test]
fn the_context_is_what_the_last_message_of_the_agent_itself_read_and_wrote() {
    let (progress, _) = follow(&[PROMPT, TASK, CHILD, ANSWER, END]);
    let context = progress.context().expect("a message that says so");
    assert_eq!((context.tokens, context.limit), (1111, None));
    let recording = fixtures::recording("0.0.1767830505-ga62310", "text").expect("a recording");
    let mut progress = Progress::new();
    for line in recording.lines().expect("lines") {
        progress.observe(&decode_line(&line).into_event().expect("an event"));
    }
    let context = progress.context().expect("a message that says so");
    assert_eq!((context.tokens, context.limit), (110, Some(168_000)));
    assert_eq!(follow(&[PROMPT, END]).0.context(), None);
}
