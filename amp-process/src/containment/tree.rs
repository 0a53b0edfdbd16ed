//! What every containment can do with the process tree that it holds.

use std::fmt;
use std::io;
use std::task::{Context, Poll};

use super::kind::ContainmentKind;
use crate::exit::{ExitStatus, Survivor};
use crate::signal::Signal;

/// A process tree that runs, held by one of the containments.
///
/// Nothing here blocks: [`sweep`](Self::sweep) is called again and again until it reports that the
/// tree is empty, by whoever owns the tree.
pub(crate) trait Tree: Send + Sync + fmt::Debug {
    /// Says which containment this is.
    fn kind(&self) -> ContainmentKind;

    /// Waits until the program runs, and returns its process id as the containment knows it.
    /// Called within the runtime, not again after `Ready`.
    fn poll_started(&mut self, context: &mut Context<'_>) -> Poll<Result<u32, StartFailure>>;

    /// Waits for the program's own exit. Called within the runtime, not again after `Ready`.
    fn poll_leader(&mut self, context: &mut Context<'_>) -> Poll<io::Result<ExitStatus>>;

    /// Waits for the end of what keeps the tree, where that can be told and has not come yet: no
    /// sweep finds the tree empty before it. Called within the runtime.
    fn poll_over(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    /// Sends a signal to the program's process group.
    fn signal(&mut self, signal: Signal) -> io::Result<()>;

    /// Kills whatever is alive, once, and says what it found.
    fn sweep(&mut self) -> Sweep;

    /// Takes the listeners that were handed out of a sandbox before the program ran.
    #[cfg(target_os = "linux")]
    fn take_listeners(&mut self) -> Listeners {
        Listeners::new()
    }
}

/// Listeners by their positions in what the shim was asked for.
#[cfg(target_os = "linux")]
pub(crate) type Listeners = std::collections::BTreeMap<usize, std::os::fd::OwnedFd>;

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
