//! Appending to a record while a turn runs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::files::{
    self, END, EVENTS, LOCK, START, STDERR, SessionMetadata, TURNS, TurnEnd, TurnStart,
};
use super::id::now_ms;
use super::ledger_error;
use super::reader::SessionRecord;
use crate::amp::Amp;
use crate::error::Error;
use crate::invocation::Input;
use crate::outcome::Outcome;
use crate::secrets::{Cut, Secrets};
use crate::thread_id::ThreadId;

/// The longest title, in characters.
const TITLE: usize = 72;

/// The record of a turn that runs.
#[derive(Debug)]
pub(crate) struct TurnRecord {
    session: PathBuf,
    folder: PathBuf,
    events: File,
    line: Vec<u8>,
    secrets: Secrets,
    redacted_lines: u64,
    thread_noted: bool,
    /// No more lines are written: a gap would be worse than an end.
    cut: bool,
    /// Why the record is not whole.
    failure: Option<String>,
    /// Shared with other writers; keeps the session from being deleted.
    _lock: File,
}

impl SessionRecord {
    /// Begins the record of one more turn.
    pub(crate) fn begin_turn(
        &self,
        amp: &Amp,
        thread: Option<&ThreadId>,
        input: Input<'_>,
        secrets: Secrets,
    ) -> Result<TurnRecord, Error> {
        let lock_path = self.folder().join(LOCK);
        let lock = File::open(&lock_path).map_err(ledger_error("open", &lock_path))?;
        // Only a deletion holds it exclusively, and there is no session left after that.
        lock.lock_shared()
            .map_err(ledger_error("lock", &lock_path))?;
        let folder = next_turn(&self.folder().join(TURNS))?;
        let prompt = match input {
            Input::Prompt(prompt) => Some(secrets.redact_text(prompt)),
            Input::Messages => None,
        };
        let metadata = SessionMetadata::update(self.folder(), |metadata| {
            metadata.updated_at = now_ms();
            metadata.amp_version = Some(amp.version().to_string());
            if metadata.thread.is_none() {
                metadata.thread = thread.cloned();
            }
            if let (None, Some(prompt)) = (&metadata.title, &prompt) {
                metadata.title = Some(title(prompt));
            }
        })?;
        let start = TurnStart {
            started_at: metadata.updated_at,
            amp_version: amp.version().to_string(),
            prompt,
        };
        files::write(&folder.join(START), &start)?;
        let events_path = folder.join(EVENTS);
        let events = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(&events_path)
            .map_err(ledger_error("create", &events_path))?;
        Ok(TurnRecord {
            session: self.folder().to_path_buf(),
            folder,
            events,
            line: Vec::new(),
            secrets,
            redacted_lines: 0,
            thread_noted: metadata.thread.is_some(),
            cut: false,
            failure: None,
            _lock: lock,
        })
    }
}

impl TurnRecord {
    /// Appends a line, in one write; `cut` says whether it is a whole one.
    pub(crate) fn append(&mut self, line: &[u8], cut: Cut) {
        if self.cut {
            return;
        }
        self.line.clear();
        match self.secrets.redact_bytes(line, cut) {
            Some(redacted) => {
                self.redacted_lines += 1;
                self.line.extend_from_slice(&redacted);
            }
            None => self.line.extend_from_slice(line),
        }
        self.line.push(b'\n');
        if let Err(error) = self.events.write_all(&self.line) {
            self.cut = true;
            let path = self.folder.join(EVENTS);
            self.fail(format!("cannot append to {}: {error}", path.display()));
        }
    }

    /// Notes the thread of the session, once.
    pub(crate) fn note_thread(&mut self, thread: &ThreadId) {
        if self.thread_noted {
            return;
        }
        self.thread_noted = true;
        let noted = SessionMetadata::update(&self.session, |metadata| {
            metadata.thread.get_or_insert_with(|| thread.clone());
        });
        if let Err(error) = noted {
            self.fail(error.to_string());
        }
    }

    /// Takes the record of a turn away that could not be started.
    pub(crate) fn discard(self) {
        // Nothing is lost when it stays: it says that the turn has no end.
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// Writes how the turn ended; returns why the record is not whole, when it is not.
    pub(crate) fn close(mut self, outcome: &Outcome) -> Option<String> {
        if let Err(error) = self.write_end(outcome) {
            self.fail(error.to_string());
        }
        self.failure
    }

    fn write_end(&self, outcome: &Outcome) -> Result<(), Error> {
        let events = self.folder.join(EVENTS);
        self.events
            .sync_data()
            .map_err(ledger_error("flush", &events))?;
        let stderr = self.folder.join(STDERR);
        fs::write(&stderr, &outcome.stderr).map_err(ledger_error("write", &stderr))?;
        let now = now_ms();
        let end = TurnEnd {
            ended_at: now,
            status: outcome.status,
            failure: outcome.failure.clone(),
            wall_time: u64::try_from(outcome.wall_time.as_millis()).unwrap_or(u64::MAX),
            exit: outcome.exit.as_ref().map(|exit| exit.status().to_string()),
            redacted_lines: self.redacted_lines,
        };
        files::write(&self.folder.join(END), &end)?;
        SessionMetadata::update(&self.session, |metadata| metadata.updated_at = now)?;
        Ok(())
    }

    fn fail(&mut self, failure: String) {
        self.failure.get_or_insert(failure);
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
