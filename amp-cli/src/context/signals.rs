//! Requests to stop, from the operating system.

mod requests;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

use std::time::{Duration, Instant};

pub(crate) use self::requests::Requests;

/// Represents a request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// Another program asks this one to end.
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
pub(crate) struct Signals(Source);

#[derive(Debug)]
enum Source {
    Ignored,
    Process(Requests),
}

impl Signals {
    /// Creates a source that never delivers a signal.
    pub(super) fn ignored() -> Self {
        Self(Source::Ignored)
    }

    pub(super) fn of_process(requests: Requests) -> Self {
        Self(Source::Process(requests))
    }

    /// Lets writes to a reader that has stalled fail once this much time is over.
    pub(crate) fn limit_writes(&self, limit: Option<Duration>) -> TimeLimit {
        let Source::Process(requests) = &self.0 else {
            return TimeLimit(None);
        };
        if let Some(deadline) = limit.and_then(|limit| Instant::now().checked_add(limit)) {
            requests.set_deadline(deadline);
        }
        TimeLimit(Some(requests.clone()))
    }

    /// Starts listening; until then a signal has its usual effect on the process, and from then on
    /// none that nobody waits for.
    ///
    /// # Errors
    /// Fails when the operating system refuses a handler.
    pub(crate) fn listen(&self) -> std::io::Result<Listener> {
        Ok(match &self.0 {
            Source::Ignored => Listener::Ignored,
            Source::Process(requests) => {
                let handlers = platform::Handlers::install()?;
                requests.watch()?;
                Listener::Process(handlers, requests.clone())
            }
        })
    }
}

/// Limits how long a reader is waited for; lifted when dropped in time.
#[must_use]
pub(crate) struct TimeLimit(Option<Requests>);

impl Drop for TimeLimit {
    fn drop(&mut self) {
        if let Some(requests) = &self.0 {
            requests.lift_deadline();
        }
    }
}

/// Receives signals while a command runs.
pub(crate) enum Listener {
    Ignored,
    Process(platform::Handlers, Requests),
}

/// What the user asks for.
pub(crate) enum UserRequest {
    /// The end.
    Stop(Signal),
    /// A suspension, until this process is continued; [`Listener::suspend`] grants it.
    Suspension,
}

impl Listener {
    /// Waits for the next signal, for ever if none comes; suspends this process meanwhile if wanted.
    pub(crate) async fn next(&mut self) -> Signal {
        loop {
            match self.next_request().await {
                UserRequest::Stop(signal) => return signal,
                UserRequest::Suspension => self.suspend(),
            }
        }
    }

    /// Waits for the next signal or suspension, for a caller who has something to suspend first.
    pub(crate) async fn next_request(&mut self) -> UserRequest {
        match self {
            Self::Ignored => std::future::pending().await,
            Self::Process(handlers, requests) => tokio::select! {
                signal = handlers.next() => UserRequest::Stop(signal),
                () = requests.suspension() => UserRequest::Suspension,
            },
        }
    }

    /// Suspends this process, until it is continued.
    pub(crate) fn suspend(&self) {
        if let Self::Process(_, requests) = self {
            requests.suspend();
        }
    }
}
