//! The JSON values that stand in a message.

use serde_json::{Deserializer, Value};

/// Returns the values of a message in their order: itself, when it is one; else what its fenced
/// blocks hold, as far as that is JSON; else the objects and arrays within its text.
pub(super) fn values(message: &str) -> Vec<Value> {
    if let Ok(value) = serde_json::from_str(message) {
        return vec![value];
    }
    let fenced: Vec<Value> = blocks(message)
        .iter()
        .filter_map(|block| serde_json::from_str(block).ok())
        .collect();
    match fenced.is_empty() {
        true => within(message),
        false => fenced,
    }
}

/// Returns what stands in fenced blocks; one that is not closed goes on to the end.
fn blocks(message: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in message.lines() {
        let trimmed = line.trim();
        match &mut open {
            Some((fence, block)) => {
                let rest = trimmed.strip_prefix(*fence);
                let closes = |rest: &str| rest.chars().all(|one| fence.starts_with(one));
                if rest.is_some_and(closes) {
                    blocks.extend(open.take().map(|(_, block)| block));
                } else {
                    block.push_str(line);
                    block.push('\n');
                }
            }
            None => open = fence(trimmed).map(|fence| (fence, String::new())),
        }
    }
    blocks.extend(open.map(|(_, block)| block));
    blocks
}

/// Returns the fence that a line opens a block with.
fn fence(line: &str) -> Option<&str> {
    let length = |mark: char| line.len() - line.trim_start_matches(mark).len();
    let length = length('`').max(length('~'));
    (length >= 3).then(|| &line[..length])
}

/// Returns the objects and arrays of a text, those within another one left out.
///
/// What nests too deep to be read ends the search: what is found within it would be a part of it.
fn within(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['{', '[']) {
        rest = &rest[start..];
        let mut stream = Deserializer::from_str(rest).into_iter();
        match stream.next() {
            Some(Ok(value)) => {
                found.push(value);
                rest = &rest[stream.byte_offset()..];
            }
            Some(Err(error)) if error.to_string().starts_with("recursion limit") => break,
            _ => rest = &rest[1..],
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::values;

    #[test]
    fn a_fence_is_closed_by_one_as_long_and_of_its_own_kind() {
        let message = "````json\n[\"```\",\n1]\n````\n~~~\n[2]\n~~~\n```\n[3]";
        assert_eq!(values(message), [json!(["```", 1]), json!([2]), json!([3])]);
        assert_eq!(
            values("  ```json\n  {\n  \"a\": 1}\n  ```"),
            [json!({"a": 1})]
        );
    }

    #[test]
    fn fences_without_json_do_not_hide_the_text() {
        assert_eq!(values("```sh\nls\n```\nso it is [1]"), [json!([1])]);
        assert_eq!(values("```\n12\n``` and {\"a\": 1}\n"), [json!({"a": 1})]);
    }

    #[test]
    fn in_prose_objects_and_arrays_count_and_braces_do_not_mislead() {
        let text = r#"{not JSON} "quoted" {"a": {"b": []}} and [1, 2] but 3 is no answer {"#;
        assert_eq!(values(text), [json!({"a": {"b": []}}), json!([1, 2])]);
        assert!(values("nothing").is_empty());
    }

    proptest! {
        #[test]
        fn a_value_that_was_found_is_found_alone(text in "[\\[\\]{}\":,a1 \n`~]{0,60}") {
            for value in values(&text) {
                prop_assert_eq!(values(&value.to_string()).len(), 1);
            }
        }
    }

    #[test]
    fn what_only_looks_like_json_takes_no_time() {
        for hostile in ["[", "{\"a\":", "[1,", "[\"", "[\"[0 ", "{\"{\""] {
            assert!(values(&hostile.repeat(20_000)).is_empty());
        }
    }
}
