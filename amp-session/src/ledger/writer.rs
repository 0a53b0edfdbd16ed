//! Appending to a record while a turn runs.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::files::{
    self, APPROVALS, END, EVENTS, LOCK, MESSAGES, SNAPSHOT, START, STDERR, SessionMetadata, TURNS,
    TurnEnd, TurnStart,
};
use super::id::now_ms;
use super::ledger_error;
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
    events: Lines,
    secrets: Secrets,
    thread_noted: bool,
    /// Why the record is not whole.
    failure: Arc<OnceLock<String>>,
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
        let folder = next_turn(&self.folder().join(TURNS))?;
        let metadata = SessionMetadata::update(self.folder(), |metadata| {
            metadata.updated_at = now_ms();
            metadata.last_status = None;
            metadata.amp_version = Some(amp_version.to_string());
            let is_anew = retry
                .as_ref()
                .is_some_and(|note| note.how == How::NewThread);
            if metadata.thread.is_none() || is_anew {
                metadata.thread.clone_from(&thread);
            }
            if let (None, Some(prompt)) = (&metadata.title, &prompt) {
                metadata.title = Some(title(prompt));
            }
        })?;
        let start = TurnStart {
            started_at: metadata.updated_at,
            amp_version: amp_version.to_string(),
            prompt,
            retry,
        };
        let failure = Arc::default();
        // Before the beginning, so that a reader who finds that knows that there were lines.
        let events = Lines::create(folder.join(EVENTS), &secrets, &failure)?;
        files::write(&folder.join(START), &start)?;
        Ok(TurnWriter {
            session: self.folder().to_path_buf(),
            folder,
            events,
            secrets,
            thread_noted: metadata.thread.is_some(),
            failure,
            _lock: lock,
        })
    }
}

impl TurnWriter {
    /// Appends a line of the agent; `cut` says whether it is a whole one.
    pub(crate) fn append(&mut self, line: &[u8], cut: Cut) {
        self.events.append(line, cut);
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
        let created = Lines::create(path, &self.secrets, &self.failure);
        created.map_err(|error| self.fail(error.to_string())).ok()
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
        let flushed = self.events.file.sync_data();
        flushed.map_err(ledger_error("flush", &self.events.path))?;
        let stderr = self.folder.join(STDERR);
        fs::write(&stderr, &ended.stderr).map_err(ledger_error("write", &stderr))?;
        let now = now_ms();
        let end = TurnEnd {
            ended_at: now,
            status: ended.status,
            failure: ended.failure,
            wall_time: in_milliseconds(ended.wall_time),
            exit: ended.exit,
            redacted_lines: self.events.redacted,
            totals: Some(ended.totals),
            sandbox: ended.sandbox,
        };
        files::write(&self.folder.join(END), &end)?;
        SessionMetadata::update(&self.session, |metadata| {
            metadata.updated_at = now;
            metadata.last_status = Some(ended.status);
            metadata.totals.add(&ended.totals);
        })?;
        Ok(())
    }

    fn fail(&self, failure: String) {
        self.failure.get_or_init(|| failure);
    }
}

/// A file of lines without secrets, each of them appended in one write.
///
/// It is written in the thread that polls. The write goes to the system's memory and not to the
/// disk: half a microsecond for a line of 560 bytes and three for one of 4.5 KB, where handing the
/// line to another thread and waiting for its answer took seven (medians of 40,000 on ext4).
#[derive(Debug)]
pub(crate) struct Lines {
    path: PathBuf,
    file: File,
    line: Vec<u8>,
    secrets: Secrets,
    /// How many lines had a secret in them.
    redacted: u64,
    /// No more lines are written: a gap would be worse than an end.
    cut: bool,
    /// Why the record is not whole.
    failure: Arc<OnceLock<String>>,
}

impl Lines {
    fn create(
        path: PathBuf,
        secrets: &Secrets,
        failure: &Arc<OnceLock<String>>,
    ) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        let file = options.create_new(true).append(true).open(&path);
        Ok(Self {
            file: file.map_err(ledger_error("create", &path))?,
            path,
            line: Vec::new(),
            secrets: secrets.clone(),
            redacted: 0,
            cut: false,
            failure: Arc::clone(failure),
        })
    }

    /// Appends a line, in one write; `cut` says whether it is a whole one.
    pub(crate) fn append(&mut self, line: &[u8], cut: Cut) {
        if self.cut {
            return;
        }
        let redacted = self.secrets.redacted(line, cut);
        self.redacted += u64::from(matches!(redacted, Cow::Owned(_)));
        self.line.clear();
        self.line.extend_from_slice(&redacted);
        self.line.push(b'\n');
        if let Err(error) = self.file.write_all(&self.line) {
            self.cut = true;
            let path = self.path.display();
            let failure = format!("cannot append to {path}: {error}");
            self.failure.get_or_init(|| failure);
        }
    }
}

/// Takes the next free number by creating its folder, which only one of several writers can.
fn next_turn(turns: &Path) -> Result<PathBuf, Error> {
    let last = super::reader::turn_numbers(turns)?
        .last()
        .copied()
        .unwrap_or(0);
    for number in last + 1.. {
        let folder = turns.join(format!("{number:04}"));
        match files::create_folder(&folder) {
            Ok(()) => return Ok(folder),
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
