//! Prompts that come while a turn runs, and commands of the client.

use serde_json::{Value, json};

use super::{INIT, SUCCESS, doing, exists};
use crate::support::World;
use crate::support::editor::Editor;

const ANSWER: &str = r#"out {"type":"assistant","message":{"role":"assistant","content":[{"type":"text","text":"Both are done."}]}}"#;

/// Writes the line in which an agent repeats a prompt.
fn heard(prompt: &str) -> String {
    let text = json!([{"type": "text", "text": prompt}]);
    let message = json!({"role": "user", "content": text});
    format!("out {}", json!({"type": "user", "message": message}))
}

fn call() -> &'static str {
    r#"call Read {"path":"/etc/hostname"} { }"#
}

#[test]
fn a_prompt_that_comes_while_another_runs_reaches_its_turn() {
    let (first, second) = (heard("first"), heard("second"));
    let world = World::playing(&format!(
        "{INIT}; read-line; {first}; {}; read-line; {second}; {ANSWER}; read-all; {SUCCESS}",
        call()
    ));
    let (mut editor, session) = Editor::with_session(world, &["--approve", "none"]);
    let first = editor.prompt(&session, "first");
    editor.wait_for(|message| message["params"]["update"]["status"] == "completed");
    let second = editor.prompt(&session, "second");
    for id in [first, second] {
        assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    }
    let told = editor.updates(&session);
    let is_prompt = |update: &&Value| update["sessionUpdate"] == "user_message_chunk";
    assert_eq!(told.iter().find(is_prompt), None, "the editor has shown it");

    let folder = editor.world.project();
    let params = json!({"sessionId": session, "cwd": folder, "mcpServers": []});
    editor.ask("session/load", params);
    let loaded = editor.updates(&session);
    let prompts = loaded.iter().filter(is_prompt);
    let texts: Vec<_> = prompts.map(|update| &update["content"]["text"]).collect();
    assert_eq!(texts, ["first", "second"]);
    let ids: Vec<_> = loaded.iter().map(|update| &update["messageId"]).collect();
    assert!(format!("{ids:?}").contains("turn-1-line-") && !format!("{ids:?}").contains("turn-2"));
    for format in ["markdown", "html"] {
        let shown = editor
            .world
            .run(&["sessions", "export", &session, "-f", format]);
        let shown = shown.stdout();
        let places = ["first", "second", "Both are done."].map(|text| shown.rfind(text));
        assert!(
            places[0].is_some() && places.is_sorted(),
            "{format}: {shown}"
        );
        assert!(
            places[0] < places[1] && places[1] < places[2],
            "{format}: {shown}"
        );
    }
}

#[test]
fn a_prompt_waits_where_a_running_turn_takes_none() {
    // It would read its input for ever, were that open.
    let turn = format!("{INIT}; read-all; touch ran; {SUCCESS}");
    let february = World::playing(&turn).with("FAKE_AGENT_VERSION", "0.0.1770734955-g93e689");
    let (mut editor, session) = Editor::with_session(february, &["--approve", "none"]);
    let ids = ["first", "second"].map(|text| editor.prompt(&session, text));
    for id in ids {
        assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    }
    assert!(exists(&editor.world, "ran"));
}

#[test]
fn a_turn_that_is_cancelled_cancels_the_prompts_that_have_reached_it() {
    let world = World::playing(&format!("{INIT}; read-line; {}; read-line; hang", call()));
    let (mut editor, session) = Editor::with_session(world, &["--approve", "none"]);
    let first = editor.prompt(&session, "first");
    editor.wait_for(|message| message["params"]["update"]["status"] == "completed");
    let second = editor.prompt(&session, "second");
    editor.notify("session/cancel", json!({"sessionId": session}));
    for id in [first, second] {
        assert_eq!(editor.answer_to(id)["result"]["stopReason"], "cancelled");
    }
}

#[test]
fn skills_are_commands_and_their_use_is_put_into_words() {
    let mut editor = Editor::connected(doing("sleep 0ms"), &["--approve", "none"]);
    let session = editor.new_session();
    let is_list = |message: &Value| {
        message["params"]["update"]["sessionUpdate"] == "available_commands_update"
    };
    let list = editor.wait_for(is_list);
    let commands = list["params"]["update"]["availableCommands"].as_array();
    let names = commands.expect("commands").iter();
    let names: Vec<_> = names.map(|command| &command["name"]).collect();
    assert_eq!(names, ["init", "release-notes", "building-skills"]);
    let id = editor.prompt(&session, "/release-notes of version 2");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
    let folder = editor.world.project();
    let params = json!({"sessionId": session, "cwd": folder, "mcpServers": []});
    editor.updates(&session);
    editor.ask("session/load", params);
    let prompt = &editor.updates(&session)[0]["content"]["text"];
    assert_eq!(
        *prompt,
        "Load the skill `release-notes` and do what it says.\n\nof version 2"
    );
}
