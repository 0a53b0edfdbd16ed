//! The folder of a batch: what is where, and which tasks it is about.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::result::TaskResult;
use super::shard::{Scheme, Shard};
use super::state::State;
use super::task_file::TaskFile;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// The layout of the folder; another release refuses what it does not know.
const FORMAT: u32 = 1;

/// Which tasks a folder is about, and in how many shards; made by the first process, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    format: u32,
    /// The name that its branches have in common.
    pub(super) name: String,
    /// The SHA-256 of the file of tasks.
    pub(super) tasks_sha256: String,
    pub(super) tasks: usize,
    pub(super) shards: u64,
    pub(super) scheme: Scheme,
    /// Which `ampctl` has begun it.
    pub(super) ampctl: String,
}

impl Identity {
    /// Describes a batch of a file of tasks, in these shards.
    pub(super) fn new(file: &TaskFile, shard: Shard) -> Self {
        Self {
            format: FORMAT,
            name: file.hash[..12].to_owned(),
            tasks_sha256: file.hash.clone(),
            tasks: file.entries.len(),
            shards: shard.total(),
            scheme: shard.scheme,
            ampctl: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// The folder of a batch.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    pub(super) root: PathBuf,
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Makes the folder, or makes sure that it is about the same tasks and shards.
    ///
    /// # Errors
    /// Fails when it is about others, and when it cannot be written.
    pub(super) fn open(&self, wanted: &Identity) -> Result<Identity, Failure> {
        self.make().map_err(|error| self.unusable(&error))?;
        if let Some(identity) = self.identity()? {
            return self.same(identity, wanted);
        }
        let made = write_new(&self.root.join(IDENTITY), wanted);
        match made {
            Ok(()) => Ok(wanted.clone()),
            // Another shard was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let identity = self.existing()?;
                self.same(identity, wanted)
            }
            Err(error) => Err(self.unusable(&error)),
        }
    }

    fn make(&self) -> io::Result<()> {
        for folder in [&self.root, &self.journals(), &self.tasks()] {
            fs::create_dir_all(folder)?;
        }
        Ok(())
    }

    /// Makes sure that this identity of the folder is that of these tasks and shards.
    pub(super) fn is_about(
        &self,
        identity: Identity,
        tasks: &TaskFile,
        shard: Shard,
    ) -> Result<Identity, Failure> {
        self.same(identity, &Identity::new(tasks, shard))
    }

    fn same(&self, identity: Identity, wanted: &Identity) -> Result<Identity, Failure> {
        let of = |identity: &Identity| (identity.shards, identity.scheme);
        let name = self.root.display();
        if identity.tasks_sha256 != wanted.tasks_sha256 {
            let what = format!("{name} has the results of other tasks");
            return Err(Failure::new(ExitCode::Usage, what)
                .because(format!(
                    "its file of tasks had {} tasks and the SHA-256 {}",
                    identity.tasks, identity.tasks_sha256
                ))
                .because(format!(
                    "this one has {} tasks and the SHA-256 {}",
                    wanted.tasks, wanted.tasks_sha256
                ))
                .hint("another file of tasks needs another folder of results"));
        }
        if of(&identity) != of(wanted) {
            let (own, other) = (identity.shards, wanted.shards);
            let what = format!("{name} is about another number of shards");
            return Err(Failure::new(ExitCode::Usage, what)
                .because(format!(
                    "it was begun with {own} shards, and now there are {other}"
                ))
                .hint(format!("--shard NUMBER/{own} names one of them")));
        }
        Ok(identity)
    }

    /// Returns which tasks it is about; `None` where there is no batch yet.
    pub(super) fn identity(&self) -> Result<Option<Identity>, Failure> {
        let path = self.root.join(IDENTITY);
        let identity: Identity = match read(&path) {
            Ok(Some(identity)) => identity,
            Ok(None) => return Ok(None),
            Err(error) => return Err(self.unusable(&error)),
        };
        if identity.format != FORMAT {
            let what = format!("{} is of another release", self.root.display());
            return Err(Failure::new(ExitCode::Usage, what).because(format!(
                "it has format {}, and this release knows {FORMAT}",
                identity.format
            )));
        }
        Ok(Some(identity))
    }

    /// Returns which tasks it is about.
    ///
    /// # Errors
    /// Fails where there is no batch.
    pub(super) fn existing(&self) -> Result<Identity, Failure> {
        self.identity()?.ok_or_else(|| {
            let what = format!("{} is no folder of results", self.root.display());
            Failure::new(ExitCode::Usage, what)
                .next("ampctl batch run TASKS.jsonl --results DIR", "makes one")
        })
    }

    /// Returns how far its tasks are, of one shard or of all.
    ///
    /// # Errors
    /// Fails when a journal cannot be read.
    pub(super) fn state(&self, shard: Option<Shard>) -> Result<State, Failure> {
        self.state_from(
            shard
                .map(|shard| format!("{}.", shard.file_name()))
                .as_deref(),
        )
    }

    /// Returns how far the tasks of a shard are, by its name.
    ///
    /// # Errors
    /// Fails when a journal cannot be read.
    pub(super) fn state_of(&self, shard: &str) -> Result<State, Failure> {
        self.state_from(Some(&format!("{shard}.")))
    }

    fn state_from(&self, start: Option<&str>) -> Result<State, Failure> {
        let mut state = State::default();
        let mut names = Vec::new();
        for entry in fs::read_dir(self.journals()).map_err(|error| self.unusable(&error))? {
            let entry = entry.map_err(|error| self.unusable(&error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_wanted = start.is_none_or(|start| name.starts_with(start));
            if name.ends_with(".jsonl") && is_wanted {
                names.push(name);
            }
        }
        // The numbers of the processes have digits enough to be in order.
        names.sort();
        for name in names {
            let path = self.journals().join(&name);
            let added = fs::read(&path)
                .map_err(|error| error.to_string())
                .and_then(|journal| state.add(&journal));
            added.map_err(|why| {
                Failure::new(
                    ExitCode::Failed,
                    format!("{} cannot be believed", path.display()),
                )
                .because(why)
                .hint("nothing is sent for a shard whose journal is damaged")
            })?;
        }
        Ok(state)
    }

    /// Returns the result of a task, if it has one.
    ///
    /// # Errors
    /// Fails when it cannot be read.
    pub(super) fn result(&self, id: &str) -> Result<Option<TaskResult>, Failure> {
        let path = self.task(id).join(RESULT);
        read(&path).map_err(|error| {
            Failure::new(
                ExitCode::Failed,
                format!("{} cannot be read", path.display()),
            )
            .caused_by(&error)
        })
    }

    /// Returns the result of a task as it was written.
    pub(super) fn result_bytes(&self, id: &str) -> io::Result<Vec<u8>> {
        fs::read(self.task(id).join(RESULT))
    }

    /// Writes the result of a task, as the last thing that is done for it.
    pub(super) fn write_result(&self, result: &TaskResult) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(self.task(&result.id))?;
        write_to(&mut file, result)?;
        file.persist(self.task(&result.id).join(RESULT))?;
        Ok(())
    }

    pub(super) fn journals(&self) -> PathBuf {
        self.root.join("journal")
    }

    pub(super) fn tasks(&self) -> PathBuf {
        self.root.join("tasks")
    }

    pub(super) fn task(&self, id: &str) -> PathBuf {
        self.tasks().join(id)
    }

    pub(super) fn attempt(&self, id: &str, attempt: u32) -> PathBuf {
        self.task(id).join(format!("attempt-{attempt}"))
    }

    /// Returns the failure of a folder that cannot be used.
    pub(super) fn unusable(&self, error: &io::Error) -> Failure {
        let what = format!("{} cannot be used", self.root.display());
        Failure::new(ExitCode::Failed, what).caused_by(error)
    }
}

const IDENTITY: &str = "batch.json";
const RESULT: &str = "result.json";

/// Reads a document; `None` when it is not there.
fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a document that is not there yet, whole.
fn write_new(path: &Path, document: &impl Serialize) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    write_to(&mut file, document)?;
    file.persist_noclobber(path)?;
    Ok(())
}

fn write_to(file: &mut tempfile::NamedTempFile, document: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(document)?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.as_file().sync_all()
}
