//! Containment by a Windows job object: the kernel keeps the tree together, and nobody leaves it.

use std::io;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use process_wrap::tokio::ChildWrapper;

use super::kind::{ContainmentKind, ContainmentStatus};
use super::tree::{StartFailure, Sweep, Tree};
use crate::exit::ExitStatus;
use crate::signal::Signal;
use crate::spec::ProcessSpec;

/// A program in a job object.
#[derive(Debug)]
pub(crate) struct JobTree {
    /// Never locked; what is behind a lock may be shared between threads.
    child: Mutex<Box<dyn ChildWrapper>>,
}

impl JobTree {
    /// Takes over a child that was started suspended, put into its job, and resumed.
    pub(crate) fn new(child: Box<dyn ChildWrapper>) -> Self {
        Self {
            child: Mutex::new(child),
        }
    }

    fn child(&mut self) -> &mut dyn ChildWrapper {
        let child = self.child.get_mut();
        child.unwrap_or_else(PoisonError::into_inner).as_mut()
    }
}

impl Tree for JobTree {
    fn kind(&self) -> ContainmentKind {
        ContainmentKind::Job
    }

    fn poll_started(&mut self, _: &mut Context<'_>) -> Poll<Result<u32, StartFailure>> {
        Poll::Ready(Ok(self.child().id().unwrap_or(0)))
    }

    fn poll_leader(&mut self, context: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        // The inner child is the program itself; the outer one would wait for the whole job.
        let wait = pin!(self.child().inner_mut().wait());
        wait.poll(context).map_ok(exit_status)
    }

    fn signal(&mut self, _: Signal) -> io::Result<()> {
        // There are none: the end of input is the only polite way on Windows.
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sweep(&mut self) -> Sweep {
        // Ends everybody in the job, or finds it empty. Nobody can have left it, and whoever were
        // born meanwhile would end when its handle is closed.
        let is_ended = self.child().start_kill().is_ok();
        let status = self.child().try_wait().ok().flatten().map(exit_status);
        let is_empty = is_ended && status.is_some();
        Sweep {
            empty: is_empty,
            proven: is_empty,
            alive: Vec::new(),
            status,
        }
    }
}

fn exit_status(status: std::process::ExitStatus) -> ExitStatus {
    status.code().map_or(ExitStatus::Unknown, ExitStatus::Code)
}

impl ProcessSpec {
    /// Finds out which containments this program could have, strongest first, and why not others.
    #[expect(clippy::unused_async, reason = "other platforms wait here")]
    pub async fn probe_containment(&self) -> Vec<ContainmentStatus> {
        vec![ContainmentStatus {
            kind: ContainmentKind::Job,
            unavailable: None,
        }]
    }
}
