//! What keeps a process tree together, so that all of it can be ended.

#[cfg(unix)]
mod group;
#[cfg(unix)]
mod leader_watch;
#[cfg(unix)]
mod process_table;

use std::fmt;
use std::io;
use std::task::{Context, Poll};

use crate::{Error, ExitStatus, Signal, Survivor};

/// Which containment a run shall have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Containment {
    /// The strongest that works here.
    #[default]
    Auto,
    /// This one, or the run is refused.
    Require(ContainmentKind),
}

/// The kinds of containment, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ContainmentKind {
    /// The program's process group, and the descendants that are still connected to it.
    ///
    /// Missed are descendants in a group of their own whose parents are gone, such as daemons. When
    /// the host itself is killed, everything is missed.
    Group,
    /// The host's executable, started again as a shim between host and program. It adopts every
    /// orphan of the tree, and ends the tree when the host is gone.
    Shim,
    /// A PID namespace made by bubblewrap: the kernel ends the tree together with its first
    /// process, which ends with the host.
    Namespace,
    /// A Windows job object that ends the tree when its last handle is closed.
    Job,
}

impl ContainmentKind {
    /// Returns the name, such as `group`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Shim => "shim",
            Self::Namespace => "namespace",
            Self::Job => "job",
        }
    }
}

impl fmt::Display for ContainmentKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A process tree that runs, held by one of the containments.
///
/// Nothing here blocks: [`sweep`](Self::sweep) is called again and again until it reports that the
/// tree is empty, by whoever owns the tree.
pub(crate) trait Tree: Send + fmt::Debug {
    /// Says which containment this is.
    fn kind(&self) -> ContainmentKind;

    /// Returns the program's process id, as the host sees it or as the containment reported it.
    fn leader(&self) -> u32;

    /// Waits for the program's own exit. Called within the runtime, not again after `Ready`.
    fn poll_leader(&mut self, context: &mut Context<'_>) -> Poll<io::Result<ExitStatus>>;

    /// Sends a signal to the program's process group.
    fn signal(&mut self, signal: Signal) -> io::Result<()>;

    /// Kills whatever is alive, once, and says what it found.
    fn sweep(&mut self) -> Sweep;
}

/// What one sweep found.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    /// Nothing is alive any more, and what was ours to reap is reaped.
    pub(crate) empty: bool,
    /// What was alive apart from the program itself.
    pub(crate) alive: Vec<Survivor>,
}

/// Owns a tree and never lets go of one that is not empty.
#[derive(Debug)]
pub(crate) struct TreeGuard {
    kind: ContainmentKind,
    leader: u32,
    tree: Option<Box<dyn Tree>>,
}

impl TreeGuard {
    pub(crate) fn new(tree: impl Tree + 'static) -> Self {
        Self {
            kind: tree.kind(),
            leader: tree.leader(),
            tree: Some(Box::new(tree)),
        }
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
                alive: Vec::new(),
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
            crate::keeper::bury(tree);
        }
    }
}

/// Starts a program within the containment that it asks for.
#[cfg(unix)]
pub(crate) async fn launch(launch: crate::platform::Launch) -> Result<TreeGuard, Error> {
    match launch.spec.containment {
        Containment::Auto | Containment::Require(ContainmentKind::Group) => {
            let start = move || Ok(TreeGuard::new(group::GroupTree::new(launch.spawn()?)));
            crate::keeper::run(start).await?
        }
        Containment::Require(kind) => Err(Error::Containment {
            wanted: kind.as_str(),
            reason: "it is not available on this platform".to_owned(),
        }),
    }
}
