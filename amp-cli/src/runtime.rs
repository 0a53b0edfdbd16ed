//! The async runtime of a command, and blocking work that a signal can end.

use std::future::Future;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::context::Signals;
use crate::failure::Failure;

/// How long blocking work that is left over is waited for: a disk that does not answer never ends it.
const LEFT_OVER: Duration = Duration::from_secs(10);

/// Runs a future to its end on this thread.
///
/// # Errors
/// Fails when the operating system refuses what a runtime needs.
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let output = runtime.block_on(future);
    runtime.shutdown_timeout(LEFT_OVER);
    Ok(output)
}

/// Runs a future until it ends or a signal comes.
///
/// On a signal everything the future holds is dropped; a process of it is killed with its tree.
///
/// # Errors
/// Fails when the future does, and on a signal.
pub(crate) fn interruptible<T>(
    signals: &Signals,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    block_on(async {
        let mut signals = signals.listen()?;
        tokio::select! {
            signal = signals.next() => Err(Failure::interrupted(signal)),
            result = work => result,
        }
    })?
}

/// Runs blocking work that waits for a disk; `None` when that does not answer within a limit.
pub(crate) async fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let done = tokio::time::timeout(limit, on_a_thread(work)).await;
    done.ok()?.ok()
}

/// Runs blocking work on a thread of its own.
///
/// When the future is dropped the thread is left to itself: it ends with the process. Work that is
/// done this way must be safe to kill at any moment.
///
/// # Errors
/// Fails when the work panics.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<T> {
    let (sender, result) = oneshot::channel();
    thread::Builder::new().spawn(move || {
        // The receiver may have been dropped.
        let _ = sender.send(work());
    })?;
    let result = result.await;
    result.map_err(|_| std::io::Error::other("the work panicked"))
}
