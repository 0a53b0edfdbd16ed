//! What all attempts of a process have in common.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use amp_session::{Amp, Environment, Retry, SessionConfig};

use super::events::Events;
use super::folder::{Folder, Identity};
use super::isolation::Site;
use super::journal::Journal;
use super::on_result::OnResult;
use super::options::Isolate;
use super::plan::OnInterrupted;
use super::shard::Shard;
use super::shard_lock::ShardLock;
use super::slots::Slots;
use super::stop::Stop;
use super::task_file::TaskFile;
use super::view::View;
use crate::amp_in_use::Found;

/// What every attempt of this process has in common.
pub(super) struct Batch {
    pub(super) folder: Folder,
    pub(super) identity: Identity,
    pub(super) shard: Shard,
    pub(super) tasks: TaskFile,
    pub(super) amp: Amp,
    pub(super) config: SessionConfig,
    pub(super) retry: Retry,
    pub(super) check: Option<String>,
    pub(super) attempts: NonZeroU32,
    /// Whether a refused call is a failure.
    pub(super) strict: bool,
    /// Whether the thread is asked how a turn that completed has ended.
    pub(super) confirms: bool,
    pub(super) service_url: String,
    /// Without the key.
    pub(super) environment: Environment,
    pub(super) isolate: Isolate,
    pub(super) work: PathBuf,
    pub(super) journal: Journal,
    pub(super) slots: Slots,
    pub(super) stop: Stop,
    pub(super) view: View,
    pub(super) events: Rc<Events>,
    /// Who hears of each result.
    pub(super) on_result: Option<OnResult>,
    pub(super) limits: Limits,
    /// Keeps the version from being removed.
    pub(super) _found: Found,
    pub(super) _lock: ShardLock,
}

/// When no more tasks begin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    pub(super) jobs: usize,
    pub(super) failures: Option<u64>,
    pub(super) tokens: Option<u64>,
    pub(super) on_interrupted: OnInterrupted,
    pub(super) rerun_failed: bool,
}

impl Batch {
    /// Returns what the spaces of tasks are made from.
    pub(super) fn site(&self) -> Site<'_> {
        Site {
            isolate: self.isolate,
            tasks: self.tasks.folder(),
            work: self.work.clone(),
            environment: &self.environment,
        }
    }

    /// Returns a wait, or the longest one that is asked for, where that is shorter.
    pub(super) fn longest_wait(&self, wait: Duration) -> Duration {
        wait.min(self.retry.longest_wait)
    }
}
