//! Damage that is undone, and said to be.

use amp_protocol::{ContentBlock, Decoded, Event, Repair, decode_line};

/// Decodes a user line around a text, given as bytes of JSON.
fn decode_text(before: &[u8], text: &[u8], after: &[u8]) -> Decoded {
    let mut line = before.to_vec();
    line.extend_from_slice(br#"{"type":"user","message":{"content":[{"type":"text","text":""#);
    line.extend_from_slice(text);
    line.extend_from_slice(br#""}]}}"#);
    line.extend_from_slice(after);
    decode_line(&line)
}

fn text_and_repairs(decoded: &Decoded) -> (&str, Vec<Repair>) {
    let Some(Event::User(user)) = decoded.event() else {
        panic!("expected a user event: {decoded:?}")
    };
    let text = user
        .message
        .content
        .first()
        .and_then(ContentBlock::as_text)
        .expect("a text");
    (text, decoded.repairs().iter().collect())
}

#[test]
fn a_whole_line_needs_no_repair() {
    let decoded = decode_text(b"", "a \u{2028} é".as_bytes(), b"\n");
    assert_eq!(text_and_repairs(&decoded), ("a \u{2028} é", vec![]));
}

#[test]
fn half_an_emoji_becomes_a_replacement_character() {
    let decoded = decode_text(b"", br"cut \ud83d", b"");
    assert_eq!(
        text_and_repairs(&decoded),
        ("cut \u{fffd}", vec![Repair::LoneSurrogate])
    );
    let decoded = decode_text(b"", br"\ude00\ud83d\ud83d\ude00\\ud83d\ud83d\n", b"");
    assert_eq!(
        text_and_repairs(&decoded),
        (
            "\u{fffd}\u{fffd}\u{1f600}\\ud83d\u{fffd}\n",
            vec![Repair::LoneSurrogate]
        )
    );
}

#[test]
fn half_an_emoji_in_a_tools_input_is_left_alone() {
    let line = br#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"a","name":"Bash","input":{"cmd":"\ud83d"}}]}}"#;
    let decoded = decode_line(line);
    assert!(decoded.repairs().is_empty());
    let event = decoded.into_event().expect("an event");
    assert_eq!(amp_protocol::encode_line(&event).as_bytes(), line);
}

#[test]
fn bytes_that_are_not_utf8_become_replacement_characters() {
    let decoded = decode_text(b"", b"a\xffb", b"");
    assert_eq!(
        text_and_repairs(&decoded),
        ("a\u{fffd}b", vec![Repair::InvalidUtf8])
    );
}

#[test]
fn a_byte_order_mark_and_a_carriage_return_are_dropped() {
    let decoded = decode_text(b"\xef\xbb\xbf", b"a", b"\r\n");
    let repairs = vec![Repair::ByteOrderMark, Repair::CarriageReturn];
    assert_eq!(text_and_repairs(&decoded), ("a", repairs));
}

#[test]
fn an_unrecognised_line_is_repaired_as_well() {
    let decoded = decode_line(b"{\"type\":\"new\",\"a\":\"\xff\"}\r");
    assert!(matches!(&decoded, Decoded::Unrecognised(new) if new.line.ends_with(b"\r")));
    let repairs: Vec<Repair> = decoded.repairs().iter().collect();
    assert_eq!(repairs, [Repair::CarriageReturn, Repair::InvalidUtf8]);
}

#[test]
fn what_no_repair_helps_stays_malformed() {
    let decoded = decode_line(
        br#"{"type":"user","message":{"content":[{"type":"text","text":"\ud83d"},5]}}"#,
    );
    let Decoded::Malformed(malformed) = &decoded else {
        panic!("the shape is wrong: {decoded:?}")
    };
    assert_eq!(malformed.path, "message.content[1]");
    assert!(decoded.repairs().contains(Repair::LoneSurrogate));
}

#[test]
fn repairs_have_names_of_their_own() {
    let decoded = decode_text(b"\xef\xbb\xbf", b"a\xffb\\ud83d", b"\r\n");
    let names: Vec<&str> = decoded.repairs().iter().map(Repair::as_str).collect();
    let expected = [
        "byte_order_mark",
        "carriage_return",
        "invalid_utf8",
        "lone_surrogate",
    ];
    assert_eq!(names, expected);
    let printed: Vec<String> = decoded.repairs().iter().map(|it| it.to_string()).collect();
    assert_eq!(printed, expected);
    assert_eq!(
        format!("{:?}", decoded.repairs()),
        "{ByteOrderMark, CarriageReturn, InvalidUtf8, LoneSurrogate}"
    );
}
