//! Messages into a running turn.

use amp_process::StdinWriter;
use amp_protocol::UserInput;

use crate::error::Error;
use crate::ledger::Lines;
use crate::secrets::Cut;

/// Sends messages to a running turn; dropping it closes the input.
///
/// The CLI writes its result only after the input was closed.
#[derive(Debug)]
pub struct TurnInput {
    writer: StdinWriter,
    record: Option<Lines>,
}

impl TurnInput {
    pub(super) fn new(writer: StdinWriter, record: Option<Lines>) -> Self {
        Self { writer, record }
    }

    /// Sends one message, waiting while the agent does not read.
    ///
    /// The turn has to be polled meanwhile. The message is in the record before it is sent.
    ///
    /// # Errors
    ///
    /// [`Error::InputClosed`] when the agent does not read any more or is being stopped.
    pub async fn send(&mut self, message: &UserInput) -> Result<(), Error> {
        let line = message.to_line();
        if let Some(record) = &mut self.record {
            record.append(line.trim_end().as_bytes(), Cut::Nowhere);
        }
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
