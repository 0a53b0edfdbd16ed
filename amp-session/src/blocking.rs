//! Work that may wait for a disk or a lock, kept out of the thread that polls.

use std::panic::resume_unwind;

/// Runs it in a thread of its own and waits for it; when nobody waits any more, it still ends.
pub(crate) async fn blocking<T, W>(work: W) -> T
where
    T: Send + 'static,
    W: FnOnce() -> T + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime is going away, and whoever waits with it.
            Err(_) => std::future::pending().await,
        },
    }
}
