//! The threads of the service, as Amp's own `threads` commands tell of them.
//!
//! The builds of 2026-01-08 to 2026-09-23 were asked. `export` writes JSON since 2026-01-25, though
//! the help of the older ones does not say so; those before it take the word for no command and list
//! threads. `list` writes JSON since May, `search` since February. A thread that is not there, and a
//! service that cannot be reached, are told on standard error with exit code 1.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Amp;
use crate::dialect::Feature;
use crate::error::Error;
use crate::plain_text::{telling_line, without_escapes};
use crate::settings::ServiceAddress;
use crate::thread_id::ThreadId;

/// How long Amp may take to answer.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The longest answer that is taken, in bytes: a thread with all that its tools printed.
const LONGEST_ANSWER: usize = 256 << 20;

/// A thread of the service, in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ThreadSummary {
    /// Its id.
    pub id: ThreadId,
    /// What it is called.
    #[serde(default)]
    pub title: Option<String>,
    /// When it was changed last, as Amp writes it (RFC 3339).
    ///
    /// A search passes on what the service says; a moment in another form is left out.
    #[serde(default, alias = "updatedAt", deserialize_with = "text_alone")]
    pub updated: Option<String>,
    /// The folder that it began in, as a `file:` address; a search does not tell it.
    #[serde(default)]
    pub tree: Option<String>,
    /// How many messages it has, where the build tells it.
    #[serde(default, rename(deserialize = "messageCount"))]
    pub messages: Option<u64>,
}

/// Which threads of the service to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadList {
    /// How many at most. Amp asks its service for 200.
    pub limit: usize,
    /// Whether those that are archived are among them. Since July 2026 (recordings of
    /// 0.0.1784106548-gd81d8b and later) Amp archives every new thread when its run is over, unless
    /// it is told not to.
    pub archived: bool,
}

impl ThreadList {
    /// At most this many threads that are not archived.
    #[must_use]
    pub fn at_most(limit: usize) -> Self {
        Self {
            limit,
            archived: false,
        }
    }

    /// Returns this list with the archived threads, or without them.
    #[must_use]
    pub fn with_archived(mut self, archived: bool) -> Self {
        self.archived = archived;
        self
    }
}

impl Amp {
    /// Lists the threads of the service, the one used last first.
    ///
    /// # Errors
    ///
    /// Fails when this build cannot, or says that it could not.
    pub async fn threads(
        &self,
        service: &ServiceAddress,
        list: ThreadList,
    ) -> Result<Vec<ThreadSummary>, Error> {
        self.dialect.require(&self.version, Feature::ThreadsList)?;
        let mut arguments = vec!["list", "--json"];
        if list.archived {
            arguments.push("--include-archived");
        }
        let mut threads = self.ask_threads(service, &arguments).await?;
        threads.truncate(list.limit);
        Ok(threads)
    }

    /// Searches the threads of the service, in the language of Amp's own `threads search`; returns
    /// at most `limit`.
    ///
    /// # Errors
    ///
    /// Fails when this build cannot, or says that it could not.
    pub async fn search_threads(
        &self,
        service: &ServiceAddress,
        query: &str,
        limit: usize,
    ) -> Result<Vec<ThreadSummary>, Error> {
        self.dialect
            .require(&self.version, Feature::ThreadsSearch)?;
        if query.trim().is_empty() || query.starts_with('-') {
            return Err(Error::InvalidOption {
                option: "query",
                reason: "it is empty, or begins with a dash".to_owned(),
            });
        }
        let limit = limit.to_string();
        let arguments = ["search", query, "--json", "--limit", &limit];
        self.ask_threads(service, &arguments).await
    }

    /// Returns a thread as Amp exports it, for [`Ledger::import`](crate::Ledger::import).
    ///
    /// # Errors
    ///
    /// Fails when this build cannot, when there is no such thread, or Amp could not get it.
    pub async fn export_thread(
        &self,
        service: &ServiceAddress,
        thread: &ThreadId,
    ) -> Result<Value, Error> {
        self.dialect
            .require(&self.version, Feature::ThreadsExport)?;
        let answer = self
            .ask_service(service, &["export", thread.as_str()])
            .await?;
        serde_json::from_str(&answer).map_err(|error| failed("export", error.to_string()))
    }

    async fn ask_threads(
        &self,
        service: &ServiceAddress,
        arguments: &[&str],
    ) -> Result<Vec<ThreadSummary>, Error> {
        let answer = self.ask_service(service, arguments).await?;
        serde_json::from_str(&answer).map_err(|error| failed("threads", error.to_string()))
    }

    /// Runs a `threads` command where no project is that could name another service.
    async fn ask_service(
        &self,
        service: &ServiceAddress,
        arguments: &[&str],
    ) -> Result<String, Error> {
        let folder = tempfile::tempdir().map_err(Error::RunFiles)?;
        let arguments = [&["threads"], arguments].concat();
        let spec = self
            .process(&arguments, self.environment_for(service))
            .with_working_directory(folder.path());
        let answer = self.run_to_end(spec, TIMEOUT, LONGEST_ANSWER).await?;
        let too_long = || failed(arguments[1], "it says more than 256 MiB".to_owned());
        let (answer, exit) = answer.ok_or_else(too_long)?;
        if exit.status().is_success() {
            return Ok(answer);
        }
        let stderr = without_escapes(&exit.stderr().to_string());
        let first = || stderr.lines().find(|line| !line.trim().is_empty());
        let reason = telling_line(&stderr).or_else(first);
        let reason =
            reason.map_or_else(|| exit.status().to_string(), |line| line.trim().to_owned());
        Err(failed(arguments[1], reason))
    }
}

fn text_alone<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

fn failed(command: &str, reason: String) -> Error {
    Error::ThreadsFailed {
        command: command.to_owned(),
        reason,
    }
}
