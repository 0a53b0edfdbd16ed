//! SIGINT, SIGTERM and SIGHUP.

use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use super::Signal;

/// Holds the installed handlers.
pub(crate) struct Handlers {
    interrupt: Stream,
    terminate: Stream,
    hang_up: Stream,
}

impl Handlers {
    pub(super) fn install() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.hang_up.recv() => Signal::HangUp,
        }
    }
}
