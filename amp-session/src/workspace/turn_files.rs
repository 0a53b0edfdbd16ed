//! What recorded turns did to the files of their work tree.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::git::{Git, in_time};
use super::listing::{Change, Listing};
use super::note::SnapshotNote;
use super::path::RepositoryPath;
use super::scan::{Keep, Scan};
use super::snapshot;
use super::undo::{Plan, carry_out, plan};
use crate::blocking::blocking;
use crate::environment::Environment;
use crate::error::Error;
use crate::ledger::{SessionRecord, TurnRecord};

/// What turns of a session did to the files of their Git work tree.
///
/// Ignored files, submodules and repositories inside the work tree are left alone.
#[derive(Debug)]
pub struct TurnFiles {
    git: Git,
    root: PathBuf,
    /// In the order of the turns.
    turns: Vec<Kept>,
    is_whole: bool,
}

/// The snapshots of one turn.
#[derive(Debug)]
struct Kept {
    /// The refs of the files before and after it.
    names: [String; 2],
    before: Listing,
    after: Listing,
    changes: Vec<Change>,
}

impl TurnFiles {
    /// Reads the snapshots of these turns of a session.
    ///
    /// For a turn that was cut off before its end, all that the files have become until now counts
    /// as its work.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::WorkTree`](crate::ErrorKind::WorkTree) when a turn has no snapshot,
    /// as outside of a Git work tree, and when `git` fails.
    pub async fn of(turns: &[TurnRecord], environment: &Environment) -> Result<Self, Error> {
        let mut found: Option<Self> = None;
        for turn in turns {
            let (root, note) = note_of(turn)?;
            let files = found.get_or_insert_with(|| Self::new(root.clone(), environment));
            if files.root != root {
                let reason = "the turns were run in several work trees".to_owned();
                return Err(Error::WorkTree { reason });
            }
            files.read(&note).await?;
        }
        let none = || Error::WorkTree {
            reason: "the session has no turn".to_owned(),
        };
        found.ok_or_else(none)
    }

    /// Knows no turn yet.
    pub(super) fn new(root: PathBuf, environment: &Environment) -> Self {
        Self {
            git: Git::new(&root, environment),
            root,
            turns: Vec::new(),
            is_whole: true,
        }
    }

    /// Reads the snapshots of one turn more.
    pub(super) async fn read(&mut self, note: &SnapshotNote) -> Result<(), Error> {
        let before = snapshot::read(&self.git, &note.before()).await?;
        let mut name = note.after();
        let after = if note.is_whole {
            snapshot::read(&self.git, &name).await?
        } else {
            self.is_whole = false;
            name = note.now();
            let after = self.now(&before, Keep::Objects).await?;
            snapshot::write(&self.git, &after, &name).await?;
            after
        };
        self.turns.push(Kept {
            names: [note.before(), name],
            changes: after.changes_since(&before),
            before,
            after,
        });
        Ok(())
    }

    /// Returns what the files are now, as far as it can be compared.
    async fn now(&self, before: &Listing, keep: Keep) -> Result<Listing, Error> {
        let known = Scan::of(before.clone());
        let now = in_time(Scan::take(&self.git, &self.root, keep, Some(&known))).await?;
        Ok(now.listing.comparable(before))
    }

    /// Returns the root of the work tree.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Tells whether every turn has ended, so that what others changed later does not count as its
    /// work.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Returns the files that the turns changed, as paths from the root.
    #[must_use]
    pub fn changed(&self) -> Vec<String> {
        let changes = self.turns.iter().flat_map(|turn| &turn.changes);
        texts(changes.map(|change| &change.path))
    }

    /// Returns what was left alone besides ignored files, and why.
    #[must_use]
    pub fn left_alone(&self) -> Vec<String> {
        let listings = self
            .turns
            .iter()
            .flat_map(|turn| [&turn.before, &turn.after]);
        let left_out = listings.flat_map(|listing| &listing.left_out);
        let texts: BTreeSet<String> = left_out
            .map(|(path, why)| format!("{path}: {why}"))
            .collect();
        texts.into_iter().collect()
    }

    /// Returns what the turns did as unified diffs of Git, one turn after the other, with the
    /// colours of a terminal if asked to.
    ///
    /// # Errors
    ///
    /// Fails when `git` fails.
    pub async fn diff(&self, colour: bool) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        for turn in &self.turns {
            for line in snapshot::diff(&self.git, &turn.names, colour).await? {
                text.extend(line);
                text.push(b'\n');
            }
        }
        Ok(text)
    }

    /// Finds out what it takes to undo the turns, the last one first; nothing is changed yet.
    ///
    /// # Errors
    ///
    /// Fails when `git` fails.
    pub async fn undo(self) -> Result<Undo, Error> {
        let mut touched = Listing::default();
        for turn in &self.turns {
            for change in &turn.changes {
                let entry = change.before.as_ref().or(change.after.as_ref());
                let entry = entry.into_iter().cloned();
                touched
                    .entries
                    .extend(entry.map(|entry| (change.path.clone(), entry)));
            }
        }
        let known = Scan::of(touched);
        let now = in_time(Scan::take(
            &self.git,
            &self.root,
            Keep::Nothing,
            Some(&known),
        ))
        .await?;
        let last_first: Vec<Vec<Change>> = self
            .turns
            .iter()
            .rev()
            .map(|turn| turn.changes.clone())
            .collect();
        let empty = self
            .turns
            .iter()
            .flat_map(|turn| &turn.before.empty_folders);
        let mut plan = plan(&last_first, &now.listing);
        let root = self.root.clone();
        let plan = blocking(move || {
            plan.check_room(&root);
            plan
        });
        Ok(Undo {
            plan: plan.await,
            keep_empty: empty.cloned().collect(),
            git: self.git,
            root: self.root,
        })
    }
}

/// What it takes to undo turns.
#[derive(Debug)]
pub struct Undo {
    git: Git,
    root: PathBuf,
    plan: Plan,
    keep_empty: Vec<RepositoryPath>,
}

impl Undo {
    /// Returns the files to be restored or deleted, as paths from the root of the work tree.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        texts(self.plan.steps.keys())
    }

    /// Returns the files that the turns changed and somebody has changed since, and those in whose
    /// place there is something else that stays.
    #[must_use]
    pub fn conflicts(&self) -> Vec<String> {
        texts(&self.plan.conflicts)
    }

    /// Restores the files; the index, branches and commits stay as they are.
    ///
    /// # Errors
    ///
    /// Fails when there are [conflicts](Self::conflicts) and when the contents of a file cannot be
    /// had; nothing has changed then. Fails as well when a file cannot be put in its place: it is
    /// safe to undo the same turns once more.
    pub async fn carry_out(self) -> Result<(), Error> {
        if let Some(path) = self.plan.conflicts.first() {
            let reason = format!("{path} was changed since the turn");
            return Err(Error::WorkTree { reason });
        }
        carry_out(&self.git, &self.root, self.plan.steps, self.keep_empty).await
    }
}

/// Lets go of the snapshots of a session that is about to be deleted, as far as their repositories
/// are there.
pub async fn forget(session: &SessionRecord, environment: &Environment) {
    let mut refs: BTreeMap<PathBuf, String> = BTreeMap::new();
    for turn in session.turns().unwrap_or_default() {
        if let Ok((root, note)) = note_of(&turn) {
            let commands = refs.entry(root).or_default();
            for name in [note.before(), note.after(), note.now()] {
                commands.push_str(&format!("delete {name}\n"));
            }
        }
    }
    for (root, commands) in refs {
        let git = Git::new(&root, environment);
        let update = ["update-ref", "--stdin"];
        let _ = git.lines(&update, commands.into_bytes()).await;
    }
}

/// Returns where the snapshots of a turn are.
fn note_of(turn: &TurnRecord) -> Result<(PathBuf, SnapshotNote), Error> {
    let number = turn.number();
    let absent = |why: &str| Error::WorkTree {
        reason: format!("there is no snapshot of turn {number}: {why}"),
    };
    let note = turn
        .snapshot()?
        .ok_or_else(|| absent("none was asked for"))?;
    match &note.root {
        Some(root) => Ok((root.clone(), note)),
        None => Err(absent(
            note.trouble.as_deref().unwrap_or("nothing says why"),
        )),
    }
}

fn texts<'a>(paths: impl IntoIterator<Item = &'a RepositoryPath>) -> Vec<String> {
    let paths: BTreeSet<&RepositoryPath> = paths.into_iter().collect();
    paths.into_iter().map(RepositoryPath::to_string).collect()
}
