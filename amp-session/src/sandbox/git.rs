//! What in a Git repository decides what Git does outside the sandbox, and stays as it is.

use std::path::{Path, PathBuf};

use amp_process::sandbox::{Access, Policy};

use crate::ordinary_file;

/// What Git runs or obeys in a repository's folder.
const PROTECTED: [&str; 4] = ["config", "config.worktree", "hooks", "modules"];

/// Makes hooks and configuration read-only, and a work tree's repository reachable.
///
/// The folder around them is a mount of its own then, so that it cannot be renamed and replaced.
pub(super) fn protect(policy: Policy, workspace: &Path) -> Policy {
    let git = workspace.join(".git");
    if git.is_dir() {
        return protect_folder(policy, &git);
    }
    let policy = policy.with_files(&git, Access::Readable);
    match repository_of_work_tree(workspace) {
        Some((common, own)) => {
            let policy = policy.with_files(&common, Access::Writable);
            let policy = protect_folder(policy, &common);
            let policy = policy.with_files(common.join("worktrees"), Access::Readable);
            protect_folder(policy.with_files(&own, Access::Writable), &own)
        }
        None => policy,
    }
}

fn protect_folder(policy: Policy, folder: &Path) -> Policy {
    PROTECTED.iter().fold(policy, |policy, name| {
        policy.with_files(folder.join(name), Access::Readable)
    })
}

/// Returns the repository of a linked work tree, and the folder in it that is the work tree's own.
///
/// An agent can write anything into a `.git` file where there is none. So the repository has to
/// point back, which it cannot write, and nothing but the place of that folder is believed.
fn repository_of_work_tree(workspace: &Path) -> Option<(PathBuf, PathBuf)> {
    let file = workspace.join(".git");
    let link = text(&file)?;
    let own = workspace.join(link.strip_prefix("gitdir:")?.trim());
    let own = own.canonicalize().ok()?;
    let back = text(&own.join("gitdir"))?;
    let back = own.join(back.trim()).canonicalize().ok()?;
    let work_trees = own.parent()?;
    let is_linked = back == file.canonicalize().ok()? && work_trees.file_name()? == "worktrees";
    let common = work_trees.parent()?;
    is_linked.then(|| (common.to_owned(), own.clone()))
}

fn text(path: &Path) -> Option<String> {
    String::from_utf8(ordinary_file::read(path).ok()?).ok()
}

/// Returns what would redirect Git or Amp outside the sandbox if it came to be.
///
/// What does not exist cannot be kept from being made without leaving an empty file in its place.
pub(super) fn watched(workspace: &Path) -> Vec<PathBuf> {
    let names = [
        ".git",
        ".git/commondir",
        ".git/config",
        ".git/config.worktree",
        ".git/hooks",
        ".amp",
    ];
    let paths = names.map(|name| workspace.join(name));
    let missing = |path: &PathBuf| path.symlink_metadata().is_err();
    paths.into_iter().filter(missing).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::{Access, Policy, protect, watched};

    #[test]
    fn a_linked_work_tree_reaches_its_repository_and_no_other() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let own = root.join("main/.git/worktrees/w");
        fs::create_dir_all(&own).unwrap();
        fs::create_dir_all(root.join("w")).unwrap();
        fs::write(root.join("w/.git"), format!("gitdir: {}\n", own.display())).unwrap();
        fs::write(
            own.join("gitdir"),
            format!("{}\n", root.join("w/.git").display()),
        )
        .unwrap();
        let policy = protect(Policy::new(), &root.join("w"));
        let access = |path: &str| policy.access(&root.join(path));
        assert_eq!(access("w/.git"), Access::Readable);
        assert_eq!(access("main/.git/objects"), Access::Writable);
        assert_eq!(access("main/.git/hooks/x"), Access::Readable);
        assert_eq!(access("main/.git/config"), Access::Readable);
        assert_eq!(access("main/.git/worktrees/other"), Access::Readable);
        assert_eq!(access("main/.git/worktrees/w/index"), Access::Writable);
        assert_ne!(access("main/src"), Access::Writable);
    }

    #[test]
    fn a_git_file_that_an_agent_made_up_opens_nothing() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let secret = root.join("secrets/worktrees/w");
        fs::create_dir_all(&secret).unwrap();
        fs::create_dir_all(root.join("w")).unwrap();
        fs::write(root.join("w/.git"), format!("gitdir: {}", secret.display())).unwrap();
        let policy = protect(Policy::new(), &root.join("w"));
        assert_ne!(policy.access(&secret), Access::Writable);
        assert_ne!(policy.access(&root.join("secrets")), Access::Writable);
    }

    #[test]
    fn what_is_there_is_not_watched_for() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join(".git/hooks")).unwrap();
        let watched = watched(root.path());
        assert!(!watched.contains(&root.path().join(".git/hooks")));
        assert!(watched.contains(&root.path().join(".git/commondir")));
    }
}
