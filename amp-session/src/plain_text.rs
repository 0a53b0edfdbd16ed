//! Terminal escapes out of text that is shown or stored.

/// Returns the text without terminal escape sequences.
///
/// The JavaScript builds and the one of July 2026 end their standard error with cursor and keyboard
/// sequences even when it is no terminal.
pub(crate) fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            plain.push(character);
        } else if characters.next_if_eq(&'[').is_some() {
            // A control sequence: parameters and intermediates up to one final character.
            for part in characters.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&part) {
                    break;
                }
            }
        } else {
            // Any other escape is one more character.
            characters.next();
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::without_escapes;

    #[test]
    fn escapes_go_and_everything_else_stays() {
        let text =
            "Error: no\n\u{1b}[=0u\u{1b}[<u\u{1b}[?25hnode\u{1b}c \u{1b}[1;31mré\u{1b}[0m\u{1b}";
        assert_eq!(without_escapes(text), "Error: no\nnode ré");
    }
}
