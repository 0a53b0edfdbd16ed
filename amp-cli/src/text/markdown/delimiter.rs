//! What stood around an element in the text it was read from.

use std::ops::Range;

use pulldown_cmark::TagEnd;

/// The text of a document, and where in it an element lies.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) range: Range<usize>,
}

impl Source<'_> {
    /// Returns what an emphasis begins and ends with: two asterisks, underscores or tildes, or one.
    pub(super) fn delimiter(&self, element: TagEnd) -> &str {
        let length = match element {
            TagEnd::Strong => 2,
            TagEnd::Strikethrough if self.element().starts_with("~~") => 2,
            _ => 1,
        };
        self.element().get(..length).unwrap_or_default()
    }

    /// Returns whether what looks like an emphasis may be meant as it stands: `__init__.py`,
    /// `src/*.rs, tests/*.rs`, `2*3*4`. Without colours, text that is struck out keeps its mark.
    pub(super) fn shows_delimiters(&self, colored: bool) -> bool {
        let joins = |character: char| character.is_alphanumeric() || "/\\_.".contains(character);
        let before = self.text[..self.range.start].chars().next_back();
        let after = self.text[self.range.end..].chars().next();
        match self.element().as_bytes().first() {
            Some(b'_') => true,
            Some(b'~') => !colored || !self.element().starts_with("~~"),
            _ => {
                before.is_some_and(joins)
                    || after.is_some_and(|after| after.is_alphanumeric() || after == '/')
            }
        }
    }

    /// Returns the number an item of a list begins with.
    pub(super) fn number(&self) -> Option<&str> {
        let element = self.element().trim_start();
        let end = element.find(|character: char| !character.is_ascii_digit())?;
        (end > 0).then(|| &element[..end])
    }

    fn element(&self) -> &str {
        &self.text[self.range.clone()]
    }
}
