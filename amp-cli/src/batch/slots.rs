//! Room for agents: so many at once as the pace allows.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::pace::Pace;
use super::stop::{Level, Stop};

/// Room for agents.
#[derive(Debug)]
pub(super) struct Slots {
    pace: RefCell<Pace>,
    used: Cell<usize>,
    changed: Notify,
}

/// Room for one agent, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot<'a>(&'a Slots);

impl Slots {
    pub(super) fn new(most: usize) -> Self {
        Self {
            pace: RefCell::new(Pace::new(most, Instant::now())),
            used: Cell::new(0),
            changed: Notify::new(),
        }
    }

    /// Takes note of a limit of the service.
    pub(super) fn limited(&self, wait: Duration) {
        self.pace.borrow_mut().limited(wait, Instant::now());
    }

    /// Returns how many agents may work now.
    pub(super) fn allowed(&self) -> usize {
        self.pace.borrow_mut().allowed(Instant::now())
    }

    /// Waits for room; `None` when nothing may begin any more.
    pub(super) async fn enter(&self, stop: &Stop) -> Option<Slot<'_>> {
        loop {
            if stop.level() >= Level::Draining {
                return None;
            }
            let changed = self.changed.notified();
            let now = Instant::now();
            let (opens, grows, allowed) = {
                let mut pace = self.pace.borrow_mut();
                let allowed = pace.allowed(now);
                (pace.opens_at(now), pace.grows_at(), allowed)
            };
            if opens.is_none() && self.used.get() < allowed {
                self.used.set(self.used.get() + 1);
                return Some(Slot(self));
            }
            let next = async {
                match opens.or(grows) {
                    Some(time) => tokio::time::sleep_until(time.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = changed => {}
                () = next => {}
                () = stop.reached(Level::Draining) => {}
            }
        }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.used.set(self.0.used.get() - 1);
        // All of them look: who is woken may not be allowed yet.
        self.0.changed.notify_waiters();
    }
}
