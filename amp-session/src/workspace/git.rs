//! The `git` program, told to run nothing that a repository names.

use std::ffi::{OsStr, OsString};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::{Containment, ContainmentKind, Deadlines, Process, ProcessSpec, StdinSource};

use crate::environment::Environment;
use crate::error::Error;

/// How long work of several commands may take.
const IN_ALL: Duration = Duration::from_secs(60);

/// How long one command of Git may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// The variables that tell Git where its things are, which a hook of Git has for another purpose,
/// and the key, which is no business of Git's.
const REMOVED: [&str; 7] = [
    "AMP_API_KEY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_PREFIX",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];

/// Nothing waits for a person, fetches what is missing, or writes without need.
const VARIABLES: [(&str, &str); 4] = [
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("LC_ALL", "C"),
];

/// An agent may have written the configuration of a repository; its programs would run unconfined.
const SETTINGS: [&str; 5] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=true",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
];

/// The `git` program in a folder.
#[derive(Debug, Clone)]
pub(super) struct Git {
    folder: PathBuf,
    environment: Environment,
}

impl Git {
    pub(super) fn new(folder: &Path, environment: &Environment) -> Self {
        let mut environment = environment.clone();
        for name in REMOVED {
            environment.remove(OsStr::new(name));
        }
        let variables = VARIABLES.map(|(name, value)| (name.into(), value.into()));
        environment.extend(variables);
        Self {
            folder: folder.to_owned(),
            environment,
        }
    }

    /// Returns Git in another folder.
    pub(super) fn at(&self, folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            environment: self.environment.clone(),
        }
    }

    /// Returns Git with a variable.
    pub(super) fn with(&self, name: &str, value: impl Into<OsString>) -> Self {
        let mut git = self.clone();
        git.environment.insert(name.into(), value.into());
        git
    }

    /// Starts a command, with these bytes as its input.
    pub(super) async fn start(&self, arguments: &[&str], input: Vec<u8>) -> Result<Process, Error> {
        let settings = SETTINGS.iter().flat_map(|setting| ["-c", setting]);
        let spec = ProcessSpec::new("git")
            .with_arguments(settings.chain(arguments.iter().copied()))
            .with_environment(self.environment.clone())
            .with_working_directory(&self.folder)
            .with_stdin(StdinSource::Bytes(input))
            .with_containment(Containment::Require(ContainmentKind::Group))
            .with_deadlines(Deadlines::default().with_total(Some(DEADLINE)));
        let started = spec.spawn().await;
        started.map_err(|error| failure(arguments, &error.to_string()))
    }

    /// Runs a command that ends with 1 when it has nothing to write, and returns its lines.
    pub(super) async fn lines_if_any(
        &self,
        arguments: &[&str],
        input: Vec<u8>,
    ) -> Result<Vec<Vec<u8>>, Error> {
        self.lines_with(arguments, input, &[0, 1]).await
    }

    /// Runs a command and returns the lines it writes.
    pub(super) async fn lines(
        &self,
        arguments: &[&str],
        input: Vec<u8>,
    ) -> Result<Vec<Vec<u8>>, Error> {
        self.lines_with(arguments, input, &[0]).await
    }

    /// Returns the lines of a command that ends with one of these codes.
    async fn lines_with(
        &self,
        arguments: &[&str],
        input: Vec<u8>,
        good: &[i32],
    ) -> Result<Vec<Vec<u8>>, Error> {
        let mut process = self.start(arguments, input).await?;
        let mut lines = Vec::new();
        while let Some(line) = next_line(&mut process, arguments).await? {
            lines.push(line);
        }
        end(process, arguments, good).await?;
        Ok(lines)
    }

    /// Runs a command that writes one line, and returns it as text.
    pub(super) async fn line(&self, arguments: &[&str], input: Vec<u8>) -> Result<String, Error> {
        let lines = self.lines(arguments, input).await?;
        let line = match <[Vec<u8>; 1]>::try_from(lines) {
            Ok([line]) => String::from_utf8(line).ok(),
            Err(_) => None,
        };
        line.ok_or_else(|| failure(arguments, "it does not write one line"))
    }
}

/// Returns the next line that a command writes.
pub(super) async fn next_line(
    process: &mut Process,
    arguments: &[&str],
) -> Result<Option<Vec<u8>>, Error> {
    match process.next_line().await {
        Ok(line) => Ok(line.map(|line| line.to_vec())),
        Err(error) => Err(failure(arguments, &error.to_string())),
    }
}

/// Waits for a command to end well.
pub(super) async fn finish(process: Process, arguments: &[&str]) -> Result<(), Error> {
    end(process, arguments, &[0]).await
}

async fn end(mut process: Process, arguments: &[&str], good: &[i32]) -> Result<(), Error> {
    let exit = process.finish().await;
    if exit
        .status()
        .code()
        .is_some_and(|code| good.contains(&code))
    {
        return Ok(());
    }
    let said = exit.stderr().to_string();
    let said = said.lines().find(|line| !line.trim().is_empty());
    let end = exit.status().to_string();
    Err(failure(arguments, said.map_or(end.as_str(), str::trim)))
}

/// Says that a command of Git came to nothing.
pub(super) fn failure(arguments: &[&str], reason: &str) -> Error {
    Error::WorkTree {
        reason: format!("`git {}`: {reason}", arguments.first().unwrap_or(&"")),
    }
}

/// Waits for work of several commands, but not for ever.
pub(super) async fn in_time<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let done = tokio::time::timeout(IN_ALL, work).await;
    done.unwrap_or_else(|_| {
        let reason = format!("it took longer than {} s", IN_ALL.as_secs());
        Err(Error::WorkTree { reason })
    })
}
