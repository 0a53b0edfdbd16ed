//! Answers that hold for the rest of a session.

use std::fs;

use serde_json::{Value, json};

use super::{INIT, SUCCESS, call, doing, exists, statuses};
use crate::support::World;
use crate::support::editor::Editor;
use crate::support::program::processes_in;

/// Answers a question with its option of a kind; returns the name of the option.
fn choose(editor: &mut Editor, question: &Value, kind: &str) -> String {
    let options = question["params"]["options"].as_array().expect("options");
    let mut options = options.iter();
    let option = options.find(|option| option["kind"] == kind);
    let option = option.expect("an option");
    editor.choose(question, option["optionId"].as_str().expect("an id"));
    option["name"].as_str().expect("a name").to_owned()
}

fn choose_mode(editor: &mut Editor, session: &str, mode: &str) {
    let params = json!({"sessionId": session, "modeId": mode});
    let answer = editor.ask("session/set_mode", params);
    assert_eq!(answer["result"], json!({}), "{mode}");
}

#[test]
fn allowing_always_is_asked_once_in_a_session() {
    let calls = [
        call("cargo test -p a", "one"),
        call("cargo test -p b", "two"),
    ];
    let (mut editor, session) = Editor::with_session(doing(&calls.join("; ")), &[]);
    let id = editor.prompt(&session, "go");
    let question = editor.question();
    let name = choose(&mut editor, &question, "allow_always");
    assert_eq!(
        name,
        "Allow `cargo test` with plain arguments in this session"
    );
    // A second question would wait for ever.
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    assert!(exists(&editor.world, "one") && exists(&editor.world, "two"));
}

#[test]
fn rejecting_always_is_asked_once_in_a_session_and_holds_whoever_decides() {
    let calls = [call("git push a", "one"), call("git push b", "two")];
    let (mut editor, session) = Editor::with_session(doing(&calls.join("; ")), &[]);
    let id = editor.prompt(&session, "go");
    let question = editor.question();
    let name = choose(&mut editor, &question, "reject_always");
    assert_eq!(
        name,
        "Reject `git push` with plain arguments in this session"
    );
    // A second question would wait for ever.
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    let ended = statuses(&editor.updates(&session));
    assert!(
        ended.iter().all(|(_, status)| status == "failed"),
        "{ended:?}"
    );
    choose_mode(&mut editor, &session, "allow");
    let id = editor.prompt(&session, "again");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    let told = format!("{:?}", editor.updates(&session));
    assert!(told.contains("rejects every call like this one"), "{told}");
    assert!(!exists(&editor.world, "one") && !exists(&editor.world, "two"));
    // Another session knows nothing of it.
    let other = editor.new_session();
    let id = editor.prompt(&other, "go");
    for _ in 0..2 {
        let question = editor.question();
        editor.choose(&question, "allow");
    }
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    assert!(exists(&editor.world, "one") && exists(&editor.world, "two"));
}

#[test]
fn a_program_that_decides_is_not_asked_about_what_is_rejected_always() {
    let world = doing(&call("git push", "ran"));
    let yes = "#!/bin/sh\ncat >/dev/null\necho '{\"answer\": \"allow\"}'\n";
    world.script("project/yes", yes);
    let (mut editor, session) = Editor::with_session(world, &["--approve", "./yes"]);
    for mode in ["ask", "program"] {
        choose_mode(&mut editor, &session, mode);
        let id = editor.prompt(&session, "go");
        if mode == "ask" {
            let question = editor.question();
            choose(&mut editor, &question, "reject_always");
        }
        assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
        assert!(!exists(&editor.world, "ran"), "{mode}");
    }
    let other = editor.new_session();
    let id = editor.prompt(&other, "go");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    assert!(exists(&editor.world, "ran"), "the program allows it");
}

#[test]
fn what_is_rejected_always_is_a_rule_of_a_run_that_asks_nobody() {
    let world = World::playing(&format!(
        "{INIT}; {}; hang; {SUCCESS}",
        call("git push", "ran")
    ));
    let (mut editor, session) = Editor::with_session(world, &[]);
    let id = editor.prompt(&session, "go");
    let question = editor.question();
    choose(&mut editor, &question, "reject_always");
    editor.wait_for(|message| message["params"]["update"]["status"] == "failed");
    editor.notify("session/cancel", json!({"sessionId": session}));
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "cancelled");
    choose_mode(&mut editor, &session, "rules");
    editor.updates(&session);
    let id = editor.prompt(&session, "again");
    editor.wait_for(|message| message["params"]["update"]["sessionUpdate"] == "tool_call");
    let agents = processes_in(&editor.world);
    let agent = agents.iter().find(|line| line.contains("fake-agent"));
    let mut arguments = agent.expect("an agent").split(' ');
    let file = arguments.find_map(|word| word.strip_prefix("--settings-file="));
    let file = file.or_else(|| {
        let mut arguments = agent?.split(' ');
        arguments.find(|word| *word == "--settings-file")?;
        arguments.next()
    });
    let settings = fs::read(file.expect("settings")).expect("a file");
    let settings: Value = serde_json::from_slice(&settings).expect("JSON");
    let rules = &settings["amp.permissions"];
    assert_eq!(rules[0]["action"], "reject", "{rules}");
    assert_eq!(rules[0]["tool"], "shell_command", "{rules}");
    editor.notify("session/cancel", json!({"sessionId": session}));
    editor.answer_to(id);
}
