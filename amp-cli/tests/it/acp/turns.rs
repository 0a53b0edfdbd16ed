//! Turns: questions, diffs, presets, cancelling and errors.

use serde_json::{Value, json};

use super::{INIT, SUCCESS, call, doing, exists, statuses};
use crate::support::World;
use crate::support::editor::Editor;
use crate::support::program::wait_until_none;

fn asking(what: &str) -> (Editor, String, u64) {
    let (mut editor, session) = Editor::with_session(doing(what), &[]);
    let id = editor.prompt(&session, "go");
    (editor, session, id)
}

/// Returns what was told of a call when it came.
fn the_call(updates: &[Value]) -> Option<&Value> {
    let mut updates = updates.iter();
    updates.find(|update| update["sessionUpdate"] == "tool_call")
}

fn cancelled() -> Value {
    json!({"outcome": {"outcome": "cancelled"}})
}

#[test]
fn a_call_that_is_allowed_runs_after_its_question() {
    let (mut editor, session, id) = asking(&call("cargo test", "ran"));
    let question = editor.question();
    let asked = &question["params"]["toolCall"];
    assert_eq!(
        asked["content"][0]["content"]["text"],
        "```\ncargo test\n```"
    );
    let updates = editor.updates(&session);
    let told = the_call(&updates).expect("the call came before its question");
    assert_eq!(told["toolCallId"], asked["toolCallId"]);
    assert!(!exists(&editor.world, "ran"));
    editor.choose(&question, "allow");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    assert!(exists(&editor.world, "ran"));
    let rest = editor.updates(&session);
    let told: Vec<_> = rest
        .iter()
        .filter_map(|update| update["status"].as_str())
        .collect();
    assert_eq!(told, ["in_progress", "completed"]);
}

#[test]
fn a_call_that_is_rejected_never_runs_and_has_failed() {
    let (mut editor, session, id) = asking(&call("cargo test", "ran"));
    let question = editor.question();
    editor.choose(&question, "reject");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    assert!(!exists(&editor.world, "ran"));
    assert_eq!(statuses(&editor.updates(&session))[0].1, "failed");
}

#[test]
fn a_diff_is_told_before_the_file_changes_and_stands_in_the_question() {
    let edit = r#"call edit_file {"path":"a.txt","old_str":"two","new_str":"2"} { touch ran }"#;
    let world = doing(edit);
    world.write("project/a.txt", "one\ntwo\n");
    let (mut editor, session) = Editor::with_session(world, &[]);
    let id = editor.prompt(&session, "edit");
    let question = editor.question();
    let path = editor.world.project().join("a.txt");
    let diff =
        json!([{"type": "diff", "path": path, "oldText": "one\ntwo\n", "newText": "one\n2\n"}]);
    assert_eq!(question["params"]["toolCall"]["content"], diff);
    let updates = editor.updates(&session);
    assert_eq!(the_call(&updates).expect("a call")["content"], diff);
    editor.choose(&question, "reject");
    editor.answer_to(id);
}

#[test]
fn questions_that_are_open_at_once_are_answered_in_any_order() {
    let calls = format!(
        "together {{ {}; {} }}",
        call("ls a", "one"),
        call("ls b", "two")
    );
    let (mut editor, session, id) = asking(&calls);
    let questions = [editor.question(), editor.question()];
    let is_first =
        |question: &&Value| question["params"]["toolCall"]["rawInput"]["command"] == "ls a";
    let first = questions.iter().find(is_first).expect("a question");
    let second = questions
        .iter()
        .find(|question| !is_first(question))
        .expect("a question");
    editor.choose(second, "allow");
    editor.choose(first, "reject");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    assert!(!exists(&editor.world, "one") && exists(&editor.world, "two"));
    let ended = statuses(&editor.updates(&session)).into_iter();
    let mut ended: Vec<_> = ended.map(|(_, status)| status).collect();
    ended.sort();
    assert_eq!(ended, ["completed", "failed"]);
}

#[test]
fn cancelling_during_a_question_ends_the_turn_and_its_calls() {
    let (mut editor, session, id) = asking(&call("cargo test", "ran"));
    let question = editor.question();
    editor.notify("session/cancel", json!({"sessionId": session}));
    editor.reply(&question, cancelled());
    assert_eq!(
        editor.answer_to(id)["result"],
        json!({"stopReason": "cancelled"})
    );
    assert!(!exists(&editor.world, "ran"));
    let updates = editor.updates(&session);
    assert!(
        statuses(&updates)
            .iter()
            .all(|(_, status)| status == "failed"),
        "{updates:?}"
    );
    editor.end();
    wait_until_none(&editor.world);
}

#[test]
fn a_question_that_is_answered_with_cancelled_cancels_the_turn() {
    let (mut editor, _, id) = asking(&call("cargo test", "ran"));
    let question = editor.question();
    editor.reply(&question, cancelled());
    assert_eq!(
        editor.answer_to(id)["result"],
        json!({"stopReason": "cancelled"})
    );
    assert!(!exists(&editor.world, "ran"));
}

#[test]
fn presets_decide_without_a_question() {
    for (preset, ran) in [("allow", true), ("deny", false), ("rules", true)] {
        let (mut editor, session) = Editor::with_session(doing(&call("ls", "ran")), &[]);
        let params = json!({"sessionId": session, "modeId": preset});
        assert!(
            editor
                .ask("session/set_mode", params)
                .get("result")
                .is_some()
        );
        let id = editor.prompt(&session, "go");
        assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
        assert_eq!(exists(&editor.world, "ran"), ran, "{preset}");
    }
}

#[test]
fn the_mode_that_amp_works_in_is_told_when_it_is_another_than_the_chosen_one() {
    let (mut editor, session) = Editor::with_session(doing("sleep 0ms"), &["--mode", "low"]);
    let told = |editor: &mut Editor| -> Vec<Value> {
        let id = editor.prompt(&session, "go");
        assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
        let updates = editor.updates(&session).into_iter();
        let options = updates.filter_map(|update| update.get("configOptions").cloned());
        options.collect()
    };
    let first = told(&mut editor);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0][0]["currentValue"], "high");
    assert_eq!(told(&mut editor), Vec::<Value>::new(), "it is known now");
}

#[test]
fn reading_needs_no_question_where_changes_alone_are_asked_about() {
    let read = r#"call Read {"path":"/etc/hostname"} { touch read }"#;
    let world = doing(&format!("{read}; {}", call("ls", "ran")));
    let (mut editor, session) = Editor::with_session(world, &["--approve", "read-only"]);
    let id = editor.prompt(&session, "go");
    let question = editor.question();
    assert_eq!(question["params"]["toolCall"]["title"], "ls");
    assert!(exists(&editor.world, "read"));
    editor.choose(&question, "reject");
    editor.answer_to(id);
    assert!(!exists(&editor.world, "ran"));
}

#[test]
fn a_turn_that_fails_is_an_error_with_its_reason() {
    let failed = r#"out {"type":"result","subtype":"error_during_execution","is_error":true,"num_turns":0,"error":"rate limited"}"#;
    let world = World::playing(&format!("{INIT}; {failed}"));
    let (mut editor, session) = Editor::with_session(world, &[]);
    let id = editor.prompt(&session, "go");
    let answer = editor.answer_to(id);
    assert_eq!(answer["error"]["code"], -32603, "{answer}");
    let message = answer["error"]["message"].as_str().expect("a message");
    assert!(message.contains("rate limited"), "{message}");
    assert_eq!(answer["error"]["data"]["kind"], "failed");
}

#[test]
fn a_prompt_that_is_too_long_has_a_reason_to_stop_of_its_own() {
    let (mut editor, session) = Editor::with_session(World::replaying(&["ectx"]), &[]);
    let id = editor.prompt(&session, "go");
    let answer = editor.answer_to(id);
    assert_eq!(
        answer["result"],
        json!({"stopReason": "max_tokens"}),
        "{answer}"
    );
}

#[test]
fn a_key_that_the_service_refuses_asks_for_a_login() {
    let (mut editor, session) = Editor::with_session(World::replaying(&["e401"]), &[]);
    let id = editor.prompt(&session, "go");
    let answer = editor.answer_to(id);
    assert_eq!(answer["error"]["code"], -32000, "{answer}");
}

#[test]
fn an_agent_that_ends_in_mid_call_is_an_error_and_its_calls_have_failed() {
    let line = r#"out {"type":"assistant","message":{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"Read","input":{"path":"/x"}}]}}"#;
    let world = World::playing(&format!("{INIT}; {line}; exit 0"));
    let (mut editor, session) = Editor::with_session(world, &[]);
    let id = editor.prompt(&session, "go");
    assert_eq!(editor.answer_to(id)["error"]["code"], -32603);
    let left = statuses(&editor.updates(&session));
    assert_eq!(left, [("a".to_owned(), "failed".to_owned())]);
}

#[test]
fn prompts_that_come_at_once_are_answered_one_after_another() {
    let (mut editor, session) = Editor::with_session(doing("sleep 0ms"), &[]);
    let ids: Vec<u64> = (0..3).map(|_| editor.prompt(&session, "go")).collect();
    for id in ids {
        assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    }
}

#[test]
fn prompts_that_wait_are_cancelled_with_the_one_before_them() {
    let (mut editor, session, first) = asking(&call("cargo test", "ran"));
    editor.question();
    let second = editor.prompt(&session, "and then");
    editor.notify("session/cancel", json!({"sessionId": session}));
    for id in [first, second] {
        assert_eq!(
            editor.answer_to(id)["result"],
            json!({"stopReason": "cancelled"})
        );
    }
}

#[test]
fn mcp_servers_of_the_client_reach_the_agent_by_a_file() {
    let world = World::playing(&format!("{INIT}; show arguments; {SUCCESS}"));
    let mut editor = Editor::connected(world, &["--approve", "none"]);
    let variable = json!({"name": "KEY", "value": "hidden-value"});
    let server = json!({"name": "one", "command": "/bin/true", "args": [], "env": [variable]});
    let params = json!({"cwd": editor.world.project(), "mcpServers": [server]});
    let answer = editor.ask("session/new", params);
    let session = answer["result"]["sessionId"]
        .as_str()
        .expect("an id")
        .to_owned();
    let id = editor.prompt(&session, "go");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    let events = format!("home/.local/state/ampctl/sessions/{session}/turns/0001/events.jsonl");
    let events = std::fs::read_to_string(editor.world.home().join("..").join(events));
    let events = events.expect("a record");
    assert!(events.contains("--mcp-config"), "{events}");
    // The thread of a conversation is not put away after a turn.
    assert!(events.contains("--no-archive-after-execute"), "{events}");
    assert!(!events.contains("hidden-value"), "{events}");
}
