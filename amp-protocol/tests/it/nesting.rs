//! How deep a line may nest, and what it costs.

use std::thread;

use amp_protocol::{ContentBlock, Decoded, Event, MalformedKind, decode_line, lost_fields};
use proptest::prelude::*;

/// Where a block carries its `type`.
#[derive(Debug, Clone, Copy)]
enum Type {
    First,
    Last,
}

/// A user message of tool results within one another, the outermost first.
fn nested(levels: &[Type]) -> String {
    let mut content = String::new();
    for level in levels {
        content.push_str(match level {
            Type::First => r#"{"type":"tool_result","tool_use_id":"a","content":["#,
            Type::Last => r#"{"tool_use_id":"a","content":["#,
        });
    }
    for level in levels.iter().rev() {
        content.push_str(match level {
            Type::First => "]}",
            Type::Last => r#"],"type":"tool_result"}"#,
        });
    }
    format!(r#"{{"type":"user","message":{{"content":[{content}]}}}}"#)
}

/// Decodes on a stack that is a quarter of what Rust gives a thread.
fn decode_on_a_small_stack(line: String) -> Decoded {
    let thread = thread::Builder::new().stack_size(512 * 1024);
    let decode = move || {
        let decoded = decode_line(line.as_bytes());
        if let Decoded::Event(event) = &decoded {
            // Cloning, comparing, printing, writing and dropping recurse as well.
            assert_eq!(&event.clone(), event);
            assert!(format!("{event:?}").len() > 100);
            assert!(lost_fields(&line, event).is_empty());
        }
        decoded
    };
    let thread = thread.spawn(decode).expect("a thread starts");
    thread.join().expect("decoding does not panic")
}

fn depth_of(event: &Event) -> usize {
    let Event::User(user) = event else {
        panic!("a user message")
    };
    let mut depth = 0;
    let mut content = user.message.content.as_slice();
    while let [ContentBlock::ToolResult(result)] = content {
        depth += 1;
        content = match &result.content {
            Some(amp_protocol::ToolResultContent::Blocks(blocks)) => blocks,
            _ => &[],
        };
    }
    depth
}

/// Three levels of the line are no tool result, and each tool result takes two.
const DEEPEST: usize = (127 - 3) / 2;

#[test]
fn results_nest_as_deep_as_the_line_may_wherever_their_type_stands() {
    for place in [Type::First, Type::Last] {
        let decoded = decode_on_a_small_stack(nested(&[place; DEEPEST]));
        let Decoded::Event(event) = &decoded else {
            panic!("{place:?}: {decoded:?}")
        };
        assert_eq!(depth_of(event), DEEPEST);

        for levels in [DEEPEST + 1, 1200, 100_000] {
            let decoded = decode_on_a_small_stack(nested(&vec![place; levels]));
            let Decoded::Malformed(malformed) = &decoded else {
                panic!("{place:?}: {levels} levels are too deep")
            };
            assert_eq!(malformed.kind, MalformedKind::TooDeep);
            assert_eq!(malformed.reason, "recursion limit exceeded");
            assert!(malformed.path.starts_with("message.content[0].content[0]"));
            assert_eq!(malformed.line, nested(&vec![place; levels]).as_bytes());
        }
    }
}

#[test]
fn what_is_only_kept_counts_as_well() {
    let deep = |levels| "[".repeat(levels) + &"]".repeat(levels);
    let lines = [
        |deep: &str| format!(r#"{{"type":"user","message":{{"content":[]}},"new":{deep}}}"#),
        |deep: &str| format!(r#"{{"type":"new","value":{deep}}}"#),
        |deep: &str| format!(r#"{{"value":{deep},"type":"new"}}"#),
        |deep: &str| format!(r#"{{"value":{deep},"subtype":"init","type":"system"}}"#),
    ];
    for line in lines {
        let kept = decode_on_a_small_stack(line(&deep(126)));
        assert!(!matches!(kept, Decoded::Malformed(_)), "{kept:?}");
        for levels in [127, 100_000] {
            let refused = decode_on_a_small_stack(line(&deep(levels)));
            let Decoded::Malformed(malformed) = refused else {
                panic!("{levels} levels are too deep")
            };
            assert_eq!(malformed.kind, MalformedKind::TooDeep);
        }
    }
}

#[test]
fn every_way_into_serde_json_ends_at_a_limit() {
    for place in [Type::First, Type::Last] {
        let deepest = nested(&[place; DEEPEST]);
        let event: Event = serde_json::from_str(&deepest).expect("as deep as may be");
        assert_eq!(depth_of(&event), DEEPEST);
        let line = nested(&[place; 1200]);
        for read in [
            serde_json::from_str::<Event>(&line),
            serde_json::from_reader::<_, Event>(line.as_bytes()),
        ] {
            let error = read.err().map(|error| error.to_string());
            let error = error.expect("too deep");
            assert!(error.contains("recursion limit exceeded"), "{error}");
        }
    }
}

#[test]
fn comparing_goes_no_deeper_than_a_message_can() {
    let event = crate::event(r#"{"type":"user","message":{"content":[]},"new":[[1]]}"#);
    let line = format!("{}2{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(lost_fields(&line, &event), ["."]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn however_types_are_placed_depth_alone_decides(
        levels in prop::collection::vec(prop_oneof![Just(Type::First), Just(Type::Last)], 0..200),
    ) {
        match decode_on_a_small_stack(nested(&levels)) {
            Decoded::Event(event) => {
                prop_assert!(levels.len() <= DEEPEST);
                prop_assert_eq!(depth_of(&event), levels.len());
            }
            Decoded::Malformed(malformed) => {
                prop_assert!(levels.len() > DEEPEST);
                prop_assert_eq!(malformed.kind, MalformedKind::TooDeep);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
