//! One process at a time for each shard, on one file system.

use std::fs::{File, TryLockError};
use std::time::{Duration, Instant};

use super::folder::Folder;
use super::shard::Shard;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// How often the lock is asked for.
const AGAIN: Duration = Duration::from_millis(50);

/// How long it is waited for before somebody is told.
pub(super) const QUIET: Duration = Duration::from_secs(1);

/// A shard that is this process's own until this is dropped.
#[derive(Debug)]
pub(super) struct ShardLock {
    _file: File,
}

impl ShardLock {
    /// Waits until no other process works on the shard, so long at most; `waits` is told once.
    ///
    /// Engines start a shard anew while the process before is still stopping its agents (HyperQueue
    /// 20 ms after it has lost a worker), and one that leaves at once is not started again.
    ///
    /// # Errors
    /// Fails when that takes longer.
    pub(super) async fn take(
        folder: &Folder,
        shard: Shard,
        longest: Duration,
        waits: impl FnOnce(),
    ) -> Result<Self, Failure> {
        let path = folder
            .journals()
            .join(format!("{}.lock", shard.file_name()));
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(|error| folder.unusable(&error))?;
        let begin = Instant::now();
        let mut waits = Some(waits);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::Error(error)) => return Err(folder.unusable(&error)),
                Err(TryLockError::WouldBlock) => {}
            }
            let waited = begin.elapsed();
            if waited >= longest {
                let what = format!("another process works on shard {shard}");
                return Err(Failure::new(ExitCode::Paused, what)
                    .because(format!("it holds {}", path.display()))
                    .hint("start it again when that has ended; nothing was sent by this one"));
            }
            if waited >= QUIET
                && let Some(waits) = waits.take()
            {
                waits();
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}
