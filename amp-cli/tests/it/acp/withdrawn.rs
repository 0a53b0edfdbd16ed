//! Requests that the client takes back: `$/cancel_request`.

use serde_json::{Value, json};

use super::{INIT, SUCCESS, call, doing, exists};
use crate::support::World;
use crate::support::editor::Editor;

const WITHDRAWN: i64 = -32800;

fn withdraw(editor: &mut Editor, id: u64) {
    editor.notify("$/cancel_request", json!({"requestId": id}));
}

#[test]
fn a_prompt_that_is_withdrawn_during_a_question_ends_its_turn() {
    let (mut editor, session) = Editor::with_session(doing(&call("cargo test", "ran")), &[]);
    let id = editor.prompt(&session, "go");
    editor.question();
    withdraw(&mut editor, id);
    assert_eq!(editor.answer_to(id)["error"]["code"], WITHDRAWN);
    assert!(!exists(&editor.world, "ran"));
}

#[test]
fn a_prompt_that_waits_is_withdrawn_alone_and_at_once() {
    // A build whose running turns take no other prompt.
    let world = doing(&call("cargo test", "ran"));
    let world = world.with("FAKE_AGENT_VERSION", "0.0.1770734955-g93e689");
    let (mut editor, session) = Editor::with_session(world, &[]);
    let [first, second, third] = ["a", "b", "c"].map(|text| editor.prompt(&session, text));
    let question = editor.question();
    withdraw(&mut editor, second);
    assert_eq!(editor.answer_to(second)["error"]["code"], WITHDRAWN);
    assert!(!exists(&editor.world, "ran"));
    editor.choose(&question, "allow");
    assert_eq!(editor.answer_to(first)["result"]["stopReason"], "end_turn");
    let question = editor.question();
    editor.choose(&question, "reject");
    assert_eq!(editor.answer_to(third)["result"]["stopReason"], "end_turn");
    let record = editor
        .world
        .home()
        .join(".local/state/ampctl/sessions")
        .join(&session)
        .join("turns");
    let turns = std::fs::read_dir(record).expect("a record").count();
    assert_eq!(turns, 2);
}

#[test]
fn a_prompt_that_has_reached_a_running_turn_is_withdrawn_with_the_turn() {
    let read = r#"call Read {"path":"/etc/hostname"} { }"#;
    let world = World::playing(&format!(
        "{INIT}; read-line; {read}; read-line; {read}; hang"
    ));
    let (mut editor, session) = Editor::with_session(world, &["--approve", "none"]);
    let first = editor.prompt(&session, "first");
    let is_call = |message: &Value| message["params"]["update"]["sessionUpdate"] == "tool_call";
    editor.wait_for(is_call);
    let second = editor.prompt(&session, "second");
    // The agent has read it.
    editor.wait_for(is_call);
    withdraw(&mut editor, second);
    assert_eq!(editor.answer_to(second)["error"]["code"], WITHDRAWN);
    assert_eq!(editor.answer_to(first)["result"]["stopReason"], "cancelled");
    let third = editor.prompt(&session, "third");
    editor.wait_for(is_call);
    withdraw(&mut editor, third);
    assert_eq!(editor.answer_to(third)["error"]["code"], WITHDRAWN);
}

#[test]
fn a_load_that_is_withdrawn_tells_no_more_and_opens_nothing() {
    // More than the pipes and the queues hold.
    let text = "A line of the agent. ".repeat(40);
    let line = format!(
        r#"out {{"type":"assistant","message":{{"role":"assistant","content":[{{"type":"text","text":"{text}"}}]}}}}"#
    );
    let world = World::playing(&format!("{INIT}; repeat 1000 {line}; {SUCCESS}"));
    let (mut editor, session) = Editor::with_session(world, &["--approve", "none"]);
    let id = editor.prompt(&session, "go");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    let lines = |editor: &mut Editor| {
        let updates = editor.updates(&session).into_iter();
        let lines = updates.filter(|update| update["sessionUpdate"] == "agent_message_chunk");
        lines.count()
    };
    assert_eq!(lines(&mut editor), 1000);
    editor.ask("session/close", json!({"sessionId": session}));
    let params = json!({"sessionId": session, "cwd": editor.world.project(), "mcpServers": []});
    let load = editor.request("session/load", params.clone());
    // The client reads no more, so that the load cannot be at its end.
    let kind = |message: &Value| message["params"]["update"]["sessionUpdate"].clone();
    editor.wait_for(|message| kind(message) == "user_message_chunk");
    withdraw(&mut editor, load);
    assert_eq!(editor.answer_to(load)["error"]["code"], WITHDRAWN);
    assert!(lines(&mut editor) < 1000);
    let prompt = json!({"sessionId": session, "prompt": [{"type": "text", "text": "x"}]});
    assert_eq!(
        editor.ask("session/prompt", prompt)["error"]["code"],
        -32002
    );
    assert!(editor.ask("session/load", params).get("result").is_some());
    assert_eq!(lines(&mut editor), 1000);
}
