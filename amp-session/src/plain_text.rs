//! Text that programs wrote for a terminal, made fit to be shown or stored.

/// Returns the text without terminal escape sequences.
///
/// The JavaScript builds and the one of July 2026 end their standard error with cursor and keyboard
/// sequences even when it is no terminal.
#[must_use]
pub fn without_escapes(text: &str) -> String {
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
        } else if characters.next_if_eq(&']').is_some() {
            // A command to the terminal, such as a title or a link, up to a bell or an escape.
            for part in characters.by_ref() {
                if part == '\u{7}' {
                    break;
                }
                if part == '\u{1b}' {
                    characters.next_if_eq(&'\\');
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

/// Returns a text in a fence of Markdown that it cannot close.
pub(crate) fn in_fence(language: &str, text: &str) -> String {
    let longest = text.split(|one| one != '`').map(str::len).max();
    let fence = "`".repeat((longest.unwrap_or(0) + 1).max(3));
    format!(
        "{fence}{language}\n{}\n{fence}",
        text.trim_end_matches('\n')
    )
}

/// Returns the line of a standard error that says most: one that names an error of the system, else
/// one that calls itself an error.
///
/// The native builds print a page of their own source around the cause when, for one, the home
/// folder cannot be written to (build of 2026-09-23).
pub(crate) fn telling_line(stderr: &str) -> Option<&str> {
    let lines = || {
        stderr
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    let names_system_error = |line: &&str| {
        let (name, _) = line.split_once(": ").unwrap_or_default();
        name.len() > 3
            && name.starts_with('E')
            && name.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    let is_error = |line: &&str| line.to_lowercase().starts_with("error: ");
    let line = lines().find(names_system_error);
    line.or_else(|| lines().find(is_error))
}

#[cfg(test)]
mod tests {
    use super::{telling_line, without_escapes};

    #[test]
    fn the_cause_is_found_in_what_is_around_it() {
        let dump =
            "10:00 ERR  CLI Error {\n  code\n\nEACCES: permission denied, mkdir '/h'\nError: Oops.";
        let cases = [
            (dump, Some("EACCES: permission denied, mkdir '/h'")),
            ("note\nError: no mode\n", Some("Error: no mode")),
            ("\n  what: this \nmore", None),
            (" \n", None),
        ];
        for (stderr, line) in cases {
            assert_eq!(telling_line(stderr), line, "{stderr:?}");
        }
    }

    #[test]
    fn escapes_go_and_everything_else_stays() {
        let text = "Error: no\n\u{1b}[=0u\u{1b}[<u\u{1b}[?25hnode\u{1b}c \u{1b}[1;31mré\u{1b}[0m\u{1b}]8;;https://a.test\u{1b}\\!\u{1b}]0;title\u{7}\u{1b}";
        assert_eq!(without_escapes(text), "Error: no\nnode ré!");
    }
}
