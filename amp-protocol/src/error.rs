//! What can be wrong with data that we make, as opposed to data that we read.

/// Says why a value cannot be sent to the CLI.
///
/// Reading never fails this way: a bad line is a [`Malformed`](crate::Malformed) value.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// What kind of value is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A request id is empty or too long.
    InvalidRequestId,
}

impl Error {
    /// Returns what kind of value is at fault.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(crate) fn request_id(characters: usize) -> Self {
        let message = format!("a request id of {characters} characters, expected 1 to 256");
        Self {
            kind: ErrorKind::InvalidRequestId,
            message,
        }
    }
}
