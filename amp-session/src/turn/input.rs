//! Messages into a running turn.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use amp_protocol::UserInput;
use futures::Sink;

use super::outbox::Outbox;
use crate::dialect::Dialect;
use crate::error::Error;
use crate::invocation::check_message;
use crate::ledger::Lines;
use crate::secrets::Cut;
use crate::version::AmpVersion;

/// Sends messages to a running turn; dropping it closes the input.
///
/// The CLI writes its result only after the input was closed.
///
/// # Nobody has to wait
///
/// An agent whose lines nobody reads stops reading as well, so a sender that waited for it might
/// wait for ever. Here none does: what the agent does not read at once is kept, and written while
/// the turn is polled, before as after this was dropped. So all messages can be sent before the
/// first line is read. 16 MiB may wait; then a message is [refused](Error::InputFull) until some of
/// it was read.
///
/// As a [`Sink`] it is always ready, and flushed as soon as it has a message.
#[derive(Debug)]
pub struct TurnInput {
    /// What reads the messages.
    build: (AmpVersion, Dialect),
    outbox: Arc<Outbox>,
    record: Option<Lines>,
}

impl TurnInput {
    pub(super) fn new(
        build: (AmpVersion, Dialect),
        outbox: Arc<Outbox>,
        record: Option<Lines>,
    ) -> Self {
        Self {
            build,
            outbox,
            record,
        }
    }

    /// Sends one message; it does not wait for the agent to read it.
    ///
    /// The message is in the record before it is sent, unless the disk is slow.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedOption`] when it has an image or is to steer and this Amp does not take
    /// such messages, [`Error::InputClosed`] when the agent does not read any more or is being
    /// stopped, [`Error::InputFull`] when too much waits for it already; the message is in no record
    /// then.
    pub fn send(&mut self, message: &UserInput) -> Result<(), Error> {
        let (version, dialect) = &self.build;
        check_message(message, version, dialect)?;
        self.outbox.check()?;
        let line = message.to_line();
        if let Some(record) = &mut self.record {
            record.append(line.trim_end().as_bytes(), Cut::Nowhere);
        }
        self.outbox.push(line.as_bytes())
    }

    /// Closes the input: the agent answers what it has and ends.
    pub fn close(self) {}
}

impl Drop for TurnInput {
    fn drop(&mut self) {
        self.outbox.close();
    }
}

impl Sink<UserInput> for TurnInput {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, message: UserInput) -> Result<(), Error> {
        self.get_mut().send(&message)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.outbox.close();
        Poll::Ready(Ok(()))
    }
}
