//! Every recording through the mapping: what an editor is told, and that its schema takes it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use agent_client_protocol::v1::schema::{
    ContentBlock as Block, SessionNotification, SessionUpdate, ToolCallContent,
};
use amp_session::approval::{Decided, Subject};
use amp_session::protocol::decode_line;
use fixtures::{Recording, recording, recordings};
use jsonschema::Validator;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::*;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = schemars::schema_for!(SessionNotification);
    jsonschema::validator_for(schema.as_value()).expect("a schema")
});

const SHOWS: Shows = Shows {
    terminals: false,
    notices: true,
};

fn updates_of(lines: &[Vec<u8>], moment: Moment, shows: Shows) -> Vec<SessionUpdate> {
    let mut mapping = Mapping::new(Path::new("/home/user/project"), 1, moment, shows);
    let mut updates = Vec::new();
    for (number, line) in (1..).zip(lines) {
        if let Some(event) = decode_line(line).event() {
            updates.extend(mapping.event(event, number));
        }
    }
    updates.extend(mapping.end());
    updates
}

fn updates(recording: &Recording, moment: Moment, shows: Shows) -> Vec<SessionUpdate> {
    updates_of(&recording.lines().expect("lines"), moment, shows)
}

/// Writes an update on one line, for a person who reads a snapshot.
fn brief(update: &SessionUpdate) -> String {
    let json = serde_json::to_value(update).expect("JSON");
    let name = json["sessionUpdate"].as_str().expect("a name").to_owned();
    let text = |value: &Value| {
        let text = value
            .as_str()
            .unwrap_or_default()
            .escape_debug()
            .to_string();
        match text.char_indices().nth(100) {
            Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
            None => text,
        }
    };
    let mut parts = vec![name];
    for field in ["toolCallId", "messageId", "kind", "status", "title"] {
        parts.extend(json[field].as_str().map(|_| text(&json[field])));
    }
    for location in json["locations"].as_array().into_iter().flatten() {
        parts.push(format!(
            "@{}{}",
            text(&location["path"]),
            match &location["line"] {
                Value::Null => String::new(),
                line => format!(":{line}"),
            }
        ));
    }
    let content = match &json["content"] {
        Value::Array(pieces) => pieces.clone(),
        Value::Null => Vec::new(),
        one => vec![json!({"content": one})],
    };
    for piece in content {
        parts.push(match piece["type"].as_str() {
            Some("diff") => format!(
                "diff {} [{}] -> [{}]",
                text(&piece["path"]),
                text(&piece["oldText"]),
                text(&piece["newText"])
            ),
            Some("terminal") => format!("terminal {}", text(&piece["terminalId"])),
            _ => match piece["content"]["type"].as_str() {
                Some("text") => format!("[{}]", text(&piece["content"]["text"])),
                other => format!("[{}]", other.unwrap_or("?")),
            },
        });
    }
    if let Some(used) = json["used"].as_u64() {
        parts.push(format!("{used} of {}", json["size"]));
    }
    parts.join(" ")
}

#[test]
fn an_editor_is_told_of_every_recording_of_the_newest_build() {
    let newest = recordings().into_iter();
    let newest = newest.filter(|recording| recording.version == fixtures::NEWEST_VERSION);
    let mut text = String::new();
    for recording in newest {
        text.push_str(&format!("# {}\n", recording.scenario));
        for update in updates(&recording, Moment::Now { asks: false }, SHOWS) {
            text.push_str(&format!("{}\n", brief(&update)));
        }
    }
    insta::assert_snapshot!("newest", text);
}

#[test]
fn an_editor_is_told_of_the_tools_of_older_builds() {
    let mut text = String::new();
    for (version, scenario) in [
        (fixtures::LAST_JAVASCRIPT_VERSION, "bash"),
        (fixtures::LAST_JAVASCRIPT_VERSION, "files"),
        (fixtures::LAST_JAVASCRIPT_VERSION, "image"),
        (fixtures::LAST_JAVASCRIPT_VERSION, "mcp"),
        (fixtures::LAST_JAVASCRIPT_VERSION, "mode-deep-applypatch"),
        (fixtures::LAST_JAVASCRIPT_VERSION, "perm-reject"),
        (fixtures::LAST_JAVASCRIPT_VERSION, "task"),
        ("0.0.1767830505-ga62310", "task"),
        ("0.0.1767830505-ga62310", "mcp"),
        ("0.0.1770734955-g93e689", "grep"),
    ] {
        let recording = recording(version, scenario).expect("a recording");
        text.push_str(&format!("# {version} {scenario}\n"));
        for update in updates(&recording, Moment::Now { asks: true }, SHOWS) {
            text.push_str(&format!("{}\n", brief(&update)));
        }
    }
    insta::assert_snapshot!("older", text);
}

/// Says of each recording what is told of it in short: how often each kind of update, what becomes of
/// its calls, and a sum of all that is shown.
#[test]
fn what_an_editor_is_told_of_every_recording_stays_the_same() {
    let mut text = String::new();
    for recording in recordings() {
        let told = updates(&recording, Moment::Now { asks: true }, SHOWS);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut sum = Sha256::new();
        for update in &told {
            let shown = brief(update);
            sum.update(&shown);
            let mut words = shown.split(' ');
            let kind = words.next().unwrap_or_default();
            let kind = match words.find(|word| ["completed", "failed"].contains(word)) {
                Some(end) => format!("{kind} {end}"),
                None => kind.to_owned(),
            };
            *counts.entry(kind).or_default() += 1;
        }
        let counts = counts.iter().map(|(kind, count)| format!("{count} {kind}"));
        let counts = counts.collect::<Vec<_>>().join(", ");
        let sum = sum.finalize();
        let sum: String = sum[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        let (version, scenario) = (&recording.version, &recording.scenario);
        text.push_str(&format!("{version} {scenario}: {counts}; {sum}\n"));
    }
    insta::assert_snapshot!("digest", text);
}

#[test]
fn every_update_of_every_recording_is_valid_by_the_schema() {
    let mut count = 0;
    for recording in recordings() {
        for moment in [Moment::Now { asks: true }, Moment::Later] {
            for terminals in [false, true] {
                let shows = Shows {
                    terminals,
                    notices: true,
                };
                for update in updates(&recording, moment, shows) {
                    let notification = SessionNotification::new("s", update);
                    let json = serde_json::to_value(&notification).expect("JSON");
                    let error = SCHEMA.validate(&json).err();
                    assert!(error.is_none(), "{recording:?}: {error:?} in {json}");
                    count += 1;
                }
            }
        }
    }
    assert!(count > 5000, "{count} updates are few");
}

#[test]
fn the_schema_refuses_what_is_no_update() {
    let wrong = json!({"sessionId": "s", "update": {"sessionUpdate": "tool_call", "title": "x"}});
    assert!(!SCHEMA.is_valid(&wrong));
}

#[test]
fn every_call_of_every_recording_is_told_of_once_and_ended() {
    for recording in recordings() {
        let mut calls: BTreeMap<String, ToolCallStatus> = BTreeMap::new();
        for update in updates(&recording, Moment::Now { asks: true }, SHOWS) {
            match update {
                SessionUpdate::ToolCall(call) => {
                    let id = call.tool_call_id.0.to_string();
                    let before = calls.insert(id, call.status);
                    assert!(before.is_none_or(ended), "{recording:?}");
                }
                SessionUpdate::ToolCallUpdate(update) => {
                    let call = calls.get_mut(&*update.tool_call_id.0);
                    let call = call.unwrap_or_else(|| panic!("{recording:?}: {update:?}"));
                    *call = update.fields.status.unwrap_or(*call);
                }
                _ => {}
            }
        }
        let open = calls.iter().find(|(_, status)| !ended(**status));
        assert_eq!(open, None, "{recording:?}");
    }
}

fn ended(status: ToolCallStatus) -> bool {
    matches!(status, ToolCallStatus::Completed | ToolCallStatus::Failed)
}

#[test]
fn no_json_is_shown_to_a_person() {
    for recording in recordings() {
        for update in updates(&recording, Moment::Now { asks: true }, SHOWS) {
            let content = match update {
                SessionUpdate::ToolCall(call) => call.content,
                SessionUpdate::ToolCallUpdate(update) => update.fields.content.unwrap_or_default(),
                _ => continue,
            };
            for piece in content {
                let ToolCallContent::Content(content) = piece else {
                    continue;
                };
                let Block::Text(text) = content.content else {
                    continue;
                };
                let inner = text
                    .text
                    .trim_matches('`')
                    .trim_start_matches("console")
                    .trim();
                let json = serde_json::from_str::<Value>(inner);
                let is_json = json.is_ok_and(|json| json.is_object() || json.is_array());
                assert!(!is_json, "{recording:?}: {inner}");
            }
        }
    }
}

#[test]
fn the_prompt_is_told_of_later_alone() {
    for recording in recordings() {
        let prompts = |moment| {
            let updates = updates(&recording, moment, SHOWS).into_iter();
            updates
                .filter(|update| matches!(update, SessionUpdate::UserMessageChunk(_)))
                .count()
        };
        assert_eq!(prompts(Moment::Now { asks: false }), 0, "{recording:?}");
    }
    let text = recording(fixtures::NEWEST_VERSION, "text").expect("a recording");
    let later = updates(&text, Moment::Later, SHOWS);
    assert!(
        matches!(&later[0], SessionUpdate::UserMessageChunk(_)),
        "{later:?}"
    );
}

#[test]
fn what_is_told_later_differs_in_the_prompt_and_in_how_calls_begin_alone() {
    for recording in recordings() {
        let told = |moment| {
            let updates = updates(&recording, moment, Shows::default()).into_iter();
            let updates =
                updates.filter(|update| !matches!(update, SessionUpdate::UserMessageChunk(_)));
            updates.map(|update| brief(&update)).collect::<Vec<_>>()
        };
        assert_eq!(
            told(Moment::Now { asks: false }),
            told(Moment::Later),
            "{recording:?}"
        );
    }
}

#[test]
fn a_command_is_shown_in_a_terminal_where_the_client_has_one() {
    let bash = recording(fixtures::NEWEST_VERSION, "bash").expect("a recording");
    let shows = Shows {
        terminals: true,
        notices: false,
    };
    let updates = updates(&bash, Moment::Now { asks: false }, shows);
    let all: Vec<Value> = updates
        .iter()
        .map(|update| serde_json::to_value(update).unwrap())
        .collect();
    let call = all
        .iter()
        .find(|update| update["sessionUpdate"] == "tool_call")
        .expect("a call");
    let id = &call["toolCallId"];
    assert_eq!(
        call["content"],
        json!([{"type": "terminal", "terminalId": id}])
    );
    assert_eq!(call["_meta"]["terminal_info"]["terminal_id"], *id);
    let of_call: Vec<_> = all
        .iter()
        .filter(|update| update["toolCallId"] == *id)
        .collect();
    assert_eq!(of_call[1]["_meta"]["terminal_output"]["terminal_id"], *id);
    assert!(
        of_call[2]["_meta"]["terminal_exit"]["exit_code"].is_number(),
        "{of_call:?}"
    );
    assert_eq!(of_call[2]["status"], "completed");
}

#[test]
fn a_terminal_is_in_the_folder_of_its_command() {
    let shows = Shows {
        terminals: true,
        notices: false,
    };
    for (input, folder) in [
        (json!({"command": "ls"}), "/home/user/project"),
        (
            json!({"command": "ls", "workdir": "src"}),
            "/home/user/project/src",
        ),
        (json!({"command": "ls", "workdir": "/etc"}), "/etc"),
    ] {
        let call = json!({"type": "tool_use", "id": "a", "name": "shell_command", "input": input});
        let message = json!({"role": "assistant", "content": [call]});
        let line = json!({"type": "assistant", "message": message}).to_string();
        let told = updates_of(&[line.into_bytes()], Moment::Now { asks: false }, shows);
        let told = serde_json::to_value(&told[0]).expect("JSON");
        let told = told["_meta"]["terminal_info"]["cwd"]
            .as_str()
            .expect("a folder");
        assert_eq!(Path::new(told), Path::new(folder));
    }
}

/// Reads what a question is about.
fn subject(number: u64, id: &str) -> Subject {
    let json = json!({"number": number, "concern": "call", "tool": "shell_command",
        "arguments": {"command": "ls"}, "tool_use_id": id, "thread": null});
    serde_json::from_value(json).expect("a subject")
}

fn call_of(id: &str) -> Event {
    let call =
        json!({"type": "tool_use", "id": id, "name": "shell_command", "input": {"command": "ls"}});
    let line = json!({"type": "assistant", "message": {"role": "assistant", "content": [call]}});
    decode_line(line.to_string().as_bytes())
        .into_event()
        .expect("an event")
}

#[test]
fn what_a_client_has_no_place_for_is_kept_for_a_log() {
    let line = json!({"type": "system", "subtype": "init", "session_id": "T-1", "tools": [],
        "mcp_servers": [{"name": "own", "status": "failed"}, {"name": "good", "status": "connected"}]});
    let line = decode_line(line.to_string().as_bytes()).into_event();
    let line = line.expect("an event");
    let told = |moment, notices| {
        let shows = Shows {
            terminals: false,
            notices,
        };
        let mut mapping = Mapping::new(Path::new("/"), 1, moment, shows);
        let updates = mapping.event(&line, 1).len();
        (updates, mapping.take_unshown())
    };
    let now = Moment::Now { asks: true };
    assert_eq!(told(now, true), (1, Vec::new()));
    let log = vec!["MCP server own: failed".to_owned()];
    assert_eq!(told(now, false), (0, log));
    assert_eq!(told(Moment::Later, false), (0, Vec::new()));
}

#[test]
fn a_call_that_was_refused_keeps_the_reason_when_its_turn_ends() {
    let mut mapping = Mapping::new(Path::new("/"), 1, Moment::Now { asks: true }, SHOWS);
    mapping.event(&call_of("a"), 2);
    let subject = subject(1, "a");
    mapping.question(&subject);
    let mut decided = serde_json::to_value(&subject).expect("JSON");
    decided["allowed"] = false.into();
    decided["by"] = "approver".into();
    decided["reason"] = "no".into();
    let decided: Decided = serde_json::from_value(decided).expect("a decision");
    let told = mapping.answer(&decided);
    assert!(brief(&told[0]).contains("failed"), "{told:?}");
    assert_eq!(mapping.end(), Vec::new());
}

#[test]
fn a_question_that_is_faster_than_the_line_of_its_call_is_about_that_call() {
    let moment = Moment::Now { asks: true };
    let mut mapping = Mapping::new(Path::new("/"), 1, moment, SHOWS);
    let mut told = mapping.question(&subject(1, "a"));
    told.extend(mapping.event(&call_of("a"), 2));
    let told: Vec<String> = told.iter().map(brief).collect();
    assert_eq!(
        told,
        ["tool_call a execute subagent: ls", "tool_call_update a ls"]
    );
    let ended: Vec<String> = mapping.end().iter().map(brief).collect();
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert!(
        ended[0].starts_with("tool_call_update a failed"),
        "{ended:?}"
    );
}

#[test]
fn a_question_about_a_call_that_is_in_no_line_is_one_of_a_subagent() {
    let moment = Moment::Now { asks: true };
    let mut mapping = Mapping::new(Path::new("/"), 1, moment, SHOWS);
    mapping.event(&call_of("task"), 2);
    mapping.question(&subject(1, "child"));
    assert_eq!(mapping.call_of(1).map(|id| &*id.0), Some("child"));
    let told = mapping.event(&call_of("next"), 3);
    assert_eq!(brief(&told[0]), "tool_call_update child completed");
}

#[test]
fn a_list_of_things_to_do_is_a_plan() {
    let line = json!({"type": "assistant", "message": {"role": "assistant", "content": [{
        "type": "tool_use", "id": "a", "name": "todo_write",
        "input": {"todos": [{"id": "1", "content": "look", "status": "in-progress", "priority": "high"}]}
    }]}});
    let lines = [line.to_string().into_bytes()];
    let updates = updates_of(&lines, Moment::Now { asks: false }, SHOWS);
    let plan = serde_json::to_value(&updates[0]).expect("JSON");
    let entry = json!({"content": "look", "priority": "high", "status": "in_progress"});
    assert_eq!(plan["entries"], json!([entry]));
}

#[test]
fn what_is_no_event_is_passed_over_and_tools_of_the_future_are_shown() {
    for handmade in fixtures::synthetic().into_iter().chain(fixtures::invalid()) {
        let bytes = handmade.bytes().expect("bytes");
        let lines: Vec<Vec<u8>> = bytes
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        for update in updates_of(&lines, Moment::Now { asks: true }, SHOWS) {
            let json = serde_json::to_value(SessionNotification::new("s", update)).expect("JSON");
            assert!(SCHEMA.is_valid(&json), "{json}");
        }
    }
}
