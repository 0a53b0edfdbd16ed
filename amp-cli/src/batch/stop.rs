//! Why, and how soon, the work of a batch ends before all tasks are done.

use tokio::sync::watch;

/// How much goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Everything.
    Running,
    /// What has begun; nothing else begins.
    Draining,
    /// Nothing: agents are stopped.
    Stopping,
}

/// Tells everybody when the work is to end.
#[derive(Debug)]
pub(super) struct Stop {
    level: watch::Sender<Level>,
    /// Why, as it was said first.
    why: watch::Sender<Option<String>>,
}

impl Stop {
    pub(super) fn new() -> Self {
        Self {
            level: watch::Sender::new(Level::Running),
            why: watch::Sender::new(None),
        }
    }

    /// Lets nothing else begin.
    pub(super) fn drain(&self, why: &str) {
        self.to(Level::Draining, why);
    }

    /// Stops the agents as well.
    pub(super) fn stop(&self, why: &str) {
        self.to(Level::Stopping, why);
    }

    fn to(&self, level: Level, why: &str) {
        self.why.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert_with(|| why.to_owned());
            is_first
        });
        self.level.send_if_modified(|known| {
            let is_higher = level > *known;
            *known = level.max(*known);
            is_higher
        });
    }

    pub(super) fn level(&self) -> Level {
        *self.level.borrow()
    }

    /// Returns why the work ends early, if it does.
    pub(super) fn why(&self) -> Option<String> {
        self.why.borrow().clone()
    }

    /// Waits until this much has been asked for, for ever if it never is.
    pub(super) async fn reached(&self, level: Level) {
        let mut known = self.level.subscribe();
        let reached = known.wait_for(|known| *known >= level).await;
        if reached.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
