//! Requests to stop, from the operating system or from a test.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

use tokio::sync::mpsc;

/// Represents a request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// A polite request from another program.
    Terminate,
    /// The terminal went away.
    HangUp,
}

impl Signal {
    /// Returns the name a user would search for.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "Ctrl-C",
            Self::Terminate => "SIGTERM",
            Self::HangUp => "SIGHUP",
        }
    }
}

/// Represents the place signals come from.
#[derive(Debug)]
pub struct Signals(Source);

#[derive(Debug)]
enum Source {
    Ignored,
    Process,
    Channel(mpsc::UnboundedReceiver<Signal>),
}

impl Signals {
    /// Creates a source that never delivers a signal.
    #[must_use]
    pub fn ignored() -> Self {
        Self(Source::Ignored)
    }

    /// Creates a source and a sender that delivers signals to it.
    #[must_use]
    pub fn scripted() -> (mpsc::UnboundedSender<Signal>, Self) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (sender, Self(Source::Channel(receiver)))
    }

    pub(super) fn of_process() -> Self {
        Self(Source::Process)
    }

    /// Starts listening; until then a signal has its usual effect on the process.
    ///
    /// # Errors
    /// Fails when the operating system refuses a handler.
    pub(crate) fn listen(&mut self) -> std::io::Result<Listener<'_>> {
        Ok(match &mut self.0 {
            Source::Ignored => Listener::Ignored,
            Source::Process => Listener::Process(platform::Handlers::install()?),
            Source::Channel(receiver) => Listener::Channel(receiver),
        })
    }
}

/// Receives signals while a command runs.
pub(crate) enum Listener<'a> {
    Ignored,
    Process(platform::Handlers),
    Channel(&'a mut mpsc::UnboundedReceiver<Signal>),
}

impl Listener<'_> {
    /// Waits for the next signal, for ever if none comes.
    pub(crate) async fn next(&mut self) -> Signal {
        match self {
            Self::Ignored => std::future::pending().await,
            Self::Process(handlers) => handlers.next().await,
            Self::Channel(receiver) => match receiver.recv().await {
                Some(signal) => signal,
                None => std::future::pending().await,
            },
        }
    }
}
