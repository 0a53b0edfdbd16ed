//! Noting the thread of a turn: it is locked and in the record before anybody hears of it.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;

use crate::claim::Claim;
use crate::ledger::TurnWriter;
use crate::thread_id::ThreadId;
use crate::thread_lock::ThreadLock;

/// The thread of a turn, as it is being noted.
#[derive(Debug)]
pub(super) struct Noting {
    task: JoinHandle<Option<ThreadLock>>,
}

impl Noting {
    /// Begins to note the thread of a turn with this claim; `None` when it is noted already.
    pub(super) fn begin(
        thread: &ThreadId,
        claim: &Claim,
        record: Option<&mut TurnWriter>,
    ) -> Option<Self> {
        let locking = claim.note_thread(thread).then(|| claim.locking(thread));
        let noting = record.and_then(|record| record.noting(thread));
        if locking.is_none() && noting.is_none() {
            return None;
        }
        let task = tokio::task::spawn_blocking(move || {
            // Whoever reads the thread in the record finds it locked.
            let lock = locking.and_then(|locking| locking());
            if let Some(noting) = noting {
                noting();
            }
            lock
        });
        Some(Self { task })
    }

    /// Waits until the thread is noted; returns its lock, if there was none yet.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<ThreadLock>> {
        // Without the lock the turn goes on, as where there are no locks.
        Pin::new(&mut self.task)
            .poll(context)
            .map(|noted| noted.ok().flatten())
    }
}
