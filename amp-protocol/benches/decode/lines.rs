//! The lines that are read: the shapes the CLI writes, in two sizes.

use serde_json::{Value, json};

const SESSION: &str = "T-01a1fbe0-2c3c-70dc-982c-afb429bcfdf2";

/// Lines of about 4.5 KB: file contents, patches and long answers.
pub(crate) fn big() -> Vec<String> {
    conversation(3_900, 4)
}

/// Lines of about 560 bytes: short answers, calls and results.
pub(crate) fn small() -> Vec<String> {
    conversation(150, 32)
}

/// Real code, as tools read and write it.
const CODE: &str = include_str!("../../src/decode.rs");

/// Text, as models write it.
const PROSE: &str = "The turn ends with a result. **Nothing** is lost on the way:

- unknown fields are kept as text and written back,
- a line that is not JSON comes back \"as it was\", with the place where reading stopped.

I ran the tests; all 42 of them pass. Next I would look at the reader — it gives up on control
characters — and measure again.

";

/// Repeats a turn of four lines, each with a text of `size` bytes.
fn conversation(size: usize, turns: usize) -> Vec<String> {
    let source = &CODE[..CODE.floor_char_boundary(size)];
    let prose = PROSE.repeat(size / PROSE.len() + 1);
    let prose = &prose[..prose.floor_char_boundary(size)];
    let result = json!({"output": source, "exitCode": 0}).to_string();
    let turn = [
        assistant("end_turn", &json!([{"type": "text", "text": prose}])),
        assistant(
            "tool_use",
            &call(
                "create_file",
                &json!({"path": "/a/b.rs", "content": source}),
            ),
        ),
        user(&json!([{
            "type": "tool_result",
            "tool_use_id": "toolu_01Stub0000000000000085",
            "content": result,
            "is_error": false,
        }])),
        assistant(
            "tool_use",
            &call("Task", &json!({"description": "Look", "prompt": prose})),
        ),
    ];
    turn.iter()
        .cycle()
        .take(turn.len() * turns)
        .cloned()
        .collect()
}

fn call(name: &str, input: &Value) -> Value {
    json!([
        {"type": "text", "text": "Let me do that."},
        {"type": "tool_use", "id": "toolu_01Stub0000000000000085", "name": name, "input": input},
    ])
}

/// Written by hand because `Value` would sort the fields.
fn assistant(stop_reason: &str, content: &Value) -> String {
    format!(
        r#"{{"type":"assistant","message":{{"type":"message","role":"assistant","content":{},"stop_reason":"{stop_reason}","usage":{{"input_tokens":11,"cache_creation_input_tokens":22,"cache_read_input_tokens":33,"output_tokens":44,"max_tokens":300000,"service_tier":"standard"}}}},"parent_tool_use_id":null,"session_id":"{SESSION}"}}"#,
        type_first(content),
    )
}

fn user(content: &Value) -> String {
    format!(
        r#"{{"type":"user","message":{{"role":"user","content":{}}},"parent_tool_use_id":null,"session_id":"{SESSION}"}}"#,
        type_first(content),
    )
}

/// Writes blocks the way the CLI does, with `type` as the first field.
fn type_first(blocks: &Value) -> String {
    let blocks = blocks
        .as_array()
        .expect("an array of blocks")
        .iter()
        .map(|block| {
            let block = block.as_object().expect("a block");
            let fields = [
                "type",
                "id",
                "name",
                "tool_use_id",
                "text",
                "input",
                "content",
                "is_error",
            ];
            let fields = fields.iter().filter_map(|name| {
                block
                    .get(*name)
                    .map(|value| format!("{}:{value}", json!(name)))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        });
    format!("[{}]", blocks.collect::<Vec<_>>().join(","))
}
