//! Nothing is lost between reading a line and writing it back.

use amp_protocol::{Decoded, decode_line, encode_line, lost_fields};
use proptest::prelude::*;

use crate::event;

#[test]
fn every_recorded_event_is_written_back_to_the_byte() {
    let mut events = 0;
    for recording in fixtures::recordings() {
        for line in recording.lines().expect("the recording can be read") {
            if let Decoded::Event(event) = decode_line(&line) {
                let line = String::from_utf8(line).expect("the CLI writes UTF-8");
                let name = format!("{}/{}", recording.version, recording.scenario);
                assert_eq!(lost_fields(&line, &event), Vec::<String>::new(), "{name}");
                assert_eq!(encode_line(&event), line, "{name}");
                events += 1;
            }
        }
    }
    assert!(events > 900, "only {events} events are recorded");
}

#[test]
fn null_absent_and_default_stay_apart() {
    for line in [
        r#"{"type":"assistant","message":{"content":[],"stop_reason":null},"parent_tool_use_id":null}"#,
        r#"{"type":"assistant","message":{"content":[]}}"#,
        r#"{"type":"system","subtype":"init","tools":null}"#,
        r#"{"type":"system","subtype":"init","tools":[],"mcp_servers":[]}"#,
        r#"{"type":"system","subtype":"init"}"#,
        r#"{"type":"result","subtype":"success","is_error":null,"usage":null}"#,
        r#"{"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}}"#,
        r#"{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"a","content":null,"is_error":false}]}}"#,
    ] {
        assert_eq!(encode_line(&event(line)), line);
    }
}

#[test]
fn numbers_keep_their_digits() {
    for number in [
        "18446744073709551616",
        "1.0",
        "-1",
        "1e400",
        "0",
        "18446744073709551615",
    ] {
        let line = format!(
            r#"{{"type":"result","subtype":"success","duration_ms":{number},"new":{number}}}"#
        );
        assert_eq!(encode_line(&event(&line)), line);
    }
}

#[test]
fn lost_fields_names_what_differs() {
    let written =
        r#"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"a"}]}}"#;
    let before = r#"{"type":"user","new":1,"message":{"role":"user","content":[{"type":"text","text":"b","x":null},5]}}"#;
    let lost = lost_fields(before, &event(written));
    let expected = [
        "new",
        "message.content[0].text",
        "message.content[0].x",
        "message.content[1]",
    ];
    assert_eq!(lost, expected);
}

#[test]
fn lost_fields_takes_spelling_and_order_for_what_they_are() {
    let written =
        r#"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"é/"}]}}"#;
    let before = r#"{"message": {"content":[{"text":"\u00e9\/","type":"text"}],"role":"user"},"type":"user"}"#;
    assert!(lost_fields(before, &event(written)).is_empty());
}

/// Any JSON value, as text.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,4})?(e[+-]?[0-9]{1,3})?",
        any::<String>().prop_map(|text| serde_json::to_string(&text).expect("a string is JSON")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(("[a-z]{1,6}", inner), 0..4).prop_map(|fields| {
                let fields = fields
                    .iter()
                    .map(|(name, value)| format!("{name:?}:{value}"));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_added_comes_back(value in json(), text in any::<String>()) {
        let text = serde_json::to_string(&text).expect("a string is JSON");
        let line = format!(
            r#"{{"type":"assistant","message":{{"content":[{{"type":"text","text":{text},"x_new":{value}}},{{"type":"x_new","value":{value}}},{{"type":"tool_use","id":"a","name":"b","input":{value}}}],"x_new":{value}}},"session_id":"T-1","x_new":{value}}}"#
        );
        let event = event(&line);
        prop_assert_eq!(lost_fields(&line, &event), Vec::<String>::new());
        let written = encode_line(&event);
        prop_assert_eq!(&crate::event(&written), &event);
        prop_assert_eq!(&written, &line);
    }
}
