//! The part of a word by which lines are found that may hold it, as their bytes lie.
//!
//! A line is JSON, and often has JSON as text in it, so a character may be there as itself or behind
//! any number of backslashes, by its number. A fragment is in every line in which the word is; where
//! the fragment is, the word may not be.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// With so many ASCII characters in a row a fragment needs no others.
const ENOUGH: usize = 4;

/// How many characters a fragment has that is written in several ways at most.
const MOST_FOLDED: usize = 3;

/// Behind the last character that has another case (`U+1E943` in Unicode 16).
const LAST_CASED: u32 = 0x1_ea00;

/// The part of a word by which lines are found that may hold it.
#[derive(Debug)]
pub(super) struct Fragment {
    /// Finds it however it is written; `None` for a word that no line is known by.
    pub(super) finder: Option<AhoCorasick>,
    /// How many bytes it has.
    pub(super) length: usize,
}

impl Fragment {
    /// Chooses the part of a word, which is found whatever its capitals if it `folds`.
    pub(super) fn of(word: &str, folds: bool) -> Self {
        let runs = || word.split(|character| is_escaped(character, folds));
        let ascii = runs().flat_map(|run| run.split(|character: char| !character.is_ascii()));
        let ascii = ascii.max_by_key(|run| run.len()).unwrap_or_default();
        let run = runs().max_by_key(|run| run.len()).unwrap_or_default();
        let (written, length) = if ascii.len() >= ENOUGH || run.is_ascii() {
            (vec![ascii.to_owned()], ascii.len())
        } else {
            let run = if folds { window(run) } else { run };
            let mut written = match folds {
                true => in_every_case(run),
                false => vec![run.to_owned()],
            };
            // One of its characters by number is enough: those are rare.
            let character = run.chars().find(|character| !character.is_ascii());
            written.extend(character.into_iter().flat_map(|one| by_number(one, folds)));
            (written, run.len())
        };
        let finder = AhoCorasick::builder()
            .ascii_case_insensitive(folds)
            .kind(Some(AhoCorasickKind::DFA))
            .build(written);
        Self {
            finder: finder.ok().filter(|_| length > 0),
            length,
        }
    }

    /// Tells whether a line may have the word.
    pub(super) fn may_be_in(&self, line: &[u8]) -> bool {
        let finder = self.finder.as_ref();
        finder.is_none_or(|finder| finder.is_match(line))
    }
}

/// Tells whether a character may be written in ways that no fragment is looked for.
fn is_escaped(character: char, folds: bool) -> bool {
    // `İ` folds to an `i` and a dot above.
    matches!(character, '"' | '\\') || character.is_control() || (folds && character == '\u{307}')
}

/// Returns the part of a text with the most bytes that is short enough to be written in every case.
fn window(text: &str) -> &str {
    let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
    let end = |index: usize| starts.get(index + MOST_FOLDED).copied();
    let windows =
        (0..starts.len()).map(|index| &text[starts[index]..end(index).unwrap_or(text.len())]);
    windows.max_by_key(|window| window.len()).unwrap_or(text)
}

/// Returns a text in every mix of cases; those of ASCII are left to the finder.
fn in_every_case(text: &str) -> Vec<String> {
    let mut texts = vec![String::new()];
    for character in text.chars() {
        let cases = cases(character);
        let longer = texts.iter().flat_map(|text| {
            let with = |case: &char| format!("{text}{case}");
            cases.iter().map(with).collect::<Vec<_>>()
        });
        texts = longer.collect();
    }
    texts
}

/// Returns every character that is this one in small letters.
fn cases(character: char) -> Vec<char> {
    if character.is_ascii() {
        return vec![character];
    }
    let small = |one: char| {
        let mut small = one.to_lowercase();
        // At the end of a word a sigma has a form of its own.
        let first = small.next().map(|one| if one == 'ς' { 'σ' } else { one });
        first.filter(|_| small.next().is_none())
    };
    let wanted = small(character);
    let all = ('\u{80}'..).take_while(|one| u32::from(*one) < LAST_CASED);
    let mut cases: Vec<char> = all.filter(|one| small(*one) == wanted).collect();
    if !cases.contains(&character) {
        cases.push(character);
    }
    cases
}

/// Returns how a character is written by its number, without the backslash.
fn by_number(character: char, folds: bool) -> Vec<String> {
    let cases = match folds {
        true => cases(character),
        false => vec![character],
    };
    let number = |case: &char| {
        let mut units = [0; 2];
        let first = case.encode_utf16(&mut units)[0];
        [format!("u{first:04x}"), format!("u{first:04X}")]
    };
    cases.iter().flat_map(number).collect()
}
