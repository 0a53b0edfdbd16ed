//! Containment by process group and a walk over descendants: works everywhere, misses daemons.

use std::collections::BTreeMap;
use std::io;
use std::process::Child;
use std::task::{Context, Poll};

use rustix::process::{Pid, WaitId, WaitIdOptions};

use super::kind::ContainmentKind;
use super::leader_watch::LeaderWatch;
use super::process_table::{self, ProcessKey};
use super::tree::{StartFailure, Sweep, Tree};
use crate::exit::{ExitStatus, Survivor};
use crate::signal::Signal;

/// A program that leads its own process group.
///
/// The program's zombie is kept until the tree is empty, so its process id and its group's id
/// cannot be given to anybody else while signals are sent to them.
#[derive(Debug)]
pub(crate) struct GroupTree {
    child: Child,
    pid: Pid,
    watch: LeaderWatch,
    /// Descendants seen so far; those whose parents are gone can be found in no other way.
    seen: BTreeMap<ProcessKey, String>,
}

impl GroupTree {
    /// Takes over a child that was started as the leader of its own group.
    pub(crate) fn new(child: Child) -> Self {
        let pid = Pid::from_child(&child);
        Self {
            child,
            pid,
            watch: LeaderWatch::new(pid),
            seen: BTreeMap::new(),
        }
    }

    /// Looks for members of the group and for descendants, and remembers them.
    fn look(&mut self) -> Vec<process_table::Entry> {
        let alive = process_table::tree(self.pid, &self.seen);
        let others = alive
            .iter()
            .filter(|entry| entry.key.pid != self.pid.as_raw_pid());
        self.seen = others
            .map(|entry| (entry.key, entry.name.clone()))
            .collect();
        alive
    }
}

impl Tree for GroupTree {
    fn kind(&self) -> ContainmentKind {
        ContainmentKind::Group
    }

    fn poll_started(&mut self, _: &mut Context<'_>) -> Poll<Result<u32, StartFailure>> {
        Poll::Ready(Ok(self.child.id()))
    }

    fn poll_leader(&mut self, context: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        let pid = self.pid;
        self.watch.poll(context, || exit_status(pid))
    }

    fn signal(&mut self, signal: Signal) -> io::Result<()> {
        // Whoever is still connected to the program is found now or, if it exits, never.
        self.look();
        send_to_group(self.pid, signal)
    }

    fn sweep(&mut self) -> Sweep {
        let entries = self.look();
        // The group first: it is the one target that a new member cannot slip out of.
        let _ = send_to_group(self.pid, Signal::KILL);
        let mut alive = Vec::new();
        for entry in &entries {
            if entry.key.pid != self.pid.as_raw_pid() {
                process_table::send(entry.key, rustix::process::Signal::KILL);
                alive.push(Survivor::new(
                    entry.key.pid.unsigned_abs(),
                    entry.name.clone(),
                ));
            }
        }
        let status = exit_status(self.pid).ok().flatten();
        let empty = alive.is_empty() && status.is_some() && {
            // Nobody is left who could be mistaken for ours: the zombie may go.
            matches!(self.child.try_wait(), Ok(Some(_)) | Err(_))
        };
        Sweep {
            empty,
            // Who has left the group, and lost its parents, is not seen.
            proven: false,
            alive,
            status,
        }
    }
}

/// Sends `signal` to the group led by `pid`.
fn send_to_group(pid: Pid, signal: Signal) -> io::Result<()> {
    let signal = rustix::process::Signal::from_named_raw(signal.number())
        .ok_or(io::ErrorKind::InvalidInput)?;
    Ok(rustix::process::kill_process_group(pid, signal)?)
}

/// Returns how the child `pid` ended, if it did, and leaves its zombie where it is.
fn exit_status(pid: Pid) -> io::Result<Option<ExitStatus>> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let Some(status) = rustix::process::waitid(WaitId::Pid(pid), options)? else {
        return Ok(None);
    };
    let code = status.exit_status().map(ExitStatus::Code);
    let signal = status.terminating_signal();
    let signal = signal.map(|number| ExitStatus::Signal(Signal::from_number(number)));
    Ok(code.or(signal))
}
