//! A work tree of its own for a piece of work, made from a repository that stays as it is: a linked
//! work tree, or a clone.
//!
//! Linked work trees share the repository's references and configuration, and Git locks neither
//! well: of 32 that were added at once with a branch, between 2 and 27 failed on a lock (Git 2.47).
//! They are added here without a branch, one at a time for each repository, on one machine and over
//! a shared file system alike; what takes long, the files, is written outside of that lock.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::git::{Git, failure, in_time};
use super::scan::{Keep, Scan, root_around};
use super::snapshot;
use crate::blocking::blocking;
use crate::environment::Environment;
use crate::error::Error;

/// The commit that the work begins with; a reference of this work tree alone.
const BASE: &str = "refs/worktree/amp-session/base";

/// The files that the work begins with.
const BEFORE: &str = "refs/worktree/amp-session/before";

/// The files that the work has come to.
const AFTER: &str = "refs/worktree/amp-session/after";

/// The file in a repository that is locked while its work trees change.
const LOCK: &str = "amp-session-work-trees.lock";

/// How long another one may hold that lock, and how often it is asked for.
const LOCKED: Duration = Duration::from_secs(120);
const AGAIN: Duration = Duration::from_millis(10);

/// What lets Git read another repository of this machine.
const FROM_FILES: &[&str] = &["-c", "protocol.file.allow=always"];

/// How a work tree is kept apart from the repository that it is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Isolation {
    /// A linked work tree: quick, and it shares references, configuration and hooks.
    Linked,
    /// A clone on the same machine, without a remote: it shares nothing that can be written.
    Clone,
}

/// A work tree of its own, made from a repository.
#[derive(Debug)]
pub struct WorkTree {
    isolation: Isolation,
    root: PathBuf,
    git: Git,
    /// The repository that it was made from.
    source: Git,
    base: String,
}

/// What has come of the work in a work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Work {
    /// The files that are not as they were, as paths from the root.
    pub files: Vec<String>,
    /// The commit that is checked out now.
    pub head: String,
}

impl WorkTree {
    /// Makes a work tree at `root`, of the commit that `revision` names in the repository around
    /// `source`. What is at `root` already, half-made or left over, is removed first.
    ///
    /// Ignored files, submodules and what is not committed in `source` are not in it.
    ///
    /// # Errors
    ///
    /// Fails when there is no such repository or commit, and when `git` fails.
    pub async fn add(
        isolation: Isolation,
        source: &Path,
        revision: &str,
        root: &Path,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let source = Git::new(source, environment);
        let revision = format!("{revision}^{{commit}}");
        let resolve = ["rev-parse", "--verify", "--end-of-options", &revision];
        let base = source.line(&resolve, Vec::new()).await?;
        let tree = Self {
            isolation,
            root: root.to_owned(),
            git: source.at(root),
            source,
            base,
        };
        if fs::symlink_metadata(root).is_ok() {
            tree.take_away().await?;
        }
        let made = tree.make().await;
        if made.is_err() {
            // The first error tells more.
            let _ = tree.take_away().await;
        }
        made.map(|()| tree)
    }

    /// Returns a work tree that [`add`](Self::add) has made earlier, with the work in it.
    ///
    /// # Errors
    ///
    /// Fails when it is not there, or was left half-made.
    pub async fn open(
        isolation: Isolation,
        source: &Path,
        root: &Path,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let source = Git::new(source, environment);
        let git = source.at(root);
        let real = root.canonicalize().map_err(Error::RunFiles)?;
        if root_around(&git, root).await? != real {
            let reason = format!("{} is no work tree", root.display());
            return Err(Error::WorkTree { reason });
        }
        // Written last: a work tree without it is half-made.
        let base = git
            .line(&["rev-parse", "--verify", BASE], Vec::new())
            .await?;
        Ok(Self {
            isolation,
            root: root.to_owned(),
            git,
            source,
            base,
        })
    }

    /// Returns its root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the commit that the work began with.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Writes what the work has done to the files, committed or not, as a patch to this file, which
    /// `git apply` takes. New files are in it, ignored ones are not.
    ///
    /// The index of the work tree stays as it is. Files are compared byte for byte, so that no
    /// filter runs that a repository names.
    ///
    /// # Errors
    ///
    /// Fails when `git` fails.
    pub async fn write_patch(&self, to: &Path) -> Result<Work, Error> {
        in_time(async {
            let before = snapshot::read(&self.git, BEFORE).await?;
            let known = Scan::of(before.clone());
            let after = Scan::take(&self.git, &self.root, Keep::Objects, Some(&known)).await?;
            let after = after.listing.comparable(&before);
            snapshot::write(&self.git, &after, AFTER).await?;
            snapshot::write_patch(&self.git, [BEFORE, AFTER], to).await?;
            let changes = after.changes_since(&before);
            let files = changes.iter().map(|change| change.path.to_string());
            let head = ["rev-parse", "--verify", "HEAD^{commit}"];
            Ok(Work {
                files: files.collect(),
                head: self.git.line(&head, Vec::new()).await?,
            })
        })
        .await
    }

    /// Keeps a commit of the work tree as a branch of the repository that it was made from.
    ///
    /// # Errors
    ///
    /// Fails when there is such a branch with another commit, and when `git` fails.
    pub async fn keep_as_branch(&self, commit: &str, branch: &str) -> Result<(), Error> {
        let name = format!("refs/heads/{branch}");
        if self.isolation == Isolation::Clone {
            let from = text(&self.root)?;
            let what = format!("{commit}:{name}");
            let fetch = [
                FROM_FILES,
                &[
                    "fetch",
                    "--quiet",
                    "--no-tags",
                    "--no-write-fetch-head",
                    from,
                    &what,
                ],
            ];
            self.source.lines(&fetch.concat(), Vec::new()).await?;
            return Ok(());
        }
        let known = ["rev-parse", "--verify", "--quiet", &name];
        let known = self.source.lines_if_any(&known, Vec::new()).await?;
        if known
            .first()
            .is_some_and(|known| known == commit.as_bytes())
        {
            return Ok(());
        }
        // The empty value demands that there is none.
        let update = ["update-ref", &name, commit, ""];
        self.source.lines(&update, Vec::new()).await?;
        Ok(())
    }

    /// Removes the work tree with everything in it.
    ///
    /// # Errors
    ///
    /// Fails when `git` or the file system does; what is left is removed by
    /// [`add`](Self::add) to the same place.
    pub async fn remove(self) -> Result<(), Error> {
        self.take_away().await
    }

    async fn make(&self) -> Result<(), Error> {
        let root = text(&self.root)?;
        match self.isolation {
            Isolation::Linked => {
                let add = [
                    "worktree",
                    "add",
                    "--quiet",
                    "--detach",
                    "--no-checkout",
                    "--",
                    root,
                ];
                let add = [&add[..], &[&self.base]].concat();
                let _lock = self.lock().await?;
                self.source.lines(&add, Vec::new()).await?;
            }
            Isolation::Clone => {
                let common = self.common_folder().await?;
                let common = text(&common)?;
                let clone = [
                    "clone",
                    "--quiet",
                    "--local",
                    "--no-checkout",
                    "--",
                    common,
                    root,
                ];
                let clone = [FROM_FILES, &clone].concat();
                self.source.lines(&clone, Vec::new()).await?;
                // Nothing in it leads back to where it came from.
                let remove = ["remote", "remove", "origin"];
                self.git.lines(&remove, Vec::new()).await?;
                let detach = ["update-ref", "--no-deref", "HEAD", &self.base];
                self.git.lines(&detach, Vec::new()).await?;
            }
        }
        let files = ["reset", "--quiet", "--hard", &self.base];
        self.git.lines(&files, Vec::new()).await?;
        in_time(async {
            let before = Scan::take(&self.git, &self.root, Keep::Objects, None).await?;
            snapshot::write(&self.git, &before.listing, BEFORE).await
        })
        .await?;
        let base = ["update-ref", BASE, &self.base];
        self.git.lines(&base, Vec::new()).await?;
        Ok(())
    }

    async fn take_away(&self) -> Result<(), Error> {
        let _lock = match self.isolation {
            Isolation::Linked => Some(self.lock().await?),
            Isolation::Clone => None,
        };
        let root = self.root.clone();
        let removed = blocking(move || match fs::remove_dir_all(&root) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        });
        removed.await.map_err(Error::RunFiles)?;
        if self.isolation == Isolation::Linked {
            // Another one's that is just being made is not there yet either: hence the lock.
            let prune = ["worktree", "prune", "--expire=now"];
            self.source.lines(&prune, Vec::new()).await?;
        }
        Ok(())
    }

    async fn common_folder(&self) -> Result<PathBuf, Error> {
        let common = ["rev-parse", "--path-format=absolute", "--git-common-dir"];
        Ok(self.source.line(&common, Vec::new()).await?.into())
    }

    /// Waits until nobody else changes the work trees of the repository.
    async fn lock(&self) -> Result<File, Error> {
        let path = self.common_folder().await?.join(LOCK);
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(Error::RunFiles)?;
        let end = Instant::now() + LOCKED;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < end => {
                    tokio::time::sleep(AGAIN).await;
                }
                Err(TryLockError::WouldBlock) => {
                    let reason = format!("another process holds {}", path.display());
                    return Err(failure(&["worktree"], &reason));
                }
                Err(TryLockError::Error(error)) => return Err(Error::RunFiles(error)),
            }
        }
    }
}

/// Returns a path as Git takes it among its arguments.
fn text(path: &Path) -> Result<&str, Error> {
    path.to_str().ok_or_else(|| {
        let reason = format!("{} is not UTF-8", path.display());
        Error::WorkTree { reason }
    })
}
