//! What a line waits for: it is in the record before anybody hears of it, and so is the thread that it
//! names, which is locked as well.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;
use tokio::time::Sleep;

use crate::claim::Claim;
use crate::ledger::{DISK_LIMIT, TurnWriter};
use crate::thread_id::ThreadId;
use crate::thread_lock::ThreadLock;

/// A line, or the thread of a turn, as it is being noted.
#[derive(Debug)]
pub(super) struct Noting {
    task: JoinHandle<Option<ThreadLock>>,
    /// When it is not waited for any more.
    deadline: Pin<Box<Sleep>>,
}

impl Noting {
    /// Begins to note the last line, and the thread that it names with the claim of the turn; `None`
    /// when both are noted already.
    pub(super) fn begin(
        named: Option<(&ThreadId, &Claim)>,
        mut record: Option<&mut TurnWriter>,
    ) -> Option<Self> {
        let limit = record
            .as_ref()
            .map_or(DISK_LIMIT, |record| record.disk_limit());
        let unwritten = record.as_mut().and_then(|record| record.unwritten());
        let locking = named
            .and_then(|(thread, claim)| claim.note_thread(thread).then(|| claim.locking(thread)));
        let noting = named
            .zip(record)
            .and_then(|((thread, _), record)| record.noting(thread));
        if unwritten.is_none() && locking.is_none() && noting.is_none() {
            return None;
        }
        let task = tokio::task::spawn_blocking(move || {
            if let Some(unwritten) = unwritten {
                unwritten();
            }
            // Whoever reads the thread in the record finds it locked.
            let lock = locking.and_then(|locking| locking());
            if let Some(noting) = noting {
                noting();
            }
            lock
        });
        Some(Self {
            task,
            deadline: Box::pin(tokio::time::sleep(limit)),
        })
    }

    /// Waits until the thread is noted, or the disk has taken too long; returns its lock, if there
    /// was none yet.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<ThreadLock>> {
        // Without the lock the turn goes on, as where there are no locks.
        if let Poll::Ready(noted) = Pin::new(&mut self.task).poll(context) {
            return Poll::Ready(noted.ok().flatten());
        }
        self.deadline.as_mut().poll(context).map(|()| None)
    }
}
