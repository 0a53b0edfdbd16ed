//! The process table where there is no `/proc`: nothing is seen, so the group alone is known.

use std::collections::BTreeMap;

use rustix::process::{Pid, Signal};

/// A process, told apart from a later one with the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProcessKey {
    pub(crate) pid: i32,
}

/// One process that is alive.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: ProcessKey,
    pub(crate) name: String,
}

/// Returns what is seen of the tree of `leader`: nothing.
pub(crate) fn tree(_: Pid, _: &BTreeMap<ProcessKey, String>) -> Vec<Entry> {
    Vec::new()
}

/// Sends a signal to a process that was seen: there are none.
pub(crate) fn send(_: ProcessKey, _: Signal) {}
