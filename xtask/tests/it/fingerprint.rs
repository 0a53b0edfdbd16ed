//! The text that shapes of lines become.

use xtask::fingerprint::Fingerprint;

fn fingerprint(lines: &str) -> String {
    let mut fingerprint = Fingerprint::default();
    fingerprint.add(lines.as_bytes());
    fingerprint.render("1")
}

#[test]
fn a_key_that_is_missing_once_is_optional_and_types_add_up() {
    let text = fingerprint(
        "{\"type\":\"a\",\"subtype\":\"b\",\"x\":1,\"y\":null}\n\
         {\"type\":\"a\",\"subtype\":\"b\",\"y\":\"text\"}\n",
    );
    assert_eq!(
        text,
        "# The keys of each line in the recordings of 1.\n\
         \na/b\n  subtype: string\n  type: string\n  x?: integer\n  y: null | string\n"
    );
}

#[test]
fn elements_are_told_apart_by_their_type() {
    let text = fingerprint(
        "{\"type\":\"a\",\"list\":[{\"type\":\"b\",\"x\":1},{\"type\":\"c\"},\"d\"]}\n",
    );
    assert!(text.contains("\n  list: array\n"));
    assert!(text.contains("\n  list[b].x: integer\n"));
    assert!(text.contains("\n  list[c].type: string\n"));
}

#[test]
fn tool_inputs_belong_to_the_tool() {
    let text = fingerprint(
        "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"tool_use\",\"input\":{\"secret\":1}}]}}\n",
    );
    assert!(text.contains("message.content[tool_use].input: object\n"));
    assert!(!text.contains("secret"));
}

#[test]
fn text_that_is_not_json_has_a_shape_too() {
    assert!(fingerprint("Starting login flow...\n").contains("\n(not JSON)\n"));
}
