//! Finding secrets in what an agent writes, however often it was escaped on the way.
//!
//! A line is JSON, a tool's output in it is a string that often holds JSON again, and so on: a key
//! of several lines stands there as `-----BEGIN\\nMIIE…`. The text is searched as it is, then
//! unescaped and searched again, until nothing is left to unescape; what is found is mapped back
//! to whole escape sequences of the text, so that JSON stays JSON.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use memchr::memmem;

use super::escapes::{Unescaped, unescape, unfinished_escape};

/// What stands where a secret was.
pub(super) const REPLACEMENT: &[u8] = b"[redacted]";

/// How often a text is unescaped: each level of JSON doubles the backslashes, so a real one would
/// have runs of 65,535. A text that is escaped more often is taken away whole.
const MOST_LEVELS: usize = 16;

/// The longest part of a secret that lines are searched for before anything else, in bytes.
const FRAGMENT: usize = 12;

/// The shortest part of a secret that is taken away where a text was cut, in bytes.
const SHORTEST_PART: usize = 4;

/// How far into a text that lost its beginning the rest of an escape sequence may reach, in bytes.
const TORN_ESCAPE: usize = 12;

/// The beginning of an escaped character that no encoder has to escape, such as a letter.
const ESCAPED_ASCII: &[u8] = b"\\u00";

/// Where a text lost a part, so that a secret may have lost one with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The text is whole.
    Nowhere,
    /// Its beginning is missing.
    Start,
    /// Its end is missing.
    End,
}

/// Finds a set of secrets.
#[derive(Debug)]
pub(super) struct Redactor {
    values: Vec<String>,
    /// Finds lines that may hold a secret; `None` when any line may.
    quick: Option<AhoCorasick>,
    /// Finds the secrets; built when the first line may hold one.
    whole: OnceLock<AhoCorasick>,
}

impl Redactor {
    /// Prepares to find these; there has to be one at least.
    pub(super) fn new(values: Vec<String>) -> Self {
        let fragments: Option<Vec<&[u8]>> = values.iter().map(|value| fragment(value)).collect();
        let quick = fragments.map(|fragments| automaton(&fragments));
        Self {
            values,
            quick,
            whole: OnceLock::new(),
        }
    }

    /// Returns how many secrets it knows.
    pub(super) fn count(&self) -> usize {
        self.values.len()
    }

    /// Returns a text without the secrets; `None` when there are none in it.
    pub(super) fn redact(&self, text: &[u8], cut: Cut) -> Option<Vec<u8>> {
        if cut == Cut::Nowhere && !self.may_be_in(text) {
            return None;
        }
        let mut spans = self.spans(text, cut);
        if spans.is_empty() {
            return None;
        }
        spans.sort_unstable_by_key(|span| span.start);
        let is_json = cut != Cut::Start && text.trim_ascii_start().starts_with(b"{");
        Some(match is_json {
            true => replace_in_json(text, spans),
            false => replace(text, spans),
        })
    }

    /// Tells, in one quick search, whether a look at the text is worth it.
    ///
    /// Every secret has a fragment that stands as it is at any depth, unless an encoder escaped
    /// characters that need no escape.
    fn may_be_in(&self, text: &[u8]) -> bool {
        let Some(quick) = &self.quick else {
            return true;
        };
        // `\u001b` begins the colours of a terminal and is no letter.
        let is_letter = |end: usize| matches!(text.get(end), Some(b'2'..=b'7'));
        let mut escaped = memmem::find_iter(text, ESCAPED_ASCII);
        quick.is_match(text) || escaped.any(|start| is_letter(start + ESCAPED_ASCII.len()))
    }

    /// Returns where the secrets are, in no order.
    fn spans(&self, text: &[u8], cut: Cut) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        let mut levels: Vec<Unescaped> = Vec::new();
        loop {
            let current = levels.last().map_or(text, |level| &level.text);
            let original = |span: Range<usize>| {
                levels.iter().rev().fold(span, |span, level| {
                    level.original(span.start)..level.original(span.end)
                })
            };
            spans.extend(self.found_in(current).map(original));
            match cut {
                Cut::Nowhere => {}
                Cut::Start => spans.extend(
                    self.torn_start(current)
                        .map(|end| 0..original(end..end).end),
                ),
                Cut::End => spans.extend(
                    self.torn_end(current)
                        .map(|start| original(start..start).start..text.len()),
                ),
            }
            let Some(next) = unescape(current) else {
                return spans;
            };
            if levels.len() == MOST_LEVELS {
                spans.push(0..text.len());
                return spans;
            }
            levels.push(next);
        }
    }

    fn found_in<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
        let whole = self.whole.get_or_init(|| automaton(&self.values));
        // Overlapping ones too: a secret may hold another, or share its end with the next.
        whole
            .find_overlapping_iter(text)
            .map(|found| found.start()..found.end())
    }

    /// Returns where a secret begins whose end was cut off, perhaps with a part of an escape.
    fn torn_end(&self, text: &[u8]) -> Option<usize> {
        let begins = |value: &str, text: &[u8]| {
            let longest = value.len().min(text.len());
            let found = (SHORTEST_PART..=longest)
                .rev()
                .find(|length| text.ends_with(&value.as_bytes()[..*length]));
            found.map(|length| text.len() - length)
        };
        [0, unfinished_escape(text)]
            .iter()
            .flat_map(|torn| {
                let text = &text[..text.len() - torn];
                let values = self.values.iter();
                values.filter_map(move |value| begins(value, text))
            })
            .min()
    }

    /// Returns where a secret ends whose beginning was cut off.
    fn torn_start(&self, text: &[u8]) -> Option<usize> {
        let ends = |value: &str, text: &[u8]| {
            let value = value.as_bytes();
            (1..=value.len().saturating_sub(SHORTEST_PART))
                .find(|start| text.starts_with(&value[*start..]))
                .map(|start| value.len() - start)
        };
        (0..=TORN_ESCAPE.min(text.len()))
            .flat_map(|skipped| {
                let rest = &text[skipped..];
                let values = self.values.iter();
                values.filter_map(move |value| Some(skipped + ends(value, rest)?))
            })
            .max()
    }
}

fn automaton<P: AsRef<[u8]>>(patterns: &[P]) -> AhoCorasick {
    AhoCorasick::new(patterns).expect("secrets are far shorter than an automaton can hold")
}

/// Returns the end of the longest run of characters that no encoder of JSON escapes; `None` when
/// there are none.
fn fragment(value: &str) -> Option<&[u8]> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let runs = value.as_bytes().split(|byte| !plain(byte));
    let longest = runs.max_by_key(|run| run.len())?;
    let end = &longest[longest.len().saturating_sub(FRAGMENT)..];
    (!end.is_empty()).then_some(end)
}

/// Replaces spans that are sorted by their start; those that overlap become one.
fn replace(text: &[u8], spans: Vec<Range<usize>>) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len());
    let mut rest = 0;
    for span in merged(spans) {
        replaced.extend_from_slice(&text[rest..span.start]);
        replaced.extend_from_slice(REPLACEMENT);
        rest = span.end;
    }
    replaced.extend_from_slice(&text[rest..]);
    replaced
}

/// Replaces spans of a JSON text so that it stays one: a span that begins or ends in the middle of
/// an escape sequence takes all of it, and one that begins or ends outside of a string gets the
/// quotes that make a string of it.
fn replace_in_json(text: &[u8], spans: Vec<Range<usize>>) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len());
    let mut cursor = Cursor::default();
    let mut rest = 0;
    for span in merged(spans) {
        if span.end <= rest {
            continue;
        }
        let begins_outside = !cursor.advance(text, span.start);
        let start = cursor.position.max(rest);
        replaced.extend_from_slice(&text[rest..start]);
        let ends_outside = !cursor.advance(text, span.end);
        rest = cursor.end;
        for (quote, part) in [(begins_outside, REPLACEMENT), (ends_outside, b"")] {
            if quote {
                replaced.push(b'"');
            }
            replaced.extend_from_slice(part);
        }
    }
    replaced.extend_from_slice(&text[rest..]);
    replaced
}

/// A walk over a JSON text that knows strings and escape sequences.
#[derive(Default)]
struct Cursor {
    /// The beginning of the token that holds the place.
    position: usize,
    /// The place itself, or the end of the escape sequence that it is in.
    end: usize,
    in_string: bool,
}

impl Cursor {
    /// Goes to a place; tells whether it is in a string.
    fn advance(&mut self, text: &[u8], place: usize) -> bool {
        self.position = self.end;
        while self.end < place {
            self.position = self.end;
            let length = match text[self.end] {
                b'\\' if text.get(self.end + 1) == Some(&b'u') => 6,
                b'\\' => 2,
                _ => 1,
            };
            self.in_string ^= text[self.end] == b'"';
            self.end = (self.end + length).min(text.len());
        }
        if self.end == place {
            self.position = place;
        }
        self.in_string
    }
}

fn merged(spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_with_a_part_of_a_secret_or_an_escaped_letter_are_searched() {
        let redactor = Redactor::new(vec!["the secret-value/1".to_owned()]);
        let may_be_in = |text: &str| redactor.may_be_in(text.as_bytes());
        assert!(!may_be_in("an ordinary line, \\u001b[31mred"));
        assert!(may_be_in("only secret-value"));
        assert!(may_be_in("\\u0073ecret"));
    }
}
