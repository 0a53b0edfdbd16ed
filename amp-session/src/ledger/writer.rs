//! Appending to a record while a turn runs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::appended::Appended;
use super::behind::{Behind, DISK_LIMIT};
use super::files::{
    self, APPROVALS, END, EVENTS, LOCK, MESSAGES, SNAPSHOT, START, STDERR, SessionMetadata, TURNS,
    TurnEnd, TurnStart,
};
use super::id::now_ms;
use super::ledger_error;
use super::lines::Lines;
use super::reader::SessionRecord;
use super::totals::Totals;
use crate::error::Error;
use crate::milliseconds::in_milliseconds;
use crate::outcome::{Failure, Status};
use crate::policy::retry::note::{How, RetryNote};
use crate::sandbox::SandboxReport;
use crate::secrets::{Cut, Secrets};
use crate::thread_id::ThreadId;
use crate::version::AmpVersion;
use crate::workspace::note::SnapshotNote;

/// The longest title, in characters.
const TITLE: usize = 72;

/// What is known of a turn before it begins.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) amp_version: AmpVersion,
    pub(crate) thread: Option<ThreadId>,
    /// The prompt without secrets; absent for a turn that takes messages.
    pub(crate) prompt: Option<String>,
    /// Why it follows a turn that failed.
    pub(crate) retry: Option<RetryNote>,
    pub(crate) secrets: Secrets,
}

/// What is known of a turn when it has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Status,
    pub(crate) failure: Option<Failure>,
    pub(crate) wall_time: Duration,
    pub(crate) exit: Option<String>,
    /// Standard error without secrets.
    pub(crate) stderr: String,
    pub(crate) sandbox: Option<SandboxReport>,
    pub(crate) totals: Totals,
}

/// The record of a turn that runs.
#[derive(Debug)]
pub(crate) struct TurnWriter {
    session: PathBuf,
    folder: PathBuf,
    number: u32,
    /// What the session was when the turn began.
    metadata: SessionMetadata,
    events: Lines,
    secrets: Secrets,
    thread_noted: bool,
    /// The files that threads of their own write.
    behind: Mutex<Vec<Behind>>,
    /// Why the record is not whole.
    failure: Arc<OnceLock<String>>,
    /// How long the disk may take to answer, where others write for who appends.
    disk_limit: Option<Duration>,
    /// Shared with other writers; keeps the session from being deleted.
    _lock: File,
}

impl SessionRecord {
    /// Begins the record of one more turn.
    pub(crate) fn begin_turn(&self, beginning: Beginning) -> Result<TurnWriter, Error> {
        let Beginning {
            amp_version,
            thread,
            prompt,
            retry,
            secrets,
        } = beginning;
        let lock_path = self.folder().join(LOCK);
        let lock = File::open(&lock_path).map_err(ledger_error("open", &lock_path))?;
        // Only a deletion holds it exclusively, and there is no session left after that.
        lock.lock_shared()
            .map_err(ledger_error("lock", &lock_path))?;
        let (number, folder) = next_turn(&self.folder().join(TURNS))?;
        let now = now_ms();
        let start = TurnStart {
            started_at: now,
            amp_version: amp_version.to_string(),
            prompt,
            retry,
        };
        let failure = Arc::default();
        let disk_limit = self.limit_of_lines();
        // Before the beginning, so that a reader who finds that knows that there were lines.
        let path = folder.join(EVENTS);
        let file = Lines::create(&path).map_err(ledger_error("create", &path))?;
        let file = Appended::new(&path, move || Ok(file), disk_limit, &failure);
        let events = Lines::new(file.map_err(ledger_error("append to", &path))?, &secrets);
        let drafts = vec![files::draft(&folder.join(START), &start)?];
        let metadata = SessionMetadata::update_with(self.folder(), drafts, None, |metadata| {
            metadata.updated_at = now;
            metadata.last_status = None;
            metadata.amp_version = Some(start.amp_version);
            let is_anew = start.retry.is_some_and(|note| note.how == How::NewThread);
            if metadata.thread.is_none() || is_anew {
                metadata.thread.clone_from(&thread);
            }
            if let (None, Some(prompt)) = (&metadata.title, &start.prompt) {
                metadata.title = Some(title(prompt));
            }
        })?;
        Ok(TurnWriter {
            behind: Mutex::new(events.behind().cloned().into_iter().collect()),
            events,
            disk_limit,
            session: self.folder().to_path_buf(),
            folder,
            number,
            secrets,
            thread_noted: metadata.thread.is_some(),
            metadata,
            failure,
            _lock: lock,
        })
    }
}

impl TurnWriter {
    /// Returns the number of the turn, and what the session was when it began.
    pub(crate) fn begun(&self) -> (u32, &SessionMetadata) {
        (self.number, &self.metadata)
    }

    /// Takes in a line of the agent, which [`write`](Self::write) writes; `cut` says whether it is a
    /// whole one.
    pub(crate) fn add(&mut self, line: &[u8], cut: Cut) {
        self.events.add(line, cut);
    }

    /// Writes the lines of the agent that were taken in.
    pub(crate) fn write(&mut self) {
        self.events.write();
    }

    /// Returns what waits until the last lines of the agent are written, unless that was done at once
    /// or is waited for; the disk limit ends it.
    pub(crate) fn unwritten(&mut self) -> Option<impl FnOnce() + Send + 'static> {
        self.events.unwritten()
    }

    /// Begins the file of the messages that are sent while the turn runs.
    ///
    /// Where it cannot be made, that is why the record is not whole.
    pub(crate) fn messages(&self) -> Option<Lines> {
        self.lines(MESSAGES)
    }

    /// Begins the file of the questions about tool calls and of what was decided.
    ///
    /// Where it cannot be made, that is why the record is not whole.
    pub(crate) fn approvals(&self) -> Option<Lines> {
        self.lines(APPROVALS)
    }

    /// Returns what the names of the snapshots of this turn begin with.
    pub(crate) fn snapshot_name(&self) -> String {
        let last = |path: &Path| {
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        format!(
            "refs/amp-session/{}/{}",
            last(&self.session),
            last(&self.folder)
        )
    }

    /// Notes the snapshots of the turn.
    pub(crate) fn note_snapshot(&self, note: &SnapshotNote) {
        if let Err(error) = files::write(&self.folder.join(SNAPSHOT), note) {
            self.fail(error.to_string());
        }
    }

    fn lines(&self, name: &str) -> Option<Lines> {
        let path = self.folder.join(name);
        let created = {
            let path = path.clone();
            move || Lines::create(&path)
        };
        match Appended::new(&path, created, self.disk_limit, &self.failure) {
            Ok(file) => {
                let behind = self.behind.lock();
                let mut behind = behind.unwrap_or_else(PoisonError::into_inner);
                behind.extend(file.behind().cloned());
                Some(Lines::new(file, &self.secrets))
            }
            Err(error) => {
                self.fail(ledger_error("append to", &path)(error).to_string());
                None
            }
        }
    }

    /// Returns how long the disk may take to answer.
    pub(crate) fn disk_limit(&self) -> Duration {
        self.disk_limit.unwrap_or(DISK_LIMIT)
    }

    /// Returns what notes the thread of the session, once; it waits for a lock and for the disk.
    pub(crate) fn noting(&mut self, thread: &ThreadId) -> Option<impl FnOnce() + Send + 'static> {
        if std::mem::replace(&mut self.thread_noted, true) {
            return None;
        }
        let (session, thread) = (self.session.clone(), thread.clone());
        let failure = Arc::clone(&self.failure);
        Some(move || {
            let noted = SessionMetadata::update(&session, |metadata| {
                metadata.thread.get_or_insert(thread);
            });
            if let Err(error) = noted {
                failure.get_or_init(|| error.to_string());
            }
        })
    }

    /// Takes the record of a turn away that could not be started.
    pub(crate) fn discard(self) {
        // Nothing is lost when it stays: it says that the turn has no end.
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// Writes how the turn ended, and waits for the disk; returns why the record is not whole, when
    /// it is not.
    pub(crate) fn close(self, ended: Ended) -> Option<String> {
        if let Err(error) = self.write_end(ended) {
            self.fail(error.to_string());
        }
        self.failure.get().cloned()
    }

    fn write_end(&self, ended: Ended) -> Result<(), Error> {
        self.flush();
        let path = self.folder.join(EVENTS);
        let events = File::options().append(true).open(&path);
        let events = events.map_err(ledger_error("flush", &path))?;
        let stderr = self.folder.join(STDERR);
        fs::write(&stderr, &ended.stderr).map_err(ledger_error("write", &stderr))?;
        let now = now_ms();
        let end = TurnEnd {
            ended_at: now,
            status: ended.status,
            failure: ended.failure,
            wall_time: in_milliseconds(ended.wall_time),
            exit: ended.exit,
            redacted_lines: self.events.redacted(),
            totals: Some(ended.totals),
            sandbox: ended.sandbox,
        };
        let drafts = vec![files::draft(&self.folder.join(END), &end)?];
        SessionMetadata::update_with(&self.session, drafts, Some(&events), |metadata| {
            metadata.updated_at = now;
            metadata.last_status = Some(ended.status);
            metadata.totals.add(&ended.totals);
        })?;
        Ok(())
    }

    /// Waits until every line is written, or the disk has taken too long.
    fn flush(&self) {
        let behind = self.behind.lock();
        for file in std::mem::take(&mut *behind.unwrap_or_else(PoisonError::into_inner)) {
            // Why it cannot be written stands in the failure already.
            let _ = file.flush();
        }
    }

    fn fail(&self, failure: String) {
        self.failure.get_or_init(|| failure);
    }
}

impl Drop for TurnWriter {
    /// What was said before a turn was given up is in its record.
    fn drop(&mut self) {
        self.flush();
    }
}

/// Takes the next free number by creating its folder, which only one of several writers can.
fn next_turn(turns: &Path) -> Result<(u32, PathBuf), Error> {
    let last = super::reader::turn_numbers(turns)?
        .last()
        .copied()
        .unwrap_or(0);
    for number in last + 1.. {
        let folder = turns.join(format!("{number:04}"));
        match files::create_folder(&folder) {
            Ok(()) => return Ok((number, folder)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(ledger_error("create", &folder)(source)),
        }
    }
    unreachable!("a folder cannot hold that many turns")
}

/// The first line of a prompt that says something, cut to a readable length.
fn title(prompt: &str) -> String {
    let line = prompt
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    match line.char_indices().nth(TITLE) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
}
