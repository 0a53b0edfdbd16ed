//! The reader as serde sees it.

use ::serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use ::serde::forward_to_deserialize_any;

use super::{GaveUp, Reader, Text};
use crate::count::COUNT;
use crate::raw_json::KnownText;

impl<'de> de::Deserializer<'de> for &mut Reader<'de> {
    type Error = GaveUp;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, GaveUp> {
        match self.next_token() {
            Some(b'"') => self.deserialize_str(visitor),
            Some(b'[') => self.deserialize_seq(visitor),
            Some(b'{') => self.deserialize_map(visitor),
            _ => Err(GaveUp),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, GaveUp> {
        match self.string()? {
            Text::Plain(text) => visitor.visit_borrowed_str(text),
            Text::Unescaped => visitor.visit_str(self.unescaped.text()?),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, GaveUp> {
        match self.string()? {
            Text::Plain(text) => visitor.visit_borrowed_str(text),
            Text::Unescaped => match self.unescaped.take_if_long() {
                Some(text) => visitor.visit_string(text?),
                None => visitor.visit_str(self.unescaped.text()?),
            },
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, GaveUp> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, GaveUp> {
        let value = self.next_token() == Some(b't');
        self.take_word(if value { "true" } else { "false" })?;
        visitor.visit_bool(value)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, GaveUp> {
        if self.next_token() == Some(b'n') {
            self.take_word("null")?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, GaveUp> {
        if self.next_token() != Some(b'[') {
            return Err(GaveUp);
        }
        self.enter()?;
        visitor.visit_seq(Items {
            reader: self,
            started: false,
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, GaveUp> {
        if self.next_token() != Some(b'{') {
            return Err(GaveUp);
        }
        self.enter()?;
        visitor.visit_map(Items {
            reader: self,
            started: false,
        })
    }

    /// The only newtypes that are ever asked for are a count and what stands for a value's text.
    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, GaveUp> {
        if name == COUNT {
            return match self.short_integer() {
                Some(value) => visitor.visit_u64(value),
                None => visitor.visit_newtype_struct(self),
            };
        }
        KnownText(self.raw_value()?)
            .deserialize_any(visitor)
            .map_err(de::Error::custom)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        tuple tuple_struct struct enum ignored_any
    }
}

/// What is left of an array or an object.
struct Items<'reader, 'de> {
    reader: &'reader mut Reader<'de>,
    started: bool,
}

impl Items<'_, '_> {
    /// Tells whether there is another item, and reads past the comma before it or past the end.
    fn advance(&mut self, end: u8) -> Result<bool, GaveUp> {
        if self.reader.next_token() == Some(end) {
            self.reader.leave(end)?;
            return Ok(false);
        }
        if self.started {
            self.reader.take(b',')?;
        }
        self.started = true;
        Ok(true)
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = GaveUp;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, GaveUp> {
        if self.advance(b']')? {
            seed.deserialize(&mut *self.reader).map(Some)
        } else {
            Ok(None)
        }
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = GaveUp;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, GaveUp> {
        if self.advance(b'}')? {
            seed.deserialize(&mut *self.reader).map(Some)
        } else {
            Ok(None)
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, GaveUp> {
        self.reader.take(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}
