//! The ledger: one folder per session with everything the agent wrote, byte for byte.
//!
//! ```text
//! ID/session.json             what the session is; replaced as a whole
//! ID/session.lock             held while that is changed
//! ID/lock                     shared by writers, exclusive for deletion
//! ID/turns/0001/turn.json     how the turn began
//! ID/turns/0001/events.jsonl  the agent's lines as they came, appended one write each
//! ID/turns/0001/messages.jsonl  what was sent as messages, each line before it was sent
//! ID/turns/0001/approvals.jsonl what was asked and decided about its calls, before Amp hears of it
//! ID/turns/0001/stderr.txt    head and tail of its standard error
//! ID/turns/0001/check.json    what a check said of the work; missing without one
//! ID/turns/0001/end.json      how the turn ended; missing when the host died first
//! ```
//!
//! ```no_run
//! # use amp_session::{Amp, Environment, Error, Ledger, NewSession, SessionConfig};
//! # async fn record(amp: Amp, environment: Environment) -> Result<(), Error> {
//! let folder = Ledger::default_folder(&environment).expect("the environment names a home");
//! let ledger = Ledger::new(folder);
//! let session = amp.start(SessionConfig::new())?.recorded(ledger.create(NewSession::new())?);
//! session.prompt("What is here?").await?.finish().await;
//! for turn in ledger.sessions()?[0].turns()? {
//!     let outcome = turn.replay()?.finish().await; // the same lines, the same outcome
//!     assert!(outcome.is_success());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A line is in the file before the caller sees it, so a host that is killed at any moment loses
//! nothing that it has shown. Every turn has files of its own and a number taken by creating its
//! folder, so several processes can add to one session. Known secrets are replaced.

mod appended;
mod behind;
mod export;
mod files;
mod fragment;
mod id;
mod import;
mod lines;
mod listing;
mod reader;
mod retention;
mod scan;
mod search;
mod totals;
mod writer;

use std::io;
use std::path::{Path, PathBuf};

pub use behind::DISK_LIMIT;
pub(crate) use behind::no_answer;
pub use export::ExportFormat;
pub(crate) use files::create_private_folder;
pub use files::{SessionMetadata, TurnEnd, TurnStart, recorded_folder};
pub use id::SessionId;
pub(crate) use id::now_ms;
pub(crate) use lines::Lines;
pub use listing::Listing;
pub use reader::{SessionRecord, TurnLines, TurnRecord};
pub use retention::Retention;
pub use search::{Excerpt, Found, Search};
pub use totals::Totals;
pub(crate) use writer::{Beginning, Ended, TurnWriter};

use crate::environment::{self, Environment};
use crate::error::Error;
use crate::thread_id::ThreadId;

/// A folder of recorded sessions.
#[derive(Debug, Clone)]
pub struct Ledger {
    folder: PathBuf,
}

/// What can be said about a new session before its first turn.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct NewSession {
    /// A name to find it by.
    pub name: Option<String>,
    /// The folder the agent works in.
    pub working_directory: Option<PathBuf>,
    /// The agent mode.
    pub mode: Option<String>,
}

impl NewSession {
    /// Returns a description that says nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Ledger {
    /// Takes a folder; it is created with the first session.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Returns `$XDG_STATE_HOME/ampctl/sessions`, or its default below the home folder.
    #[must_use]
    pub fn default_folder(environment: &Environment) -> Option<PathBuf> {
        environment::state_folder(environment).map(|state| state.join("sessions"))
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Begins the record of a session.
    ///
    /// # Errors
    ///
    /// Fails when the folder or its files cannot be written.
    pub fn create(&self, session: NewSession) -> Result<SessionRecord, Error> {
        files::create_private_folder(&self.folder)?;
        loop {
            let id = SessionId::generate();
            let folder = self.folder.join(id.as_str());
            match files::create_folder(&folder) {
                Ok(()) => {
                    let metadata = SessionMetadata::new(id, session);
                    files::create_empty(&folder.join(files::LOCK))?;
                    files::create_empty(&folder.join(files::METADATA_LOCK))?;
                    files::create_private_folder(&folder.join(files::TURNS))?;
                    metadata.create(&folder)?;
                    return Ok(SessionRecord::new(folder, metadata));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(ledger_error("create", &folder)(source)),
            }
        }
    }

    /// Opens the record of a session, to read it or to add turns.
    ///
    /// # Errors
    ///
    /// Fails when there is none, or its metadata cannot be read.
    pub fn open(&self, id: &SessionId) -> Result<SessionRecord, Error> {
        let folder = self.folder.join(id.as_str());
        let metadata = SessionMetadata::read(&folder)?;
        Ok(SessionRecord::new(folder, metadata))
    }

    /// Opens every session that can be read, the one used last first.
    ///
    /// # Errors
    ///
    /// Fails when the folder cannot be listed; one that does not exist holds no sessions.
    pub fn sessions(&self) -> Result<Vec<SessionRecord>, Error> {
        Ok(self.records()?.sessions)
    }

    /// Finds a session by its id, its thread, its name, or the sessions whose ids begin with a
    /// text, in this order.
    ///
    /// A name means the session that was given it last, and a thread the record that was used last.
    ///
    /// # Errors
    ///
    /// Fails when the folder cannot be listed, or when a record that cannot be read has the text at
    /// the beginning of its id and no other is meant.
    pub fn find(&self, text: &str) -> Result<Vec<SessionRecord>, Error> {
        let Listing {
            mut sessions,
            unreadable,
        } = self.records()?;
        let has = |part: fn(&SessionMetadata) -> Option<&str>| {
            move |session: &SessionRecord| part(session.metadata()) == Some(text)
        };
        let id = has(|metadata| Some(metadata.id.as_str()));
        let thread = has(|metadata| metadata.thread.as_ref().map(ThreadId::as_str));
        let name = has(|metadata| metadata.name.as_deref());
        let position = |meant: &dyn Fn(&SessionRecord) -> bool| sessions.iter().position(meant);
        let named = || {
            let named = sessions.iter().enumerate().filter(|(_, it)| name(it));
            named.max_by_key(|(_, it)| it.metadata().named_at)
        };
        let one = position(&id)
            .or_else(|| position(&thread))
            .or_else(|| named().map(|(position, _)| position));
        if let Some(one) = one {
            return Ok(vec![sessions.swap_remove(one)]);
        }
        sessions.retain(|session| session.metadata().id.as_str().starts_with(text));
        let mut unreadable = unreadable.into_iter();
        match unreadable.find(|(id, _)| id.as_str().starts_with(text)) {
            Some((_, error)) if sessions.is_empty() => Err(error),
            _ => Ok(sessions),
        }
    }

    /// Deletes a session's record; the agent's thread is not touched.
    ///
    /// # Errors
    ///
    /// Fails when there is none, a turn is being recorded, or its files cannot be removed.
    pub fn delete(&self, id: &SessionId) -> Result<(), Error> {
        retention::delete(&self.folder, id)
    }

    /// Returns the records that [`Ledger::retain`] would delete now, newest first.
    ///
    /// # Errors
    ///
    /// Fails when the folder cannot be listed.
    pub fn expired(&self, retention: &Retention) -> Result<Vec<SessionRecord>, Error> {
        Ok(retention.expired(self.sessions()?))
    }

    /// Deletes the records that a retention policy does not keep; returns their ids.
    ///
    /// Sessions with a turn being recorded are kept.
    ///
    /// # Errors
    ///
    /// Fails when the folder cannot be listed or a record cannot be removed.
    pub fn retain(&self, retention: &Retention) -> Result<Vec<SessionId>, Error> {
        retention.apply(self)
    }
}

/// Wraps an I/O error with what was tried on which file.
fn ledger_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Ledger {
        action,
        path: path.to_path_buf(),
        source,
    }
}
