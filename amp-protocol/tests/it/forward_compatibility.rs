//! What a later CLI may send.

use amp_protocol::{ContentBlock, Decoded, Event, PermissionDenial, decode_line, encode_line};

use crate::event;

fn stays_as_it_is(line: &str) {
    assert_eq!(encode_line(&event(line)), line);
}

#[test]
fn a_new_type_is_unrecognised_and_kept() {
    let line = r#"{"type":"progress","percent":40.0,"of":{"n":123456789012345678901234567890}}"#;
    let Decoded::Unrecognised(unrecognised) = decode_line(line.as_bytes()) else {
        panic!("a new type is neither known nor malformed");
    };
    assert_eq!(unrecognised.event_type, "progress");
    assert_eq!(unrecognised.payload.as_str(), line);
    assert_eq!(unrecognised.line, line.as_bytes());
}

#[test]
fn a_new_type_is_found_wherever_it_stands() {
    for line in [
        r#"{"percent":4,"type":"progress"}"#,
        r#" { "type" : "progress" } "#,
        r#"{"type":"pro\u0067ress"}"#,
    ] {
        let decoded = decode_line(line.as_bytes());
        assert!(
            matches!(&decoded, Decoded::Unrecognised(found) if found.event_type == "progress"),
            "{decoded:?}"
        );
    }
}

#[test]
fn a_known_type_may_stand_anywhere() {
    let line = r#"{"session_id":"T-1","subtype":"init","type":"system"}"#;
    assert!(matches!(event(line), Event::System(system) if system.subtype == "init"));
}

#[test]
fn new_fields_are_kept_at_every_level() {
    stays_as_it_is(
        r#"{"type":"system","subtype":"init","mcp_servers":[{"name":"a","status":"connected","tools":3}],"sandbox":{"network":"none"}}"#,
    );
    stays_as_it_is(
        r#"{"type":"assistant","message":{"content":[{"type":"text","text":"a","citations":[1]}],"usage":{"input_tokens":1,"thinking_tokens":2},"container":{}},"trace":"x"}"#,
    );
    let Event::Result(result) = event(r#"{"type":"result","subtype":"success","cost_usd":0.25}"#)
    else {
        panic!("a result stays a result");
    };
    assert_eq!(
        result
            .extra
            .get("cost_usd")
            .map(ToString::to_string)
            .as_deref(),
        Some("0.25")
    );
}

#[test]
fn new_values_of_open_strings_are_kept() {
    stays_as_it_is(
        r#"{"type":"system","subtype":"compacted","mcp_servers":[{"name":"a","status":"sleeping"}],"agent_mode":"colossal","reasoning_effort":"utmost"}"#,
    );
    stays_as_it_is(
        r#"{"type":"assistant","message":{"type":"notice","role":"critic","content":[],"stop_reason":"bored","usage":{"service_tier":"gold"}}}"#,
    );
    let Event::Result(result) =
        event(r#"{"type":"result","subtype":"error_budget","is_error":true}"#)
    else {
        panic!("a result stays a result");
    };
    assert!(!result.subtype.is_known());
    assert!(!result.is_success());
}

#[test]
fn a_new_block_is_kept_between_known_ones() {
    let line = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"a"},{"type":"video","url":"u","seconds":1.50},{"type":"text","text":"b"}]}}"#;
    stays_as_it_is(line);
    let Event::Assistant(assistant) = event(line) else {
        panic!("an assistant message")
    };
    assert!(matches!(
        &assistant.message.content[1],
        ContentBlock::Unknown(block) if block.block_type == "video" && block.extra.get("url").is_some()
    ));
    assert_eq!(assistant.message.text(), "a\n\nb");
}

#[test]
fn a_block_may_carry_its_type_last() {
    let line = r#"{"type":"user","message":{"content":[{"text":"a","type":"text","x":1}]}}"#;
    let ordered = r#"{"type":"user","message":{"content":[{"type":"text","text":"a","x":1}]}}"#;
    assert_eq!(encode_line(&event(line)), ordered);
}

#[test]
fn shapes_that_only_sdks_declare_are_read() {
    stays_as_it_is(
        r#"{"type":"assistant","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"d"}],"stop_reason":"max_tokens","stop_sequence":"x","usage":{"input_tokens":null}}}"#,
    );
    stays_as_it_is(
        r#"{"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"b"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}],"is_error":true}]}}"#,
    );
    let line = r#"{"type":"result","subtype":"error_max_turns","is_error":true,"error":"e","usage":{"output_tokens":1},"permission_denials":["no",{"tool_name":"Bash","tool_use_id":"a","tool_input":{"cmd":"ls"}}]}"#;
    stays_as_it_is(line);
    let Event::Result(result) = event(line) else {
        panic!("a result")
    };
    let denials = result.permission_denials.expect("denials");
    assert!(matches!(&denials[0], PermissionDenial::Text(text) if text == "no"));
    assert!(
        matches!(&denials[1], PermissionDenial::Call(call) if call.tool_name.as_ref().is_some_and(|name| name == "Bash"))
    );
}

#[test]
fn a_message_without_a_session_is_still_read() {
    let Event::Result(result) = event(r#"{"type":"result","subtype":"success"}"#) else {
        panic!("a result");
    };
    assert!(result.is_success());
    assert_eq!(result.session_id, None);
}
