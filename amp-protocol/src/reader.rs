//! A JSON reader for lines as the CLI writes them.
//!
//! `JSON.stringify` writes no control characters and the line is known to be UTF-8, so strings
//! need no check byte by byte, and reading is faster than with serde_json. The reader accepts
//! less than serde_json and explains nothing: whatever it does not take, serde_json reads again
//! and decides. A test holds the two against each other.

mod marks;
mod serde;
#[cfg(test)]
mod tests;
mod unescape;

use std::fmt;
use std::mem;

use ::serde::de;
use marks::Marks;
use unescape::{Unescaped, hexadecimal, short_escape};

use crate::nesting;

/// Says that the text is for serde_json to read.
#[derive(Debug)]
pub(crate) struct GaveUp;

impl fmt::Display for GaveUp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("left to serde_json")
    }
}

impl std::error::Error for GaveUp {}

impl de::Error for GaveUp {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Reads a value from a text, or gives up.
pub(crate) struct Reader<'de> {
    text: &'de str,
    position: usize,
    depth: u8,
    marks: Marks,
    /// The last string that had escapes.
    unescaped: Unescaped,
}

/// A string as it stands in the text, or rid of its escapes.
enum Text<'de> {
    Plain(&'de str),
    Unescaped,
}

impl<'de> Reader<'de> {
    /// Begins to read a text.
    pub(crate) fn new(text: &'de str) -> Self {
        Self {
            text,
            position: 0,
            depth: 0,
            marks: Marks::new(),
            unescaped: Unescaped::default(),
        }
    }

    /// Tells whether the value that was read fills the text.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.skip_spaces();
        self.position == self.text.len() && self.depth == 0
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    #[inline(always)]
    fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.position += 1;
        }
    }

    /// Returns the first byte of the next token.
    #[inline(always)]
    fn next_token(&mut self) -> Option<u8> {
        self.skip_spaces();
        self.peek()
    }

    #[inline(always)]
    fn take(&mut self, expected: u8) -> Result<(), GaveUp> {
        if self.next_token() == Some(expected) {
            self.position += 1;
            return Ok(());
        }
        Err(GaveUp)
    }

    fn take_word(&mut self, word: &str) -> Result<(), GaveUp> {
        if self.text.as_bytes()[self.position..].starts_with(word.as_bytes()) {
            self.position += word.len();
            return Ok(());
        }
        Err(GaveUp)
    }

    #[inline(always)]
    fn string(&mut self) -> Result<Text<'de>, GaveUp> {
        self.take(b'"')?;
        let start = self.position;
        let text = self.text.as_bytes();
        self.position = self.marks.next_near(text, start).ok_or(GaveUp)?;
        if is_end_of_string(text[self.position])? {
            let plain = &self.text[start..self.position];
            self.position += 1;
            return Ok(Text::Plain(plain));
        }
        self.unescape(start)
    }

    /// Reads a string that starts here, from its first escape on.
    #[inline(never)]
    fn unescape(&mut self, start: usize) -> Result<Text<'de>, GaveUp> {
        let text = self.text.as_bytes();
        // What a loop changes is kept in registers only if nobody else could see it.
        let mut marks = self.marks;
        let mut unescaped = mem::take(&mut self.unescaped);
        unescaped.clear(text.len() - start);
        let mut run = start;
        let mut position = self.position;
        loop {
            position = marks.next(text, position).ok_or(GaveUp)?;
            unescaped.push(text, run, position);
            if is_end_of_string(text[position])? {
                break;
            }
            position += 1 + unescaped.push_escaped(&text[position + 1..])?;
            run = position;
        }
        self.position = position + 1;
        self.marks = marks;
        self.unescaped = unescaped;
        Ok(Text::Unescaped)
    }

    /// Reads past a value and returns its text.
    fn raw_value(&mut self) -> Result<&'de str, GaveUp> {
        self.skip_spaces();
        let start = self.position;
        self.skip_value()?;
        Ok(&self.text[start..self.position])
    }

    fn skip_value(&mut self) -> Result<(), GaveUp> {
        match self.next_token() {
            Some(b'"') => self.skip_string(),
            Some(b'{') => self.skip_items(b'}', |reader| {
                reader.skip_spaces();
                reader.skip_string()?;
                reader.take(b':')?;
                reader.skip_value()
            }),
            Some(b'[') => self.skip_items(b']', Self::skip_value),
            Some(b't') => self.take_word("true"),
            Some(b'f') => self.take_word("false"),
            Some(b'n') => self.take_word("null"),
            _ => self.skip_number(),
        }
    }

    fn skip_items(
        &mut self,
        end: u8,
        mut skip_item: impl FnMut(&mut Self) -> Result<(), GaveUp>,
    ) -> Result<(), GaveUp> {
        self.enter()?;
        if self.next_token() != Some(end) {
            skip_item(self)?;
            while self.next_token() == Some(b',') {
                self.position += 1;
                skip_item(self)?;
            }
        }
        self.leave(end)
    }

    fn skip_string(&mut self) -> Result<(), GaveUp> {
        self.take(b'"')?;
        let text = self.text.as_bytes();
        let mut marks = self.marks;
        let mut position = self.position;
        loop {
            position = marks.next(text, position).ok_or(GaveUp)?;
            if is_end_of_string(text[position])? {
                break;
            }
            let rest = &text[position + 1..];
            position += 1 + match *rest.first().ok_or(GaveUp)? {
                b'u' => hexadecimal(&rest[1..]).map(|_| 5)?,
                kind => short_escape(kind).map(|_| 1)?,
            };
        }
        self.position = position + 1;
        self.marks = marks;
        Ok(())
    }

    fn skip_number(&mut self) -> Result<(), GaveUp> {
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        let digits = self.skip_digits()?;
        if leading_zero && digits > 1 {
            return Err(GaveUp);
        }
        if self.peek() == Some(b'.') {
            self.position += 1;
            self.skip_digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.position += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.position += 1;
            }
            self.skip_digits()?;
        }
        Ok(())
    }

    /// Reads a number of few digits and nothing else, if that is what comes next.
    fn short_integer(&mut self) -> Option<u64> {
        /// `u64` holds every number of so many digits.
        const MAX_DIGITS: usize = 19;
        self.skip_spaces();
        let text = &self.text.as_bytes()[self.position..];
        let mut value = 0;
        let mut length = 0;
        while let Some(digit @ b'0'..=b'9') = text.get(length)
            && length < MAX_DIGITS
        {
            value = value * 10 + u64::from(digit - b'0');
            length += 1;
        }
        let is_spelled_so = length == 1 || (length > 1 && text[0] != b'0');
        let is_whole = matches!(text.get(length)?, b',' | b'}' | b']');
        (is_spelled_so && is_whole).then(|| {
            self.position += length;
            value
        })
    }

    /// Reads past one digit or more and returns how many.
    fn skip_digits(&mut self) -> Result<usize, GaveUp> {
        let start = self.position;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.position += 1;
        }
        let digits = self.position - start;
        if digits == 0 { Err(GaveUp) } else { Ok(digits) }
    }

    /// Goes into an array or an object.
    #[inline(always)]
    fn enter(&mut self) -> Result<(), GaveUp> {
        self.position += 1;
        self.depth += 1;
        if self.depth > nesting::LIMIT {
            Err(GaveUp)
        } else {
            Ok(())
        }
    }

    /// Comes out of it again.
    #[inline(always)]
    fn leave(&mut self, end: u8) -> Result<(), GaveUp> {
        self.depth -= 1;
        self.take(end)
    }
}

/// Tells whether a mark is the quote that ends a string; the alternative is an escape.
#[inline(always)]
fn is_end_of_string(mark: u8) -> Result<bool, GaveUp> {
    match mark {
        b'"' => Ok(true),
        b'\\' => Ok(false),
        _ => Err(GaveUp),
    }
}
