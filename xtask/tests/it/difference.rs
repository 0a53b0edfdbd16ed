//! What a maintainer reads when a recording and a run differ.

use xtask::difference::{json_lines, text};

#[test]
fn equal_files_differ_in_nothing() {
    assert_eq!(text("a", "x\n", "x\n"), None);
    assert_eq!(json_lines("a", b"{\"x\":1}\n", b"{\"x\":1}\n"), None);
}

#[test]
fn a_changed_key_is_shown_on_a_line_of_its_own() {
    let on_file = b"{\"type\":\"result\",\"num_turns\":1,\"is_error\":false}\n";
    let seen = b"{\"type\":\"result\",\"turns\":1,\"is_error\":false}\n";
    let difference = json_lines("stdout.jsonl", on_file, seen).unwrap();
    assert!(
        difference.contains("\n-  \"num_turns\": 1,\n"),
        "{difference}"
    );
    assert!(difference.contains("\n+  \"turns\": 1,\n"), "{difference}");
    assert!(!difference.contains("-  \"is_error\""), "{difference}");
}

#[test]
fn another_order_of_keys_is_a_difference_too() {
    let difference = json_lines("a", b"{\"x\":1,\"y\":2}\n", b"{\"y\":2,\"x\":1}\n").unwrap();
    let is_removed = |line: &str| line.starts_with('-') && line.contains("\"x\"");
    assert!(difference.lines().any(is_removed), "{difference}");
}

#[test]
fn text_that_is_not_json_is_compared_as_it_is() {
    let difference = json_lines("a", b"Starting\n", b"Stopping\n").unwrap();
    assert!(difference.contains("-Starting"), "{difference}");
    assert!(difference.contains("+Stopping"), "{difference}");
}

#[test]
fn a_huge_line_is_cut() {
    let difference = text("a", "", &"x".repeat(1_000_000)).unwrap();
    assert!(difference.len() < 10_000);
    assert!(difference.contains("(1000001 bytes)"));
}
