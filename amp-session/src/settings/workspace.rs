//! Where the settings of a workspace are looked for: upward, to the root of the Git repository.
//!
//! Amp asks `git rev-parse --show-toplevel` how far up to look (build of 2026-05-04; the one of
//! 2026-09-23 goes as far). This module never looks less far: where the answer cannot be told from
//! files, it looks up to the root of the file system.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::environment::{self, Environment};

/// Variables that tell Git where a repository is, whatever folder it is asked in.
const GIT_VARIABLES: [&str; 2] = ["GIT_DIR", "GIT_WORK_TREE"];

/// The longest file of Git that is looked into, in bytes.
const LONGEST_GIT_FILE: u64 = 1 << 20;

/// Returns the folders in which Amp looks for `.amp`, from the working folder upward.
///
/// Symbolic links are resolved, because the CLI starts from the folder's real path.
pub(crate) fn folders(environment: &Environment, working_directory: &Path) -> Vec<PathBuf> {
    let real = fs::canonicalize(working_directory);
    let start = real.unwrap_or_else(|_| working_directory.to_path_buf());
    let told_by_variable = GIT_VARIABLES
        .iter()
        .any(|name| environment::value(environment, name).is_some());
    let mut folders = Vec::new();
    let mut is_outside = !told_by_variable;
    for folder in start.ancestors() {
        folders.push(folder.to_path_buf());
        if told_by_variable {
            continue;
        }
        match root(folder) {
            Root::Here => return folders,
            Root::Elsewhere => folders.extend(folder.ancestors().skip(1).map(Path::to_path_buf)),
            Root::Perhaps => {
                is_outside = false;
                continue;
            }
            Root::No => continue,
        }
        return folders;
    }
    if is_outside {
        // Outside a repository only the working folder itself counts.
        folders.truncate(1);
    }
    folders
}

/// What a folder is to the repository.
enum Root {
    /// Its root.
    Here,
    /// It holds the repository, and the root may be another folder.
    Elsewhere,
    /// Its root, or Git looks further up: it holds something that Git may take for a repository.
    Perhaps,
    /// Nothing: Git looks further up.
    No,
}

fn root(folder: &Path) -> Root {
    let entry = folder.join(".git");
    let repository = match fs::metadata(&entry) {
        // Git looks no further up than a file, whether it names a repository or not.
        Ok(metadata) if metadata.is_file() => match read(&entry).strip_prefix("gitdir:") {
            Some(path) => folder.join(path.trim()),
            None => return Root::Here,
        },
        Ok(_) if is_repository(&entry) => entry,
        // A repository without a `.git` of its own may name any folder as its root.
        _ if folder.join("HEAD").symlink_metadata().is_ok() => return Root::Elsewhere,
        _ if entry.symlink_metadata().is_ok() => return Root::Perhaps,
        _ => return Root::No,
    };
    match names_another_root(&repository, folder) {
        true => Root::Elsewhere,
        false => Root::Here,
    }
}

/// Tells whether a folder is a repository beyond doubt.
///
/// Git takes more for one (rubbish behind the name of a commit, objects in another folder that
/// `commondir` names) and passes what only resembles one (white space that is not ASCII), so this
/// knows nothing but the form in which Git itself writes a repository.
fn is_repository(folder: &Path) -> bool {
    let head = folder.join("HEAD");
    let link = fs::read_link(&head);
    let is_head = match &link {
        Ok(target) => target.starts_with("refs/heads"),
        Err(_) => {
            let text = read(&head);
            let line = text.strip_suffix('\n').unwrap_or(&text);
            let is_object =
                matches!(line.len(), 40 | 64) && line.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_object || line.starts_with("ref: refs/")
        }
    };
    let is_redirected = folder.join("commondir").symlink_metadata().is_ok();
    // What is in a folder can be seen by those alone who may enter it.
    let is_folder = |name: &str| folder.join(name).join(".").is_dir();
    is_head && !is_redirected && is_folder("objects") && is_folder("refs")
}

/// Tells whether a repository's configuration may put its root elsewhere than in `folder`.
fn names_another_root(repository: &Path, folder: &Path) -> bool {
    ["config", "config.worktree"].iter().any(|name| {
        let text = read(&repository.join(name)).to_lowercase();
        text.contains("[include") || {
            let mut roots = text
                .lines()
                .filter(|line| line.contains("worktree") && line.contains('='));
            // A submodule names its own folder here.
            roots.any(|line| !is_here(repository, line, folder))
        }
    })
}

/// Tells whether a line `worktree = PATH` names `folder`.
fn is_here(repository: &Path, line: &str, folder: &Path) -> bool {
    let Some((name, path)) = line.split_once('=') else {
        return false;
    };
    if name.trim() == "worktreeconfig" {
        return true;
    }
    let named = fs::canonicalize(repository.join(path.trim()));
    // The line was put into lower case, so a path with capitals counts as another one.
    named.is_ok_and(|named| named == folder)
}

/// Returns what a small file holds; nothing when it cannot be read.
fn read(path: &Path) -> String {
    let mut bytes = Vec::new();
    if fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
        && let Ok(file) = fs::File::open(path)
    {
        // What was read before an error counts.
        let _ = file.take(LONGEST_GIT_FILE).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
