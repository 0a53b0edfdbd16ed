//! Text from an agent, made safe to show.
//!
//! What an agent writes may hold whatever a file or a web page held. On a terminal, an escape
//! sequence could move the cursor, change the title or fake earlier output, and a direction mark
//! could make text read as something else.

use std::borrow::Cow;

/// Returns the text with every character that could steer a terminal replaced by `U+FFFD`.
///
/// Line feeds stay, tabs become four spaces, and a carriage return before a line feed is dropped.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    if !text
        .chars()
        .any(|character| character == '\t' || steers(character))
    {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\t' => result.push_str("    "),
            '\r' if characters.peek() == Some(&'\n') => {}
            character if steers(character) => result.push(char::REPLACEMENT_CHARACTER),
            character => result.push(character),
        }
    }
    Cow::Owned(result)
}

/// Returns the text safe and on one line, with runs of white space as one space.
pub(crate) fn one_line(text: &str) -> String {
    let text = safe(text);
    let mut result = String::new();
    for word in text.split_whitespace() {
        if !result.is_empty() {
            result.push(' ');
        }
        result.push_str(word);
    }
    result
}

fn steers(character: char) -> bool {
    let direction_mark = matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    character != '\n' && (character.is_control() || direction_mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_cannot_reach_the_terminal() {
        assert_eq!(
            safe("a\u{1b}]0;title\u{7}b\u{9b}2J"),
            "a\u{fffd}]0;title\u{fffd}b\u{fffd}2J"
        );
    }

    #[test]
    fn direction_overrides_are_made_visible() {
        assert_eq!(safe("if \u{202e}nimda"), "if \u{fffd}nimda");
    }

    #[test]
    fn ordinary_text_is_not_copied() {
        assert!(matches!(safe("héllo 👋\nworld"), Cow::Borrowed(_)));
    }

    #[test]
    fn line_ends_of_other_systems_are_kept_as_line_ends() {
        assert_eq!(
            safe("one\r\ntwo\rthree\tfour"),
            "one\ntwo\u{fffd}three    four"
        );
    }

    #[test]
    fn one_line_folds_white_space() {
        assert_eq!(one_line("  cargo test\n  -p x\t"), "cargo test -p x");
    }
}
