//! Cancelling a turn from anywhere, while somebody else reads its lines.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;

use futures::task::AtomicWaker;

/// Cancels a turn; cheap to clone and to send elsewhere.
///
/// It acts when the turn is polled next, which it causes.
#[derive(Debug, Clone)]
pub struct Canceller {
    flag: Arc<Flag>,
}

impl Canceller {
    pub(super) fn new(flag: Arc<Flag>) -> Self {
        Self { flag }
    }

    /// Asks the agent to stop, as [`Turn::cancel`](crate::Turn::cancel) does.
    pub fn cancel(&self) {
        self.flag.request();
    }
}

/// A request to stop, and who has to hear of it.
#[derive(Debug, Default)]
pub(super) struct Flag {
    requested: AtomicBool,
    seen: AtomicBool,
    waker: AtomicWaker,
}

impl Flag {
    pub(super) fn request(&self) {
        self.requested.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Tells, once, that a stop was requested; until then the task is woken by a request.
    pub(super) fn is_new(&self, context: &Context<'_>) -> bool {
        self.waker.register(context.waker());
        self.requested.load(Ordering::Acquire) && !self.seen.swap(true, Ordering::AcqRel)
    }
}
