//! Messages made by constructors, as tests and bridges make them.

use amp_protocol::tool::{BashInput, ShellResult};
use amp_protocol::{
    AssistantEvent, AssistantMessage, ContentBlock, Count, Event, ImageBlock, RawJson, ResultEvent,
    ResultSubtype, StopReason, SystemEvent, SystemSubtype, TextBlock, ThinkingBlock,
    ToolResultBlock, ToolUseBlock, UnknownBlock, Usage, UserEvent, UserMessage, encode_line,
};

fn assert_written(event: impl Into<Event>, expected: &str) {
    let event = event.into();
    assert_eq!(encode_line(&event), expected);
    let read = crate::event(expected);
    assert_eq!(encode_line(&read), expected);
}

#[test]
fn a_message_is_made_of_what_is_always_there() {
    assert_written(
        SystemEvent::new(SystemSubtype::INIT),
        r#"{"type":"system","subtype":"init","tools":[],"mcp_servers":[]}"#,
    );
    assert_written(
        UserEvent::new(UserMessage::new([
            TextBlock::new("2+2?").into(),
            ImageBlock::from_base64("image/png", "AA==").into(),
            ToolResultBlock::from_text("a", "done").into(),
            UnknownBlock::new("new").into(),
        ])),
        r#"{"type":"user","message":{"content":[{"type":"text","text":"2+2?"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}},{"type":"tool_result","tool_use_id":"a","content":"done","is_error":false},{"type":"new"}]}}"#,
    );
    assert_written(
        ResultEvent::new(ResultSubtype::SUCCESS),
        r#"{"type":"result","subtype":"success","is_error":false}"#,
    );
}

#[test]
fn the_other_fields_are_set_by_name() {
    let input = BashInput::new("ls");
    let input = RawJson::from_value(&input).expect("an input is JSON");
    let mut usage = Usage::default();
    usage.output_tokens = Some(Count::from(3));
    let mut message = AssistantMessage::new([
        ContentBlock::from(ThinkingBlock::new("hm")),
        ToolUseBlock::new("a", "Bash", input).into(),
    ]);
    message.stop_reason = Some(StopReason::TOOL_USE);
    message.usage = Some(Box::new(usage));
    let mut event = AssistantEvent::new(message);
    event.session_id = Some("T-1".into());
    assert_written(
        event,
        r#"{"type":"assistant","message":{"content":[{"type":"thinking","thinking":"hm"},{"type":"tool_use","id":"a","name":"Bash","input":{"cmd":"ls"}}],"stop_reason":"tool_use","usage":{"output_tokens":3}},"session_id":"T-1"}"#,
    );
}

#[test]
fn a_result_of_a_tool_is_made_like_a_message() {
    let mut shell = ShellResult::new("a\n");
    shell.exit_code = Some(0.into());
    let text = serde_json::to_string(&shell).expect("a result is JSON");
    assert_eq!(text, r#"{"output":"a\n","exitCode":0}"#);
}
