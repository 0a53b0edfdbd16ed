//! How long something may take.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// Represents a limit such as `90s`, `1h 30m` or `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// It may take for ever.
    Never,
    /// It may take this long.
    After(Duration),
}

impl Limit {
    /// Returns the duration, if there is a limit.
    pub(crate) fn duration(self) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::After(duration) => Some(duration),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => formatter.write_str("none"),
            Self::After(duration) => humantime::format_duration(*duration).fmt(formatter),
        }
    }
}

impl From<Option<Duration>> for Limit {
    fn from(limit: Option<Duration>) -> Self {
        limit.map_or(Self::Never, Self::After)
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match humantime::parse_duration(text) {
            _ if text == "none" => Ok(Self::Never),
            Ok(duration) if duration.is_zero() => Err("no time at all".to_owned()),
            Ok(duration) => Ok(Self::After(duration)),
            Err(error) => Err(format!("{error}; write it like `90s`, `1h 30m` or `none`")),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
