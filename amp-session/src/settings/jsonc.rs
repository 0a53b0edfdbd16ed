//! JSON with comments and trailing commas, as Amp's settings files may be written.

use serde_json::{Map, Value};

/// Parses a settings text: an object, with comments and trailing commas tolerated.
///
/// A top-level value of another kind counts as an empty object, because the CLI ignores it
/// silently; a byte-order mark and an empty text are errors, as they are for the CLI.
pub(crate) fn parse(text: &str) -> Result<Map<String, Value>, serde_json::Error> {
    match serde_json::from_str(&plain(text))? {
        Value::Object(map) => Ok(map),
        _ => Ok(Map::new()),
    }
}

/// Returns the text as plain JSON of the same length, so that error positions stay true.
fn plain(text: &str) -> String {
    let mut plain = without_comments(text);
    blank_trailing_commas(&mut plain);
    // Only ASCII bytes outside strings, and whole comments, were replaced by spaces.
    String::from_utf8(plain).unwrap_or_else(|_| text.to_owned())
}

fn without_comments(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let mut position = 0;
    while position < bytes.len() {
        let end = match (bytes[position], bytes.get(position + 1)) {
            (b'"', _) => {
                position = string_end(&bytes, position);
                continue;
            }
            (b'/', Some(b'/')) => line_end(&bytes, position),
            (b'/', Some(b'*')) => block_end(&bytes, position),
            _ => {
                position += 1;
                continue;
            }
        };
        for byte in &mut bytes[position..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        position = end;
    }
    bytes
}

fn blank_trailing_commas(bytes: &mut [u8]) {
    let mut position = 0;
    while position < bytes.len() {
        match bytes[position] {
            b'"' => {
                position = string_end(bytes, position);
                continue;
            }
            b',' => {
                let next = bytes[position + 1..]
                    .iter()
                    .find(|byte| !byte.is_ascii_whitespace());
                if matches!(next, Some(b'}' | b']')) {
                    bytes[position] = b' ';
                }
            }
            _ => {}
        }
        position += 1;
    }
}

/// Returns the position behind the string that opens at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut position = start + 1;
    while position < bytes.len() {
        match bytes[position] {
            b'\\' => position += 2,
            b'"' => return position + 1,
            _ => position += 1,
        }
    }
    bytes.len()
}

fn line_end(bytes: &[u8], start: usize) -> usize {
    bytes[start..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |end| start + end)
}

fn block_end(bytes: &[u8], start: usize) -> usize {
    bytes[start + 2..]
        .windows(2)
        .position(|pair| pair == b"*/")
        .map_or(bytes.len(), |end| start + 2 + end + 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_tolerated() {
        let text = r#"{
            // the model's tools, even "quoted" ones
            "amp.tools.disable": ["a", "b",], /* none
            of these */
            "amp.url": "https://x/, // not a comment, /* nor this */ \" }",
        }"#;
        let expected = json!({
            "amp.tools.disable": ["a", "b"],
            "amp.url": "https://x/, // not a comment, /* nor this */ \" }",
        });
        assert_eq!(Value::Object(parse(text).unwrap()), expected);
    }

    #[test]
    fn what_the_cli_refuses_is_refused_and_what_it_ignores_is_ignored() {
        for text in ["", "\u{feff}{}", "{", "{\"a\":}", "// only a comment"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(parse("[{\"amp.url\": 1}]").unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn no_text_panics_and_plain_json_is_unchanged(text in ".*", value in "[a-z/*,\\]} \"]*") {
            let _ = parse(&text);
            let object = json!({ "amp.key": value, "amp.list": [value, 1] });
            let Value::Object(map) = object.clone() else { unreachable!() };
            prop_assert_eq!(parse(&object.to_string()).unwrap(), map);
        }
    }
}
