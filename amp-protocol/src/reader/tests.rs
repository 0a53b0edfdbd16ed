//! The reader against serde_json, which decides.

use proptest::prelude::*;

use serde::Deserialize;

use super::{GaveUp, Reader};
use crate::{AssistantEvent, ResultEvent, SystemEvent, UserEvent};

/// Reads a value that fills the text, or gives up.
fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, GaveUp> {
    let mut reader = Reader::new(text);
    let value = T::deserialize(&mut reader)?;
    reader.is_at_end().then_some(value).ok_or(GaveUp)
}

/// Holds the reader against serde_json, which must read the same or at least something.
fn agrees_with_serde_json(text: &str) -> bool {
    let mut accepted = 0;
    if let Ok(read) = read::<AssistantEvent>(text) {
        assert_eq!(
            serde_json::from_str::<AssistantEvent>(text).ok(),
            Some(read),
            "{text}"
        );
        accepted += 1;
    }
    if let Ok(read) = read::<SystemEvent>(text) {
        assert_eq!(
            serde_json::from_str::<SystemEvent>(text).ok(),
            Some(read),
            "{text}"
        );
        accepted += 1;
    }
    accepted > 0
}

fn assistant(content: &str, unknown: &str) -> String {
    format!(
        r#"{{"type":"assistant","message":{{"content":{content},"usage":null}},"x":{unknown}}}"#
    )
}

/// A message with this count of tokens.
fn counted(count: &str) -> String {
    format!(
        r#"{{"type":"assistant","message":{{"content":[],"usage":{{"input_tokens":{count}}}}}}}"#
    )
}

#[test]
fn reads_what_the_cli_writes() {
    let texts = [
        assistant("[]", "0"),
        assistant(
            r#"[{"type":"text","text":"a\n\"b\" \\ \u00e9 \ud83d\ude00 é"}]"#,
            "-1.5e+300",
        ),
        assistant(
            r#"[{"type":"new","deep":[[{"a":[null,true,false]}],{}]}]"#,
            r#""\ud83d""#,
        ),
        assistant(
            r#" [ {"type" : "text" , "text" : "" } ] "#,
            "123456789012345678901234567890",
        ),
        r#"{"type":"system","subtype":"init","tools":["Bash","x"],"mcp_servers":[]}"#.to_owned(),
    ];
    for text in texts {
        assert!(agrees_with_serde_json(&text), "gave up on {text}");
    }
}

#[test]
fn reads_long_texts_with_escapes() {
    let text = |word: &str, length: usize| {
        let words = word.repeat(length / word.len());
        format!(r#"{{"type":"text","text":"{words}"}}"#)
    };
    for length in [100_000, 200_000] {
        for word in [r#"a\nb"#, r#"\ud83d\ude00 é "#] {
            let long = text(word, length);
            let short = text(word, 100);
            let message = assistant(&format!("[{long},{short},{long}]"), "0");
            assert!(agrees_with_serde_json(&message), "gave up on {word}");
        }
    }
    let lone = assistant(&format!("[{}]", text(r#"\ud83d "#, 200_000)), "0");
    assert!(!agrees_with_serde_json(&lone));
}

#[test]
fn reads_every_count_that_is_a_number() {
    let counts = [
        "0",
        "7",
        " 7 ",
        "300000",
        "-1",
        "1.0",
        "-0",
        "1e3",
        "9999999999999999999",
        "18446744073709551615",
        "18446744073709551616",
        "123456789012345678901234567890",
        "null",
    ];
    for count in counts {
        assert!(
            agrees_with_serde_json(&counted(count)),
            "gave up on {count}"
        );
    }
    for count in ["00", "07", "7x", "7 7", "\"7\"", "[7]", "-", ""] {
        assert!(!agrees_with_serde_json(&counted(count)), "took {count}");
    }
}

#[test]
fn reads_every_recorded_message() {
    let mut messages = 0;
    for recording in fixtures::recordings() {
        for line in recording.lines().expect("the recording can be read") {
            let Ok(line) = std::str::from_utf8(&line) else {
                continue;
            };
            let taken = match line.get(..14) {
                Some(r#"{"type":"syste"#) => read::<SystemEvent>(line).is_ok(),
                Some(r#"{"type":"user""#) => read::<UserEvent>(line).is_ok(),
                Some(r#"{"type":"assis"#) => read::<AssistantEvent>(line).is_ok(),
                Some(r#"{"type":"resul"#) => read::<ResultEvent>(line).is_ok(),
                _ => continue,
            };
            assert!(taken, "gave up on {line}");
            messages += 1;
        }
    }
    assert!(messages > 900, "only {messages} messages are recorded");
}

#[test]
fn gives_up_on_what_is_not_json() {
    let unknowns = [
        "01",
        "1.",
        ".5",
        "1e",
        "-",
        "tru",
        "[1,]",
        "{\"a\"}",
        "{\"a\":1,}",
        "'a'",
        r#""\x""#,
        r#""\u12g4""#,
        "\"\t\"",
        "1 2",
        "",
        "]",
        "\"",
        "\"\\",
    ];
    for unknown in unknowns {
        assert!(
            !agrees_with_serde_json(&assistant("[]", unknown)),
            "took {unknown}"
        );
    }
    let contents = [
        r#"[{"type":"text","text":"\ud83d cut"}]"#,
        "[{\"type\":\"text\",\"text\":\"a\tb\"}]",
        "[{\"type\":\"text\",\"text\":\"a\\nb\tc\"}]",
        "[{}]",
        "[5]",
        "[]]",
        "[{\"type\":\"text\"}]",
    ];
    for content in contents {
        assert!(
            !agrees_with_serde_json(&assistant(content, "0")),
            "took {content}"
        );
    }
}

proptest! {
    #[test]
    fn agrees_on_damaged_lines(
        unknown in r#"[-0-9.eE+\[\]{}",:a-z\\ ]{0,24}"#,
        count in "[-+]?[0-9]{0,22}[ .eE]?[0-9]{0,3}",
        text in r#"([a-zé"\n\\]|\\[nu"\\]|\\u[d0-9][89a-f0-9]{3}){0,24}"#,
    ) {
        let content = format!(r#"[{{"type":"text","text":"{text}"}}]"#);
        agrees_with_serde_json(&assistant(&content, &unknown));
        agrees_with_serde_json(&assistant(&unknown, "0"));
        agrees_with_serde_json(&counted(&count));
    }
}
