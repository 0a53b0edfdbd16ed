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

use ::serde::de;
use marks::Marks;
use unescape::{Unescaped, hexadecimal, short_escape};

use crate::nesting;

/// Reads a value that fills the text, or gives up.
pub(crate) fn read<'de, T: de::Deserialize<'de>>(text: &'de str) -> Result<T, GaveUp> {
    let mut reader = Reader {
        text,
        position: 0,
        depth: 0,
        marks: Marks::new(),
        unescaped: Unescaped::default(),
    };
    let value = T::deserialize(&mut reader)?;
    reader.skip_spaces();
    if reader.position == text.len() {
        Ok(value)
    } else {
        Err(GaveUp)
    }
}

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

struct Reader<'de> {
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

    /// Moves to the quote or backslash that comes next in a string.
    #[inline(always)]
    fn find_special(&mut self) -> Result<u8, GaveUp> {
        let text = self.text.as_bytes();
        self.position = self.marks.next(text, self.position).ok_or(GaveUp)?;
        match text[self.position] {
            special @ (b'"' | b'\\') => Ok(special),
            _ => Err(GaveUp),
        }
    }

    fn string(&mut self) -> Result<Text<'de>, GaveUp> {
        self.take(b'"')?;
        let start = self.position;
        if self.find_special()? == b'"' {
            let plain = &self.text[start..self.position];
            self.position += 1;
            return Ok(Text::Plain(plain));
        }
        self.unescape(start)
    }

    /// Reads the rest of a string whose first escape starts here.
    fn unescape(&mut self, start: usize) -> Result<Text<'de>, GaveUp> {
        let text = self.text.as_bytes();
        self.unescaped.clear(text.len() - start);
        self.unescaped.push(text, start, self.position);
        loop {
            self.position += 1 + self.unescaped.push_escaped(&text[self.position + 1..])?;
            let run = self.position;
            let special = self.find_special()?;
            self.unescaped.push(text, run, self.position);
            if special == b'"' {
                self.position += 1;
                return Ok(Text::Unescaped);
            }
        }
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
        while self.find_special()? == b'\\' {
            let rest = &self.text.as_bytes()[self.position + 1..];
            self.position += 1 + match *rest.first().ok_or(GaveUp)? {
                b'u' => hexadecimal(&rest[1..]).map(|_| 5)?,
                kind => short_escape(kind).map(|_| 1)?,
            };
        }
        self.position += 1;
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
