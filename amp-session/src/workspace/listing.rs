//! What the files of a work tree are at one time, and what changed between two of them.

use std::collections::{BTreeMap, BTreeSet};

use super::path::RepositoryPath;

/// A file or a symbolic link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: EntryKind,
    /// The permission bits; none for a link.
    pub(super) permissions: u32,
    /// The id of the Git object with its bytes, or with the target of the link.
    pub(super) id: String,
}

/// Which of the two an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    File,
    Link,
}

impl Entry {
    /// Tells whether the owner may execute it.
    pub(super) fn is_program(&self) -> bool {
        self.permissions & 0o100 != 0
    }

    /// Returns the mode that Git has for it.
    pub(super) fn git_mode(&self) -> &'static str {
        match self.kind {
            EntryKind::Link => "120000",
            EntryKind::File if self.is_program() => "100755",
            EntryKind::File => "100644",
        }
    }
}

/// The files of a work tree, ignored ones left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) entries: BTreeMap<RepositoryPath, Entry>,
    /// What is ignored; a folder that is ignored as a whole ends with a slash.
    pub(super) ignored: Vec<RepositoryPath>,
    /// Folders in which there is nothing.
    pub(super) empty_folders: Vec<RepositoryPath>,
    /// What is neither ignored nor an entry, and why.
    pub(super) left_out: BTreeMap<RepositoryPath, String>,
}

/// A file that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) path: RepositoryPath,
    pub(super) before: Option<Entry>,
    pub(super) after: Option<Entry>,
}

impl Listing {
    /// Takes out of a listing of later what says nothing about changes: files that were ignored
    /// before, and those that could not be seen at one of the two times.
    pub(super) fn comparable(mut self, before: &Self) -> Self {
        let was_there = |path: &RepositoryPath| {
            let was_ignored = || before.ignored.iter().any(|entry| path.is_in(entry));
            before.left_out.keys().any(|entry| path.is_in(entry)) || was_ignored()
        };
        self.entries
            .retain(|path, _| before.entries.contains_key(path) || !was_there(path));
        for (path, entry) in &before.entries {
            if self.left_out.keys().any(|left_out| path.is_in(left_out)) {
                self.entries.insert(path.clone(), entry.clone());
            }
        }
        self
    }

    /// Returns what is not as it was before.
    pub(super) fn changes_since(&self, before: &Self) -> Vec<Change> {
        let paths = before.entries.keys().chain(self.entries.keys());
        let paths: BTreeSet<&RepositoryPath> = paths.collect();
        let change = |path: &RepositoryPath| Change {
            path: path.clone(),
            before: before.entries.get(path).cloned(),
            after: self.entries.get(path).cloned(),
        };
        let changes = paths.into_iter().map(change);
        changes
            .filter(|change| change.before != change.after)
            .collect()
    }
}
