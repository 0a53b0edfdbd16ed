//! What keeps a process tree together, so that all of it can be ended.

#[cfg(unix)]
mod group;
#[cfg(windows)]
mod job;
#[cfg(unix)]
mod launch;
#[cfg(target_os = "linux")]
mod namespace;
#[cfg(target_os = "linux")]
mod readiness;
#[cfg(target_os = "linux")]
mod shim;

#[cfg_attr(target_os = "linux", path = "containment/leader_watch.rs")]
#[cfg_attr(
    not(target_os = "linux"),
    path = "containment/leader_watch_elsewhere.rs"
)]
#[cfg(unix)]
mod leader_watch;
#[cfg_attr(target_os = "linux", path = "containment/process_table.rs")]
#[cfg_attr(
    not(target_os = "linux"),
    path = "containment/process_table_elsewhere.rs"
)]
#[cfg(unix)]
pub(crate) mod process_table;
#[cfg_attr(target_os = "linux", path = "containment/ways.rs")]
#[cfg_attr(not(target_os = "linux"), path = "containment/ways_elsewhere.rs")]
#[cfg(unix)]
mod ways;

use std::fmt;
use std::io;
use std::task::{Context, Poll, ready};

#[cfg(windows)]
pub(crate) use job::JobTree;
#[cfg(unix)]
pub(crate) use launch::launch;

use crate::{ExitStatus, Signal, Survivor};

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
    /// process, a shim, which ends with the host.
    ///
    /// Processes outside cannot be seen or signalled from within, and nothing within gains
    /// privileges by setuid.
    Namespace,
    /// A Windows job object that ends the tree when its last handle is closed.
    Job,
}

/// One containment, and whether it works here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContainmentStatus {
    /// Which one.
    pub kind: ContainmentKind,
    /// Why it does not work here; `None` when it does.
    pub unavailable: Option<String>,
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

    /// Waits until the program runs, and returns its process id as the containment knows it.
    /// Called within the runtime, not again after `Ready`.
    fn poll_started(&mut self, context: &mut Context<'_>) -> Poll<Result<u32, StartFailure>>;

    /// Waits for the program's own exit. Called within the runtime, not again after `Ready`.
    fn poll_leader(&mut self, context: &mut Context<'_>) -> Poll<io::Result<ExitStatus>>;

    /// Sends a signal to the program's process group.
    fn signal(&mut self, signal: Signal) -> io::Result<()>;

    /// Kills whatever is alive, once, and says what it found.
    fn sweep(&mut self) -> Sweep;
}

/// Why a program does not run after all.
#[derive(Debug)]
pub(crate) enum StartFailure {
    /// The operating system refused to start it.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "without a shim the start itself tells")
    )]
    Program(io::Error),
    /// The containment did not work.
    Containment(String),
}

/// What one sweep found.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    /// Nothing that can be seen is alive any more, and what was ours to reap is reaped.
    pub(crate) empty: bool,
    /// Nothing can be alive that was not seen.
    pub(crate) proven: bool,
    /// What was alive apart from the program itself.
    pub(crate) alive: Vec<Survivor>,
    /// How the program ended, if it has.
    pub(crate) status: Option<ExitStatus>,
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
            leader: 0,
            tree: Some(Box::new(tree)),
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
            crate::keeper::bury(tree);
        }
    }
}
