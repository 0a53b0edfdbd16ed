//! Whether the run should end or be suspended, for a thread that cannot listen.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use super::platform;

/// Tells that the run should end, because a signal has come or time is up, or that it should be
/// suspended, also to a thread that is busy with something else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests(Arc<Watch>);

#[derive(Debug, Default)]
struct Watch {
    is_kept: AtomicBool,
    signal_has_come: AtomicBool,
    deadline: Mutex<Option<Instant>>,
    /// Ctrl-Z has been pressed, and nobody has acted on it yet.
    is_suspension_wanted: AtomicBool,
    suspension: Notify,
}

impl Requests {
    /// Returns why nobody should be waited for any more: time is up, or a signal has come since
    /// somebody listens.
    #[cfg(unix)]
    pub(crate) fn reason(&self) -> Option<std::io::ErrorKind> {
        if self.0.signal_has_come.load(SeqCst) {
            return Some(std::io::ErrorKind::BrokenPipe);
        }
        let is_late = self.deadline().is_some_and(|time| time <= Instant::now());
        is_late.then_some(std::io::ErrorKind::TimedOut)
    }

    pub(super) fn set_deadline(&self, deadline: Instant) {
        *self.deadline() = Some(deadline);
    }

    /// Forgets a deadline that has not passed yet.
    pub(super) fn lift_deadline(&self) {
        self.deadline().take_if(|time| *time > Instant::now());
    }

    fn deadline(&self) -> MutexGuard<'_, Option<Instant>> {
        let deadline = self.0.deadline.lock();
        deadline.unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until this process should be suspended, which [`suspend`](Self::suspend) does.
    pub(super) async fn suspension(&self) {
        while !self.0.is_suspension_wanted.load(SeqCst) {
            self.0.suspension.notified().await;
        }
    }

    /// Suspends this process if it should be, until it is continued; time does not pass meanwhile.
    pub(crate) fn suspend(&self) {
        if !self.0.is_suspension_wanted.swap(false, SeqCst) {
            return;
        }
        let begin = Instant::now();
        platform::suspend();
        let mut deadline = self.deadline();
        *deadline = deadline.map(|time| time + begin.elapsed());
    }

    /// Keeps watch from now on, on a thread of its own.
    pub(super) fn watch(&self) -> std::io::Result<()> {
        if self.0.is_kept.swap(true, SeqCst) {
            return Ok(());
        }
        let watch = Arc::clone(&self.0);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let keep = async move {
            let Ok(mut handlers) = platform::Handlers::install() else {
                return;
            };
            let mut suspensions = platform::Suspensions::listen();
            loop {
                tokio::select! {
                    _ = handlers.next() => watch.signal_has_come.store(true, SeqCst),
                    () = suspensions.next() => watch.want_suspension(),
                }
            }
        };
        std::thread::Builder::new()
            .name("ampctl-signals".to_owned())
            .spawn(move || runtime.block_on(keep))?;
        Ok(())
    }
}

impl Watch {
    fn want_suspension(&self) {
        self.is_suspension_wanted.store(true, SeqCst);
        self.suspension.notify_one();
    }
}
