//! The owner of a process tree, which never leaves one alive.

use std::task::{Context, Poll, ready};

use super::kind::ContainmentKind;
use super::tree::{StartFailure, Sweep, Tree};
use crate::reaper;
#[cfg(target_os = "linux")]
use crate::sandbox::linux::confined::Confined;
use crate::sandbox::status::SandboxStatus;

/// Owns a tree and never lets go of one that is not empty.
#[derive(Debug)]
pub(crate) struct TreeGuard {
    kind: ContainmentKind,
    leader: u32,
    tree: Option<Box<dyn Tree>>,
    #[cfg(target_os = "linux")]
    confined: Option<Confined>,
}

impl TreeGuard {
    pub(crate) fn new(tree: impl Tree + 'static) -> Self {
        Self {
            kind: tree.kind(),
            leader: 0,
            tree: Some(Box::new(tree)),
            #[cfg(target_os = "linux")]
            confined: None,
        }
    }

    /// Waits until the program runs.
    pub(crate) fn poll_started(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), StartFailure>> {
        let Some(tree) = &mut self.tree else {
            let reason = "it was swept away".to_owned();
            return Poll::Ready(Err(StartFailure::Containment(reason)));
        };
        let leader = ready!(tree.poll_started(context))?;
        self.leader = leader;
        Poll::Ready(Ok(()))
    }

    /// Takes over what the program needs from its host for being in a sandbox.
    #[cfg(target_os = "linux")]
    pub(crate) fn confine(&mut self, confined: Confined) {
        self.confined = Some(confined);
    }

    /// Returns what protects the program, if it runs in a sandbox.
    pub(crate) fn sandbox(&self) -> Option<&SandboxStatus> {
        #[cfg(target_os = "linux")]
        return self.confined.as_ref().map(Confined::status);
        #[cfg(not(target_os = "linux"))]
        None
    }

    /// Returns the containment in use.
    pub(crate) fn kind(&self) -> ContainmentKind {
        self.kind
    }

    /// Returns the program's process id.
    pub(crate) fn leader(&self) -> u32 {
        self.leader
    }

    /// Returns the tree, unless it was found empty.
    pub(crate) fn get(&mut self) -> Option<&mut dyn Tree> {
        match &mut self.tree {
            Some(tree) => Some(tree.as_mut()),
            None => None,
        }
    }

    /// Sweeps once; an empty tree is let go.
    pub(crate) fn sweep(&mut self) -> Sweep {
        let Some(tree) = &mut self.tree else {
            return Sweep {
                empty: true,
                ..Sweep::default()
            };
        };
        let sweep = tree.sweep();
        if sweep.empty {
            self.tree = None;
        }
        sweep
    }
}

impl Drop for TreeGuard {
    fn drop(&mut self) {
        // The first sweep happens here, because the host may be about to exit.
        if !self.sweep().empty
            && let Some(tree) = self.tree.take()
        {
            reaper::reap(tree);
        }
    }
}
