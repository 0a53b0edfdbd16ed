//! Taking back what turns did to files, and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use amp_process::Process;

use super::git::{Git, failure, finish, next_line};
use super::listing::{Change, Entry, EntryKind, Listing};
use super::path::RepositoryPath;
use super::platform;
use crate::blocking::blocking;
use crate::error::Error;

const CAT_FILE: [&str; 2] = ["cat-file", "--batch"];

/// What is to be done to the files of a work tree.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// What each file becomes; nothing, where it goes.
    pub(super) steps: BTreeMap<RepositoryPath, Option<Entry>>,
    /// Files that are no longer as a turn left them.
    pub(super) conflicts: BTreeSet<RepositoryPath>,
}

/// Plans to take back what turns changed, given the last turn first, from what the files are now.
///
/// What is already as it was before is passed over.
pub(super) fn plan(turns: &[Vec<Change>], now: &Listing) -> Plan {
    let mut changes: BTreeMap<&RepositoryPath, Vec<&Change>> = BTreeMap::new();
    for change in turns.iter().flatten() {
        changes.entry(&change.path).or_default().push(change);
    }
    let mut plan = Plan::default();
    for (path, changes) in changes {
        let now = now.entries.get(path);
        let goal = changes.last().and_then(|first| first.before.as_ref());
        if now == goal {
            continue;
        }
        let undone = changes.iter().try_fold(now, |current, change| {
            let (before, after) = (change.before.as_ref(), change.after.as_ref());
            // A later turn may have been undone already.
            (current == after || current == before).then_some(before)
        });
        match undone {
            Some(_) => drop(plan.steps.insert(path.clone(), goal.cloned())),
            None => drop(plan.conflicts.insert(path.clone())),
        }
    }
    plan
}

impl Plan {
    /// Takes up the files for which there is no room: something that stays is in their place, or in
    /// the place of one of their folders.
    pub(super) fn check_room(&mut self, root: &Path) {
        let gone = |entry: &Option<Entry>| entry.is_none();
        let going = self.steps.iter().filter(|(_, entry)| gone(entry));
        let going: HashSet<PathBuf> = going.map(|(path, _)| path.below(root)).collect();
        let is_link_or_file = |folder: &PathBuf| {
            fs::symlink_metadata(folder).is_ok_and(|metadata| !metadata.is_dir())
        };
        let has_room = |path: &RepositoryPath| {
            let mut folders = path.folders().map(|folder| folder.below(root));
            match folders.find(is_link_or_file) {
                Some(in_the_way) => going.contains(&in_the_way),
                None => empties(&path.below(root), &going),
            }
        };
        let coming = self.steps.iter().filter(|(_, entry)| !gone(entry));
        let blocked = coming.filter(|(path, _)| !has_room(path));
        let blocked: Vec<_> = blocked.map(|(path, _)| path.clone()).collect();
        self.conflicts.extend(blocked);
    }
}

/// Tells whether nothing is left in a folder when these files have gone; so it is for what is none.
fn empties(folder: &Path, going: &HashSet<PathBuf>) -> bool {
    let is_folder = fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_dir());
    let Some(entries) = is_folder.then(|| fs::read_dir(folder)) else {
        return true;
    };
    let Ok(entries) = entries else { return false };
    entries.flatten().all(|entry| {
        let path = entry.path();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        going.contains(&path) || is_folder && empties(&path, going)
    })
}

/// Carries out the steps of a plan: first everything is made ready, then put in its place.
pub(super) async fn carry_out(
    git: &Git,
    root: &Path,
    steps: BTreeMap<RepositoryPath, Option<Entry>>,
    keep_empty: Vec<RepositoryPath>,
) -> Result<(), Error> {
    // On the same disk, so that a file is there whole or not at all.
    let scratch = tempfile::Builder::new()
        .prefix(".ampctl-undo-")
        .tempdir_in(root);
    let scratch = scratch.map_err(|error| cannot("write in", root, &error))?;
    let mut ready = BTreeMap::new();
    let entries = steps.values().flatten();
    let ids: BTreeSet<&str> = entries.map(|entry| entry.id.as_str()).collect();
    let contents = scratch.path().join("contents");
    fs::create_dir(&contents).map_err(|error| cannot("write in", root, &error))?;
    fetch(git, ids, &contents).await?;
    for (number, (path, entry)) in steps.iter().enumerate() {
        let Some(entry) = entry else { continue };
        let file = scratch.path().join(number.to_string());
        make(&contents.join(&entry.id), entry, &file)
            .map_err(|error| cannot("restore", &path.below(root), &error))?;
        ready.insert(path.clone(), file);
    }
    let root = root.to_owned();
    blocking(move || {
        let done = put_in_place(&root, &steps, ready, &keep_empty);
        drop(scratch);
        done
    })
    .await
}

/// Writes the objects of these ids to files named by them.
async fn fetch(git: &Git, ids: BTreeSet<&str>, folder: &Path) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let input: String = ids.iter().map(|id| format!("{id}\n")).collect();
    let mut process = git.start(&CAT_FILE, input.into_bytes()).await?;
    for id in ids {
        let content = object(&mut process, id).await?;
        let file = folder.join(id);
        fs::write(&file, content).map_err(|error| cannot("write", &file, &error))?;
    }
    finish(process, &CAT_FILE).await
}

/// Reads one object: a line with its id, kind and size, its bytes, and a line break.
async fn object(process: &mut Process, id: &str) -> Result<Vec<u8>, Error> {
    let lost = || failure(&CAT_FILE, "an object of the snapshot is missing");
    let header = next_line(process, &CAT_FILE).await?.ok_or_else(lost)?;
    let header = String::from_utf8_lossy(&header).into_owned();
    let size = header
        .strip_prefix(id)
        .and_then(|rest| rest.strip_prefix(" blob "));
    let size: usize = size.and_then(|size| size.parse().ok()).ok_or_else(lost)?;
    let mut content = Vec::with_capacity(size + 1);
    while content.len() <= size {
        content.extend(next_line(process, &CAT_FILE).await?.ok_or_else(lost)?);
        content.push(b'\n');
    }
    content.truncate(size);
    Ok(content)
}

/// Makes a file or a link of its bytes.
fn make(content: &Path, entry: &Entry, file: &Path) -> io::Result<()> {
    match entry.kind {
        EntryKind::Link => platform::make_link(&fs::read(content)?, file),
        EntryKind::File => {
            fs::File::create_new(file)?.write_all(&fs::read(content)?)?;
            platform::set_permissions(file, entry.permissions)
        }
    }
}

/// Takes away what goes, deepest first, then puts what is ready in its place.
fn put_in_place(
    root: &Path,
    steps: &BTreeMap<RepositoryPath, Option<Entry>>,
    ready: BTreeMap<RepositoryPath, PathBuf>,
    keep_empty: &[RepositoryPath],
) -> Result<(), Error> {
    for (path, _) in steps.iter().rev().filter(|(_, entry)| entry.is_none()) {
        let place = path.below(root);
        real_folders(root, path)?;
        match fs::remove_file(&place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(cannot("delete", &place, &error));
            }
            _ => {}
        }
        let folders: Vec<_> = path.folders().collect();
        for folder in folders.iter().rev() {
            let is_kept = keep_empty.contains(folder);
            // One with something in it stays.
            if is_kept || fs::remove_dir(folder.below(root)).is_err() {
                break;
            }
        }
    }
    for (path, file) in ready {
        let place = path.below(root);
        real_folders(root, &path)?;
        for folder in path.folders() {
            match fs::create_dir(folder.below(root)) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(cannot("make", &folder.below(root), &error));
                }
                _ => {}
            }
        }
        remove_empty(&place);
        fs::rename(&file, &place).map_err(|error| cannot("restore", &place, &error))?;
    }
    Ok(())
}

/// Removes a folder with nothing but folders in it; anything else stays.
fn remove_empty(folder: &Path) {
    let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    if is_folder(folder) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            remove_empty(&entry.path());
        }
        let _ = fs::remove_dir(folder);
    }
}

/// Refuses a file that lies behind a link: it would be another one.
fn real_folders(root: &Path, path: &RepositoryPath) -> Result<(), Error> {
    for folder in path.folders() {
        let folder = folder.below(root);
        match fs::symlink_metadata(&folder) {
            Ok(metadata) if !metadata.is_dir() => {
                let error = io::Error::other("something else has taken the place of the folder");
                return Err(cannot("write in", &folder, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn cannot(action: &'static str, path: &Path, error: &io::Error) -> Error {
    Error::WorkTree {
        reason: format!("cannot {action} {}: {error}", path.display()),
    }
}
