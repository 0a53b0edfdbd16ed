//! The thread of a session, and the right to run one turn of it at a time.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::error::Error;
use crate::thread_id::ThreadId;
use crate::thread_lock::ThreadLock;

/// The thread that the turns of a session go on with, one at a time.
#[derive(Debug)]
pub(crate) struct SharedThread {
    /// Where the locks of threads are; nowhere in an environment without a home.
    locks: Option<PathBuf>,
    resumed: bool,
    id: Mutex<Option<ThreadId>>,
    busy: AtomicBool,
    /// Held while the beginning of a turn is recorded, also when nobody waits for that any more.
    recording: Arc<tokio::sync::Mutex<()>>,
}

impl SharedThread {
    /// Takes the folder of the locks, and the thread to go on with.
    pub(crate) fn new(locks: Option<PathBuf>, thread: Option<ThreadId>) -> Self {
        Self {
            locks,
            resumed: thread.is_some(),
            id: Mutex::new(thread),
            busy: AtomicBool::new(false),
            recording: Arc::default(),
        }
    }

    /// Waits until the beginning of no other turn is being recorded: one that was given up may be
    /// waiting for the disk, with the lock of the thread.
    pub(crate) async fn recording(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.recording).lock_owned().await
    }

    /// Tells whether it goes on with a thread that was begun elsewhere.
    pub(crate) fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// Forgets a thread that is gone, so that the next turn begins a new one.
    pub(crate) fn forget(&self) {
        let id = self.id.lock();
        *id.unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Takes the lock of a thread, unless a turn of it runs.
    pub(crate) fn lock(&self, thread: &ThreadId) -> Result<Option<ThreadLock>, Error> {
        match &self.locks {
            Some(folder) => ThreadLock::take(folder, thread),
            None => Ok(None),
        }
    }

    /// Returns the thread, once there is one.
    pub(crate) fn id(&self) -> Option<ThreadId> {
        let id = self.id.lock();
        id.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The right to run the one turn of a session; given back on drop.
#[derive(Debug)]
pub(crate) struct Claim {
    shared: Arc<SharedThread>,
    /// Keeps other sessions and processes from the thread, as soon as there is one.
    lock: Option<ThreadLock>,
}

impl Claim {
    pub(crate) fn take(shared: &Arc<SharedThread>) -> Result<Self, Error> {
        if shared.busy.swap(true, Ordering::AcqRel) {
            return Err(Error::TurnInProgress);
        }
        Ok(Self {
            shared: Arc::clone(shared),
            lock: None,
        })
    }

    /// Returns the thread of the session, if it has one by now.
    pub(crate) fn thread(&self) -> Option<ThreadId> {
        self.shared.id()
    }

    /// Notes the thread that the turn belongs to; tells whether it is a new one, whose lock has to
    /// be [taken](Self::locking).
    pub(crate) fn note_thread(&self, thread: &ThreadId) -> bool {
        let known = self.shared.id.lock();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        let is_new = known.is_none();
        known.get_or_insert_with(|| thread.clone());
        is_new
    }

    /// Returns what takes the lock of a new thread, to be run where it may block.
    pub(crate) fn locking(
        &self,
        thread: &ThreadId,
    ) -> impl FnOnce() -> Option<ThreadLock> + 'static {
        let (shared, thread) = (Arc::clone(&self.shared), thread.clone());
        // Nobody can hold the lock of a thread that nobody knew of.
        move || shared.lock(&thread).ok().flatten()
    }

    /// Keeps the lock of the thread until the turn ends.
    pub(crate) fn hold(&mut self, lock: Option<ThreadLock>) {
        self.lock = lock;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.shared.busy.store(false, Ordering::Release);
    }
}
