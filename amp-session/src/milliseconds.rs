//! Times as records and documents have them.

use std::time::Duration;

/// Returns a time in whole milliseconds; one that is too long is the longest there is.
pub(crate) fn in_milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
