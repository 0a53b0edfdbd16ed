//! Reading a record: its turns, and the lines of each of them.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::Completeness;

use super::behind::DISK_LIMIT;
use super::files::{
    self, APPROVALS, CHECK, END, EVENTS, LOCK, MESSAGES, SNAPSHOT, START, STDERR, SessionMetadata,
    TURNS, TurnEnd, TurnStart,
};
use super::id::now_ms;
use super::ledger_error;
use crate::approval::{ApprovalNote, RecordedNote};
use crate::error::Error;
use crate::file_lock;
use crate::policy::CheckReport;
use crate::turn_line::TurnLine;
use crate::workspace::note::SnapshotNote;

/// The record of a session, open to read it or to add turns.
#[derive(Debug)]
pub struct SessionRecord {
    folder: PathBuf,
    metadata: SessionMetadata,
    disk_limit: Option<Duration>,
}

/// One turn of a record.
#[derive(Debug)]
pub struct TurnRecord {
    folder: PathBuf,
    number: u32,
}

impl SessionRecord {
    pub(super) fn new(folder: PathBuf, metadata: SessionMetadata) -> Self {
        Self {
            folder,
            metadata,
            disk_limit: None,
        }
    }

    /// Sets how long a turn waits for a disk that does not answer, and lets a thread of its own write
    /// the lines, so that such a disk does not stop who takes them. Unless set, who takes a line
    /// writes it, which is faster, and all else is waited for [`DISK_LIMIT`](crate::DISK_LIMIT).
    ///
    /// A turn whose beginning cannot be recorded within it is not begun. Later the record ends there,
    /// [`Outcome::ledger_failure`](crate::Outcome::ledger_failure) says so, and the turn goes on.
    #[must_use]
    pub fn with_disk_limit(mut self, limit: Duration) -> Self {
        self.disk_limit = Some(limit);
        self
    }

    /// Returns how long a turn waits for a disk that does not answer.
    pub(crate) fn disk_limit(&self) -> Duration {
        self.disk_limit.unwrap_or(DISK_LIMIT)
    }

    /// Returns how long the disk may take to write a line, where that stops nobody.
    pub(super) fn limit_of_lines(&self) -> Option<Duration> {
        self.disk_limit
    }

    /// Returns the folder of the record.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns what the session is, as of the time it was opened.
    #[must_use]
    pub fn metadata(&self) -> &SessionMetadata {
        &self.metadata
    }

    /// Reads what the session is again.
    ///
    /// # Errors
    ///
    /// Fails when the metadata cannot be read any more.
    pub fn refresh(&mut self) -> Result<&SessionMetadata, Error> {
        self.metadata = SessionMetadata::read(&self.folder)?;
        Ok(&self.metadata)
    }

    /// Gives the session a name to find it by, in place of the one it has.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub fn rename(&mut self, name: &str) -> Result<(), Error> {
        let named = |metadata: &mut SessionMetadata| {
            metadata.name = Some(name.to_owned());
            metadata.named_at = Some(now_ms());
        };
        self.metadata = SessionMetadata::update(&self.folder, named)?;
        Ok(())
    }

    /// Returns the turns in their order.
    ///
    /// # Errors
    ///
    /// Fails when the folder cannot be listed.
    pub fn turns(&self) -> Result<Vec<TurnRecord>, Error> {
        let turns = self.folder.join(TURNS);
        Ok(turn_numbers(&turns)?
            .into_iter()
            .map(|number| TurnRecord {
                folder: turns.join(format!("{number:04}")),
                number,
            })
            .collect())
    }

    /// Keeps what a check has said of the last turn.
    pub(crate) fn note_check(&self, report: &CheckReport) -> Result<(), Error> {
        match self.turns()?.last() {
            Some(turn) => files::write(&turn.folder.join(CHECK), report),
            None => Ok(()),
        }
    }

    /// Tells whether every turn has ended, so that the totals are of all of them.
    #[must_use]
    pub fn totals_are_whole(&self) -> bool {
        // Turns are numbered from 1 without gaps.
        let next = self.metadata.totals.turns + 1;
        !self.folder.join(TURNS).join(format!("{next:04}")).exists()
    }

    /// Tells whether a turn is being recorded, by this process or another.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        file_lock::take_whole(&self.folder.join(LOCK))
            .is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Returns how many bytes the record takes.
    #[must_use]
    pub fn size(&self) -> u64 {
        folder_size(&self.folder)
    }
}

impl TurnRecord {
    /// Returns the folder of the turn's files.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the turn's number, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Returns how the turn began; `None` when the host died before it could say so.
    ///
    /// # Errors
    ///
    /// Fails when that cannot be read, or is missing from the record of a turn that ended.
    pub fn start(&self) -> Result<Option<TurnStart>, Error> {
        self.read_before(START, &[END], files::read)
    }

    /// Returns how the turn ended; `None` while it runs, and when the host died first.
    ///
    /// # Errors
    ///
    /// Fails when that cannot be read.
    pub fn end(&self) -> Result<Option<TurnEnd>, Error> {
        unless_missing(files::read(&self.folder.join(END)))
    }

    /// Returns what the agent wrote on standard error; nothing while the turn runs, and when the
    /// host died first.
    ///
    /// # Errors
    ///
    /// Fails when that cannot be read, or is missing from the record of a turn that ended.
    pub fn stderr(&self) -> Result<String, Error> {
        let read = |path: &Path| fs::read(path).map_err(ledger_error("read", path));
        let bytes = self.read_before(STDERR, &[END], read)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Returns what a check has said of the work of the turn; `None` where none was made.
    ///
    /// # Errors
    ///
    /// Fails when that cannot be read.
    pub fn check(&self) -> Result<Option<CheckReport>, Error> {
        unless_missing(files::read(&self.folder.join(CHECK)))
    }

    /// Returns what is noted about the files before and after the turn; `None` where nothing is.
    pub(crate) fn snapshot(&self) -> Result<Option<SnapshotNote>, Error> {
        unless_missing(files::read(&self.folder.join(SNAPSHOT)))
    }

    /// Returns the messages that were handed over to be sent while the turn ran, each as the line
    /// it was; `None` for a turn that took none.
    ///
    /// # Errors
    ///
    /// Fails when they cannot be read.
    pub fn messages(&self) -> Result<Option<Vec<Vec<u8>>>, Error> {
        self.lines_of(MESSAGES)
    }

    /// Returns what was asked and decided about the calls of the turn, each as the line it was;
    /// `None` for a turn without questions.
    ///
    /// # Errors
    ///
    /// Fails when they cannot be read.
    pub fn approvals(&self) -> Result<Option<Vec<Vec<u8>>>, Error> {
        self.lines_of(APPROVALS)
    }

    /// Returns what was asked and decided about the calls of the turn, in its order.
    ///
    /// A line that this release does not understand is left out; [`approvals`](Self::approvals) has
    /// it.
    ///
    /// # Errors
    ///
    /// Fails when they cannot be read.
    pub fn questions(&self) -> Result<Vec<ApprovalNote>, Error> {
        Ok(self.notes()?.into_iter().map(|line| line.note).collect())
    }

    pub(crate) fn notes(&self) -> Result<Vec<RecordedNote>, Error> {
        let lines = self.approvals()?.unwrap_or_default();
        let notes = lines.iter().flat_map(|line| serde_json::from_slice(line));
        Ok(notes.collect())
    }

    fn lines_of(&self, name: &str) -> Result<Option<Vec<Vec<u8>>>, Error> {
        let path = self.folder.join(name);
        let bytes = unless_missing(fs::read(&path).map_err(ledger_error("read", &path)))?;
        Ok(bytes.map(|bytes| {
            let lines = bytes.split(|byte| *byte == b'\n');
            let lines = lines.filter(|line| !line.is_empty());
            lines.map(<[u8]>::to_vec).collect()
        }))
    }

    /// Returns the lines of the turn, read as they are asked for.
    ///
    /// A last line without its line feed was being written when the host died; it is returned as
    /// [unterminated](Completeness::Unterminated).
    ///
    /// # Errors
    ///
    /// Fails when the file cannot be opened, or is missing from the record of a turn that began.
    pub fn lines(&self) -> Result<TurnLines, Error> {
        let open = |path: &Path| File::open(path).map_err(ledger_error("open", path));
        let file = self.read_before(EVENTS, &[START, END], open)?;
        Ok(TurnLines {
            path: self.folder.join(EVENTS),
            reader: file.map(BufReader::new),
            number: 0,
        })
    }

    /// Reads a file that is written before others, `then`: without any of them the host died first,
    /// and without the file alone the record lost it.
    fn read_before<T>(
        &self,
        name: &str,
        then: &[&str],
        read: impl FnOnce(&Path) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let path = self.folder.join(name);
        // Looked for first: a turn that is being recorded may write both meanwhile.
        let later = then.iter().find(|then| self.folder.join(then).exists());
        match (unless_missing(read(&path))?, later) {
            (None, Some(later)) => {
                let reason = format!("it is missing, while {later} is there");
                Err(ledger_error("read", &path)(io::Error::other(reason)))
            }
            (read, _) => Ok(read),
        }
    }
}

/// Takes a file that is not there for no error.
fn unless_missing<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The lines of a recorded turn.
#[derive(Debug)]
pub struct TurnLines {
    path: PathBuf,
    reader: Option<BufReader<File>>,
    number: u64,
}

impl Iterator for TurnLines {
    /// An error is the last item: what follows in the file cannot be read.
    type Item = Result<TurnLine, Error>;

    fn next(&mut self) -> Option<Result<TurnLine, Error>> {
        let mut bytes = Vec::new();
        match self.reader.as_mut()?.read_until(b'\n', &mut bytes) {
            Ok(0) => {
                self.reader = None;
                return None;
            }
            Ok(_) => {}
            Err(error) => {
                self.reader = None;
                return Some(Err(ledger_error("read", &self.path)(error)));
            }
        }
        let completeness = if bytes.pop_if(|last| *last == b'\n').is_some() {
            Completeness::Complete
        } else {
            Completeness::Unterminated
        };
        self.number += 1;
        Some(Ok(TurnLine::of_record(self.number, bytes, completeness)))
    }
}

/// Returns the numbers of the turns in a folder, in their order.
pub(super) fn turn_numbers(turns: &Path) -> Result<Vec<u32>, Error> {
    let entries = fs::read_dir(turns).map_err(ledger_error("list", turns))?;
    let mut numbers = Vec::new();
    for entry in entries {
        let entry = entry.map_err(ledger_error("list", turns))?;
        numbers.extend(
            entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<u32>().ok()),
        );
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Returns how many bytes the files below a folder have; what vanishes meanwhile counts as nothing.
fn folder_size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => folder_size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
