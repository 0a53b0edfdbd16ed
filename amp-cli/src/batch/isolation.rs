//! Where the agent of a task works, and what is kept of what it has done there.

use std::ffi::{OsStr, OsString};
use std::io::BufRead;
use std::path::{Path, PathBuf};

use amp_session::{Environment, Error, Isolation, WorkTree};
use sha2::{Digest, Sha256};

use super::folder::Folder;
use super::options::Isolate;
use super::result::WorkDone;
use super::task::{Task, hex};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// The folder that an agent works in.
#[derive(Debug)]
pub(super) enum Space {
    /// A folder as it is.
    Shared(PathBuf),
    /// A work tree of the task's own.
    Own(WorkTree),
}

/// What a space is made from.
pub(super) struct Site<'a> {
    pub(super) isolate: Isolate,
    /// The folder of the file of tasks.
    pub(super) tasks: &'a Path,
    /// Where the work trees are.
    pub(super) work: PathBuf,
    /// Without the key.
    pub(super) environment: &'a Environment,
}

impl Site<'_> {
    /// Returns the space of a task: a new one, or with `again` the one that it has.
    ///
    /// # Errors
    /// Fails when there is no such folder, and when Git fails.
    pub(super) async fn space(&self, task: &Task, id: &str, again: bool) -> Result<Space, Failure> {
        let isolation = match (self.isolate, &task.repo) {
            (_, None) => {
                let folder = task.cwd.as_deref().unwrap_or(Path::new(""));
                return self.shared(folder);
            }
            (Isolate::None, Some(repo)) => return self.shared(repo),
            (Isolate::Worktree, _) => Isolation::Linked,
            (Isolate::Clone, _) => Isolation::Clone,
        };
        let repo = task.repo.as_deref().unwrap_or(Path::new(""));
        let Space::Shared(source) = self.shared(repo)? else {
            return Err(Failure::new(
                ExitCode::Failed,
                "a repository is no work tree",
            ));
        };
        let root = self.work.join(id);
        let tree = match again {
            true => WorkTree::open(isolation, &source, &root, self.environment)
                .await
                .map_err(of_tree)?,
            false => {
                std::fs::create_dir_all(&self.work)
                    .map_err(|error| Folder::new(self.work.clone()).unusable(&error))
                    .map_err(|failure| failure.with_code(ExitCode::Paused))?;
                let revision = task.revision.as_deref().unwrap_or("HEAD");
                WorkTree::add(isolation, &source, revision, &root, self.environment)
                    .await
                    .map_err(of_tree)?
            }
        };
        Ok(Space::Own(tree))
    }

    fn shared(&self, folder: &Path) -> Result<Space, Failure> {
        let path = self.tasks.join(folder);
        match path.is_dir() {
            true => Ok(Space::Shared(path.canonicalize().unwrap_or(path))),
            false => {
                let what = format!("{} is not a folder to work in", path.display());
                let failure = Failure::new(ExitCode::Usage, what);
                let is_remote = folder.to_str().is_some_and(|text| text.contains(':'));
                Err(match is_remote {
                    true => {
                        failure.hint("a repository elsewhere is cloned first, once for all tasks")
                    }
                    false => failure,
                })
            }
        }
    }
}

impl Space {
    /// Returns the folder.
    pub(super) fn folder(&self) -> PathBuf {
        match self {
            Self::Shared(folder) => folder.clone(),
            Self::Own(tree) => tree.root().to_owned(),
        }
    }

    /// Keeps what was done in a work tree of its own: a patch in this folder, and its commits as a
    /// branch.
    ///
    /// # Errors
    /// Fails when Git or the file system does; the work tree stays.
    pub(super) async fn keep(
        &self,
        attempt: &Path,
        branch: &str,
    ) -> Result<Option<WorkDone>, Failure> {
        let Self::Own(tree) = self else {
            return Ok(None);
        };
        let patch = attempt.join(PATCH);
        let done = tree.write_patch(&patch).await.map_err(of_tree)?;
        let has_commits = done.head != tree.base();
        if has_commits {
            tree.keep_as_branch(&done.head, branch)
                .await
                .map_err(of_tree)?;
        }
        let hash = hash_of(&patch).map_err(|error| {
            Failure::new(
                ExitCode::Failed,
                format!("{} cannot be read", patch.display()),
            )
            .caused_by(&error)
        })?;
        Ok(Some(WorkDone {
            base: tree.base().to_owned(),
            head: done.head,
            branch: has_commits.then(|| branch.to_owned()),
            files: done.files,
            patch_sha256: hash,
            left_at: None,
        }))
    }

    /// Removes a work tree of its own, whose work is safe.
    pub(super) async fn remove(self) {
        if let Self::Own(tree) = self {
            // What is left is in the way of nobody, and its place is known.
            let _ = tree.remove().await;
        }
    }
}

const PATCH: &str = "patch.diff";

/// What Git says where the machine is at fault and not the task.
const OF_MACHINE: [&str; 9] = [
    "No space left on device",
    "Disk quota exceeded",
    "File too large",
    "Read-only file system",
    "Too many open files",
    "Cannot allocate memory",
    "Input/output error",
    ".lock': File exists",
    "another process holds",
];

/// Returns the failure of a work tree; with the exit code of a pause where another time may be better.
fn of_tree(error: Error) -> Failure {
    let is_of_machine = match &error {
        Error::RunFiles(_) => true,
        Error::WorkTree { reason } => OF_MACHINE.iter().any(|said| reason.contains(said)),
        _ => false,
    };
    let failure = Failure::from(error);
    match is_of_machine {
        true => failure.with_code(ExitCode::Paused),
        false => failure,
    }
}

/// Returns the SHA-256 of a file, and has the disk keep it.
fn hash_of(path: &Path) -> std::io::Result<String> {
    let file = std::fs::File::open(path)?;
    file.sync_all()?;
    let mut hash = Sha256::new();
    let mut reader = std::io::BufReader::new(file);
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        let count = bytes.len();
        hash.update(bytes);
        reader.consume(count);
    }
    Ok(hex(&hash.finalize()))
}

/// Returns the variables that keep Git from tidying a repository up that other agents work with,
/// beside what is set for Git already.
pub(super) fn without_gc(environment: &Environment) -> Vec<(OsString, OsString)> {
    let count = environment.get(OsStr::new("GIT_CONFIG_COUNT"));
    let count = count.and_then(|count| count.to_str()?.parse::<u32>().ok());
    let count = count.unwrap_or(0);
    let mut variables = vec![(
        OsString::from("GIT_CONFIG_COUNT"),
        OsString::from((count + 2).to_string()),
    )];
    for (offset, name) in ["gc.auto", "maintenance.auto"].into_iter().enumerate() {
        let number = count as usize + offset;
        let value = if offset == 0 { "0" } else { "false" };
        variables.push((format!("GIT_CONFIG_KEY_{number}").into(), name.into()));
        variables.push((format!("GIT_CONFIG_VALUE_{number}").into(), value.into()));
    }
    variables
}
