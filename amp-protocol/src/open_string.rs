//! The newtype for strings whose set of values belongs to Amp.
//!
//! Each one names the values seen so far and keeps every other value as it came. The constants
//! work in patterns, since equality is derived all the way down.

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
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name($crate::open_string::Spelling);

        impl $name {
            $(
                $(#[$value_meta])*
                pub const $constant: Self = Self($crate::open_string::Spelling::Known($value));
            )*

            /// Every value this crate has a constant for.
            pub const KNOWN: &'static [&'static str] = &[$($value),*];

            /// Returns the value as it is spelled on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// Tells whether this crate has a constant for the value.
            #[must_use]
            pub fn is_known(&self) -> bool {
                matches!(self.0, $crate::open_string::Spelling::Known(_))
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
                Self::known(value).unwrap_or_else(|| Self($crate::open_string::Spelling::Other(value.into())))
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self::known(&value).unwrap_or_else(|| Self($crate::open_string::Spelling::Other(value.into())))
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<::std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> ::std::cmp::Ordering {
                self.as_str().cmp(other.as_str())
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

/// The text of an open string.
///
/// Every value with a constant is `Known`, wherever it comes from; equality relies on it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Spelling {
    Known(&'static str),
    Other(Box<str>),
}

impl Spelling {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Known(text) => text,
            Self::Other(text) => text,
        }
    }
}

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

/// A value that is made from a string.
pub(crate) struct FromText<T>(pub(crate) T);

impl<'de, T: for<'text> From<&'text str>> de::Deserialize<'de> for FromText<T> {
    #[inline]
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_str(StringVisitor::new())
            .map(FromText)
    }
}
