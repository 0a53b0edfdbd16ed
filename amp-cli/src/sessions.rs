//! The recorded sessions of this user, and how they are named on the command line.

use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use amp_session::{Ledger, NewSession, SessionConfig, SessionRecord, ThreadId, recorded_folder};

use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::runtime::block_on;

/// The word that stands for the session used last.
pub(crate) const LAST: &str = "last";

/// How many sessions a word is said to mean at most.
const MOST_SHOWN: usize = 5;

/// Represents the recorded sessions of this user.
pub(crate) struct Sessions(Ledger);

impl Sessions {
    /// Opens the folder of the sessions; nothing is created before it is needed.
    ///
    /// # Errors
    /// Fails when there is no home folder to keep them in.
    pub(crate) fn open(context: &Context) -> Result<Self, Failure> {
        let folder = Ledger::default_folder(&context.environment).ok_or_else(|| {
            Failure::new(
                ExitCode::Usage,
                "there is no home folder to keep sessions in",
            )
            .next("export XDG_STATE_HOME=DIR", "names another one")
            .next("ampctl run --no-record …", "records nothing")
        })?;
        Ok(Self(Ledger::new(folder)))
    }

    /// Returns the ledger itself.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.0
    }

    /// Deletes a session, with the snapshots that it has in repositories.
    ///
    /// # Errors
    /// Fails while one of its turns runs, and when its files cannot be deleted.
    pub(crate) fn delete(&self, record: &SessionRecord, context: &Context) -> Result<(), Failure> {
        let environment = context.environment_without_key();
        // The caller may be run by a runtime, in which no other can be.
        let forget = || block_on(amp_session::forget(record, &environment));
        let forgotten = thread::scope(|scope| scope.spawn(forget).join());
        forgotten.unwrap_or_else(|panic| resume_unwind(panic))?;
        Ok(self.0.delete(&record.metadata().id)?)
    }

    /// Begins a session.
    pub(crate) fn create(
        &self,
        name: Option<&str>,
        config: &SessionConfig,
    ) -> Result<SessionRecord, Failure> {
        let mut session = NewSession::new();
        session.name = name.map(str::to_owned);
        session.working_directory = config.working_directory.clone();
        session.mode.clone_from(&config.mode);
        Ok(self.0.create(session)?)
    }

    /// Returns the session used last in a folder that can be continued.
    ///
    /// # Errors
    /// Fails when there is none.
    pub(crate) fn last_in(&self, folder: &Path) -> Result<SessionRecord, Failure> {
        let folder = recorded_folder(folder);
        self.last_of(|record| is_of(record, &folder))?
            .ok_or_else(|| {
                Failure::new(ExitCode::Usage, "no session to continue in this folder")
                    .next("ampctl sessions list", "lists the sessions of all folders")
                    .next(
                        "ampctl continue --session last \"…\"",
                        "continues the last one of any folder",
                    )
                    .next("ampctl run \"…\"", "begins a new one")
            })
    }

    /// Returns the session used last in a folder.
    ///
    /// # Errors
    /// Fails when there is none.
    pub(crate) fn newest_in(&self, folder: &Path) -> Result<SessionRecord, Failure> {
        let folder = recorded_folder(folder);
        let mut sessions = self.0.sessions()?.into_iter();
        sessions
            .find(|record| is_of(record, &folder))
            .ok_or_else(|| {
                Failure::new(ExitCode::Usage, "no session was recorded in this folder")
                    .next("ampctl sessions list", "lists the sessions of all folders")
            })
    }

    /// Returns the session used last in any folder that can be continued.
    ///
    /// # Errors
    /// Fails when there is none.
    pub(crate) fn last(&self) -> Result<SessionRecord, Failure> {
        self.last_of(|_| true)?.ok_or_else(|| {
            Failure::new(ExitCode::Usage, "no session to continue")
                .next("ampctl run \"…\"", "begins a new one")
        })
    }

    /// Finds the last of some sessions, without those whose agent ended before it named a thread.
    fn last_of(
        &self,
        belongs: impl Fn(&SessionRecord) -> bool,
    ) -> Result<Option<SessionRecord>, Failure> {
        // One that runs has not named it yet.
        let has_thread =
            |record: &SessionRecord| record.metadata().thread.is_some() || record.is_in_use();
        let mut sessions = self.0.sessions()?.into_iter();
        Ok(sessions.find(|record| belongs(record) && has_thread(record)))
    }

    /// Finds the one session that a user's word means: an id, a beginning of it, a name, a thread,
    /// or `last`.
    ///
    /// # Errors
    /// Fails when no session or several sessions fit.
    pub(crate) fn find(&self, word: &str) -> Result<SessionRecord, Failure> {
        let mut found = if word.is_empty() {
            Vec::new()
        } else if word == LAST {
            self.0.sessions()?.into_iter().take(1).collect()
        } else {
            let thread = word.parse::<ThreadId>();
            self.0
                .find(thread.as_ref().map_or(word, ThreadId::as_str))?
        };
        match (found.pop(), found.as_slice()) {
            (Some(record), []) => Ok(record),
            (None, _) => Err(Failure::new(
                ExitCode::Usage,
                format!("no recorded session is called `{word}`"),
            )
            .next("ampctl sessions list", "lists them")),
            (Some(last), others) => {
                let all = others.iter().chain([&last]);
                let ids: Vec<&str> = all.map(|record| record.metadata().id.as_str()).collect();
                let shown = ids.len().min(MOST_SHOWN);
                let more = match ids.len() - shown {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                Err(
                    Failure::new(ExitCode::Usage, format!("`{word}` means several sessions"))
                        .because(format!("it could be {}{more}", ids[..shown].join(", ")))
                        .next(
                            format!("ampctl sessions show {}", ids[0]),
                            "shows the first of them",
                        ),
                )
            }
        }
    }
}

/// Refuses a session with a turn being recorded; `later` says what can be done when that has ended.
///
/// # Errors
/// Fails when there is such a turn, of this process or another.
pub(crate) fn refuse_in_use(record: &SessionRecord, later: &str) -> Result<(), Failure> {
    if !record.is_in_use() {
        return Ok(());
    }
    let what = format!("session {} is being recorded", record.metadata().id);
    Err(Failure::new(ExitCode::Failed, what).hint(later))
}

/// Tells whether a session was held in a folder, named as records name it.
pub(crate) fn is_of(record: &SessionRecord, folder: &Path) -> bool {
    record.metadata().working_directory.as_deref() == Some(folder)
}
