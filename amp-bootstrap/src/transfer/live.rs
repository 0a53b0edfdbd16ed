//! A connection that delivers, and how fast it must.

use std::time::Instant;

use super::Failure;
use crate::http::{Address, Response, failure};
use crate::settings::Deadlines;

/// A response whose body is being read.
pub(super) struct Live {
    pub(super) response: Response,
    window_start: Instant,
    window_bytes: u64,
}

impl Live {
    pub(super) fn new(response: Response) -> Self {
        Self {
            response,
            window_start: Instant::now(),
            window_bytes: 0,
        }
    }

    /// Counts bytes per window, so that a trickle does not keep a transfer alive for ever.
    pub(super) fn check_pace(
        &mut self,
        count: u64,
        deadlines: &Deadlines,
        address: &Address,
    ) -> std::result::Result<(), Failure> {
        self.window_bytes += count;
        if self.window_start.elapsed() < deadlines.slow_window {
            return Ok(());
        }
        if self.window_bytes < deadlines.slow_bytes {
            return Err(Failure::Error(failure::too_slow(address)));
        }
        self.window_start = Instant::now();
        self.window_bytes = 0;
        Ok(())
    }
}
