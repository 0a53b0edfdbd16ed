//! Waits for a child's exit without reaping it, through SIGCHLD.

use std::io;
use std::task::{Context, Poll, ready};

use rustix::process::Pid;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::ExitStatus;

/// Watches one child of ours.
#[derive(Debug)]
pub(crate) struct LeaderWatch {
    /// Listened to when it is waited for first.
    children: Option<Signal>,
}

impl LeaderWatch {
    /// Watches a child, which must not have been reaped.
    pub(crate) fn new(_: Pid) -> Self {
        Self { children: None }
    }

    /// Waits until `status` has an answer; it is asked whenever a child has changed.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        status: impl Fn() -> io::Result<Option<ExitStatus>>,
    ) -> Poll<io::Result<ExitStatus>> {
        let children = match &mut self.children {
            Some(children) => children,
            None => self.children.insert(signal(SignalKind::child())?),
        };
        loop {
            if let Some(status) = status()? {
                return Poll::Ready(Ok(status));
            }
            if ready!(children.poll_recv(context)).is_none() {
                return Poll::Ready(Err(io::Error::other("the runtime hears no signals")));
            }
        }
    }
}
