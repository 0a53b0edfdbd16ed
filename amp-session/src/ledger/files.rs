//! The small files of a record, and how they are written so that no crash leaves half of one.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::id::now_ms;
use super::{NewSession, SessionId, Totals, ledger_error};
use crate::error::Error;
use crate::outcome::{Failure, Status};
use crate::policy::retry::note::RetryNote;
use crate::sandbox::SandboxReport;
use crate::thread_id::ThreadId;
use crate::whole_file::{self, Draft};

pub(super) const LOCK: &str = "lock";
pub(super) const METADATA_LOCK: &str = "session.lock";
pub(super) const TURNS: &str = "turns";
pub(super) const METADATA: &str = "session.json";
pub(super) const START: &str = "turn.json";
pub(super) const EVENTS: &str = "events.jsonl";
pub(super) const MESSAGES: &str = "messages.jsonl";
pub(super) const APPROVALS: &str = "approvals.jsonl";
pub(super) const SNAPSHOT: &str = "snapshot.json";
pub(super) const STDERR: &str = "stderr.txt";
pub(super) const CHECK: &str = "check.json";
pub(super) const END: &str = "end.json";

/// How much of them is read at one go, in bytes; they are seldom longer.
const AT_ONE_GO: usize = 8 << 10;

/// The layout of these files; a reader refuses a number it does not know.
const FORMAT: u32 = 1;

/// What a recorded session is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SessionMetadata {
    /// The layout of the record.
    pub format: u32,
    /// The session's id.
    pub id: SessionId,
    /// When it was begun, in milliseconds since the UNIX epoch.
    pub created_at: u64,
    /// When its last turn began or ended, in milliseconds since the UNIX epoch.
    pub updated_at: u64,
    /// The name it was given.
    pub name: Option<String>,
    /// When it was given that name, in milliseconds since the UNIX epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_at: Option<u64>,
    /// The beginning of its first prompt, to recognise it by.
    pub title: Option<String>,
    /// The agent's thread, once a turn has begun one.
    pub thread: Option<ThreadId>,
    /// The version of Amp that ran the last turn.
    pub amp_version: Option<String>,
    /// The agent mode.
    pub mode: Option<String>,
    /// The folder the agent works in, as [`recorded_folder`] names it.
    pub working_directory: Option<PathBuf>,
    /// How its last turn ended; `None` while one runs, and when the host died first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_status: Option<Status>,
    /// What its turns that have ended have come to.
    #[serde(default)]
    pub totals: Totals,
}

/// Returns a folder as records name it, whatever path it is reached by: without links and dots as
/// far as it is there, and as text, whatever bytes its name is made of.
#[must_use]
pub fn recorded_folder(folder: &Path) -> PathBuf {
    let real = folder.canonicalize();
    let real = real.as_deref().unwrap_or(folder);
    real.to_string_lossy().into_owned().into()
}

/// How a turn began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TurnStart {
    /// When it began, in milliseconds since the UNIX epoch.
    pub started_at: u64,
    /// The version of Amp.
    pub amp_version: String,
    /// The prompt; absent for a turn that took messages while it ran.
    pub prompt: Option<String>,
    /// Why it follows a turn that failed; absent for a turn that does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryNote>,
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TurnEnd {
    /// When it ended, in milliseconds since the UNIX epoch.
    pub ended_at: u64,
    /// How it ended, in a word.
    pub status: Status,
    /// Why, when it did not complete.
    pub failure: Option<Failure>,
    /// Its wall time in milliseconds.
    pub wall_time: u64,
    /// How the process ended.
    pub exit: Option<String>,
    /// How many lines had a secret in them that was replaced.
    pub redacted_lines: u64,
    /// What it has come to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Totals>,
    /// What protected the turn and what its agent was refused; `None` without a sandbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<SandboxReport>,
}

impl SessionMetadata {
    pub(super) fn new(id: SessionId, session: NewSession) -> Self {
        let now = now_ms();
        Self {
            format: FORMAT,
            id,
            created_at: now,
            updated_at: now,
            named_at: session.name.is_some().then_some(now),
            name: session.name,
            title: None,
            thread: None,
            amp_version: None,
            mode: session.mode,
            working_directory: session.working_directory.as_deref().map(recorded_folder),
            last_status: None,
            totals: Totals::default(),
        }
    }

    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(METADATA);
        let metadata: Self = read(&path)?;
        if metadata.format != FORMAT {
            let reason = format!(
                "it has format {}, this release reads {FORMAT}",
                metadata.format
            );
            return Err(ledger_error("read", &path)(io::Error::other(reason)));
        }
        Ok(metadata)
    }

    /// Writes what a new session is. The disk is not waited for: nothing was sent, and the first
    /// turn writes it again.
    pub(super) fn create(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(METADATA);
        let written = Draft::json(&path, self).and_then(Draft::put_unflushed);
        written.map_err(ledger_error("write", &path))
    }

    /// Changes what is on disk, one writer after the other.
    pub(super) fn update(folder: &Path, change: impl FnOnce(&mut Self)) -> Result<Self, Error> {
        Self::update_with(folder, Vec::new(), None, change)
    }

    /// Changes what is on disk, one writer after the other, after these drafts have taken their
    /// places. The disk is waited for once for all of it, and for what was appended to a file.
    pub(super) fn update_with(
        folder: &Path,
        mut drafts: Vec<Draft>,
        appended: Option<&fs::File>,
        change: impl FnOnce(&mut Self),
    ) -> Result<Self, Error> {
        let lock_path = folder.join(METADATA_LOCK);
        let lock = fs::File::open(&lock_path).map_err(ledger_error("open", &lock_path))?;
        lock.lock().map_err(ledger_error("lock", &lock_path))?;
        let mut metadata = Self::read(folder)?;
        change(&mut metadata);
        drafts.push(draft(&folder.join(METADATA), &metadata)?);
        whole_file::put(drafts, appended).map_err(ledger_error("write to", folder))?;
        Ok(metadata)
    }
}

/// Tells whether the power went away just after a session was created: what it is was not flushed,
/// and it has no turns.
pub(super) fn is_abandoned(folder: &Path) -> bool {
    let is_empty = fs::metadata(folder.join(METADATA)).is_ok_and(|file| file.len() == 0);
    is_empty && fs::read_dir(folder.join(TURNS)).is_ok_and(|mut turns| turns.next().is_none())
}

pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    read_value(path).map_err(ledger_error("read", path))
}

/// Reads a value at one go where it fits: there may be ten thousand of these files to read, and
/// asking for the length of each and for its end takes as long as reading it.
fn read_value<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    let mut file = fs::File::open(path)?;
    let mut bytes = [0; AT_ONE_GO];
    let count = file.read(&mut bytes)?;
    if let Ok(value) = serde_json::from_slice(&bytes[..count]) {
        return Ok(value);
    }
    let mut bytes = bytes[..count].to_vec();
    file.read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// Writes a whole file beside its place, to be put there.
pub(super) fn draft<T: Serialize>(path: &Path, value: &T) -> Result<Draft, Error> {
    Draft::json(path, value).map_err(ledger_error("write", path))
}

/// Writes a whole file beside its place, and puts it there.
pub(super) fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    whole_file::write_json(path, value).map_err(ledger_error("write", path))
}

pub(crate) fn create_private_folder(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    private(&mut builder)
        .create(path)
        .map_err(ledger_error("create", path))
}

/// Creates a folder that must not exist yet.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    private(&mut fs::DirBuilder::new()).create(path)
}

pub(super) fn create_empty(path: &Path) -> Result<(), Error> {
    fs::File::create(path)
        .map(drop)
        .map_err(ledger_error("create", path))
}

/// Makes new folders accessible to their owner only; everything in them is protected by that.
fn private(builder: &mut fs::DirBuilder) -> &mut fs::DirBuilder {
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(builder, 0o700);
    builder
}
