//! Strings rid of their escapes.

use std::mem;

use super::GaveUp;

/// How many bytes are copied at once; most runs between two escapes are shorter.
const BLOCK: usize = 32;

/// From here on, in bytes, the memory of a copy would be new to the process each time.
const LONG: usize = 128 << 10;

/// Room for one string at a time.
#[derive(Default)]
pub(super) struct Unescaped {
    bytes: Vec<u8>,
}

impl Unescaped {
    /// Returns the string that was read last.
    pub(super) fn text(&self) -> Result<&str, GaveUp> {
        simdutf8::basic::from_utf8(&self.bytes).map_err(|_| GaveUp)
    }

    /// Hands out the string that was read last, if it is so long that a copy would cost more than
    /// checking it in the slower way that keeps its memory.
    pub(super) fn take_if_long(&mut self) -> Option<Result<String, GaveUp>> {
        (self.bytes.len() >= LONG).then(|| {
            let mut bytes = mem::take(&mut self.bytes);
            if bytes.capacity() / 2 > bytes.len() {
                bytes.shrink_to_fit();
            }
            String::from_utf8(bytes).map_err(|_| GaveUp)
        })
    }

    /// Makes room for a string that takes up to `length` bytes in the text.
    ///
    /// Escapes are longer than what they stand for, so that is enough, but for a block that is
    /// copied too far.
    pub(super) fn clear(&mut self, length: usize) {
        self.bytes.clear();
        self.bytes.reserve(length + BLOCK);
    }

    /// Adds the text from `start` to `end`.
    #[inline(always)]
    pub(super) fn push(&mut self, text: &[u8], start: usize, end: usize) {
        let length = self.bytes.len() + end - start;
        match text[start..].first_chunk::<BLOCK>() {
            Some(block) if end - start <= BLOCK => self.bytes.extend_from_slice(block),
            _ => self.bytes.extend_from_slice(&text[start..end]),
        }
        self.bytes.truncate(length);
    }

    /// Adds what the escape that `rest` begins with stands for, and returns its length.
    ///
    /// The backslash is not part of `rest`.
    #[inline(always)]
    pub(super) fn push_escaped(&mut self, rest: &[u8]) -> Result<usize, GaveUp> {
        let kind = *rest.first().ok_or(GaveUp)?;
        if kind == b'u' {
            let (character, digits) = unicode_escape(&rest[1..])?;
            let bytes = &mut [0; 4];
            self.bytes
                .extend_from_slice(character.encode_utf8(bytes).as_bytes());
            return Ok(1 + digits);
        }
        self.bytes.push(short_escape(kind)?);
        Ok(1)
    }
}

/// What an escape of a single character stands for, by that character; nothing stands for zero.
const SHORT_ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table[b'/' as usize] = b'/';
    table[b'n' as usize] = b'\n';
    table[b't' as usize] = b'\t';
    table[b'r' as usize] = b'\r';
    table[b'b' as usize] = 8;
    table[b'f' as usize] = 12;
    table
};

/// Returns what an escape of a single character stands for.
#[inline(always)]
pub(super) fn short_escape(kind: u8) -> Result<u8, GaveUp> {
    match SHORT_ESCAPES[usize::from(kind)] {
        0 => Err(GaveUp),
        byte => Ok(byte),
    }
}

/// Reads what follows `\u`, with the second half of a surrogate pair; returns how long it is.
#[cold]
fn unicode_escape(rest: &[u8]) -> Result<(char, usize), GaveUp> {
    let first = hexadecimal(rest)?;
    if let Some(character) = char::from_u32(first.into()) {
        return Ok((character, 4));
    }
    let second = rest[4..].strip_prefix(b"\\u").ok_or(GaveUp)?;
    let second = hexadecimal(second)?;
    match char::decode_utf16([first, second]).next() {
        Some(Ok(character)) => Ok((character, 10)),
        _ => Err(GaveUp),
    }
}

/// Reads four hexadecimal digits.
pub(super) fn hexadecimal(text: &[u8]) -> Result<u16, GaveUp> {
    let digits: &[u8; 4] = text.first_chunk().ok_or(GaveUp)?;
    digits.iter().try_fold(0, |value, digit| {
        let digit = char::from(*digit).to_digit(16).ok_or(GaveUp)?;
        let digit = u16::try_from(digit).map_err(|_| GaveUp)?;
        Ok(value << 4 | digit)
    })
}
