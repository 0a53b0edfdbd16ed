//! Lines that are no message: what is told about them.

use amp_protocol::{Decoded, Malformed, MalformedKind, decode_line};

fn malformed(line: &[u8]) -> Malformed {
    match decode_line(line) {
        Decoded::Malformed(malformed) => malformed,
        other => panic!("expected a malformed line, got {other:?}"),
    }
}

#[test]
fn the_place_of_a_wrong_shape_is_named() {
    let table = [
        (
            r#"{"type":"assistant","message":{"content":[{"type":"text","text":"a"},{"type":"text","text":5}]}}"#,
            "message.content[1].text",
        ),
        (
            r#"{"type":"assistant","message":{"content":[{"type":"text"}]}}"#,
            "message.content[0]",
        ),
        (
            r#"{"type":"assistant","message":{"content":"a"}}"#,
            "message.content",
        ),
        (
            r#"{"type":"assistant","message":{"role":"assistant"}}"#,
            "message",
        ),
        (r#"{"type":"user","message":[]}"#, "message"),
        (r#"{"type":"user","message":null}"#, "message"),
        (
            r#"{"type":"system","subtype":"init","tools":["a",1]}"#,
            "tools[1]",
        ),
        (r#"{"type":"system"}"#, "."),
        (
            r#"{"type":"result","subtype":"success","is_error":"no","session_id":"T-1"}"#,
            "is_error",
        ),
        (
            r#"{"type":"result","subtype":"success","subtype":"success"}"#,
            "subtype",
        ),
        (r#"{"type":5}"#, "type"),
        (r#"{"subtype":"init"}"#, "."),
        (r#"["user"]"#, "."),
        ("null", "."),
        ("5", "."),
    ];
    for (line, path) in table {
        let malformed = malformed(line.as_bytes());
        assert_eq!(
            malformed.kind,
            MalformedKind::WrongShape,
            "{line}: {malformed}"
        );
        assert_eq!(malformed.path, path, "{line}: {malformed}");
        assert_eq!(malformed.line, line.as_bytes());
    }
}

#[test]
fn the_column_counts_the_bytes_read() {
    let line = r#"{"type":"user","message":{"content":[{"type":"text","text":5}]}}"#;
    let malformed = malformed(line.as_bytes());
    assert_eq!(
        &line[..malformed.column],
        r#"{"type":"user","message":{"content":[{"type":"text","text":5"#
    );
    assert_eq!(
        malformed.reason,
        "invalid type: integer `5`, expected a string"
    );
    assert_eq!(
        malformed.to_string(),
        "invalid type: integer `5`, expected a string at column 60, path message.content[0].text"
    );
}

#[test]
fn a_cut_line_is_told_from_one_that_is_no_json() {
    let table: [(&[u8], MalformedKind); 12] = [
        (br#"{"type":"assistant","message":{"content":[{"type":"te"#, MalformedKind::Truncated),
        (br#"{"type":"sys"#, MalformedKind::Truncated),
        (br#"{"type":"new","a":1"#, MalformedKind::Truncated),
        (b"", MalformedKind::Blank),
        (b" \t\r\n", MalformedKind::Blank),
        (b"No API key found. Starting login flow...", MalformedKind::NotJson),
        (b"0.0.1777897475-g2324e1 (released 2026-05-04)", MalformedKind::NotJson),
        (b"\x1b[?25h{\"type\":\"user\"}", MalformedKind::NotJson),
        (br#"{"type":"result","subtype":"success"}{"type":"result"}"#, MalformedKind::NotJson),
        (br#"{"type":"new"} and more"#, MalformedKind::NotJson),
        (br#"{"type":"result","subtype":"success","duration_ms":NaN}"#, MalformedKind::NotJson),
        (b"{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"\x00\"}]}}", MalformedKind::NotJson),
    ];
    for (line, kind) in table {
        let malformed = malformed(line);
        assert_eq!(malformed.kind, kind, "{malformed}");
    }
}

#[test]
fn an_excerpt_is_short_however_long_the_line() {
    let malformed = malformed(&vec![b'x'; 1 << 20]);
    assert_eq!(malformed.excerpt().len(), Malformed::EXCERPT_LIMIT);
    assert_eq!(malformed.line.len(), 1 << 20);
}
