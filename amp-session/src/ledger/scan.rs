//! Finding the lines of a file that may hold some words, without decoding any of them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use aho_corasick::AhoCorasick;
use memchr::{memchr, memrchr};

use super::fragment::Fragment;

/// How much of a file is read at once, in bytes; more only for a longer line.
const PART: usize = 1 << 18;

/// Words to find.
#[derive(Debug)]
pub(super) struct Words {
    words: Vec<Word>,
    /// Finds the longest of the fragments.
    first: Option<AhoCorasick>,
}

#[derive(Debug)]
struct Word {
    text: String,
    /// It has no capitals, and is found whatever its capitals.
    folds: bool,
    fragment: Fragment,
}

impl Words {
    /// Prepares to find these.
    pub(super) fn new(words: &[String]) -> Self {
        let words: Vec<Word> = words.iter().map(|word| Word::new(word)).collect();
        let longest = words.iter().max_by_key(|word| word.fragment.length);
        let first = longest.and_then(|word| word.fragment.finder.clone());
        Self { first, words }
    }

    /// Tells whether a text has all the words.
    pub(super) fn are_in(&self, text: &str) -> bool {
        let mut words = self.words.iter();
        words.all(|word| word.place_in(text).is_some())
    }

    /// Returns where the first of the words stands in a text that has all of them.
    pub(super) fn place_in(&self, text: &str) -> Option<usize> {
        let places = self.words.iter().map(|word| word.place_in(text));
        let places: Option<Vec<usize>> = places.collect();
        places?.into_iter().min()
    }

    fn may_be_in(&self, line: &[u8]) -> bool {
        let mut words = self.words.iter();
        words.all(|word| word.fragment.may_be_in(line))
    }
}

impl Word {
    fn new(text: &str) -> Self {
        let folds = !text.chars().any(char::is_uppercase);
        Self {
            text: if folds {
                text.to_lowercase()
            } else {
                text.to_owned()
            },
            folds,
            fragment: Fragment::of(text, folds),
        }
    }

    /// Returns about where the word stands: folding may move it by a few bytes.
    fn place_in(&self, text: &str) -> Option<usize> {
        match self.folds {
            true => text.to_lowercase().find(&self.text),
            false => text.find(&self.text),
        }
    }
}

/// Calls `take` with each line of a file that may hold the words, until it returns `false`.
///
/// No more of the file is held than [`PART`], or its longest line.
pub(super) fn lines_with(
    path: &Path,
    words: &Words,
    mut take: impl FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; PART];
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            buffer.resize(buffer.len() * 2, 0);
        }
        let count = file.read(&mut buffer[filled..])?;
        filled += count;
        let is_end = count == 0;
        // A last line without its line feed is a line as well.
        let whole = match memrchr(b'\n', &buffer[filled - count..filled]) {
            _ if is_end => filled,
            Some(end) => filled - count + end + 1,
            None => continue,
        };
        if !take_lines(&buffer[..whole], words, &mut take) || is_end {
            return Ok(());
        }
        buffer.copy_within(whole..filled, 0);
        filled -= whole;
    }
}

/// Takes the lines of a part; tells whether to go on.
fn take_lines(part: &[u8], words: &Words, take: &mut impl FnMut(&[u8]) -> bool) -> bool {
    let mut rest = part;
    while !rest.is_empty() {
        let place = match &words.first {
            Some(first) => match first.find(rest) {
                Some(found) => found.start(),
                None => return true,
            },
            None => 0,
        };
        let start = memrchr(b'\n', &rest[..place]).map_or(0, |end| end + 1);
        let end = memchr(b'\n', &rest[place..]).map_or(rest.len(), |end| place + end);
        let line = &rest[start..end];
        if words.may_be_in(line) && !take(line) {
            return false;
        }
        rest = &rest[(end + 1).min(rest.len())..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &[&str], text: &[u8]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        std::fs::write(&path, text).unwrap();
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let mut lines = Vec::new();
        lines_with(&path, &Words::new(&words), |line| {
            lines.push(String::from_utf8_lossy(line).into_owned());
            true
        })
        .unwrap();
        lines
    }

    #[test]
    fn lines_with_all_the_words_are_found_wherever_a_part_ends() {
        let filler = vec![b'x'; PART - 10];
        let text = [
            b"one Needle\n".as_slice(),
            &filler,
            b"\ntwo needle here\nlast NEEDLE",
        ]
        .concat();
        assert_eq!(
            found(&["needle"], &text),
            ["one Needle", "two needle here", "last NEEDLE"]
        );
        assert_eq!(found(&["needle", "two"], &text), ["two needle here"]);
        assert_eq!(found(&["Needle"], &text), ["one Needle"]);
        assert_eq!(found(&["nothing"], &text), [""; 0]);
    }

    #[test]
    fn a_line_longer_than_a_part_is_one_line() {
        let text = [vec![b'y'; 3 * PART], b" needle".to_vec(), vec![b'z'; PART]].concat();
        assert_eq!(found(&["needle"], &text)[0].len(), text.len());
    }

    #[test]
    fn what_json_escapes_does_not_hide_a_word() {
        assert_eq!(
            found(&["say \"hi\""], br#"{"t":"say \\\"hi\\\""}"#).len(),
            1
        );
        assert!(Words::new(&["É".to_owned(), "b".to_owned()]).are_in("aÉB"));
        assert!(Words::new(&["é".to_owned()]).are_in("aÉB"));
    }

    #[test]
    fn words_of_other_alphabets_are_found_as_every_encoder_writes_them() {
        let text = "Привет мир\nПРИВЕТ\nприветы \\\\u043fривет \\u041fРИВЕТ\nничего\nстрасse\n";
        assert_eq!(found(&["привет"], text.as_bytes()).len(), 3);
        assert_eq!(found(&["Привет"], text.as_bytes()).len(), 2);
        let escaped = br#"{"t":"\\u041f\\u0440\\u0438\\u0432\\u0435\\u0442"}"#;
        assert_eq!(found(&["привет"], escaped).len(), 1);
        assert_eq!(found(&["Привет"], escaped).len(), 1);
        assert!(found(&["привет"], b"nothing of it\n").is_empty());
    }

    #[test]
    fn what_a_text_has_its_line_is_taken_for() {
        // Every text in which the word is, in whatever case, has a fragment of it.
        for (word, texts) in [
            ("größe", &["Größe", "GRÖßE", "gr\\u00f6ße"][..]),
            ("σοφός", &["ΣΟΦΌΣ", "σοφός", "Σοφός"]),
            ("ångström", &["\u{212b}NGSTRÖM", "Ångström"]),
            ("日本", &["日本語"]),
            ("\u{1f600} ok", &["\u{1f600} OK", "\\ud83d\\ude00 ok"]),
        ] {
            for text in texts {
                let lines = found(&[word], text.as_bytes());
                assert_eq!(lines.len(), 1, "{word} in {text}");
            }
        }
    }
}
