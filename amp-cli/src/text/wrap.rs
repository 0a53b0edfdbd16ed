//! Styled text in a limited number of columns.

use anstyle::Style as Ansi;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::style::Style;

/// Represents a piece of text with one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) text: String,
    pub(crate) look: Ansi,
}

impl Span {
    pub(crate) fn new(text: impl Into<String>, look: Ansi) -> Self {
        Self {
            text: text.into(),
            look,
        }
    }

    pub(crate) fn columns(&self) -> usize {
        self.text.width()
    }
}

/// Returns how many columns a text on one line takes; wide characters take two.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// Breaks spans at spaces so that each line fits in `columns`; a longer word gets a line of its own.
/// A line feed always breaks, the end of a span never does.
pub(crate) fn wrap(spans: &[Span], columns: usize, style: Style) -> Vec<String> {
    let mut lines = Lines {
        done: Vec::new(),
        line: Line::default(),
        limit: columns,
    };
    let mut word = Word::default();
    for span in spans {
        for (index, paragraph) in span.text.split('\n').enumerate() {
            if index > 0 {
                lines.push(&std::mem::take(&mut word));
                lines.break_line();
            }
            for piece in pieces(paragraph) {
                if piece.starts_with(' ') {
                    lines.push(&std::mem::take(&mut word));
                    word.space_before = piece.len();
                } else {
                    word.text
                        .push_str(&style.paint(span.look, piece).to_string());
                    word.columns += piece.width();
                }
            }
        }
    }
    lines.push(&word);
    lines.break_line();
    lines.done
}

/// Breaks plain text at spaces.
pub(crate) fn wrap_plain(text: &str, columns: usize) -> Vec<String> {
    wrap(&[Span::new(text, Ansi::new())], columns, Style::default())
}

/// Shortens text to `columns`, the last of them an ellipsis when something was cut.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut result = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > columns {
            break;
        }
        result.push(character);
    }
    if columns > 0 {
        result.push('…');
    }
    result
}

/// Shortens a path to `columns` in its middle: its beginning and above all its end tell which it is.
pub(crate) fn fit_path(path: &str, columns: usize) -> String {
    if path.width() <= columns {
        return path.to_owned();
    }
    let name = path.rfind('/').map_or(path, |slash| &path[slash..]);
    if columns <= name.width() + 1 {
        return fit_end(path, columns);
    }
    // The first folder where there is room for it, and whole folders from the end.
    let first = &path[..path.find('/').map_or(0, |slash| slash + 1)];
    let first = match first.width() + name.width() < columns {
        true => first,
        false => "",
    };
    let room = columns - first.width() - 1;
    let mut ends = path.match_indices('/').map(|(slash, _)| &path[slash..]);
    let end = ends.find(|end| end.width() <= room).unwrap_or(name);
    format!("{first}…{end}")
}

/// Shortens text to `columns`, the first of them an ellipsis when something was cut.
fn fit_end(text: &str, columns: usize) -> String {
    let mut used = 1;
    let mut start = text.len();
    for (index, character) in text.char_indices().rev() {
        used += character.width().unwrap_or(0);
        if used > columns {
            break;
        }
        start = index;
    }
    match columns {
        0 => String::new(),
        _ => format!("…{}", &text[start..]),
    }
}

/// Breaks text into lines of `columns`, between words where it can, within them where it must.
pub(crate) fn wrap_hard(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let lines = wrap_plain(text, columns).into_iter();
    lines.flat_map(|line| cut(&line, columns)).collect()
}

/// Cuts text into lines of `columns`, one at least.
pub(crate) fn cut(line: &str, columns: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for character in line.chars() {
        let width = character.width().unwrap_or(0);
        if used + width > columns {
            pieces.push(String::new());
            used = 0;
        }
        used += width;
        pieces.last_mut().expect("one at least").push(character);
    }
    pieces
}

/// Represents text between spaces, perhaps of several looks.
#[derive(Default)]
struct Word {
    space_before: usize,
    text: String,
    columns: usize,
}

#[derive(Default)]
struct Line {
    text: String,
    columns: usize,
}

struct Lines {
    done: Vec<String>,
    line: Line,
    limit: usize,
}

impl Lines {
    fn push(&mut self, word: &Word) {
        if word.columns == 0 {
            return;
        }
        if self.line.columns > 0 {
            if self.line.columns + word.space_before + word.columns > self.limit {
                self.break_line();
            } else {
                self.line.text.push_str(&" ".repeat(word.space_before));
                self.line.columns += word.space_before;
            }
        }
        self.line.text.push_str(&word.text);
        self.line.columns += word.columns;
    }

    fn break_line(&mut self) {
        self.done.push(std::mem::take(&mut self.line).text);
    }
}

/// Splits into words and the runs of spaces between them.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest
            .find(|character| (character == ' ') != (first == ' '))
            .unwrap_or(rest.len());
        let (piece, tail) = rest.split_at(end);
        rest = tail;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(
            wrap_plain("the quick brown fox", 10),
            ["the quick", "brown fox"]
        );
    }

    #[test]
    fn a_word_longer_than_the_line_is_not_cut() {
        assert_eq!(
            wrap_plain("see https://example.test/long now", 10),
            ["see", "https://example.test/long", "now"]
        );
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(wrap_plain("漢字 漢字 漢字", 9), ["漢字 漢字", "漢字"]);
    }

    #[test]
    fn a_change_of_look_inside_a_word_does_not_break_it() {
        let spans = [
            Span::new("one two", Ansi::new()),
            Span::new("three", Ansi::new().bold()),
        ];
        assert_eq!(
            wrap(&spans, 8, Style::default()),
            ["one", "twothree"].map(String::from)
        );
    }

    #[test]
    fn a_path_keeps_its_name_and_where_it_begins() {
        let path = "amp-cli/src/view/live/detail.rs";
        assert_eq!(fit_path(path, 31), path);
        assert_eq!(fit_path(path, 28), "amp-cli/…/live/detail.rs");
        assert_eq!(fit_path(path, 20), "amp-cli/…/detail.rs");
        assert_eq!(fit_path(path, 18), "…/live/detail.rs");
        assert_eq!(fit_path(path, 11), "…/detail.rs");
        assert_eq!(fit_path(path, 8), "…tail.rs");
        assert_eq!(fit_path("/漢字漢字/漢字.rs", 10), "/…/漢字.rs");
        assert_eq!(fit_path(path, 0), "");
    }

    #[test]
    fn what_must_fit_is_cut_within_words() {
        assert_eq!(wrap_hard("a longword b", 4), ["a", "long", "word", "b"]);
        assert_eq!(wrap_hard("漢字漢", 4), ["漢字", "漢"]);
    }

    #[test]
    fn fitting_keeps_short_text_and_marks_cut_text() {
        assert_eq!(fit("short", 5), "short");
        assert_eq!(fit("longer", 5), "long…");
        assert_eq!(fit("漢字漢字", 4), "漢…");
        assert_eq!(fit("any", 0), "");
    }
}
