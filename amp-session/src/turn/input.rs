//! Messages into a running turn.

use amp_process::StdinWriter;
use amp_protocol::UserInput;

use crate::error::Error;

/// Sends messages to a running turn; dropping it closes the input.
///
/// The CLI writes its result only after the input was closed.
#[derive(Debug)]
pub struct TurnInput {
    writer: StdinWriter,
}

impl TurnInput {
    pub(super) fn new(writer: StdinWriter) -> Self {
        Self { writer }
    }

    /// Sends one message, waiting while the agent does not read.
    ///
    /// The turn has to be polled meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::InputClosed`] when the agent does not read any more or is being stopped.
    pub async fn send(&mut self, message: &UserInput) -> Result<(), Error> {
        let line = message.to_line();
        self.writer
            .send(line.as_bytes())
            .await
            .map_err(Error::InputClosed)
    }

    /// Closes the input: the agent answers what it has and ends.
    pub fn close(self) {
        self.writer.close();
    }
}
