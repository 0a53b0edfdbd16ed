//! A program that hears of each result, such as one that copies it to a bucket.
//!
//! It is started without a shell, with the folder of the task as its argument and the result on its
//! standard input. It hears of a result when that is on the disk, and before the journal has the
//! task as finished: after a process that was killed in between, the next one tells it again. How it
//! ends changes no result; where it fails, it is tried once more at the end.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_session::process::{ProcessSpec, StdinSource};
use amp_session::{Environment, no_deadlines};
use tokio::sync::Semaphore;

use super::folder::Folder;
use crate::context::Context;

/// How long it may take for a result.
const DEADLINE: Duration = Duration::from_secs(300);

/// How many hear at once.
const AT_ONCE: usize = 4;

/// A program that hears of each result.
#[derive(Debug)]
pub(super) struct OnResult {
    program: PathBuf,
    /// Without the key.
    environment: Environment,
    room: Semaphore,
    deadline: Duration,
    /// The tasks whose results it has not taken.
    untaken: RefCell<Vec<String>>,
}

impl OnResult {
    /// Names the program: by a path from here, or by the name that it has on the search path.
    pub(super) fn new(program: &Path, context: &Context) -> Self {
        let is_path = program.components().count() > 1;
        Self {
            program: match is_path {
                true => context.resolve(program),
                false => program.to_owned(),
            },
            environment: context.environment_without_key(),
            room: Semaphore::new(AT_ONCE),
            deadline: DEADLINE,
            untaken: RefCell::default(),
        }
    }

    /// Notes that it has yet to hear of a result, at the end.
    pub(super) fn owe(&self, id: &str) {
        self.untaken.borrow_mut().push(id.to_owned());
    }

    /// Returns the tasks of whose results it has yet to hear.
    pub(super) fn owed(&self) -> Vec<String> {
        self.untaken.take()
    }

    /// Tells it of a result.
    ///
    /// # Errors
    /// Says why it has not taken it.
    pub(super) async fn tell(&self, folder: &Folder, id: &str) -> Result<(), String> {
        let _room = self.room.acquire().await;
        let result = folder.result_bytes(id).map_err(|error| error.to_string())?;
        let task = folder.task(id);
        let spec = ProcessSpec::new(&self.program)
            .with_arguments([&task])
            .with_environment(self.environment.clone())
            .with_working_directory(&folder.root)
            .with_stdin(StdinSource::Bytes(result))
            .with_deadlines(no_deadlines().with_total(Some(self.deadline)));
        let mut process = spec.spawn().await.map_err(|error| error.to_string())?;
        let mut trouble = None;
        loop {
            match process.next_line().await {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => {
                    trouble = Some(error.to_string());
                    process.stop().await;
                    break;
                }
            }
        }
        let exit = process.finish().await;
        match trouble {
            Some(trouble) => Err(trouble),
            None if exit.status().is_success() => Ok(()),
            None => {
                let said = exit.stderr().to_string();
                let said = said.lines().rev().find(|line| !line.trim().is_empty());
                let said = said.map(|said| format!(": {}", said.trim()));
                Err(format!("{}{}", exit.status(), said.unwrap_or_default()))
            }
        }
    }
}
