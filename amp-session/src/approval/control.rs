//! The files that decide what may run, watched while a turn runs.
//!
//! From May 2026 on the CLI reads settings again at each call, so a command that was approved could
//! write a file that approves the rest.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Map, Value};

/// How deep plugin folders are looked into.
const DEPTH: usize = 4;
/// The most entries of plugin folders that are compared.
const ENTRIES: usize = 1000;

/// What says that a path has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Absent,
    Unreadable(io::ErrorKind),
    Link(PathBuf),
    File(u64, Option<SystemTime>, u64),
    Folder(BTreeMap<PathBuf, State>),
}

/// The files that decide what may run, as they were.
#[derive(Debug)]
pub(super) struct Control {
    paths: Vec<PathBuf>,
    baseline: BTreeMap<PathBuf, State>,
}

impl Control {
    /// Takes note of files and of folders, which need not be there.
    pub(super) fn watch(paths: Vec<PathBuf>) -> Self {
        let baseline = states(&paths);
        Self { paths, baseline }
    }

    /// Returns what has changed since, and its new state to [accept](Self::accept).
    pub(super) fn changes(&self) -> Option<Change> {
        let now = states(&self.paths);
        if now == self.baseline {
            return None;
        }
        let changed = |(path, state): &(&PathBuf, &State)| self.baseline.get(*path) != Some(*state);
        let paths = now.iter().filter(changed);
        Some(Change {
            paths: paths.map(|(path, _)| path.clone()).collect(),
            now,
        })
    }

    /// Goes on from a change that was allowed.
    pub(super) fn accept(&mut self, change: Change) {
        self.baseline = change.now;
    }

    /// Tells whether a call names one of the files, or anything that looks like one.
    ///
    /// It is the text that counts, so a script that puts the name together is not found here; its
    /// traces are, by [`changes`](Self::changes).
    pub(super) fn is_named_in(&self, arguments: &Map<String, Value>) -> bool {
        arguments.values().any(|value| self.names(value))
    }

    fn names(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => {
                [".amp", "amp/settings", "amp/plugins"]
                    .iter()
                    .any(|name| text.contains(name))
                    || self
                        .paths
                        .iter()
                        .filter_map(|path| path.to_str())
                        .any(|path| text.contains(path))
            }
            Value::Array(items) => items.iter().any(|item| self.names(item)),
            Value::Object(fields) => fields.values().any(|field| self.names(field)),
            _ => false,
        }
    }
}

/// What has changed, and what it is now.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) paths: Vec<PathBuf>,
    now: BTreeMap<PathBuf, State>,
}

impl Change {
    /// Tells whether this file has changed and nothing else, whatever name leads to it.
    pub(super) fn is_of(&self, file: &Path) -> bool {
        let leads_there = |path: &PathBuf| fs::canonicalize(path).is_ok_and(|path| path == file);
        self.paths.iter().all(leads_there)
    }
}

fn states(paths: &[PathBuf]) -> BTreeMap<PathBuf, State> {
    let mut left = ENTRIES;
    paths
        .iter()
        .map(|path| (path.clone(), state(path, DEPTH, &mut left)))
        .collect()
}

fn state(path: &Path, depth: usize, left: &mut usize) -> State {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return State::Absent,
        Err(error) => return State::Unreadable(error.kind()),
    };
    if metadata.is_symlink() {
        // What it leads to counts as well.
        let target = fs::metadata(path).ok();
        let seen = target.map(|file| (file.len(), file.modified().ok(), inode(&file)));
        let link = fs::read_link(path).unwrap_or_default();
        return match seen {
            Some((length, modified, inode)) => State::Folder(BTreeMap::from([(
                link,
                State::File(length, modified, inode),
            )])),
            None => State::Link(link),
        };
    }
    if !metadata.is_dir() {
        return State::File(metadata.len(), metadata.modified().ok(), inode(&metadata));
    }
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => return State::Unreadable(error.kind()),
    };
    let mut found = BTreeMap::new();
    for entry in entries.flatten() {
        if depth == 0 || *left == 0 {
            break;
        }
        *left -= 1;
        let path = entry.path();
        let state = state(&path, depth - 1, left);
        found.insert(path, state);
    }
    State::Folder(found)
}

/// A number that another file in the same place does not have; the change time tells of a file
/// whose modification time was set back.
#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let changed = metadata.ctime().wrapping_mul(1_000_000_000) + metadata.ctime_nsec();
    metadata.ino() ^ changed.cast_unsigned().rotate_left(20)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_that_comes_changes_or_goes_is_seen_once_it_is_not_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".amp/settings.json");
        let mut control = Control::watch(vec![path.clone()]);
        assert!(control.changes().is_none());
        fs::create_dir(folder.path().join(".amp")).unwrap();
        fs::write(&path, "{}").unwrap();
        let change = control.changes().unwrap();
        assert_eq!(change.paths, std::slice::from_ref(&path));
        control.accept(change);
        assert!(control.changes().is_none());
        fs::write(&path, "{ }").unwrap();
        assert!(control.changes().is_some());
        fs::remove_file(&path).unwrap();
        assert!(control.changes().is_some());
    }

    #[test]
    fn a_plugin_below_a_watched_folder_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let plugins = folder.path().join(".amp/plugins");
        let control = Control::watch(vec![plugins.clone()]);
        fs::create_dir_all(plugins.join("inside")).unwrap();
        assert!(control.changes().is_some());
        let control = Control::watch(vec![plugins.clone()]);
        fs::write(plugins.join("inside/a.ts"), "").unwrap();
        assert_eq!(control.changes().unwrap().paths, [plugins]);
    }

    #[test]
    fn a_call_that_names_them_is_known_by_any_text_in_it() {
        let control = Control::watch(vec![PathBuf::from("/run/overlay.json")]);
        let names = |arguments: Value| control.is_named_in(arguments.as_object().unwrap());
        assert!(names(json!({"cmd": "echo > .amp/settings.json"})));
        assert!(names(json!({"edits": [{"path": "/a/.amp/x"}]})));
        assert!(names(json!({"cmd": "rm /run/overlay.json"})));
        assert!(!names(json!({"cmd": "ls", "count": 3})));
    }
}
