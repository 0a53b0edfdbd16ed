//! What the official kit that tests agents, `acp-tck`, asks of those that can do more than they must,
//! and advises, by its ids; behind that what is ours alone.

use serde_json::{Value, json};

use super::{busy, connected, doing, exists};
use crate::support::World;
use crate::support::editor::Editor;

#[test]
fn pictures_are_taken_by_builds_that_take_them_and_by_no_other() {
    for (version, takes) in [
        ("0.0.1790142911-g7618fb", true),
        ("0.0.1770734955-g93e689", false),
    ] {
        let world = doing("sleep 0ms").with("FAKE_AGENT_VERSION", version);
        let mut editor = Editor::start(world, &[]);
        let answer = editor.ask("initialize", json!({"protocolVersion": 1}));
        let prompts = &answer["result"]["agentCapabilities"]["promptCapabilities"];
        assert_eq!(prompts["image"], takes, "{version}: {answer}");
        assert_eq!(prompts["embeddedContext"], true);
    }
}

#[test]
fn init_004_the_agent_has_a_name_and_a_version() {
    let mut editor = Editor::start(doing("sleep 0ms"), &[]);
    let answer = editor.ask("initialize", json!({"protocolVersion": 1}));
    let info = &answer["result"]["agentInfo"];
    assert_eq!(info["name"], "ampctl");
    assert_eq!(info["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn jsonrpc_004_an_unknown_method_is_not_found() {
    let mut editor = connected();
    for method in [
        "session/set_model",
        "session/fork",
        "no/such",
        "logout",
        "_own/thing",
    ] {
        let answer = editor.ask(method, json!({"sessionId": "x", "modelId": "y"}));
        assert_eq!(answer["error"]["code"], -32601, "{method}: {answer}");
    }
}

#[test]
fn jsonrpc_005_what_is_no_json_is_a_parse_error_and_the_connection_goes_on() {
    let mut editor = connected();
    editor.write("{ not json");
    let answer = editor.wait_for(|message| message["error"]["code"] == -32700);
    assert_eq!(answer["id"], Value::Null);
    assert!(!editor.new_session().is_empty());
}

#[test]
fn prompt_003_text_links_and_embedded_texts_are_taken_and_sound_is_not() {
    let (mut editor, session) = Editor::with_session(doing("sleep 0ms"), &[]);
    let text = json!({"type": "text", "text": "look"});
    let link = json!({"type": "resource_link", "uri": "file:///x.rs", "name": "x.rs"});
    let contents = json!({"uri": "file:///x.rs", "text": "fn x() {}"});
    let embedded = json!({"type": "resource", "resource": contents});
    let params = json!({"sessionId": session, "prompt": [text, link, embedded]});
    let answer = editor.ask("session/prompt", params);
    assert_eq!(answer["result"]["stopReason"], "end_turn", "{answer}");
    let sound = json!({"type": "audio", "data": "AAAA", "mimeType": "audio/wav"});
    let params = json!({"sessionId": session, "prompt": [text, sound]});
    assert_eq!(
        editor.ask("session/prompt", params)["error"]["code"],
        -32602
    );
}

#[test]
fn config_002_choosing_answers_with_every_option_and_tells_of_it() {
    let (mut editor, session) = Editor::with_session(doing("sleep 0ms"), &[]);
    let choose = |option: &str, value: &str| json!({"sessionId": session, "configId": option, "value": value});
    let answer = editor.ask("session/set_config_option", choose("approval", "deny"));
    let options = &answer["result"]["configOptions"];
    assert_eq!([&options[0]["id"], &options[1]["id"]], ["mode", "approval"]);
    assert_eq!(options[1]["currentValue"], "deny");
    let updates = editor.updates(&session);
    assert_eq!(updates[0]["configOptions"], *options);
    assert_eq!(updates[1]["currentModeId"], "deny");
    for wrong in [
        choose("approval", "none"),
        choose("other", "x"),
        choose("mode", "none"),
    ] {
        let answer = editor.ask("session/set_config_option", wrong);
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
    let answer = editor.ask(
        "session/set_mode",
        json!({"sessionId": session, "modeId": "ask"}),
    );
    assert_eq!(answer["result"], json!({}));
    assert_eq!(editor.updates(&session)[1]["currentModeId"], "ask");
}

#[test]
fn auth_003_with_a_key_one_is_logged_in() {
    let answer = connected().ask("authenticate", json!({"methodId": "key"}));
    assert_eq!(answer["result"], json!({}));
}

#[test]
fn meta_001_a_prompt_may_carry_more_than_it_needs() {
    let (mut editor, session) = Editor::with_session(doing("sleep 0ms"), &[]);
    let prompt = json!([{"type": "text", "text": "go"}]);
    let meta = json!({"traceparent": "00-0-0-00"});
    let params = json!({"sessionId": session, "prompt": prompt, "_meta": meta});
    let answer = editor.ask("session/prompt", params);
    assert_eq!(answer["result"]["stopReason"], "end_turn", "{answer}");
}

#[test]
fn delete_002_what_is_gone_can_be_deleted_again() {
    let mut editor = connected();
    let session = editor.new_session();
    for id in [session.as_str(), session.as_str(), "none"] {
        let answer = editor.ask("session/delete", json!({"sessionId": id}));
        assert_eq!(answer["result"], json!({}), "{id}");
    }
}

#[test]
fn a_prompt_is_answered_after_every_update_of_its_turn() {
    let world = World::replaying(&["bash"]);
    let (mut editor, session) = Editor::with_session(world, &["--approve", "none"]);
    let id = editor.prompt(&session, "run a command");
    assert_eq!(
        editor.answer_to(id)["result"],
        json!({"stopReason": "end_turn"})
    );
    let updates = editor.updates(&session);
    let kinds = updates
        .iter()
        .map(|update| update["sessionUpdate"].as_str().expect("a kind"));
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [
            "config_option_update",
            "session_info_update",
            "agent_message_chunk",
            "tool_call",
            "tool_call_update",
            "agent_message_chunk",
            "session_info_update"
        ]
    );
    assert_eq!(updates[1]["title"], "run a command");
    let (_, last) = editor.end();
    assert_eq!(last, Vec::<Value>::new(), "nothing follows the answer");
}

#[test]
fn nothing_is_done_before_the_introduction() {
    let mut editor = Editor::start(doing("sleep 0ms"), &[]);
    let folder = editor.world.project();
    let answer = editor.ask("session/new", json!({"cwd": folder, "mcpServers": []}));
    assert!(answer["error"]["code"].is_number(), "{answer}");
}

#[test]
fn parameters_of_the_wrong_shape_are_invalid() {
    let mut editor = connected();
    for (method, params) in [
        ("session/new", json!({"cwd": 7})),
        ("session/prompt", json!({"sessionId": "x"})),
        ("session/load", json!({})),
    ] {
        let answer = editor.ask(method, params);
        assert_eq!(answer["error"]["code"], -32602, "{method}: {answer}");
    }
}

#[test]
fn a_session_and_its_folder_have_to_be_there() {
    let mut editor = connected();
    let prompt = json!([{"type": "text", "text": "x"}]);
    let folder = editor.world.project();
    for (method, params) in [
        (
            "session/prompt",
            json!({"sessionId": "none", "prompt": prompt}),
        ),
        (
            "session/load",
            json!({"sessionId": "none", "cwd": folder, "mcpServers": []}),
        ),
        (
            "session/resume",
            json!({"sessionId": "none", "cwd": folder}),
        ),
        ("session/close", json!({"sessionId": "none"})),
        (
            "session/set_mode",
            json!({"sessionId": "none", "modeId": "ask"}),
        ),
    ] {
        let answer = editor.ask(method, params);
        assert_eq!(answer["error"]["code"], -32002, "{method}: {answer}");
    }
    for folder in ["relative", "/no/such/folder"] {
        let answer = editor.ask("session/new", json!({"cwd": folder, "mcpServers": []}));
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
}

#[test]
fn a_session_goes_on_after_a_cancelled_turn_and_without_a_turn_nothing_is_cancelled() {
    let (mut editor, session) = Editor::with_session(busy(), &["--approve", "none"]);
    editor.notify("session/cancel", json!({"sessionId": session}));
    editor.notify("session/cancel", json!({"sessionId": "none"}));
    for _ in 0..2 {
        let id = editor.prompt(&session, "go");
        editor.notify("session/cancel", json!({"sessionId": session}));
        assert_eq!(
            editor.answer_to(id)["result"],
            json!({"stopReason": "cancelled"})
        );
    }
}

#[test]
fn without_a_key_a_session_wants_a_login_and_no_agent_is_started() {
    let world = doing("touch started").without("AMP_API_KEY");
    let mut editor = Editor::connected(world, &[]);
    let folder = editor.world.project();
    let answer = editor.ask("session/new", json!({"cwd": folder, "mcpServers": []}));
    assert_eq!(answer["error"]["code"], -32000, "{answer}");
    let answer = editor.ask("authenticate", json!({"methodId": "key"}));
    assert_eq!(answer["error"]["code"], -32000, "{answer}");
    let answer = editor.ask("authenticate", json!({"methodId": "none"}));
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    assert!(!exists(&editor.world, "started"));
}

#[test]
fn unknown_notifications_and_fields_are_passed_over() {
    let mut editor = connected();
    editor.notify("_own/event", json!({"x": 1}));
    editor.notify("no/such", json!({}));
    let folder = editor.world.project();
    let params = json!({"cwd": folder, "mcpServers": [], "_meta": {"x": 1}, "later": true});
    let answer = editor.ask("session/new", params);
    assert!(answer["result"]["sessionId"].is_string(), "{answer}");
}
