//! One line of a turn: its bytes as they came, and what they mean.

use amp_process::{Completeness, Line};
use amp_protocol::{Decoded, Event, decode_line};

/// A line of the agent's standard output.
///
/// Of a running turn its bytes share the memory that they were read into with its neighbours, as those
/// of a [`Line`] do. Where few of many lines are kept, keep what [`into_parts`](Self::into_parts) returns.
#[derive(Debug, Clone)]
pub struct TurnLine {
    source: Source,
    decoded: Decoded,
}

/// Where a line is from.
#[derive(Debug, Clone)]
enum Source {
    Process(Line),
    Record {
        number: u64,
        bytes: Vec<u8>,
        completeness: Completeness,
    },
}

impl TurnLine {
    /// Decodes a line of a process.
    pub(crate) fn of_process(line: Line) -> Self {
        Self {
            decoded: decode_line(line.bytes()),
            source: Source::Process(line),
        }
    }

    /// Decodes a line of a record.
    pub(crate) fn of_record(number: u64, bytes: Vec<u8>, completeness: Completeness) -> Self {
        Self {
            decoded: decode_line(&bytes),
            source: Source::Record {
                number,
                bytes,
                completeness,
            },
        }
    }

    /// Returns the line's number within the turn, from 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        match &self.source {
            Source::Process(line) => line.number(),
            Source::Record { number, .. } => *number,
        }
    }

    /// Returns the bytes as they came, without the line feed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.source {
            Source::Process(line) => line.bytes(),
            Source::Record { bytes, .. } => bytes,
        }
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
        match &self.source {
            Source::Process(line) => line.completeness(),
            Source::Record { completeness, .. } => *completeness,
        }
    }

    /// Returns the bytes, which share no memory, and what they mean.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, Decoded) {
        let bytes = match self.source {
            Source::Process(line) => line.to_vec(),
            Source::Record { bytes, .. } => bytes,
        };
        (bytes, self.decoded)
    }
}

/// Two lines are equal when they say the same, wherever they are from.
impl PartialEq for TurnLine {
    fn eq(&self, other: &Self) -> bool {
        let said = |line: &Self| (line.number(), line.completeness());
        said(self) == said(other) && self.bytes() == other.bytes() && self.decoded == other.decoded
    }
}
