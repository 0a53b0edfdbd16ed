//! Waiting for what nobody tells of.

use std::time::{Duration, Instant};

/// How often it is looked for what is waited for.
const LOOK: Duration = Duration::from_millis(20);

/// Waits until something holds, and returns whether it did in time.
pub(crate) async fn until(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !holds() {
        if begun.elapsed() > limit {
            return false;
        }
        tokio::time::sleep(LOOK).await;
    }
    true
}
