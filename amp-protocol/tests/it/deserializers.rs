//! Events read by any deserializer of serde, not from JSON text alone.

use amp_protocol::{Count, Event, McpServer, PermissionRule, RawJson, decode_line};
use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde_json::Value;

fn recorded_events() -> impl Iterator<Item = (String, Event)> {
    let lines = fixtures::recordings()
        .into_iter()
        .flat_map(|recording| recording.lines().expect("the recording can be read"));
    lines.filter_map(|line| {
        let event = decode_line(&line).into_event()?;
        Some((
            String::from_utf8(line).expect("the CLI writes UTF-8"),
            event,
        ))
    })
}

#[test]
fn serde_json_reads_every_recorded_event_as_decode_line_does() {
    for (line, event) in recorded_events() {
        let text: Event = serde_json::from_str(&line).expect("an event");
        assert_eq!(text, event);
        let reader: Event = serde_json::from_reader(line.as_bytes()).expect("an event");
        assert_eq!(reader, event);
    }
}

#[test]
fn every_recorded_event_goes_through_a_value_and_back() {
    for (line, event) in recorded_events() {
        let value: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(serde_json::to_value(&event).expect("a value"), value);
        let owned: Event = serde_json::from_value(value.clone()).expect("an event");
        let borrowed = Event::deserialize(&value).expect("an event");
        assert_eq!(owned, borrowed);
        assert_eq!(serde_json::to_value(&owned).expect("a value"), value);
    }
}

/// Keeps what serde buffers, which is neither text nor a value of serde_json.
#[derive(Deserialize)]
#[serde(untagged)]
enum Buffered {
    Event(Event),
}

#[test]
fn every_recorded_event_is_read_from_the_buffer_of_an_untagged_enum() {
    for (line, event) in recorded_events() {
        let Buffered::Event(read) = serde_json::from_str(&line).expect("an event");
        let value = serde_json::to_value(&read).expect("a value");
        assert_eq!(value, serde_json::to_value(&event).expect("a value"));
    }
}

#[test]
fn a_message_of_an_unknown_type_is_no_event() {
    for line in [r#"{"type":"new","a":1}"#, r#"{"a":1,"type":"new"}"#] {
        let error = serde_json::from_str::<Event>(line).expect_err("unknown");
        assert!(
            error.to_string().contains("unknown type of message `new`"),
            "{error}"
        );
    }
    let error = serde_json::from_str::<Event>(r#"{"a":1}"#).expect_err("no type");
    assert!(
        error.to_string().contains("missing field `type`"),
        "{error}"
    );
}

#[test]
fn a_map_that_has_no_text_is_no_text_itself() {
    let entries = [("a", "no JSON"), ("b", "5")];
    let map = MapDeserializer::<_, serde_json::Error>::new(entries.into_iter());
    let raw = RawJson::deserialize(map).expect("any value");
    assert_eq!(raw.as_str(), r#"{"a":"no JSON","b":"5"}"#);
    let none: [(&str, &str); 0] = [];
    let map = MapDeserializer::<_, serde_json::Error>::new(none.into_iter());
    assert_eq!(RawJson::deserialize(map).expect("any value").as_str(), "{}");
}

#[test]
fn raw_values_counts_rules_and_servers_are_read_from_values() {
    let value = serde_json::json!({"b": [1, {"c": null}], "a": "x\n"});
    let raw = RawJson::deserialize(&value).expect("any value");
    assert_eq!(raw.parse::<Value>().expect("JSON"), value);

    for number in ["0", "18446744073709551615", "-1", "1.5"] {
        let value: Value = serde_json::from_str(number).expect("JSON");
        let count: Count = serde_json::from_value(value).expect("a number");
        assert_eq!(count.to_string(), number);
    }
    assert!(serde_json::from_value::<Count>(Value::from("1")).is_err());

    let rule = serde_json::json!({
        "tool": "Bash", "matches": {"cmd": ["a", 1, -1, 0.5, null, {"x": true}]}, "action": "ask",
    });
    let read: PermissionRule = serde_json::from_value(rule.clone()).expect("a rule");
    assert_eq!(serde_json::to_value(&read).expect("a value"), rule);

    let server = serde_json::json!({"command": "npx", "env": {"KEY": "secret"}});
    let read: McpServer = serde_json::from_value(server.clone()).expect("a server");
    assert!(matches!(read, McpServer::Stdio(_)));
    assert_eq!(serde_json::to_value(&read).expect("a value"), server);
}
