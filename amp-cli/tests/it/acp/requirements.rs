//! The requirements of version 1 that an agent must meet, by the ids and in the sense of the official
//! kit that tests agents, `acp-tck`.

use std::sync::LazyLock;

use agent_client_protocol::v1::schema::{
    InitializeResponse, NewSessionResponse, PromptResponse, StopReason,
};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::{busy, call, connected, doing};
use crate::support::World;
use crate::support::editor::Editor;

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

/// Every requirement that the kit calls mandatory.
const MANDATORY: [(&str, &[u8]); 11] = [
    ("transport", &[1, 2]),
    ("jsonrpc", &[1, 2, 3]),
    ("init", &[1, 2, 3]),
    ("schema", &[1]),
    ("session", &[1, 2]),
    ("prompt", &[1, 2]),
    ("cancel", &[1, 2]),
    ("config", &[3]),
    ("auth", &[2]),
    ("clientcap", &[1, 2, 3]),
    ("ext", &[1]),
];

#[test]
fn every_mandatory_requirement_has_a_test() {
    let mut tested = Vec::new();
    for line in include_str!("requirements.rs").lines() {
        let Some(name) = line.strip_prefix("fn ") else {
            continue;
        };
        let mut words = name.split('_');
        let area = words.next().unwrap_or_default();
        tested.extend(words.map_while(|word| Some((area, word.parse::<u8>().ok()?))));
    }
    for (area, numbers) in MANDATORY {
        for number in numbers {
            assert!(tested.contains(&(area, *number)), "{area}_{number:03}");
        }
    }
}

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
