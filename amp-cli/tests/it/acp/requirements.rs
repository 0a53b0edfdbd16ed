//! The requirements of version 1 that an agent must meet, by the ids and in the sense of the official
//! kit that tests agents, `acp-tck`; behind them what it only advises, and what is ours alone.

use std::sync::LazyLock;

use agent_client_protocol::v1::schema::{
    InitializeResponse, NewSessionResponse, PromptResponse, StopReason,
};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::{busy, call, doing, exists};
use crate::support::World;
use crate::support::editor::Editor;

fn connected() -> Editor {
    Editor::connected(doing("sleep 0ms"), &[])
}

/// Holds a result against the schema of its type.
fn is_valid<Response: schemars::JsonSchema>(answer: &Value) {
    let schema = schemars::schema_for!(Response);
    let schema = jsonschema::validator_for(schema.as_value()).expect("a schema");
    let error = schema.validate(&answer["result"]).err();
    assert!(error.is_none(), "{error:?} in {answer}");
}

static STOP_REASON: LazyLock<Validator> = LazyLock::new(|| {
    let schema = schemars::schema_for!(StopReason);
    jsonschema::validator_for(schema.as_value()).expect("a schema")
});

#[test]
fn transport_001_a_message_is_one_line_whatever_is_in_it() {
    // The client of these tests takes nothing else.
    let (mut editor, session) =
        Editor::with_session(World::replaying(&["unicode"]), &["--approve", "none"]);
    let id = editor.prompt(&session, "two\nlines \u{2028}");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
}

#[test]
fn transport_001_nothing_but_messages_is_on_standard_output() {
    let world = World::playing("err noise; out not JSON; exit 3");
    let (mut editor, session) = Editor::with_session(world, &[]);
    let id = editor.prompt(&session, "go");
    assert!(editor.answer_to(id)["error"]["code"].is_number());
    let (status, last) = editor.end();
    assert!(status.success());
    assert!(
        last.iter()
            .all(|message| message["method"] == "session/update"),
        "{last:?}"
    );
}

#[test]
fn transport_002_whatever_the_agent_writes_is_utf_8_for_the_client() {
    // The client of these tests reads nothing after a byte that is not.
    let cut = r#"{"type":"assistant","message":{"role":"assistant","content":[{"type":"text","text":"caf\\u00e9 \\ud83d cut"}]}}"#;
    let bytes = r#"{"type":"assistant","message":{"role":"assistant","content":[{"type":"text","text":"caf\xe9"}]}}"#;
    let what = format!("out {cut}; out {bytes}");
    let (mut editor, session) = Editor::with_session(doing(&what), &["--approve", "none"]);
    let id = editor.prompt(&session, "é \u{10ffff}");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
}

#[test]
fn jsonrpc_001_an_answer_has_the_id_of_its_request() {
    let mut editor = Editor::start(doing("sleep 0ms"), &[]);
    let params = json!({"protocolVersion": 1});
    for id in [json!("a text"), json!(17)] {
        editor.send(&json!({"jsonrpc": "2.0", "id": id, "method": "initialize", "params": params}));
        let answer = editor.wait_for(|message| message["id"] == id);
        assert!(
            answer.get("result").is_some() || answer.get("error").is_some(),
            "{answer}"
        );
    }
}

#[test]
fn jsonrpc_002_an_answer_has_a_result_or_an_error_with_a_code_and_a_text() {
    let mut editor = connected();
    let folder = editor.world.project();
    for (method, params) in [
        ("session/new", json!({"cwd": folder, "mcpServers": []})),
        ("session/new", json!({"cwd": "relative", "mcpServers": []})),
        ("session/list", json!({})),
        ("no/such", json!({})),
    ] {
        let answer = editor.ask(method, params);
        match (answer.get("result"), answer.get("error")) {
            (Some(_), None) => {}
            (None, Some(error)) => {
                assert!(error["code"].is_i64(), "{answer}");
                let message = error["message"].as_str().expect("a text");
                assert!(!message.is_empty() && !message.contains('\n'), "{answer}");
            }
            _ => panic!("{answer}"),
        }
    }
}

#[test]
fn jsonrpc_003_a_notification_has_no_answer() {
    let mut editor = connected();
    for (method, params) in [
        ("session/cancel", json!({"sessionId": "none"})),
        ("session/cancel", json!({"sessionId": 7})),
        ("no/such", json!({})),
        ("_own/event", json!({"x": 1})),
        ("session/new", json!({"cwd": "/", "mcpServers": []})),
    ] {
        editor.notify(method, params);
    }
    editor.ask("session/list", json!({}));
    let (_, last) = editor.end();
    let is_answer = |message: &&Value| message.get("method").is_none();
    assert_eq!(last.iter().find(is_answer), None);
}

#[test]
fn init_001_002_version_1_is_answered_with_what_is_stable_in_it_alone() {
    let mut editor = Editor::start(doing("sleep 0ms"), &[]);
    let answer = editor.ask("initialize", json!({"protocolVersion": 1}));
    is_valid::<InitializeResponse>(&answer);
    let result = &answer["result"];
    assert_eq!(result["protocolVersion"], 1);
    let capabilities = &result["agentCapabilities"];
    assert_eq!(capabilities["loadSession"], true);
    let sessions = json!({"list": {}, "delete": {}, "resume": {}, "close": {}});
    assert_eq!(capabilities["sessionCapabilities"], sessions);
}

#[test]
fn init_003_a_version_that_there_is_not_is_answered_with_version_1() {
    for version in [2, 65535] {
        let mut editor = Editor::start(doing("sleep 0ms"), &[]);
        let info = json!({"name": "later", "version": "9"});
        let params = json!({"protocolVersion": version, "clientCapabilities": {}, "info": info});
        let answer = editor.ask("initialize", params);
        assert_eq!(answer["result"]["protocolVersion"], 1, "{answer}");
    }
}

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
fn schema_001_every_message_of_a_turn_with_a_question_is_valid() {
    // The client of these tests holds updates and questions against the schema.
    let mut editor = connected();
    let folder = editor.world.project();
    let answer = editor.ask("session/new", json!({"cwd": folder, "mcpServers": []}));
    is_valid::<NewSessionResponse>(&answer);
    let (mut editor, session) = Editor::with_session(doing(&call("ls", "ran")), &[]);
    let id = editor.prompt(&session, "go");
    let question = editor.question();
    editor.choose(&question, "allow");
    is_valid::<PromptResponse>(&editor.answer_to(id));
}

#[test]
fn session_001_a_folder_by_its_whole_path_gives_a_session_with_an_id() {
    assert!(!connected().new_session().is_empty());
}

#[test]
fn session_002_every_session_has_an_id_of_its_own() {
    let mut editor = connected();
    assert_ne!(editor.new_session(), editor.new_session());
}

#[test]
fn prompt_001_a_text_alone_is_answered_with_a_reason_to_stop() {
    let (mut editor, session) = Editor::with_session(doing("sleep 0ms"), &[]);
    let id = editor.prompt(&session, "go");
    let answer = editor.answer_to(id);
    assert!(
        STOP_REASON.is_valid(&answer["result"]["stopReason"]),
        "{answer}"
    );
}

#[test]
fn prompt_002_every_update_of_a_turn_has_the_id_of_its_session() {
    let world = World::replaying(&["files"]);
    let (mut editor, session) = Editor::with_session(world, &["--approve", "none"]);
    let other = editor.new_session();
    let id = editor.prompt(&session, "edit");
    editor.answer_to(id);
    assert!(editor.updates(&session).len() > 4);
    assert_eq!(editor.updates(&other), Vec::<Value>::new());
}

#[test]
fn cancel_001_a_turn_that_is_cancelled_is_answered_as_cancelled() {
    let (mut editor, session) = Editor::with_session(busy(), &["--approve", "none"]);
    let id = editor.prompt(&session, "go");
    editor.wait_for(|message| message["params"]["update"]["sessionUpdate"] == "tool_call");
    editor.notify("session/cancel", json!({"sessionId": session}));
    assert_eq!(
        editor.answer_to(id)["result"],
        json!({"stopReason": "cancelled"})
    );
}

#[test]
fn cancel_002_every_update_of_a_cancelled_turn_comes_before_its_answer() {
    let (mut editor, session) = Editor::with_session(busy(), &["--approve", "none"]);
    let id = editor.prompt(&session, "go");
    editor.wait_for(|message| message["params"]["update"]["sessionUpdate"] == "tool_call");
    editor.notify("session/cancel", json!({"sessionId": session}));
    editor.answer_to(id);
    assert!(!editor.updates(&session).is_empty());
    let (_, last) = editor.end();
    let is_update = |message: &&Value| message["method"] == "session/update";
    assert_eq!(last.iter().find(is_update), None);
}

#[test]
fn config_003_no_option_is_a_boolean_for_a_client_that_knows_none() {
    let mut editor = connected();
    let folder = editor.world.project();
    let answer = editor.ask("session/new", json!({"cwd": folder, "mcpServers": []}));
    let options = answer["result"]["configOptions"]
        .as_array()
        .expect("options");
    assert!(!options.is_empty());
    for option in options {
        assert_eq!(option["type"], "select", "{option}");
        let values = option["options"].as_array().expect("values").iter();
        let mut values = values.map(|value| &value["value"]);
        assert!(
            values.any(|value| *value == option["currentValue"]),
            "{option}"
        );
    }
}

#[test]
fn auth_002_a_login_in_a_terminal_is_offered_to_a_client_that_has_one() {
    let terminal = json!({"auth": {"terminal": true}});
    let older = json!({"_meta": {"terminal-auth": true}});
    for (capabilities, count) in [(json!({}), 1), (terminal, 2), (older, 2)] {
        let mut editor = Editor::start(doing("sleep 0ms"), &[]);
        let params = json!({"protocolVersion": 1, "clientCapabilities": capabilities});
        let answer = editor.ask("initialize", params);
        let methods = answer["result"]["authMethods"].as_array().expect("methods");
        assert_eq!(methods.len(), count, "{methods:?}");
        assert_eq!(methods[0]["id"], "key");
        if let Some(login) = methods.get(1) {
            assert_eq!(login["args"], json!(["--login"]));
        }
    }
}

#[test]
fn clientcap_001_002_003_the_files_and_terminals_of_a_client_are_left_alone() {
    // The client of these tests fails when it is asked for anything but a permission.
    let world = World::replaying(&["files"]);
    let (mut editor, session) = Editor::with_session(world, &["--approve", "none"]);
    let id = editor.prompt(&session, "edit");
    assert_eq!(editor.answer_to(id)["result"]["stopReason"], "end_turn");
}

#[test]
fn ext_001_a_request_of_somebody_elses_is_answered() {
    let answer = connected().ask("_own/thing", json!({"x": 1}));
    assert_eq!(answer["error"]["code"], -32601, "{answer}");
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
