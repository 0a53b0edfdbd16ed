//! Code generation for objects of the wire.
//!
//! `serde`'s derive cannot do what these objects need: `#[serde(flatten)]` buffers every value
//! and loses big numbers, an internally tagged enum costs twice the time and drops the error's
//! position, and a derived struct also accepts a JSON array. The macro writes the visitor by
//! hand instead: one pass, unknown fields kept, explicit nulls remembered.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, MapAccess};

/// Declares a wire object: its struct, how it is read and how it is written.
///
/// Each line is `"wire name" => field: kind Type`, in the order the CLI writes the fields.
/// `required` fields must be there, `optional` ones become an `Option`, and `default` ones fall
/// back to the type's default when they are absent or `null`. A `tagged "x"` object carries
/// `"type":"x"` as its first field.
macro_rules! wire_object {
    (
        $(#[$meta:meta])*
        pub struct $name:ident $(tagged $tag:literal)? {
            $(
                $(#[$field_meta:meta])*
                $wire:literal => $field:ident: $kind:ident $type:ty
            ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$field_meta])*
                pub $field: $crate::wire_object::wire_field!(@type $kind $type),
            )*
            /// Unknown fields, and how absent fields were spelled.
            pub extra: $crate::extra::Extra,
        }

        $(
            impl $name {
                /// The value of this object's `type` field.
                pub const TYPE: &'static str = $tag;
            }
        )?

        $crate::wire_object::wire_constructor! { $name () () $($field: $kind $type,)* }

        const _: () = {
            use ::serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
            use ::serde::ser::{Serialize, SerializeMap as _, Serializer};
            use $crate::wire_object::{FromMap, ObjectVisitor, Tag, wire_field};

            const TAG: Option<&str> = {
                let tags: &[&str] = &[$($tag)?];
                if tags.is_empty() { None } else { Some(tags[0]) }
            };

            // One bit each in `Extra`.
            const _: () = assert!([$($wire),*].len() <= u16::BITS as usize);

            #[expect(non_camel_case_types, reason = "variants are named after the fields")]
            enum Key {
                $($field,)*
                Tag,
                Unknown(String),
            }

            #[expect(non_camel_case_types, reason = "variants are named after the fields")]
            enum Position {
                $($field),*
            }

            impl Position {
                const fn bit(self) -> u16 {
                    1 << self as u16
                }
            }

            struct KeyVisitor;

            impl Visitor<'_> for KeyVisitor {
                type Value = Key;

                fn expecting(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    formatter.write_str("a field name")
                }

                #[inline(always)]
                fn visit_str<E: ::serde::de::Error>(self, key: &str) -> Result<Key, E> {
                    Ok(match key {
                        $($wire => Key::$field,)*
                        _ if TAG.is_some() && key == "type" => Key::Tag,
                        _ => Key::Unknown(key.to_owned()),
                    })
                }
            }

            impl<'de> Deserialize<'de> for Key {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_identifier(KeyVisitor)
                }
            }

            impl<'de> FromMap<'de> for $name {
                const NAME: &'static str = stringify!($name);

                #[inline]
                fn from_map<A: MapAccess<'de>>(mut map: A, tag_read: bool) -> Result<Self, A::Error> {
                    $(let mut $field = wire_field!(@start $kind $type);)*
                    let mut extra = $crate::extra::Extra::default();
                    let mut seen: u16 = 0;
                    let mut tag_read = tag_read;
                    while let Some(key) = map.next_key::<Key>()? {
                        match key {
                            $(Key::$field => {
                                if seen & Position::$field.bit() != 0 {
                                    return Err(A::Error::duplicate_field($wire));
                                }
                                seen |= Position::$field.bit();
                                wire_field!(@read $kind map $field extra Position::$field.bit());
                            })*
                            Key::Tag => {
                                if tag_read {
                                    return Err(A::Error::duplicate_field("type"));
                                }
                                map.next_value_seed(Tag(TAG.unwrap_or_default()))?;
                                tag_read = true;
                            }
                            Key::Unknown(name) => extra.push(name, map.next_value()?),
                        }
                    }
                    if TAG.is_some() && !tag_read {
                        return Err(A::Error::missing_field("type"));
                    }
                    $(wire_field!(@absent $kind seen extra Position::$field.bit());)*
                    $(wire_field!(@require $kind $field $wire);)*
                    Ok(Self { $($field,)* extra })
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_map(ObjectVisitor::<$name>::new())
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let mut map = serializer.serialize_map(None)?;
                    if let Some(tag) = TAG {
                        map.serialize_entry("type", tag)?;
                    }
                    $(wire_field!(@write $kind map self $field $wire Position::$field.bit());)*
                    self.extra.serialize_fields(&mut map)?;
                    map.end()
                }
            }
        };
    };
}
pub(crate) use wire_object;

/// Writes the constructor of a [`wire_object`]: `new` takes the required fields in their order,
/// and an object without any has a default.
macro_rules! wire_constructor {
    ($name:ident ($($required:ident: $type:ty,)*) ($($init:tt)*) $field:ident: required $field_type:ty, $($rest:tt)*) => {
        $crate::wire_object::wire_constructor! {
            $name ($($required: $type,)* $field: $field_type,) ($($init)*) $($rest)*
        }
    };
    ($name:ident $required:tt ($($init:tt)*) $field:ident: optional $field_type:ty, $($rest:tt)*) => {
        $crate::wire_object::wire_constructor! { $name $required ($($init)* $field: None,) $($rest)* }
    };
    ($name:ident $required:tt ($($init:tt)*) $field:ident: default $field_type:ty, $($rest:tt)*) => {
        $crate::wire_object::wire_constructor! {
            $name $required ($($init)* $field: <$field_type>::default(),) $($rest)*
        }
    };
    ($name:ident () ($($init:tt)*)) => {
        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($init)*
                    extra: $crate::extra::Extra::default(),
                }
            }
        }
    };
    ($name:ident ($($required:ident: $type:ty,)+) ($($init:tt)*)) => {
        impl $name {
            /// Makes one of the fields that are always there; the others are public, to be set.
            #[must_use]
            pub fn new($($required: impl Into<$type>),+) -> Self {
                Self {
                    $($required: $required.into(),)+
                    $($init)*
                    extra: $crate::extra::Extra::default(),
                }
            }
        }
    };
}
pub(crate) use wire_constructor;

/// The parts of [`wire_object`] that differ between kinds of field.
macro_rules! wire_field {
    (@type required $type:ty) => { $type };
    (@type optional $type:ty) => { Option<$type> };
    (@type default $type:ty) => { $type };

    (@start required $type:ty) => { None::<$type> };
    (@start optional $type:ty) => { None::<$type> };
    (@start default $type:ty) => { <$type>::default() };

    (@read required $map:ident $field:ident $extra:ident $bit:expr) => {
        $field = Some($map.next_value()?);
    };
    (@read optional $map:ident $field:ident $extra:ident $bit:expr) => {
        $field = $map.next_value()?;
        if $field.is_none() {
            $extra.nulls |= $bit;
        }
    };
    (@read default $map:ident $field:ident $extra:ident $bit:expr) => {
        match $map.next_value::<Option<_>>()? {
            Some(value) => $field = value,
            None => $extra.nulls |= $bit,
        }
    };

    (@absent required $seen:ident $extra:ident $bit:expr) => {};
    (@absent optional $seen:ident $extra:ident $bit:expr) => {};
    (@absent default $seen:ident $extra:ident $bit:expr) => {
        $extra.absent |= !$seen & $bit;
    };

    (@require required $field:ident $wire:literal) => {
        let Some($field) = $field else {
            return Err(A::Error::missing_field($wire));
        };
    };
    (@require optional $field:ident $wire:literal) => {};
    (@require default $field:ident $wire:literal) => {};

    (@write required $map:ident $self:ident $field:ident $wire:literal $bit:expr) => {
        $map.serialize_entry($wire, &$self.$field)?;
    };
    (@write optional $map:ident $self:ident $field:ident $wire:literal $bit:expr) => {
        if $self.$field.is_some() || $self.extra.nulls & $bit != 0 {
            $map.serialize_entry($wire, &$self.$field)?;
        }
    };
    (@write default $map:ident $self:ident $field:ident $wire:literal $bit:expr) => {
        let unwritten = ($self.extra.nulls | $self.extra.absent) & $bit != 0;
        if !unwritten || !$crate::wire_object::is_default(&$self.$field) {
            $map.serialize_entry($wire, &$self.$field)?;
        } else if $self.extra.nulls & $bit != 0 {
            $map.serialize_entry($wire, &())?;
        }
    };
}
pub(crate) use wire_field;

/// Tells whether a field has the value that stands for its absence.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// An object that is read from the entries of a JSON object.
pub(crate) trait FromMap<'de>: Sized {
    /// The type's name, for error messages.
    const NAME: &'static str;

    /// Reads the remaining entries; `tag_read` says that `type` was among those already taken.
    fn from_map<A: MapAccess<'de>>(map: A, tag_read: bool) -> Result<Self, A::Error>;
}

/// Accepts a JSON object, and nothing else, for a [`FromMap`] type.
pub(crate) struct ObjectVisitor<T>(PhantomData<T>);

impl<T> ObjectVisitor<T> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: FromMap<'de>> de::Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object ({})", T::NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::from_map(map, false)
    }
}

/// Accepts one string only.
pub(crate) struct Tag(pub(crate) &'static str);

impl<'de> de::DeserializeSeed<'de> for Tag {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl de::Visitor<'_> for Tag {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the string {:?}", self.0)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        if value == self.0 {
            Ok(())
        } else {
            Err(E::invalid_value(de::Unexpected::Str(value), &self))
        }
    }
}
