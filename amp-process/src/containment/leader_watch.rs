//! Waits for a child's exit without reaping it, through a pidfd.

use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll, ready};

use rustix::process::{Pid, PidfdFlags};
use tokio::io::unix::AsyncFd;

use crate::ExitStatus;

/// Watches one child of ours.
#[derive(Debug)]
pub(crate) struct LeaderWatch {
    pid: Pid,
    /// Registered with the runtime that waits first.
    pidfd: Option<AsyncFd<OwnedFd>>,
}

impl LeaderWatch {
    /// Watches the child `pid`, which must not have been reaped.
    pub(crate) fn new(pid: Pid) -> Self {
        Self { pid, pidfd: None }
    }

    /// Waits until `status` has an answer; it is asked whenever the child may have exited.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        status: impl Fn() -> io::Result<Option<ExitStatus>>,
    ) -> Poll<io::Result<ExitStatus>> {
        let pidfd = match &mut self.pidfd {
            Some(pidfd) => pidfd,
            None => {
                let pidfd = rustix::process::pidfd_open(self.pid, PidfdFlags::NONBLOCK)?;
                self.pidfd.insert(register(pidfd)?)
            }
        };
        loop {
            let mut ready = ready!(pidfd.poll_read_ready(context))?;
            if let Some(status) = status()? {
                return Poll::Ready(Ok(status));
            }
            ready.clear_ready();
        }
    }
}

#[expect(
    unsafe_code,
    reason = "the one way to wait for a descriptor of our own"
)]
fn register(pidfd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` stays open, and stays the same descriptor, for as long as it lives.
    Ok(unsafe { AsyncFd::register(pidfd) }?)
}
