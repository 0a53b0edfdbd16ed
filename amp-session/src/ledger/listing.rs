//! Opening every record of a ledger: thousands of small files, read on all processors.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Ledger, SessionId, SessionMetadata, SessionRecord, files, ledger_error};
use crate::error::Error;

/// How many records a thread takes at a time; fewer than that are read by one.
const AT_A_TIME: usize = 128;

/// Every record of a ledger.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Listing {
    /// The sessions that can be read, the one used last first.
    pub sessions: Vec<SessionRecord>,
    /// The records that cannot be read, and why: above all those of a later release.
    pub unreadable: Vec<(SessionId, Error)>,
}

impl Ledger {
    /// Opens every record.
    ///
    /// A host that was killed while it created one leaves a folder without metadata, or after a loss
    /// of power with an empty file of it, from which nothing was shown; that is no record.
    ///
    /// # Errors
    ///
    /// Fails when the folder cannot be listed; one that does not exist holds no sessions.
    pub fn records(&self) -> Result<Listing, Error> {
        let ids = self.ids()?;
        let next = AtomicUsize::new(0);
        let work = || {
            let mut records = Listing::default();
            loop {
                let start = next.fetch_add(AT_A_TIME, Ordering::Relaxed);
                let Some(ids) = ids.get(start..) else {
                    return records;
                };
                for id in &ids[..ids.len().min(AT_A_TIME)] {
                    self.add(id, &mut records);
                }
            }
        };
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = processors.min(ids.len().div_ceil(AT_A_TIME));
        let mut records = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut records = work();
            for other in others {
                match other.join() {
                    Ok(more) => records.append(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            records
        });
        records.sessions.sort_by(|one, other| {
            let (one, other) = (one.metadata(), other.metadata());
            let key = other.updated_at.cmp(&one.updated_at);
            key.then_with(|| other.id.cmp(&one.id))
        });
        let unreadable = &mut records.unreadable;
        unreadable.sort_by(|(one, _), (other, _)| other.cmp(one));
        Ok(records)
    }

    /// Returns the names of all folders that may be records.
    fn ids(&self) -> Result<Vec<SessionId>, Error> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(ledger_error("list", &self.folder)(source)),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry.map_err(ledger_error("list", &self.folder))?;
            let name = entry.file_name();
            ids.extend(name.to_str().and_then(|name| name.parse().ok()));
        }
        Ok(ids)
    }

    fn add(&self, id: &SessionId, records: &mut Listing) {
        let folder = self.folder.join(id.as_str());
        match SessionMetadata::read(&folder) {
            Ok(metadata) => records.sessions.push(SessionRecord::new(folder, metadata)),
            Err(error) if error.is_missing() || files::is_abandoned(&folder) => {}
            Err(error) => records.unreadable.push((id.clone(), error)),
        }
    }
}

impl Listing {
    fn append(&mut self, other: Self) {
        self.sessions.extend(other.sessions);
        self.unreadable.extend(other.unreadable);
    }
}
