//! JSON kept as the text it arrived in.

use std::borrow::Cow;
use std::fmt;
use std::iter;

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer};
use serde::de::{self, DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, forward_to_deserialize_any};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::open_string::FromText;

/// A JSON value kept as text until someone asks for it.
///
/// Nothing is rounded, reordered or dropped when it is read from JSON text: big numbers, lone
/// surrogate escapes, duplicate keys and spacing stay as they were. A deserializer that has no
/// text, such as that of a [`Value`], gives a value that is equal and newly spelled. Two values
/// are equal when their texts are.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// Returns the JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Reads the value as `T`.
    ///
    /// # Errors
    /// Returns serde_json's error when the text does not have the shape of `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.as_str())
    }

    /// Keeps a text that is known to be JSON.
    ///
    /// # Errors
    /// Returns serde_json's error when the text is not one JSON value.
    pub fn from_text(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// Encodes a value.
    ///
    /// # Errors
    /// Returns serde_json's error when the value cannot be written as JSON.
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }
}

impl From<Box<RawValue>> for RawJson {
    fn from(value: Box<RawValue>) -> Self {
        Self(value)
    }
}

impl From<Value> for RawJson {
    fn from(value: Value) -> Self {
        let text = value.to_string();
        let value = Box::<RawValue>::deserialize(KnownText(&text));
        Self(value.expect("a text makes a raw value"))
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let JsonText(text) = JsonText::deserialize(deserializer)?;
        let value = Box::<RawValue>::deserialize(KnownText(&text));
        value.map(Self).map_err(D::Error::custom)
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RawJson {}

impl fmt::Debug for RawJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for RawJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// How serde_json is asked for a value's text: by a newtype of this name, which it gives as a map
/// of one entry of the same name. The tests would notice another name at once.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// The text of a JSON value from any deserializer, borrowed if it can be.
pub(crate) struct JsonText<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for JsonText<'de> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(RAW_VALUE, JsonTextVisitor)
    }
}

struct JsonTextVisitor;

impl<'de> Visitor<'de> for JsonTextVisitor {
    type Value = JsonText<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    /// Takes the text that serde_json and our own reader have; any other map is written anew.
    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonText<'de>, A::Error> {
        match map.next_key()? {
            Some(FromText(Name::RawValue)) => map.next_value().map(|Text(text)| JsonText(text)),
            Some(FromText(Name::Other(first))) => write_anew(Some(first), map),
            None => write_anew(None, map),
        }
    }

    /// Writes the text anew when there is none.
    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<JsonText<'de>, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(JsonText(Cow::Owned(value.to_string())))
    }
}

/// The first name in what claims to be a value's text.
enum Name {
    RawValue,
    Other(String),
}

impl From<&str> for Name {
    #[inline]
    fn from(name: &str) -> Self {
        if name == RAW_VALUE {
            Self::RawValue
        } else {
            Self::Other(name.to_owned())
        }
    }
}

#[cold]
fn write_anew<'de, A: MapAccess<'de>>(
    first: Option<String>,
    mut map: A,
) -> Result<JsonText<'de>, A::Error> {
    let mut object = Map::new();
    if let Some(first) = first {
        object.insert(first, map.next_value()?);
    }
    while let Some((name, value)) = map.next_entry()? {
        object.insert(name, value);
    }
    Ok(JsonText(Cow::Owned(Value::Object(object).to_string())))
}

/// A string, borrowed if it can be.
struct Text<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    #[inline]
    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text)))
    }
}

/// A text that is known to be JSON, for a `RawValue` to be made of without reading it again.
pub(crate) struct KnownText<'de>(pub(crate) &'de str);

impl<'de> Deserializer<'de> for KnownText<'de> {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_map(MapDeserializer::new(iter::once((
            RAW_VALUE,
            BorrowedStrDeserializer::new(self.0),
        ))))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}
