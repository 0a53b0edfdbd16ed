//! What Amp reads is read, what it refuses is refused, and what cannot be said is said to be so.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(text: impl AsRef<[u8]>) -> Value {
    Value::Object(parse(text.as_ref()).unwrap().values)
}

fn is_invalid(text: impl AsRef<[u8]>) -> bool {
    matches!(parse(text.as_ref()), Err(Unread::Invalid(_)))
}

fn is_unclear(text: impl AsRef<[u8]>) -> bool {
    matches!(parse(text.as_ref()), Err(Unread::Unclear(_)))
}

#[test]
fn comments_are_tolerated_and_a_carriage_return_ends_one() {
    let text = r#"{
        // the model's tools, even "quoted" ones
        "amp.tools.disable": ["a", "b"], /* none
        of these */
        "amp.url"/**/:/***/"https://x/, // not a comment, /* nor this */ \" }"
    } // the end"#;
    let expected = json!({
        "amp.tools.disable": ["a", "b"],
        "amp.url": "https://x/, // not a comment, /* nor this */ \" }",
    });
    assert_eq!(read(text), expected);
    assert_eq!(read("{// hidden\r\"a\": 1}"), json!({"a": 1}));
}

#[test]
fn a_trailing_comma_is_read_and_told() {
    let parsed = parse(br#"{"a": [1, 2, ], "b": {"c": 1,},}"#).unwrap();
    assert!(parsed.trailing_comma);
    assert_eq!(read("{\"a\": [1,]}"), json!({"a": [1]}));
    assert!(
        !parse(br#"{"a": [1, 2], "b": [], "c": {}}"#)
            .unwrap()
            .trailing_comma
    );
    for text in ["{,}", "[,]", "{\"a\":1,,}", "[1,,2]"] {
        assert!(is_invalid(text), "{text:?}");
    }
}

#[test]
fn bytes_that_are_no_utf_8_do_not_stop_the_reading() {
    let text = b"{\"a\": \"\xff\", /* \xff */ \"amp.dangerouslyAllowAll\": true}";
    let expected = json!({"a": "\u{fffd}", "amp.dangerouslyAllowAll": true});
    assert_eq!(read(text), expected);
}

#[test]
fn the_last_of_equal_keys_counts() {
    assert_eq!(read(r#"{"a": 1, "\u0061": 2}"#), json!({"a": 2}));
}

#[test]
fn nesting_is_read_up_to_a_bound_and_then_unclear() {
    let nested = |depth: usize| {
        // The object itself is one level.
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        format!("{{\"a\": {open}{close}, \"b\": 1}}")
    };
    assert_eq!(read(nested(130))["b"], 1);
    assert_eq!(read(nested(DEEPEST))["b"], 1);
    assert!(is_unclear(nested(DEEPEST + 1)));
    assert!(is_unclear(nested(1_000_000)));
    let many = format!("{{\"a\": [{}]}}", "[],".repeat(2 * DEEPEST));
    assert!(parse(many.as_bytes()).is_ok(), "only what is open counts");
}

#[test]
fn what_no_rust_value_holds_is_unclear() {
    for text in [
        r#"{"a": "\ud83d"}"#,
        r#"{"a": "\ud83dx"}"#,
        r#"{"a": "\ud83d\u0041"}"#,
        r#"{"a": "\udc00\ud83d"}"#,
        r#"{"\ud83d\ud83d": 1}"#,
        r#"{"a": 1e999}"#,
        r#"{"a": -1e999}"#,
        r#"{"__proto__": 1}"#,
        r#"{"a": [{"\u005f_proto__": 1}]}"#,
        r#"{"amp.__proto__": {"dangerouslyAllowAll": true}}"#,
    ] {
        assert!(is_unclear(text), "{text}");
    }
}

#[test]
fn strings_are_read_as_in_json() {
    let text = r#"{"a": "\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é"}"#;
    assert_eq!(
        read(text),
        json!({"a": "\"\\/\u{8}\u{c}\n\r\t\u{e9}\u{1f600}é"})
    );
    for text in [
        "{\"a\": \"tab\t\"}",
        "{\"a\": \"line\n\"}",
        "{\"a\": \"\u{0}\"}",
        "{\"a\": \"\\x\"}",
        "{\"a\": \"\\u12\"}",
        "{\"a\": \"\\u12é0\"}",
        "{\"a\": \"\\ud83d\\u12\"}",
        "{\"a\": \"open}",
        "{\"a\": \"open\\",
    ] {
        assert!(is_invalid(text), "{text:?}");
    }
}

#[test]
fn numbers_are_those_of_json_in_the_size_of_javascript() {
    for (text, expected) in [
        ("0", json!(0)),
        ("-5", json!(-5)),
        ("9007199254740991", json!(9_007_199_254_740_991_i64)),
        ("9007199254740992", json!(9_007_199_254_740_992.0)),
        ("9007199254740993", json!(9_007_199_254_740_992.0)),
        ("-9007199254740993", json!(-9_007_199_254_740_992.0)),
        (
            "123456789012345678901234567890",
            json!(123_456_789_012_345_678_901_234_567_890.0),
        ),
        ("1.5", json!(1.5)),
        ("1e2", json!(100.0)),
        ("1E+2", json!(100.0)),
        ("10e-1", json!(1.0)),
        ("-0", json!(-0.0)),
    ] {
        let read = read(format!("{{\"a\": {text}}}"));
        assert_eq!(read["a"], expected, "{text}");
    }
    for text in [
        "01", "-", "-a", "1.", ".5", "1.e5", "1e", "1e+", "+1", "0x1", "NaN", "Infinity",
    ] {
        assert!(is_invalid(format!("{{\"a\": {text}}}")), "{text}");
    }
}

#[test]
fn what_amp_refuses_is_refused() {
    for text in [
        "",
        "\u{feff}{}",
        "{",
        "}",
        "[1",
        "{\"a\":}",
        "{\"a\" 1}",
        "{a: 1}",
        "{'a': 1}",
        "{\"a\": 1 \"b\": 2}",
        "[1 2]",
        "{} {}",
        "{\"a\": True}",
        "{\"a\": nulls}",
        "null",
        "// only a comment",
        "{} /* open",
        "{} /*/",
        "{} /",
        "\u{a0}{}",
        "\u{c}{}",
    ] {
        assert!(is_invalid(text), "{text:?}");
    }
}

#[test]
fn what_amp_ignores_is_ignored() {
    for text in ["[{\"amp.url\": 1}]", "\"amp.url\"", "1", "true", "false"] {
        assert_eq!(parse(text.as_bytes()), Ok(Parsed::default()), "{text}");
    }
    assert_eq!(
        read("{\"a\": [true/**/,false,null]}"),
        json!({"a": [true, false, null]})
    );
}

#[test]
fn an_error_names_its_line_and_column() {
    let error = parse(b"{\n  \"a\": 1\n  \"b\": 2\n}").unwrap_err();
    let expected = "a comma is expected at line 3 column 3";
    assert_eq!(error, Unread::Invalid(expected.to_owned()));
    let error = parse(b"?").unwrap_err();
    assert_eq!(
        error,
        Unread::Invalid("a value is expected at line 1 column 1".to_owned())
    );
    assert_eq!(
        parse(br#"{"a": "b\x"}"#).unwrap_err(),
        Unread::Invalid("an escape is none that JSON has at line 1 column 9".to_owned())
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), text in "[\\[\\]{}\",:/*\\\\u0-9a-f.eE+ \n-]{0,40}") {
        let _ = parse(&bytes);
        let _ = parse(text.as_bytes());
    }

    #[test]
    fn whatever_serde_reads_is_read_alike(text in "[\\[\\]{}\",:\\\\u0d8cn1.e+ \n-]{0,24}", word in ".{0,12}") {
        if let Ok(Value::Object(map)) = serde_json::from_str(&text) {
            prop_assert_eq!(parse(text.as_bytes()).unwrap().values, map);
        }
        let object = json!({ "amp.key": word, word.clone(): [word, 1, 1.25, null, { "a": true }] });
        let Value::Object(map) = object.clone() else { unreachable!() };
        prop_assert_eq!(&parse(object.to_string().as_bytes()).unwrap().values, &map);
        prop_assert_eq!(parse(format!("{object:#}").as_bytes()).unwrap().values, map);
    }
}
