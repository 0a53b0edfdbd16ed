//! Waits for a descriptor of our own to become readable.

use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll, ready};

use tokio::io::unix::AsyncFd;

/// A descriptor, registered with the runtime that waits for it first.
///
/// Until then, and for everything but waiting, no runtime is needed.
#[derive(Debug)]
pub(crate) enum Readiness {
    /// Not waited for yet.
    Idle(OwnedFd),
    /// Registered.
    Waiting(AsyncFd<OwnedFd>),
    /// The runtime refused it.
    Failed,
}

impl Readiness {
    pub(crate) fn new(descriptor: OwnedFd) -> Self {
        Self::Idle(descriptor)
    }

    /// Waits until `attempt` has an answer; it is asked whenever there may be something to read.
    pub(crate) fn poll<R>(
        &mut self,
        context: &mut Context<'_>,
        mut attempt: impl FnMut() -> io::Result<Option<R>>,
    ) -> Poll<io::Result<R>> {
        let registered = self.register()?;
        loop {
            let mut ready = ready!(registered.poll_read_ready(context))?;
            if let Some(answer) = attempt()? {
                return Poll::Ready(Ok(answer));
            }
            ready.clear_ready();
        }
    }

    #[expect(
        unsafe_code,
        reason = "the one way to wait for a descriptor of our own"
    )]
    fn register(&mut self) -> io::Result<&AsyncFd<OwnedFd>> {
        if let Self::Idle(_) = self
            && let Self::Idle(descriptor) = std::mem::replace(self, Self::Failed)
        {
            // SAFETY: an `OwnedFd` stays open, and stays the same descriptor, while it lives.
            *self = Self::Waiting(unsafe { AsyncFd::register(descriptor) }?);
        }
        match self {
            Self::Waiting(registered) => Ok(registered),
            _ => Err(io::Error::other("the runtime does not take the descriptor")),
        }
    }
}
