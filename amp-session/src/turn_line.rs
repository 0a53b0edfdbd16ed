//! One line of a turn: its bytes as they came, and what they mean.

use amp_process::Completeness;
use amp_protocol::{Decoded, Event};

/// A line of the agent's standard output.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnLine {
    number: u64,
    bytes: Vec<u8>,
    decoded: Decoded,
    completeness: Completeness,
}

impl TurnLine {
    pub(crate) fn new(
        number: u64,
        bytes: Vec<u8>,
        decoded: Decoded,
        completeness: Completeness,
    ) -> Self {
        Self {
            number,
            bytes,
            decoded,
            completeness,
        }
    }

    /// Returns the line's number within the turn, from 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns the bytes as they came, without the line feed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns what the line means.
    #[must_use]
    pub fn decoded(&self) -> &Decoded {
        &self.decoded
    }

    /// Returns the event, unless the line is unrecognised or malformed.
    #[must_use]
    pub fn event(&self) -> Option<&Event> {
        self.decoded.event()
    }

    /// Returns whether this is the whole line.
    #[must_use]
    pub fn completeness(&self) -> Completeness {
        self.completeness
    }

    /// Returns the bytes and what they mean.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, Decoded) {
        (self.bytes, self.decoded)
    }
}
