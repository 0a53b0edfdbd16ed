//! Deleting records, one or by policy, and never under a writer.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::files::LOCK;
use super::id::now_ms;
use super::{Ledger, SessionId, SessionRecord, ledger_error};
use crate::error::Error;
use crate::file_lock;

/// Stands before the name of a record that is being deleted.
const DOOMED: &str = ".deleted-";

/// Which records to keep; without a limit, all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// How long ago the last turn may have been.
    pub max_age: Option<Duration>,
    /// How many bytes all records may take together; the oldest go first.
    pub max_bytes: Option<u64>,
}

impl Retention {
    /// Returns a policy that keeps everything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns this policy with a limit on age.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Returns this policy with a limit on size.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = Some(max_bytes);
        self
    }

    pub(super) fn apply(&self, ledger: &Ledger) -> Result<Vec<SessionId>, Error> {
        sweep(ledger.folder());
        let mut deleted = Vec::new();
        for session in self.expired(ledger.sessions()?) {
            let id = session.metadata().id.clone();
            match ledger.delete(&id) {
                Ok(()) => deleted.push(id),
                Err(_) if session.is_in_use() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(deleted)
    }

    /// Returns those of the records that are not to be kept, which come with the one used last
    /// first; one that is in use is kept.
    #[must_use]
    pub fn expired(&self, sessions: Vec<SessionRecord>) -> Vec<SessionRecord> {
        let now = now_ms();
        let mut kept = 0;
        let mut selected = Vec::new();
        // The newest come first, so the size that is kept is that of the newest.
        for session in sessions {
            let age = Duration::from_millis(now.saturating_sub(session.metadata().updated_at));
            let size = session.size();
            let too_old = self.max_age.is_some_and(|limit| age > limit);
            let too_much = self.max_bytes.is_some_and(|limit| kept + size > limit);
            if (too_old || too_much) && !session.is_in_use() {
                selected.push(session);
            } else {
                kept += size;
            }
        }
        selected
    }
}

/// Removes what a deletion left behind that was interrupted.
fn sweep(ledger: &Path) {
    for entry in fs::read_dir(ledger).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(DOOMED) {
            // Another process may still be writing it; the next sweep sees.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Deletes a record: out of sight by one rename, then away.
pub(super) fn delete(ledger: &Path, id: &SessionId) -> Result<(), Error> {
    sweep(ledger);
    let folder = ledger.join(id.as_str());
    let lock_path = folder.join(LOCK);
    let _lock = file_lock::take_whole(&lock_path).map_err(ledger_error("lock", &lock_path))?;
    // The name is none that a session can have, so nobody opens it while it goes.
    let doomed = ledger.join(format!("{DOOMED}{id}"));
    fs::rename(&folder, &doomed).map_err(ledger_error("delete", &folder))?;
    fs::remove_dir_all(&doomed).map_err(ledger_error("delete", &folder))
}
