//! Who hears that a run is done, has failed, or asks something.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// Who hears that a run is done, has failed, or asks something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notifier {
    /// Nobody, where a configuration file names somebody.
    None,
    /// The terminal rings.
    Bell,
    /// The terminal shows a notification of the desktop, in the words of iTerm2.
    Osc9,
    /// The terminal shows a notification of the desktop, in the words of rxvt.
    Osc777,
    /// A program is run.
    Program(PathBuf),
}

impl FromStr for Notifier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "bell" => Ok(Self::Bell),
            "osc9" => Ok(Self::Osc9),
            "osc777" => Ok(Self::Osc777),
            // A run may be in any folder, and so would a program be that is named from there.
            program if program.starts_with("~/") || Path::new(program).is_absolute() => {
                Ok(Self::Program(PathBuf::from(program)))
            }
            _ => Err(
                "it is `bell`, `osc9`, `osc777`, `none` or the whole path of a program, \
                      which may begin with ~/"
                    .to_owned(),
            ),
        }
    }
}

impl fmt::Display for Notifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("none"),
            Self::Bell => formatter.write_str("bell"),
            Self::Osc9 => formatter.write_str("osc9"),
            Self::Osc777 => formatter.write_str("osc777"),
            Self::Program(program) => program.display().fmt(formatter),
        }
    }
}

impl<'de> Deserialize<'de> for Notifier {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
