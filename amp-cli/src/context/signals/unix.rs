//! SIGINT, SIGTERM and SIGHUP, and SIGTSTP, which Ctrl-Z sends.

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

/// Receives SIGTSTP, unless this process was started with it ignored.
pub(super) struct Suspensions(Option<Stream>);

impl Suspensions {
    /// Starts listening; where that is not possible, Ctrl-Z keeps its usual effect.
    pub(super) fn listen() -> Self {
        let number = rustix::process::Signal::TSTP.as_raw();
        let is_possible = amp_session::process::can_be_suspended();
        Self(match is_possible {
            true => signal(SignalKind::from_raw(number)).ok(),
            false => None,
        })
    }

    pub(super) async fn next(&mut self) {
        match &mut self.0 {
            Some(stream) => drop(stream.recv().await),
            None => std::future::pending().await,
        }
    }
}

/// Suspends this process; one that cannot be suspended goes on.
pub(super) fn suspend() {
    let _ = amp_session::process::suspend_host();
}
