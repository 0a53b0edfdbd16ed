//! Work trees of their own, in real repositories.

use std::fs;
use std::path::{Path, PathBuf};

use futures::future::join_all;
use tempfile::TempDir;

use super::git::Git;
use super::work_tree::{Isolation, WorkTree};
use crate::environment::Environment;

const BOTH: [Isolation; 2] = [Isolation::Linked, Isolation::Clone];

/// A repository with a commit, and a folder for its work trees.
struct Place {
    folder: TempDir,
    source: PathBuf,
    environment: Environment,
}

impl Place {
    async fn new() -> Self {
        let variables = [
            ("HOME", "/nowhere"),
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("GIT_AUTHOR_NAME", "a"),
            ("GIT_AUTHOR_EMAIL", "a@example.com"),
            ("GIT_COMMITTER_NAME", "a"),
            ("GIT_COMMITTER_EMAIL", "a@example.com"),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        let folder = tempfile::tempdir().unwrap();
        let place = Self {
            source: folder.path().join("source"),
            folder,
            environment: Environment::from(variables),
        };
        fs::create_dir(&place.source).unwrap();
        place
            .git(&place.source, &["init", "-q", "-b", "main"])
            .await;
        for (name, content) in [
            ("kept", "kept\n"),
            ("changed", "before\n"),
            ("gone", "gone\n"),
            (".gitignore", "built\n"),
        ] {
            fs::write(place.source.join(name), content).unwrap();
        }
        place.commit(&place.source, "the first").await;
        place
    }

    fn root(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn git(&self, folder: &Path, arguments: &[&str]) -> Vec<String> {
        let git = Git::new(folder, &self.environment);
        let lines = git.lines(arguments, Vec::new()).await.unwrap();
        let text = |line: Vec<u8>| String::from_utf8(line).unwrap();
        lines.into_iter().map(text).collect()
    }

    async fn commit(&self, folder: &Path, message: &str) {
        self.git(folder, &["add", "-A"]).await;
        self.git(folder, &["commit", "-q", "-m", message]).await;
    }

    async fn add(&self, isolation: Isolation, name: &str) -> WorkTree {
        let (source, root) = (&self.source, self.root(name));
        let added = WorkTree::add(isolation, source, "HEAD", &root, &self.environment);
        added.await.unwrap()
    }
}

/// Does some work: a change, a new file of bytes, a deletion, something ignored.
fn work(root: &Path) {
    fs::write(root.join("changed"), "after\r\n").unwrap();
    fs::create_dir(root.join("new folder")).unwrap();
    fs::write(root.join("new folder/bytes"), [0, 255, 10, 13, 0]).unwrap();
    fs::write(root.join("long"), "x".repeat(9 << 20)).unwrap();
    fs::remove_file(root.join("gone")).unwrap();
    fs::write(root.join("built"), "ignored").unwrap();
}

#[tokio::test]
async fn a_patch_makes_of_the_base_what_the_work_has_made_of_it() {
    let place = Place::new().await;
    for isolation in BOTH {
        for commits in [false, true] {
            let tree = place.add(isolation, "work").await;
            work(tree.root());
            if commits {
                place.commit(tree.root(), "the work").await;
            }
            let patch = place.root("patch");
            let done = tree.write_patch(&patch).await.unwrap();
            let files = ["changed", "gone", "long", "new folder/bytes"];
            assert_eq!(done.files, files);
            assert_eq!(done.head != tree.base(), commits);
            let again = place.add(Isolation::Clone, "again").await;
            let apply = ["apply", "--binary", patch.to_str().unwrap()];
            place.git(again.root(), &apply).await;
            for name in &files {
                let read = |tree: &WorkTree| fs::read(tree.root().join(name)).ok();
                assert_eq!(read(&again), read(&tree), "{name}");
            }
            assert!(!again.root().join("built").exists());
            tree.remove().await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_the_source_has_not_committed_stays_there_as_it_is() {
    let place = Place::new().await;
    fs::write(place.source.join("changed"), "mine\n").unwrap();
    for isolation in BOTH {
        let tree = place.add(isolation, "work").await;
        assert_eq!(fs::read(tree.root().join("changed")).unwrap(), b"before\n");
        work(tree.root());
        tree.write_patch(&place.root("patch")).await.unwrap();
        tree.remove().await.unwrap();
        let status = place.git(&place.source, &["status", "--porcelain"]).await;
        assert_eq!(status, [" M changed"]);
        let refs = place.git(&place.source, &["for-each-ref", "--format=%(refname)"]);
        assert_eq!(refs.await, ["refs/heads/main"]);
        let trees = place.git(&place.source, &["worktree", "list"]).await;
        assert_eq!(trees.len(), 1, "{trees:?}");
    }
}

#[tokio::test]
async fn thirty_two_at_once_are_all_made() {
    let place = Place::new().await;
    let names: Vec<String> = (0..32).map(|number| format!("work-{number}")).collect();
    let trees = join_all(names.iter().map(|name| place.add(Isolation::Linked, name))).await;
    let removed = join_all(trees.into_iter().map(WorkTree::remove)).await;
    assert!(removed.iter().all(Result::is_ok), "{removed:?}");
}

#[tokio::test]
async fn work_is_found_again_and_what_was_left_over_is_replaced() {
    let place = Place::new().await;
    for isolation in BOTH {
        let tree = place.add(isolation, "work").await;
        let (base, root) = (tree.base().to_owned(), tree.root().to_owned());
        work(&root);
        drop(tree);
        let open = || WorkTree::open(isolation, &place.source, &root, &place.environment);
        let tree = open().await.unwrap();
        assert_eq!(tree.base(), base);
        let done = tree.write_patch(&place.root("patch")).await.unwrap();
        assert_eq!(done.files.len(), 4);
        drop(tree);
        place.add(isolation, "work").await;
        assert_eq!(fs::read(root.join("changed")).unwrap(), b"before\n");
        // Half-made, as a host leaves it that is killed.
        let base = "refs/worktree/amp-session/base";
        place.git(&root, &["update-ref", "-d", base]).await;
        assert!(open().await.is_err());
        place.add(isolation, "work").await.remove().await.unwrap();
        assert!(open().await.is_err());
    }
}

#[tokio::test]
async fn commits_are_kept_as_a_branch_and_never_replace_another() {
    let place = Place::new().await;
    for (isolation, branch) in BOTH.into_iter().zip(["of/linked", "of/clone"]) {
        let tree = place.add(isolation, "work").await;
        work(tree.root());
        place.commit(tree.root(), "the work").await;
        let done = tree.write_patch(&place.root("patch")).await.unwrap();
        tree.keep_as_branch(&done.head, branch).await.unwrap();
        tree.keep_as_branch(&done.head, branch).await.unwrap();
        let kept = place.git(&place.source, &["rev-parse", branch]).await;
        assert_eq!(kept, [done.head]);
        place
            .git(tree.root(), &["checkout", "-q", "--detach", tree.base()])
            .await;
        fs::write(tree.root().join("changed"), "other work").unwrap();
        place.commit(tree.root(), "other work").await;
        let head = place.git(tree.root(), &["rev-parse", "HEAD"]).await;
        let refused = tree.keep_as_branch(&head[0], branch).await;
        assert!(refused.is_err(), "{isolation:?}");
        tree.remove().await.unwrap();
    }
}

#[tokio::test]
async fn a_revision_that_is_none_is_refused_and_leaves_nothing() {
    let place = Place::new().await;
    let root = place.root("work");
    let added = WorkTree::add(
        Isolation::Linked,
        &place.source,
        "--output=x",
        &root,
        &place.environment,
    );
    assert!(added.await.is_err());
    assert!(!root.exists());
}
