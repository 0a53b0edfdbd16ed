//! A client that misbehaves: nothing hangs, nothing is done unasked, and nothing stays behind.

use std::fs::File;

use rustix::process::Signal;
use serde_json::json;

use super::{INIT, call, doing, exists, statuses};
use crate::support::World;
use crate::support::editor::Editor;
use crate::support::program::{
    send, wait_for_process, wait_until_gone, wait_until_no_process, wait_until_none,
};

fn asking(arguments: &[&str]) -> (Editor, String, u64) {
    let (mut editor, session) = Editor::with_session(doing(&call("cargo test", "ran")), arguments);
    let id = editor.prompt(&session, "go");
    (editor, session, id)
}

/// Takes what every change of a session's record waits for.
fn held(editor: &Editor, session: &str) -> File {
    let records = editor.world.home().join(".local/state/ampctl/sessions");
    let lock = File::open(records.join(session).join("session.lock")).expect("a lock");
    lock.lock().expect("nobody else");
    lock
}

#[test]
fn a_client_that_closes_its_input_in_mid_question_gets_nothing_done() {
    let (mut editor, ..) = asking(&[]);
    editor.question();
    let (status, _) = editor.end();
    assert!(status.success(), "{status}");
    assert!(!exists(&editor.world, "ran"));
    wait_until_none(&editor.world);
}

#[test]
fn a_client_that_never_answers_is_not_waited_for_beyond_the_limit() {
    let (mut editor, session, id) = asking(&["--question-timeout", "200ms"]);
    editor.question();
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    assert!(!exists(&editor.world, "ran"));
    let updates = editor.updates(&session);
    assert_eq!(statuses(&updates)[0].1, "failed");
    assert!(
        format!("{updates:?}").contains("nobody answered within"),
        "{updates:?}"
    );
}

#[test]
fn an_answer_that_is_garbage_is_a_no() {
    for answer in [
        json!({"outcome": {"outcome": "selected", "optionId": "allow_once"}}),
        json!({"outcome": {"outcome": "maybe"}}),
        json!({"outcome": "selected"}),
        json!([]),
    ] {
        let (mut editor, _, id) = asking(&[]);
        let question = editor.question();
        editor.reply(&question, answer.clone());
        let reply = editor.answer_to(id);
        assert!(
            reply["result"]["stopReason"].is_string(),
            "{answer}: {reply}"
        );
        assert!(!exists(&editor.world, "ran"), "{answer}");
    }
}

#[test]
fn an_error_in_place_of_an_answer_is_a_no() {
    let (mut editor, _, id) = asking(&[]);
    let question = editor.question();
    let error = json!({"code": -32601, "message": "no such method"});
    editor.send(&json!({"jsonrpc": "2.0", "id": question["id"], "error": error}));
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    assert!(!exists(&editor.world, "ran"));
}

#[test]
fn garbage_between_the_lines_ends_no_turn() {
    let (mut editor, _, id) = asking(&[]);
    let question = editor.question();
    let unasked = r#"{"id":99,"jsonrpc":"2.0","result":{}}"#;
    for line in ["", "[]", "null", "\u{0}", r#"{"jsonrpc":"1.0"}"#, unasked] {
        editor.write(line);
    }
    editor.choose(&question, "allow");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    assert!(exists(&editor.world, "ran"));
}

#[test]
fn every_prompt_of_a_flood_is_answered() {
    let (mut editor, session, first) = asking(&[]);
    let question = editor.question();
    let ids: Vec<u64> = (0..150).map(|_| editor.prompt(&session, "more")).collect();
    let (waiting, refused) = ids.split_at(100);
    for id in refused {
        assert_eq!(editor.answer_to(*id)["error"]["code"], -32602);
    }
    editor.notify("session/cancel", json!({"sessionId": session}));
    editor.reply(&question, json!({"outcome": {"outcome": "cancelled"}}));
    for id in waiting.iter().chain([&first]) {
        assert_eq!(editor.answer_to(*id)["result"]["stopReason"], "cancelled");
    }
}

#[test]
fn an_agent_waits_for_a_client_that_reads_nothing_and_its_deadline_does_not() {
    // More than the pipes and the queues hold; the client reads what it waits for, and nothing else.
    let line = r#"out {"type":"assistant","message":{"role":"assistant","content":[{"type":"text","text":"A line of the agent."}]}}"#;
    let world = World::playing(&format!("{INIT}; repeat 20000 {line}; touch written; hang"));
    let arguments = ["--timeout", "3s", "--approve", "none"];
    let (mut editor, session) = Editor::with_session(world, &arguments);
    let id = editor.prompt(&session, "go");
    wait_for_process(&editor.world, "fake-agent");
    wait_until_no_process(&editor.world, "fake-agent");
    assert!(!exists(&editor.world, "written"));
    let answer = editor.answer_to(id);
    assert_eq!(answer["error"]["data"]["kind"], "timed_out", "{answer}");
}

#[test]
fn a_disk_that_does_not_answer_stops_neither_its_session_nor_others() {
    let mut editor = Editor::start(doing(&call("cargo test", "ran")), &[]);
    let capabilities = json!({"session": {"notices": {}}});
    let params = json!({"protocolVersion": 1, "clientCapabilities": capabilities});
    editor.ask("initialize", params);
    let (held_up, other) = (editor.new_session(), editor.new_session());
    let waiting = editor.prompt(&held_up, "go");
    let question = editor.question();
    let _lock = held(&editor, &held_up);
    editor.choose(&question, "allow");
    let id = editor.prompt(&other, "go");
    let question = editor.question();
    editor.choose(&question, "reject");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    let answer = editor.answer_to(waiting);
    assert_eq!(answer["result"]["stopReason"], "end_turn");
    let told = editor.updates(&held_up);
    let notice = told
        .iter()
        .find(|update| update["sessionUpdate"] == "notice");
    let text = notice.expect("a notice").to_string();
    assert!(text.contains("the record is not whole"), "{text}");
    let (status, _) = editor.end();
    assert!(status.success(), "{status}");
}

#[test]
fn a_turn_that_is_cancelled_while_it_begins_is_answered_at_once_and_the_next_one_runs() {
    let (mut editor, session) = Editor::with_session(doing("touch ran"), &["--approve", "none"]);
    let id = editor.prompt(&session, "the thread is known from now on");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    // The beginning of a turn waits for it for 10 seconds, and fails then.
    let lock = held(&editor, &session);
    let ids = ["first", "second"].map(|text| editor.prompt(&session, text));
    editor.notify("session/cancel", json!({"sessionId": session}));
    for id in ids {
        assert_eq!(editor.answer_to(id)["result"]["stopReason"], "cancelled");
    }
    let third = editor.prompt(&session, "third");
    editor.notify("$/cancel_request", json!({"requestId": third}));
    assert_eq!(editor.answer_to(third)["error"]["code"], -32800);
    let fourth = editor.prompt(&session, "fourth");
    drop(lock);
    let answer = editor.answer_to(fourth);
    assert_eq!(answer["result"]["stopReason"], "end_turn", "{answer}");
}

#[test]
fn a_session_that_is_closed_while_a_turn_begins_ends_at_once() {
    let (mut editor, session) = Editor::with_session(doing("touch ran"), &["--approve", "none"]);
    let _lock = held(&editor, &session);
    let id = editor.prompt(&session, "go");
    let close = editor.request("session/close", json!({"sessionId": session}));
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "cancelled");
    assert_eq!(editor.answer_to(close)["result"], json!({}));
    assert!(!exists(&editor.world, "ran"));
}

#[test]
fn a_signal_ends_the_agents_and_the_bridge() {
    let (mut editor, ..) = asking(&[]);
    editor.question();
    send(editor.id(), Signal::TERM);
    wait_until_gone(editor.id());
    wait_until_none(&editor.world);
    assert!(!exists(&editor.world, "ran"));
}
