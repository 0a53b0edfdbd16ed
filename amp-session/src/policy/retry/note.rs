//! How a turn goes on after one that failed, and why, as the record keeps it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a turn goes on after one that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum How {
    /// In the same thread, which holds the prompt, with the text `continue`.
    Continue,
    /// In the same thread, which does not hold the prompt, with the prompt.
    SamePrompt,
    /// In a new thread, with the prompt: nothing was done in the old one, and it is gone.
    NewThread,
}

/// Why a turn follows another that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RetryNote {
    /// Which attempt it is, from 2.
    pub attempt: u32,
    /// How it goes on.
    pub how: How,
    /// Why, in words: what the attempt before met.
    pub why: String,
    /// How long was waited before it, in milliseconds.
    pub waited: u64,
}

impl fmt::Display for How {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Continue => "`continue` in the same thread",
            Self::SamePrompt => "the prompt, which is not in the thread",
            Self::NewThread => "the prompt in a new thread",
        })
    }
}
