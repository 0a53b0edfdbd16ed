//! Lines that are no message: what is wrong with them, and where.

use std::fmt;

use serde::de::IgnoredAny;

use crate::json_path::path_at;
use crate::nesting;
use crate::repair::Repairs;

/// A line that is not JSON, or a known message of the wrong shape.
///
/// The line is kept as it came. The value is also an error, for callers that want to stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at column {column}, path {path}")]
#[non_exhaustive]
pub struct Malformed {
    /// What is wrong, in general.
    pub kind: MalformedKind,
    /// What is wrong, in words.
    pub reason: String,
    /// The value at fault, such as `message.content[1].text`; `.` is the whole line.
    pub path: String,
    /// Where reading stopped: bytes read, after the repairs.
    pub column: usize,
    /// The repairs that were made before reading failed all the same.
    pub repairs: Repairs,
    /// The line as it came; of an oversized one its head.
    pub line: Vec<u8>,
    /// How many bytes of the line are not in `line`; 0 unless it is oversized.
    pub omitted_bytes: u64,
}

/// What is wrong with a line, in general.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MalformedKind {
    /// There is nothing but white space.
    Blank,
    /// It starts as JSON and ends too early, as when the writer was killed.
    Truncated,
    /// It is not JSON: a log line, the text of the login flow, two values on one line.
    NotJson,
    /// It is longer than [`decode_reader`](crate::decode_reader) was told to keep.
    Oversized,
    /// It nests deeper than 127 arrays and objects, which is where serde_json stops as well.
    TooDeep,
    /// It is JSON, but no object with a `type`, or a known type of the wrong shape.
    WrongShape,
}

impl MalformedKind {
    /// Returns the kind's name: lower case, words joined by `_`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Truncated => "truncated",
            Self::NotJson => "not_json",
            Self::Oversized => "oversized",
            Self::TooDeep => "too_deep",
            Self::WrongShape => "wrong_shape",
        }
    }
}

impl fmt::Display for MalformedKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl Malformed {
    /// The most an excerpt shows of a line, in bytes.
    pub const EXCERPT_LIMIT: usize = 512;

    /// Returns the start of the line for a message to people.
    #[must_use]
    pub fn excerpt(&self) -> String {
        let shown = &self.line[..self.line.len().min(Self::EXCERPT_LIMIT)];
        String::from_utf8_lossy(shown).into_owned()
    }

    pub(crate) fn new(
        line: &[u8],
        text: &str,
        error: &serde_json::Error,
        repairs: Repairs,
    ) -> Self {
        // The shape is only to blame when the text is JSON to its end.
        let syntax_error = serde_json::from_str::<IgnoredAny>(text).err();
        let kind = match &syntax_error {
            _ if text.bytes().all(|byte| byte.is_ascii_whitespace()) => MalformedKind::Blank,
            Some(error) if error.is_eof() => MalformedKind::Truncated,
            Some(_) => MalformedKind::NotJson,
            None => MalformedKind::WrongShape,
        };
        let error = syntax_error.as_ref().unwrap_or(error);
        let column = byte_offset(text, error);
        Self {
            kind,
            reason: reason(error),
            path: path_at(text, column),
            column,
            repairs,
            line: line.to_vec(),
            omitted_bytes: 0,
        }
    }

    /// Makes one of the head of a line that is too long.
    pub(crate) fn oversized(head: Vec<u8>, omitted_bytes: u64) -> Self {
        let length = head.len() as u64 + omitted_bytes;
        Self {
            kind: MalformedKind::Oversized,
            reason: format!(
                "a line of {length} bytes, of which {} were kept",
                head.len()
            ),
            path: ".".to_owned(),
            column: head.len(),
            repairs: Repairs::default(),
            line: head,
            omitted_bytes,
        }
    }

    /// Makes one of a line that nests too deep from `column` on.
    pub(crate) fn too_deep(line: &[u8], text: &str, column: usize, repairs: Repairs) -> Self {
        Self {
            kind: MalformedKind::TooDeep,
            reason: nesting::EXCEEDED.to_owned(),
            path: path_at(text, column),
            column,
            repairs,
            line: line.to_vec(),
            omitted_bytes: 0,
        }
    }
}

/// Returns the error's words without the position that serde_json appends to them.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    words
        .strip_suffix(&position)
        .map(str::to_owned)
        .unwrap_or(words)
}

/// Returns how many bytes serde_json had read; it counts columns from the last line feed.
fn byte_offset(text: &str, error: &serde_json::Error) -> usize {
    let lines_before = error.line().saturating_sub(1);
    let line_start: usize = text
        .split_inclusive('\n')
        .take(lines_before)
        .map(str::len)
        .sum();
    (line_start + error.column()).min(text.len())
}
