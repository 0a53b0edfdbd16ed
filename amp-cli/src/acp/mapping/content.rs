//! Pieces of what is shown of a tool call.

use agent_client_protocol::v1::schema::{Content, ContentBlock, ToolCallContent};
use serde_json::Value;

use crate::text::ends;

/// How much of a long text is shown from its beginning and from its end, in bytes; the raw output
/// has all of it.
const SHOWN: usize = 1 << 16;

/// Shows prose, which may be Markdown.
pub(super) fn text(text: &str) -> ToolCallContent {
    block(shortened(text).into())
}

/// Shows a text as it is, so that nothing in it is taken for Markdown.
pub(super) fn fenced(text: &str) -> ToolCallContent {
    fenced_as("", text)
}

/// Shows a text of a language as it is.
pub(super) fn fenced_as(language: &str, text: &str) -> ToolCallContent {
    let text = shortened(text);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    let text = text.trim_end_matches('\n');
    block(format!("{fence}{language}\n{text}\n{fence}").into())
}

/// Shows a block.
pub(super) fn block(block: ContentBlock) -> ToolCallContent {
    ToolCallContent::Content(Content::new(block))
}

/// Writes JSON as a person reads it: `name: value`, what is within indented below.
pub(super) fn outline(value: &Value) -> String {
    let mut text = String::new();
    write_outline(value, 0, &mut text);
    text
}

fn write_outline(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    let mut entry = |name: &str, value: &Value| match value {
        Value::Object(map) if !map.is_empty() => {
            text.push_str(&format!("{indent}{name}\n"));
            write_outline(value, depth + 1, text);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push_str(&format!("{indent}{name}\n"));
            write_outline(value, depth + 1, text);
        }
        _ => {
            let value = scalar(value);
            let below = format!("\n{indent}  ");
            let value = match value.contains('\n') {
                true => format!("{below}{}", value.trim_end().replace('\n', &below)),
                false => format!(" {value}"),
            };
            text.push_str(&format!("{indent}{name}{value}\n"));
        }
    };
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                entry(&format!("{name}:"), value);
            }
        }
        Value::Array(items) => {
            for item in items {
                entry("-", item);
            }
        }
        other => text.push_str(&format!("{indent}{}\n", scalar(other))),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(_) | Value::Array(_) => "none".to_owned(),
        other => other.to_string(),
    }
}

fn shortened(text: &str) -> String {
    match ends(text, SHOWN) {
        (text, 0, _) => text.to_owned(),
        (beginning, left_out, end) => {
            format!("{beginning}\n… {left_out} bytes are left out here …\n{end}")
        }
    }
}

/// Returns the length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    let runs = text.split(|character| character != '`');
    runs.map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(content: &ToolCallContent) -> &str {
        match content {
            ToolCallContent::Content(Content {
                content: ContentBlock::Text(text),
                ..
            }) => &text.text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_fence_is_longer_than_every_run_of_backticks_in_it() {
        assert_eq!(shown(&fenced("# no heading\n")), "```\n# no heading\n```");
        assert_eq!(shown(&fenced("a ```` b")), "`````\na ```` b\n`````");
    }

    #[test]
    fn a_long_text_keeps_its_beginning_and_its_end() {
        let text = format!("first{}last", "é".repeat(SHOWN));
        let shown = shown(&fenced(&text)).to_owned();
        assert!(shown.contains("first") && shown.contains("last"));
        assert!(shown.contains("bytes are left out here") && shown.len() < 3 * SHOWN);
    }

    #[test]
    fn json_is_written_as_an_outline() {
        let value = json!({"lines": "a\nb", "list": [1, {"deep": null}], "name": "x", "none": []});
        assert_eq!(
            outline(&value),
            "lines:\n  a\n  b\nlist:\n  - 1\n  -\n    deep: null\nname: x\nnone: none\n"
        );
    }
}
