//! Waits for a child's exit without reaping it, through a pidfd.

use std::io;
use std::task::{Context, Poll};

use rustix::process::{Pid, PidfdFlags};

use super::readiness::Readiness;
use crate::exit::ExitStatus;

/// Watches one child of ours.
#[derive(Debug)]
pub(crate) struct LeaderWatch {
    pid: Pid,
    /// Made when it is waited for first.
    pidfd: Option<Readiness>,
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
        status: impl FnMut() -> io::Result<Option<ExitStatus>>,
    ) -> Poll<io::Result<ExitStatus>> {
        let pidfd = match &mut self.pidfd {
            Some(pidfd) => pidfd,
            None => {
                let pidfd = rustix::process::pidfd_open(self.pid, PidfdFlags::NONBLOCK)?;
                self.pidfd.insert(Readiness::new(pidfd))
            }
        };
        pidfd.poll(context, status)
    }
}
