//! Sessions: several at once, listed, loaded, resumed, closed and deleted.

use std::sync::Arc;

use amp_session::Ledger;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{busy, call, doing, exists, statuses};
use crate::support::World;
use crate::support::editor::Editor;
use crate::support::program::{send, wait_until_gone, wait_until_none};

fn place(editor: &Editor, session: &str) -> Value {
    json!({"sessionId": session, "cwd": editor.world.project(), "mcpServers": []})
}

/// Takes a turn in a new session, and returns its id and what was told of it.
fn held(editor: &mut Editor) -> (String, Vec<Value>) {
    let session = editor.new_session();
    let id = editor.prompt(&session, "What is here?");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    let told = editor.updates(&session);
    (session, told)
}

/// Leaves out what is told of a session rather than of its turns.
fn of_turns(updates: Vec<Value>) -> Vec<Value> {
    let of_session = ["session_info_update", "config_option_update"];
    let is_of_turn = |update: &Value| {
        let kind = update["sessionUpdate"].as_str();
        !of_session.contains(&kind.expect("a kind"))
    };
    updates.into_iter().filter(is_of_turn).collect()
}

fn texts(updates: &[Value], kind: &str) -> Vec<String> {
    let updates = updates
        .iter()
        .filter(|update| update["sessionUpdate"] == kind);
    let texts = updates.map(|update| update["content"]["text"].as_str().expect("a text"));
    texts.map(str::to_owned).collect()
}

#[test]
fn a_session_is_loaded_as_it_was_told_with_the_same_ids() {
    let mut editor = Editor::connected(World::replaying(&["files"]), &["--approve", "none"]);
    let (session, live) = held(&mut editor);
    let params = place(&editor, &session);
    let answer = editor.ask("session/load", params);
    assert_eq!(answer["result"]["modes"]["currentModeId"], "rules");
    let loaded = of_turns(editor.updates(&session));
    assert_eq!(loaded[0]["sessionUpdate"], "user_message_chunk");
    assert_eq!(loaded[0]["content"]["text"], "What is here?");
    let facts = |updates: &[Value]| -> Vec<Value> {
        let names = [
            "sessionUpdate",
            "messageId",
            "toolCallId",
            "title",
            "kind",
            "status",
        ];
        let updates = updates.iter();
        let facts = updates.map(|update| names.iter().map(|name| update[name].clone()).collect());
        facts.collect()
    };
    assert_eq!(facts(&loaded[1..]), facts(&of_turns(live)));
}

#[test]
fn a_session_outlives_the_death_of_its_bridge_and_no_process_does() {
    let (mut editor, session) = Editor::with_session(doing(&call("ls", "ran")), &[]);
    let first = editor.prompt(&session, "first");
    let question = editor.question();
    editor.choose(&question, "allow");
    editor.answer_to(first);
    editor.prompt(&session, "second");
    editor.question();
    send(editor.id(), Signal::KILL);
    let world = Arc::clone(&editor.world);
    drop(editor);
    wait_until_none(&world);
    let mut editor = Editor::connected(world, &[]);
    let params = place(&editor, &session);
    let answer = editor.ask("session/load", params);
    assert!(answer.get("result").is_some(), "{answer}");
    let updates = editor.updates(&session);
    assert_eq!(texts(&updates, "user_message_chunk"), ["first", "second"]);
    let calls = statuses(&updates);
    let ended = |(_, status): &(String, String)| status == "completed" || status == "failed";
    assert!(!calls.is_empty() && calls.iter().all(ended), "{calls:?}");
    let id = editor.prompt(&session, "third");
    let question = editor.question();
    editor.choose(&question, "reject");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
}

#[test]
fn a_session_is_resumed_without_what_was_said() {
    let mut editor = Editor::connected(World::replaying(&["text"]), &[]);
    let (session, _) = held(&mut editor);
    let params = place(&editor, &session);
    assert!(editor.ask("session/resume", params).get("result").is_some());
    assert_eq!(editor.updates(&session), Vec::<Value>::new());
    let id = editor.prompt(&session, "more");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
}

#[test]
fn a_session_is_found_by_its_thread_as_well() {
    let mut editor = Editor::connected(doing("sleep 0ms"), &[]);
    let (session, _) = held(&mut editor);
    let thread = "T-00000000-0000-7000-8000-000000000001";
    let params = place(&editor, thread);
    let answer = editor.ask("session/load", params);
    assert!(answer.get("result").is_some(), "{answer}");
    let id = editor.prompt(thread, "more");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    let listed = editor.ask("session/list", json!({}));
    let sessions = listed["result"]["sessions"].as_array().expect("sessions");
    assert_eq!(sessions.len(), 1, "one record for one thread: {listed}");
    assert_eq!(sessions[0]["sessionId"], session);
}

#[test]
fn a_thread_without_a_record_is_fetched_from_the_service() {
    let mut editor = Editor::connected(doing("sleep 0ms"), &[]);
    let thread = "T-11111111-0000-7000-8000-000000000002";
    let params = place(&editor, thread);
    let answer = editor.ask("session/load", params);
    assert!(answer.get("result").is_some(), "{answer}");
    let updates = editor.updates(thread);
    assert_eq!(texts(&updates, "user_message_chunk"), ["Hello."]);
    assert_eq!(texts(&updates, "agent_message_chunk"), ["Hello to you."]);
}

#[test]
fn sessions_are_listed_by_folder_and_those_without_a_turn_are_not() {
    let mut editor = Editor::connected(World::replaying(&["text"]), &[]);
    let (session, _) = held(&mut editor);
    editor.new_session();
    let folder = editor.world.project();
    let listed = editor.ask("session/list", json!({"cwd": folder}));
    let sessions = listed["result"]["sessions"].as_array().expect("sessions");
    assert_eq!(sessions.len(), 1, "{listed}");
    assert_eq!(sessions[0]["sessionId"], session);
    assert_eq!(sessions[0]["title"], "What is here?");
    assert!(
        sessions[0]["updatedAt"]
            .as_str()
            .expect("a time")
            .ends_with('Z')
    );
    let elsewhere = editor.ask("session/list", json!({"cwd": "/"}));
    assert_eq!(elsewhere["result"]["sessions"], json!([]));
    let answer = editor.ask("session/list", json!({"cursor": "none"}));
    assert_eq!(answer["error"]["code"], -32602);
}

#[test]
fn a_long_list_of_sessions_comes_in_pieces() {
    let mut editor = Editor::connected(doing("sleep 0ms"), &[]);
    let folder = editor.world.home().join(".local/state/ampctl/sessions");
    let ledger = Ledger::new(folder);
    let all = 1..=230;
    for number in all.clone() {
        let id = format!("T-00000000-0000-7000-8000-{number:012}");
        let thread = json!({"id": id, "title": id, "created": number, "messages": []});
        ledger.import(&thread).expect("a record");
    }
    let mut listed: Vec<String> = Vec::new();
    let mut params = json!({});
    loop {
        let answer = editor.ask("session/list", params);
        let sessions = answer["result"]["sessions"].as_array().expect("sessions");
        let titles = sessions.iter().map(|session| session["title"].as_str());
        listed.extend(titles.map(|title| title.expect("a title").to_owned()));
        match &answer["result"]["nextCursor"] {
            Value::Null => break,
            cursor => params = json!({"cursor": cursor}),
        }
    }
    let newest_first = all.rev();
    let expected = newest_first.map(|number| format!("T-00000000-0000-7000-8000-{number:012}"));
    assert_eq!(listed, expected.collect::<Vec<_>>());
}

#[test]
fn a_session_that_is_closed_can_be_resumed_and_one_that_is_deleted_is_gone() {
    let mut editor = Editor::connected(World::replaying(&["text"]), &[]);
    let (session, _) = held(&mut editor);
    let id = json!({"sessionId": session});
    assert_eq!(editor.ask("session/close", id.clone())["result"], json!({}));
    let prompt = json!([{"type": "text", "text": "x"}]);
    let params = json!({"sessionId": session, "prompt": prompt});
    assert_eq!(
        editor.ask("session/prompt", params)["error"]["code"],
        -32002
    );
    let params = place(&editor, &session);
    assert!(editor.ask("session/resume", params).get("result").is_some());
    assert_eq!(editor.ask("session/delete", id)["result"], json!({}));
    let params = place(&editor, &session);
    assert_eq!(editor.ask("session/load", params)["error"]["code"], -32002);
}

#[test]
fn closing_a_session_ends_its_turn_and_its_agent() {
    let (mut editor, session) = Editor::with_session(busy(), &["--approve", "none"]);
    let id = editor.prompt(&session, "go");
    editor.wait_for(|message| message["params"]["update"]["sessionUpdate"] == "tool_call");
    let close = editor.request("session/close", json!({"sessionId": session}));
    assert_eq!(
        editor.answer_to(id)["result"],
        json!({"stopReason": "cancelled"})
    );
    assert_eq!(editor.answer_to(close)["result"], json!({}));
}

#[test]
fn sessions_work_beside_one_another() {
    let (mut editor, first) = Editor::with_session(doing(&call("ls", "ran")), &[]);
    let waiting = editor.prompt(&first, "go");
    let question = editor.question();
    for _ in 0..3 {
        let other = editor.new_session();
        let id = editor.prompt(&other, "go");
        let question = editor.question();
        assert_eq!(question["params"]["sessionId"], other);
        editor.choose(&question, "reject");
        assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    }
    assert!(!exists(&editor.world, "ran"));
    editor.choose(&question, "allow");
    assert_eq!(
        editor.answer_to(waiting)["result"]["stopReason"],
        "end_turn"
    );
    assert!(exists(&editor.world, "ran"));
}

#[test]
fn nothing_is_recorded_unless_it_may_be() {
    let mut editor = Editor::connected(doing("sleep 0ms"), &["--no-record"]);
    held(&mut editor);
    assert_eq!(
        editor.ask("session/list", json!({}))["result"]["sessions"],
        json!([])
    );
    editor.end();
    wait_until_gone(editor.id());
    assert!(
        !editor
            .world
            .home()
            .join(".local/state/ampctl/sessions")
            .exists()
    );
}
