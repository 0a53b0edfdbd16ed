//! Where the engines of the builds and ours part, found in a pattern before ours reads it.
//!
//! Asked of the builds of 2026-02-10 and 2026-05-04 under Node.js 20, and of those of 2026-07-15 and
//! 2026-09-23, which bring their engine: 198 patterns, of which these kinds were read differently.

use super::Unusable;

/// A pattern as our engine is to read it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Readable {
    pub(super) source: String,
    /// Two groups have the same name.
    pub(super) same_names: bool,
    /// A group is referred to by its name.
    pub(super) names_group: bool,
}

/// Reads a pattern without the `u` flag.
///
/// # Errors
/// Says that every engine refuses it, or that we cannot tell how one reads it.
pub(super) fn read(source: &str) -> Result<Readable, Unusable> {
    let mut readable = Readable {
        source: String::with_capacity(source.len()),
        same_names: false,
        names_group: false,
    };
    let mut names: Vec<&str> = Vec::new();
    let mut in_class = false;
    let mut names_in_class = false;
    let mut rest = source;
    while let Some(character) = rest.chars().next() {
        let (taken, after) = rest.split_at(character.len_utf8());
        rest = after;
        match character {
            '\\' => {
                let escaped = rest.chars().next();
                let after = &rest[escaped.map_or(0, char::len_utf8)..];
                match escaped {
                    // Without the `u` flag these are repetitions of a letter, or its text.
                    Some('u' | 'x') if after.starts_with('{') => {}
                    Some('b' | 'B') if !in_class && is_quantifier(after) => {
                        return Err(Unusable::Invalid);
                    }
                    escaped => {
                        names_in_class |= in_class && escaped == Some('k');
                        readable.names_group |= !in_class && escaped == Some('k');
                        readable.source.push('\\');
                    }
                }
                readable.source.extend(escaped);
                rest = after;
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => {
                if let Some(name) = group_name(rest) {
                    if name.contains(|character| character == '\\' || character > '\u{ffff}') {
                        return Err(Unusable::Unclear("a group of its pattern has a rare name"));
                    }
                    readable.same_names |= names.contains(&name);
                    names.push(name);
                }
                modifiers(rest)?;
            }
            '{' if !in_class && has_vast_counts(rest) => {
                return Err(Unusable::Unclear(
                    "its pattern has counts beyond all bounds",
                ));
            }
            _ => {}
        }
        readable.source.push_str(taken);
    }
    match names_in_class && !names.is_empty() {
        true => Err(Unusable::Invalid),
        false => Ok(readable),
    }
}

/// Returns the name in what follows the bracket of a group.
fn group_name(group: &str) -> Option<&str> {
    let (name, _) = group.strip_prefix("?<")?.split_once('>')?;
    (!name.starts_with(['=', '!'])).then_some(name)
}

/// Looks for modifiers such as `(?i:…)`: the builds since July 2026 read them, and a Node.js since
/// its release 23.
fn modifiers(group: &str) -> Result<(), Unusable> {
    let Some(letters) = group.strip_prefix('?') else {
        return Ok(());
    };
    let end = letters.find(|character: char| !character.is_ascii_alphabetic() && character != '-');
    let (letters, after) = letters.split_at(end.unwrap_or(letters.len()));
    if letters.is_empty() {
        return Ok(());
    }
    let once = |letter| letters.matches(letter).count() <= 1;
    let is_known = letters.trim_matches(['i', 'm', 's', '-']).is_empty();
    match is_known && ['i', 'm', 's', '-'].into_iter().all(once) && letters != "-" {
        true if after.starts_with(':') => Err(Unusable::Unclear(
            "not every engine reads the modifiers in its pattern",
        )),
        _ => Err(Unusable::Invalid),
    }
}

/// Tells whether what comes next repeats what was before.
fn is_quantifier(rest: &str) -> bool {
    rest.starts_with(['*', '+', '?'])
        || rest
            .strip_prefix('{')
            .is_some_and(|rest| counts(rest).is_some())
}

/// Returns the two counts of `2}`, `2,}` or `2,3}`, as they are written.
fn counts(rest: &str) -> Option<(&str, &str)> {
    let (counts, _) = rest.split_once('}')?;
    let (least, most) = counts.split_once(',').unwrap_or((counts, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (!least.is_empty() && is_number(least) && is_number(most)).then_some((least, most))
}

/// Tells whether both counts are larger than any engine counts: one compares them all the same.
fn has_vast_counts(rest: &str) -> bool {
    counts(rest).is_some_and(|(least, most)| least.len() > 9 && most.len() > 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_all_engines_read_alike_is_left_as_it_is() {
        for source in [
            "^git (push|pull)$",
            r"\bpush\b",
            r"[\b*]",
            r"\b{",
            r"\\u{61}",
            r"(?<=a)(?<!b)(?=c)(?!d)(?:e)",
            r"(?<n>a)\k<n>",
            r"[(?i:]",
            r"a{2,3}?",
            r"[\k]",
            "{99999999999}",
        ] {
            let read = read(source).unwrap();
            assert_eq!(read.source, source);
            assert!(!read.same_names, "{source}");
        }
    }

    #[test]
    fn braces_after_an_escaped_letter_repeat_the_letter() {
        assert_eq!(read(r"\u{2}[\x{1}]").unwrap().source, "u{2}[x{1}]");
    }

    #[test]
    fn what_every_engine_refuses_is_invalid() {
        for source in [
            r"\b+",
            r"\B*",
            r"\b?",
            r"\b{2}",
            r"\B{2,}",
            r"(?<n>a)[\k]",
            "(?i)a",
            "(?-:a)",
            "(?ii:a)",
            "(?x:a)",
            "(?P<n>a)",
        ] {
            assert_eq!(read(source), Err(Unusable::Invalid), "{source}");
        }
    }

    #[test]
    fn what_engines_read_differently_is_unclear() {
        for source in [
            "(?i:a)",
            "(?-i:a)",
            "(?m-s:a)",
            r"(?<\u0061>a)",
            "(?<\u{1d49c}>a)",
            "a{99999999999,99999999998}",
        ] {
            assert!(
                matches!(read(source), Err(Unusable::Unclear(_))),
                "{source}"
            );
        }
    }

    #[test]
    fn groups_of_one_name_are_noticed() {
        assert!(read("(?<n>a)|(?<n>b)").unwrap().same_names);
        let read = read(r"(?:(?<n>a)|(?<n>b))\k<n>").unwrap();
        assert!(read.same_names && read.names_group);
    }
}
