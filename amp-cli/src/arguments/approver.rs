//! Who decides about tool calls.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// Who decides about tool calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Approver {
    /// Nobody is asked; Amp's own rules decide.
    #[default]
    None,
    /// The person at the terminal.
    Ask,
    /// Refuse all but those that a rule allows.
    Deny,
    /// Allow what only reads files of this machine, refuse the rest.
    ReadOnly,
    /// A program answers each question.
    Program(PathBuf),
}

impl FromStr for Approver {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "ask" => Ok(Self::Ask),
            "deny" => Ok(Self::Deny),
            "read-only" => Ok(Self::ReadOnly),
            // A mistyped word is no program.
            program if program.contains(['/', std::path::MAIN_SEPARATOR]) => {
                Ok(Self::Program(PathBuf::from(program)))
            }
            _ => Err(
                "it is `ask`, `deny`, `read-only`, `none` or the path of a program, \
                      such as ./approve"
                    .to_owned(),
            ),
        }
    }
}

impl fmt::Display for Approver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("none"),
            Self::Ask => formatter.write_str("ask"),
            Self::Deny => formatter.write_str("deny"),
            Self::ReadOnly => formatter.write_str("read-only"),
            Self::Program(program) => program.display().fmt(formatter),
        }
    }
}

impl<'de> Deserialize<'de> for Approver {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
