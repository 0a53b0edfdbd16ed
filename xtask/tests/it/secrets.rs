//! Secrets are found in whatever form they would be written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use xtask::record::secrets::Secrets;

/// Invented, and not of the form of any service's keys.
const KEY: &str = "an-invented-key-of-no-service-0123456789";

fn found(text: &str) -> Option<String> {
    let mut secrets = Secrets::default();
    secrets.add("the key", KEY);
    secrets.find(text.as_bytes())
}

#[test]
fn innocent_text_passes() {
    assert_eq!(found("a key of no service"), None);
    assert_eq!(found(""), None);
}

#[test]
fn the_whole_and_any_long_piece_are_found() {
    for text in [KEY, &KEY[..20], &KEY[8..22], &KEY[KEY.len() - 12..]] {
        let found = found(&format!("before {text} after")).unwrap();
        assert_eq!(found, "the key, or a piece of it, as it is");
        assert!(!found.contains(text));
    }
}

#[test]
fn encodings_are_found_whatever_stands_before() {
    for before in ["", "x", "xy", "key="] {
        let encoded = STANDARD.encode(format!("{before}{KEY}\n"));
        assert!(found(&encoded).is_some(), "{encoded}");
    }
    let hexadecimal: String = KEY.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(found(&hexadecimal).is_some());
    assert!(found(&KEY.chars().rev().collect::<String>()).is_some());
}

#[test]
fn a_word_too_short_to_be_a_secret_is_not_looked_for() {
    let mut secrets = Secrets::default();
    secrets.add("the key", "fake");
    assert_eq!(secrets.find(b"a fake answer"), None);
}
