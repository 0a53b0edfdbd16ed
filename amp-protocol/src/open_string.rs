//! The newtype for strings whose set of values belongs to Amp.
//!
//! Each one names the values seen so far and keeps every other value as it came.

/// Declares an open string: a newtype with one constant per known value.
///
/// A known value costs no allocation when it is decoded.
macro_rules! open_string {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$value_meta:meta])* $constant:ident = $value:literal ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(::std::borrow::Cow<'static, str>);

        impl $name {
            $(
                $(#[$value_meta])*
                pub const $constant: Self = Self(::std::borrow::Cow::Borrowed($value));
            )*

            /// Every value this crate has a constant for.
            pub const KNOWN: &'static [&'static str] = &[$($value),*];

            /// Returns the value as it is spelled on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Tells whether this crate has a constant for the value.
            #[must_use]
            pub fn is_known(&self) -> bool {
                Self::KNOWN.contains(&self.as_str())
            }

            fn known(value: &str) -> Option<Self> {
                match value {
                    $( $value => Some(Self::$constant), )*
                    _ => None,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self::known(value).unwrap_or_else(|| Self(value.to_owned().into()))
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self::known(&value).unwrap_or_else(|| Self(value.into()))
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(self.as_str(), formatter)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::open_string::StringVisitor::new())
            }
        }
    };
}
pub(crate) use open_string;

use std::fmt;
use std::marker::PhantomData;

use serde::de;

/// Builds an open string from whichever form of string the deserializer has at hand.
pub(crate) struct StringVisitor<T>(PhantomData<T>);

impl<T> StringVisitor<T> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> de::Visitor<'_> for StringVisitor<T>
where
    T: for<'text> From<&'text str>,
{
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<T, E> {
        Ok(T::from(value))
    }
}
