//! How far up is looked, beside what `git rev-parse --show-toplevel` says of such folders.

use super::*;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A folder tree `top/project/sub/deep`.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(tree.path("top/project/sub/deep")).unwrap();
        tree
    }

    fn path(&self, below: &str) -> PathBuf {
        fs::canonicalize(self.0.path()).unwrap().join(below)
    }

    fn write(&self, below: &str, content: &str) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Makes a repository in this very folder.
    fn repository(&self, below: &str, head: &str) {
        for part in ["objects", "refs"] {
            fs::create_dir_all(self.path(below).join(part)).unwrap();
        }
        self.write(&format!("{below}/HEAD"), head);
    }

    /// Returns the last folder that is looked into from `top/project/sub/deep`, named from the
    /// root of the tree; `beyond` where it is none of the tree's.
    fn end(&self) -> String {
        self.end_with(&Environment::new())
    }

    fn end_with(&self, environment: &Environment) -> String {
        let folders = folders(environment, &self.path("top/project/sub/deep"));
        assert_eq!(folders[0], self.path("top/project/sub/deep"));
        let mut steps = folders.windows(2);
        assert!(
            steps.all(|pair| pair[0].parent() == Some(&pair[1])),
            "{folders:?}"
        );
        let last = folders.last().unwrap().strip_prefix(self.path("")).ok();
        last.map_or_else(|| "beyond".to_owned(), |last| last.display().to_string())
    }
}

#[test]
fn outside_a_repository_only_the_folder_itself_counts() {
    assert_eq!(Tree::new().end(), "top/project/sub/deep");
}

#[test]
fn the_root_of_the_nearest_repository_is_the_last() {
    for head in [
        "ref: refs/heads/main\n",
        "ref: refs/heads/main",
        COMMIT,
        &format!("{COMMIT}{}", &COMMIT[..24]),
    ] {
        let tree = Tree::new();
        tree.repository("top/.git", head);
        assert_eq!(tree.end(), "top");
        tree.repository("top/project/.git", head);
        assert_eq!(tree.end(), "top/project", "{head:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_head_that_is_a_link_to_a_reference_is_one() {
    let tree = Tree::new();
    tree.repository("top/.git", COMMIT);
    tree.repository("top/project/.git", "");
    let head = tree.path("top/project/.git/HEAD");
    let link = |target| {
        fs::remove_file(&head).unwrap();
        std::os::unix::fs::symlink(target, &head).unwrap();
    };
    link("refs/heads/main");
    assert_eq!(tree.end(), "top/project");
    link("elsewhere");
    assert_eq!(tree.end(), "top");
}

#[test]
fn what_only_looks_like_a_repository_is_passed() {
    for head in [
        "",
        "main",
        "ref: heads/main",
        &COMMIT[..39],
        &COMMIT.replace('0', "x"),
        "ref:\u{a0}refs/heads/main",
        &format!("ref: {}refs/heads/main", " ".repeat(300)),
    ] {
        let tree = Tree::new();
        tree.repository("top/.git", COMMIT);
        tree.repository("top/project/.git", head);
        assert_eq!(tree.end(), "top", "{head:?}");
    }
    for missing in ["HEAD", "objects", "refs", ""] {
        let tree = Tree::new();
        tree.repository("top/.git", COMMIT);
        tree.repository("top/project/.git", COMMIT);
        let path = tree.path("top/project/.git").join(missing);
        match missing {
            "HEAD" => fs::remove_file(path).unwrap(),
            _ => fs::remove_dir_all(path).unwrap(),
        }
        if missing.is_empty() {
            fs::create_dir(tree.path("top/project/.git")).unwrap();
        }
        assert_eq!(tree.end(), "top", "{missing}");
    }
}

#[test]
fn what_git_may_take_for_a_repository_is_not_outside_of_one() {
    let tree = Tree::new();
    tree.write("top/project/.git/HEAD", "ref: refs/heads/main\n");
    tree.write("top/project/.git/commondir", "../elsewhere\n");
    assert_eq!(tree.end(), "beyond", "its objects are elsewhere");

    let tree = Tree::new();
    tree.repository("top/project/.git", &format!("{COMMIT}\nmore"));
    assert_eq!(tree.end(), "beyond", "Git reads the first line of a commit");

    let tree = Tree::new();
    tree.repository("top/project/.git", "ref:\trefs/heads/main");
    assert_eq!(tree.end(), "beyond", "Git passes any white space");

    let tree = Tree::new();
    tree.write("top/project/sub/HEAD", "ref: refs/heads/main\n");
    tree.write("top/project/sub/commondir", "../elsewhere\n");
    assert_eq!(tree.end(), "beyond", "a repository without a folder `.git`");
}

#[test]
fn a_repository_whose_objects_may_be_missing_is_passed() {
    let tree = Tree::new();
    tree.repository("top/.git", COMMIT);
    tree.repository("top/project/.git", COMMIT);
    tree.write("top/project/.git/commondir", "nowhere\n");
    assert_eq!(tree.end(), "top");
}

#[cfg(unix)]
#[test]
fn a_repository_that_cannot_be_entered_is_passed() {
    use std::os::unix::fs::PermissionsExt;

    let tree = Tree::new();
    tree.repository("top/.git", COMMIT);
    tree.repository("top/project/.git", COMMIT);
    let objects = tree.path("top/project/.git/objects");
    let set = |mode| fs::set_permissions(&objects, fs::Permissions::from_mode(mode)).unwrap();
    set(0o600);
    // The superuser may enter, and so may the Git that it runs.
    let may_enter = objects.join(".").is_dir();
    let end = tree.end();
    set(0o700);
    assert_eq!(end, if may_enter { "top/project" } else { "top" });
}

#[test]
fn a_git_file_is_the_end_whatever_it_names() {
    for content in ["", "nonsense", "gitdir: nowhere\n"] {
        let tree = Tree::new();
        tree.repository("top/.git", COMMIT);
        tree.write("top/project/sub/.git", content);
        assert_eq!(tree.end(), "top/project/sub", "{content:?}");
    }
}

#[test]
fn a_submodule_that_names_its_own_folder_is_the_end() {
    let tree = Tree::new();
    tree.repository("top/.git", COMMIT);
    tree.write("top/project/.git", "gitdir: ../.git/modules/project\n");
    let config = "[core]\n\tworktree = ../../../project\n";
    tree.write("top/.git/modules/project/config", config);
    assert_eq!(tree.end(), "top/project");
    tree.write(
        "top/.git/modules/project/config",
        "[core]\n\tworktree = ../../..\n",
    );
    assert_eq!(tree.end(), "beyond");
}

#[test]
fn a_repository_that_may_have_its_root_elsewhere_is_no_end() {
    for (file, config) in [
        ("config", "[core]\n\tworktree = ../..\n"),
        ("config", "[core]\n\tWorkTree=../..\n"),
        ("config", "[core] worktree = /nowhere\n"),
        ("config", "[include]\n\tpath = more\n"),
        ("config", "[includeIf \"gitdir:/\"]\n\tpath = more\n"),
        ("config.worktree", "[core]\n\tworktree = ../..\n"),
    ] {
        let tree = Tree::new();
        tree.repository("top/project/.git", COMMIT);
        tree.write(&format!("top/project/.git/{file}"), config);
        assert_eq!(tree.end(), "beyond", "{config:?}");
    }
    for config in [
        "[core]\n\tbare = false\n",
        "[core]\n\tworktree = ../\n",
        "[extensions]\n\tworktreeConfig = true\n",
        "; worktree\n",
    ] {
        let tree = Tree::new();
        tree.repository("top/project/.git", COMMIT);
        tree.write("top/project/.git/config", config);
        assert_eq!(tree.end(), "top/project", "{config:?}");
    }
    let bare = Tree::new();
    bare.repository("top/project/sub", COMMIT);
    assert_eq!(bare.end(), "beyond", "a repository without a folder `.git`");
}

#[test]
fn variables_that_tell_git_where_to_look_leave_no_end() {
    for name in ["GIT_DIR", "GIT_WORK_TREE"] {
        let tree = Tree::new();
        tree.repository("top/project/.git", COMMIT);
        let set = |value: &str| Environment::from([(name.into(), value.into())]);
        assert_eq!(tree.end_with(&set("/elsewhere")), "beyond", "{name}");
        assert_eq!(tree.end_with(&set("")), "top/project");
    }
}

#[cfg(unix)]
#[test]
fn the_real_path_counts() {
    let tree = Tree::new();
    tree.repository("top/project/.git", COMMIT);
    let link = tree.path("link");
    std::os::unix::fs::symlink(tree.path("top/project/sub/deep"), &link).unwrap();
    let found = folders(&Environment::new(), &link);
    assert_eq!(found.last(), Some(&tree.path("top/project")));
    let missing = tree.path("missing");
    assert_eq!(folders(&Environment::new(), &missing), [missing]);
}
