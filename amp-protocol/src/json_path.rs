//! Where in a JSON text a byte lies.
//!
//! Decoding keeps no path; only when a line is malformed is the text walked again, up to the
//! byte the error points at.

use memchr::memchr2;

/// Returns the path of the innermost value that covers the byte before `offset`, such as
/// `message.content[1].text`, or `.` for the whole text.
pub(crate) fn path_at(text: &str, offset: usize) -> String {
    let bytes = &text.as_bytes()[..offset.min(text.len())];
    let mut open: Vec<Frame<'_>> = Vec::new();
    let mut position = 0;
    while let Some(byte) = bytes.get(position) {
        match byte {
            b'{' => open.push(Frame::Object { key: None }),
            b'[' => open.push(Frame::Array { index: 0 }),
            b'}' | b']' => {
                open.pop();
            }
            b',' => match open.last_mut() {
                Some(Frame::Object { key }) => *key = None,
                Some(Frame::Array { index }) => *index += 1,
                None => {}
            },
            b'"' => {
                let end = string_end(bytes, position + 1);
                if let Some(Frame::Object { key: key @ None }) = open.last_mut() {
                    *key = text.get(position + 1..end);
                }
                position = end;
            }
            _ => {}
        }
        position += 1;
    }
    render(&open)
}

enum Frame<'text> {
    Object { key: Option<&'text str> },
    Array { index: usize },
}

/// Finds the quote that ends the string whose content starts at `position`.
pub(crate) fn string_end(bytes: &[u8], mut position: usize) -> usize {
    while let Some(found) = bytes
        .get(position..)
        .and_then(|rest| memchr2(b'"', b'\\', rest))
    {
        position += found;
        if bytes[position] == b'"' {
            return position;
        }
        position += 2;
    }
    bytes.len()
}

/// How much of a path is shown; those that the types know have half as many parts.
const SHOWN_PARTS: usize = 16;

fn render(open: &[Frame<'_>]) -> String {
    let mut path = String::new();
    for frame in &open[..open.len().min(SHOWN_PARTS)] {
        match frame {
            Frame::Object { key: Some(key) } => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Frame::Object { key: None } => {}
            Frame::Array { index } => path.push_str(&format!("[{index}]")),
        }
    }
    if open.len() > SHOWN_PARTS {
        path.push('…');
    }
    if path.is_empty() {
        ".".to_owned()
    } else {
        path
    }
}

#[cfg(test)]
mod tests {
    use super::path_at;

    /// The path of the byte just before the mark `^`.
    fn path_before_mark(marked: &str) -> String {
        let offset = marked.find('^').expect("the text has a mark");
        path_at(&marked.replace('^', ""), offset)
    }

    #[test]
    fn a_long_path_is_cut() {
        assert_eq!(
            path_before_mark(&format!("{}^", "[".repeat(16))),
            "[0]".repeat(16)
        );
        let cut = format!("{}…", "[0]".repeat(16));
        assert_eq!(path_before_mark(&format!("{}^", "[".repeat(17))), cut);
    }

    #[test]
    fn names_the_innermost_value() {
        let table = [
            (r"^5", "."),
            (r#"{"a":5^}"#, "a"),
            (r#"{"a":{"b":1}^,"c":2}"#, "a"),
            (r#"{"a":[1,{"b c":"x\"}"^}]}"#, "a[1].b c"),
            (r#"{"a":[1,^2]}"#, "a[1]"),
            (r#"{"a":[^]}"#, "a[0]"),
            (r#"{"a":1,"b":^[]}"#, "b"),
            (r#"{"a":1}^"#, "."),
            (r#"[[],[{"k":"unterminated^"#, "[1][0].k"),
        ];
        for (marked, path) in table {
            assert_eq!(path_before_mark(marked), path, "{marked}");
        }
    }
}
