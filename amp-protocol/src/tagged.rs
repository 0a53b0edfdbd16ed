//! Objects that say in `type` what they are: events and content blocks.
//!
//! The type comes first in every recording, so such an object is read in one pass. One that
//! carries it later waits as text until its type is known. The text is borrowed where it can be:
//! however deep such objects nest, none is copied twice.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::slice;

use serde::Deserializer;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, Error as _, MapAccess};

use crate::malformed::reason;
use crate::nesting;
use crate::open_string::FromText;
use crate::raw_json::JsonText;

/// An object that is read by its `type`.
pub(crate) trait Tagged: Sized {
    /// What an error message calls it.
    const NAME: &'static str;

    /// The types there are.
    type Tag: for<'text> From<&'text str>;

    /// Reads the fields that are left once `type` was taken.
    fn read<'de, A: MapAccess<'de>>(tag: Self::Tag, fields: A) -> Result<Self, A::Error>;

    /// Reads such an object from any deserializer.
    fn deserialize_tagged<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TaggedVisitor(PhantomData))
    }
}

struct TaggedVisitor<T>(PhantomData<T>);

impl<'de, T: Tagged> de::Visitor<'de> for TaggedVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(T::NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        match map.next_key::<FromText<FirstKey>>()? {
            None => Err(A::Error::missing_field("type")),
            Some(FromText(FirstKey::Type)) => {
                let FromText(tag) = map.next_value()?;
                T::read(tag, map)
            }
            Some(FromText(FirstKey::Other(name))) => read_with_late_type(name, map),
        }
    }
}

fn read_with_late_type<'de, T: Tagged, A: MapAccess<'de>>(
    first: String,
    mut map: A,
) -> Result<T, A::Error> {
    let mut fields = vec![(first, map.next_value::<JsonText<'de>>()?.0)];
    while let Some((name, JsonText(value))) = map.next_entry()? {
        fields.push((name, value));
    }
    // Each value gets a reader of its own below, which begins to count at nothing.
    if fields
        .iter()
        .any(|(_, value)| nesting::exceeded_at(value).is_some())
    {
        return Err(A::Error::custom(nesting::EXCEEDED));
    }
    let Some(position) = fields.iter().position(|(name, _)| name == "type") else {
        return Err(A::Error::missing_field("type"));
    };
    let (_, tag) = fields.remove(position);
    let read = || {
        let FromText(tag) = serde_json::from_str(&tag)?;
        T::read(tag, Fields::new(&fields))
    };
    read().map_err(|error: serde_json::Error| A::Error::custom(reason(&error)))
}

/// Fields that waited, in their order.
struct Fields<'text> {
    left: slice::Iter<'text, (String, Cow<'text, str>)>,
    value: &'text str,
}

impl<'text> Fields<'text> {
    fn new(fields: &'text [(String, Cow<'text, str>)]) -> Self {
        Self {
            left: fields.iter(),
            value: "",
        }
    }
}

impl<'text> MapAccess<'text> for Fields<'text> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'text>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, serde_json::Error> {
        let Some((name, value)) = self.left.next() else {
            return Ok(None);
        };
        self.value = value;
        seed.deserialize(BorrowedStrDeserializer::new(name))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'text>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, serde_json::Error> {
        seed.deserialize(&mut serde_json::Deserializer::from_str(self.value))
    }
}

/// Whether the type comes first.
enum FirstKey {
    Type,
    Other(String),
}

impl From<&str> for FirstKey {
    fn from(name: &str) -> Self {
        if name == "type" {
            Self::Type
        } else {
            Self::Other(name.to_owned())
        }
    }
}

/// Makes an enum from what its variants hold.
macro_rules! from_variants {
    ($name:ident: $($variant:ident($held:ty)),+ $(,)?) => {
        $(
            impl From<$held> for $name {
                fn from(held: $held) -> Self {
                    Self::$variant(held)
                }
            }
        )+
    };
}
pub(crate) use from_variants;
