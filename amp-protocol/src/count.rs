//! Counts as the wire spells them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

use crate::raw_json::JsonText;

/// A count of tokens, milliseconds or turns.
///
/// The CLI writes small integers, but nothing bounds them: a value beyond `u64`, a fraction or a
/// negative number keeps its text and is written back unchanged.
#[derive(Clone, PartialEq, Eq)]
pub struct Count(Spelling);

#[derive(Clone, PartialEq, Eq)]
enum Spelling {
    Integer(u64),
    /// A JSON number that `u64` would not write back the same.
    Text(Box<str>),
}

impl Count {
    /// Returns the count when it is a whole number that fits, `1.0` included.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        /// The first integer that `f64` can no longer tell from its neighbour.
        const EXACT_LIMIT: f64 = 9_007_199_254_740_992.0;
        match &self.0 {
            Spelling::Integer(value) => Some(*value),
            Spelling::Text(text) => {
                let value: f64 = text.parse().ok()?;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "the guard admits whole numbers from 0 to 2^53 only"
                )]
                (value.fract() == 0.0 && (0.0..EXACT_LIMIT).contains(&value))
                    .then_some(value as u64)
            }
        }
    }

    /// Returns the count as a signed number when it is a whole number that fits; exit codes may
    /// be negative.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Spelling::Integer(value) => i64::try_from(*value).ok(),
            Spelling::Text(text) => text.parse().ok(),
        }
    }

    fn from_number(text: &str) -> Option<Self> {
        if let Some(value) = plain_integer(text) {
            return Some(Self(Spelling::Integer(value)));
        }
        let is_number = matches!(text.as_bytes().first(), Some(b'-' | b'0'..=b'9'));
        is_number.then(|| Self(Spelling::Text(text.into())))
    }
}

/// Reads digits that `u64` holds; the text is a JSON value, so there are no leading zeros.
fn plain_integer(text: &str) -> Option<u64> {
    text.bytes().try_fold(0_u64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Names a JSON value the way serde does.
fn kind_of_json(text: &str) -> &'static str {
    match text.as_bytes().first() {
        Some(b'"') => "string",
        Some(b'{') => "map",
        Some(b'[') => "sequence",
        Some(b't' | b'f') => "boolean",
        _ => "null",
    }
}

impl From<u64> for Count {
    fn from(value: u64) -> Self {
        Self(Spelling::Integer(value))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Spelling::Integer(value) => fmt::Display::fmt(value, formatter),
            Spelling::Text(text) => formatter.write_str(text),
        }
    }
}

impl fmt::Debug for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Spelling::Integer(value) => serializer.serialize_u64(*value),
            Spelling::Text(text) => RawValue::from_string(text.to_string())
                .map_err(ser::Error::custom)?
                .serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(COUNT, CountVisitor)
    }
}

/// The name under which a count is asked for. Our own reader hands small numbers out as such.
pub(crate) const COUNT: &str = "Count";

struct CountVisitor;

impl<'de> de::Visitor<'de> for CountVisitor {
    type Value = Count;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number")
    }

    #[inline]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Count, E> {
        Ok(value.into())
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Count, D::Error> {
        let JsonText(text) = JsonText::deserialize(deserializer)?;
        Count::from_number(&text).ok_or_else(|| {
            de::Error::custom(format_args!(
                "invalid type: {}, expected a number",
                kind_of_json(&text)
            ))
        })
    }
}
