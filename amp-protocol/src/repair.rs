//! Repairs: damage that is known, harmless to undo, and worth one more try.

use std::borrow::Cow;
use std::fmt;

use memchr::memchr;

/// A kind of damage that was undone before a line could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Repair {
    /// A byte order mark at the start was dropped.
    ByteOrderMark,
    /// A carriage return at the end was dropped.
    CarriageReturn,
    /// Bytes that are not UTF-8 were replaced by U+FFFD.
    InvalidUtf8,
    /// Halves of a surrogate pair, which a JavaScript program writes when it cuts an emoji in
    /// two (`"\ud83d"`), were replaced by U+FFFD.
    LoneSurrogate,
}

impl Repair {
    const ALL: [Self; 4] = [
        Self::ByteOrderMark,
        Self::CarriageReturn,
        Self::InvalidUtf8,
        Self::LoneSurrogate,
    ];

    /// Returns the repair's name: lower case, words joined by `_`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ByteOrderMark => "byte_order_mark",
            Self::CarriageReturn => "carriage_return",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::LoneSurrogate => "lone_surrogate",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The repairs one line needed; usually none.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Repairs(u8);

impl Repairs {
    /// Tells whether the line was fine as it came.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Tells whether a repair was needed.
    #[must_use]
    pub fn contains(self, repair: Repair) -> bool {
        self.0 & repair.bit() != 0
    }

    /// Returns the repairs, in the order of [`Repair`].
    pub fn iter(self) -> impl Iterator<Item = Repair> {
        Repair::ALL
            .into_iter()
            .filter(move |repair| self.contains(*repair))
    }

    pub(crate) fn insert(&mut self, repair: Repair) {
        self.0 |= repair.bit();
    }
}

impl fmt::Debug for Repairs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

/// Drops what surrounds the JSON: the line feed, a carriage return and a byte order mark.
pub(crate) fn trim<'line>(line: &'line [u8], repairs: &mut Repairs) -> &'line [u8] {
    let mut line = line.strip_suffix(b"\n").unwrap_or(line);
    if let Some(rest) = line.strip_suffix(b"\r") {
        repairs.insert(Repair::CarriageReturn);
        line = rest;
    }
    if let Some(rest) = line.strip_prefix(b"\xEF\xBB\xBF") {
        repairs.insert(Repair::ByteOrderMark);
        line = rest;
    }
    line
}

/// Validates the text once, for the whole line; replaces what is not UTF-8.
pub(crate) fn text<'line>(line: &'line [u8], repairs: &mut Repairs) -> Cow<'line, str> {
    match simdutf8::basic::from_utf8(line) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            repairs.insert(Repair::InvalidUtf8);
            String::from_utf8_lossy(line)
        }
    }
}

/// Replaces every `\uXXXX` escape that is half of a surrogate pair; `None` when there is none.
///
/// The replacement has the length of the original, so columns stay the same.
pub(crate) fn replace_lone_surrogates(text: &str) -> Option<String> {
    const REPLACEMENT: &str = "\\ufffd";
    let mut repaired: Option<Vec<u8>> = None;
    let bytes = text.as_bytes();
    let mut position = 0;
    while let Some(found) = memchr(b'\\', &bytes[position..]) {
        let start = position + found;
        match escaped_unit(bytes, start) {
            Some(0xD800..=0xDBFF)
                if matches!(escaped_unit(bytes, start + 6), Some(0xDC00..=0xDFFF)) =>
            {
                position = start + 12;
            }
            Some(0xD800..=0xDFFF) => {
                let target = repaired.get_or_insert_with(|| bytes.to_vec());
                target[start..start + 6].copy_from_slice(REPLACEMENT.as_bytes());
                position = start + 6;
            }
            Some(_) => position = start + 6,
            // Some other escape, `\\` for one: the next byte is part of it.
            None => position = (start + 2).min(bytes.len()),
        }
    }
    repaired.and_then(|bytes| String::from_utf8(bytes).ok())
}

/// Reads the escape `\uXXXX` that starts at a position.
fn escaped_unit(bytes: &[u8], start: usize) -> Option<u16> {
    let digits = bytes.get(start..start + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0_u16, |unit, digit| {
        let value = char::from(*digit).to_digit(16)?;
        Some(unit * 16 + u16::try_from(value).ok()?)
    })
}
