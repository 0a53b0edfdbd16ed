//! Git work trees, by the `git` program.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::{Containment, ContainmentKind, Deadlines, ProcessSpec};

use crate::environment::Environment;

/// How long one command of Git may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// The variables that tell Git where its things are.
const PLACES: [&str; 6] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_PREFIX",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];

/// Returns the id of a Git tree of everything in the work tree around a folder, ignored files left
/// out; `None` where there is none, or where `git` is missing or fails.
///
/// The user's index, refs and objects stay as they are: a copy of the index and new objects lie in a
/// folder that goes away.
pub(crate) async fn state(folder: &Path, environment: &Environment) -> Option<String> {
    let mut git = Git {
        folder: folder.to_owned(),
        environment: environment.clone(),
    };
    // A hook of Git has these, for another purpose.
    for name in PLACES {
        git.environment.remove(OsStr::new(name));
    }
    let paths = [
        "--show-toplevel",
        "--git-path",
        "objects",
        "--git-path",
        "index",
    ];
    let found = git.ask(["rev-parse"].iter().chain(&paths)).await?;
    let mut found = found.lines().map(|line| folder.join(line));
    let (root, objects, index) = (found.next()?, found.next()?, found.next()?);
    let scratch = tempfile::tempdir().ok()?;
    let own_index = scratch.path().join("index");
    // A copy knows which files are as they were, so that only the others are read.
    let _ = std::fs::copy(index, &own_index);
    git.folder = root;
    git.set("GIT_INDEX_FILE", own_index);
    let own_objects = scratch.path().join("objects");
    std::fs::create_dir(&own_objects).ok()?;
    git.set("GIT_OBJECT_DIRECTORY", own_objects);
    git.set(
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        std::path::absolute(objects).ok()?,
    );
    git.ask(&["add", "--all"]).await?;
    git.ask(&["write-tree"]).await
}

/// The `git` program in a folder.
struct Git {
    folder: PathBuf,
    environment: Environment,
}

impl Git {
    fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.insert(name.into(), value.into());
    }

    /// Runs a command and returns what it writes, without the last line break; `None` when it fails.
    async fn ask<'a>(&self, arguments: impl IntoIterator<Item = &'a &'a str>) -> Option<String> {
        let mut process = ProcessSpec::new("git")
            .with_arguments(arguments)
            .with_environment(self.environment.clone())
            .with_working_directory(&self.folder)
            .with_containment(Containment::Require(ContainmentKind::Group))
            .with_deadlines(Deadlines::default().with_total(Some(DEADLINE)))
            .spawn()
            .await
            .ok()?;
        let mut text = Vec::new();
        while let Some(line) = process.next_line().await.ok()? {
            text.push(String::from_utf8(line.bytes().to_vec()).ok()?);
        }
        let exit = process.wait().await;
        (exit.status().code() == Some(0)).then(|| text.join("\n"))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::Path;

    use super::{Environment, Git, state};

    fn environment() -> Environment {
        Environment::from([
            ("HOME".into(), "/nowhere".into()),
            ("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()),
        ])
    }

    async fn git(folder: &Path, arguments: &[&str]) -> String {
        let git = Git {
            folder: folder.to_owned(),
            environment: environment(),
        };
        git.ask(arguments).await.expect("git does it")
    }

    #[tokio::test]
    async fn the_state_is_another_one_when_a_file_is_that_is_not_ignored() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        assert_eq!(state(folder, &environment()).await, None);
        git(folder, &["init", "-q"]).await;
        let empty = state(folder, &environment()).await.unwrap();
        write("new.txt", "text");
        let added = state(folder, &environment()).await.unwrap();
        assert_ne!(added, empty);
        write(".gitignore", "target\n");
        let ignoring = state(folder, &environment()).await.unwrap();
        write("target", "built");
        assert_eq!(state(folder, &environment()).await.unwrap(), ignoring);
        write("new.txt", "another text");
        assert_ne!(state(folder, &environment()).await.unwrap(), ignoring);
        write("new.txt", "text");
        std::fs::create_dir(folder.join("below")).unwrap();
        let below = folder.join("below");
        assert_eq!(state(&below, &environment()).await.unwrap(), ignoring);
    }

    #[tokio::test]
    async fn what_the_user_has_in_the_index_and_among_objects_stays_as_it_is() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        git(folder, &["init", "-q"]).await;
        std::fs::write(folder.join("staged.txt"), "staged").unwrap();
        git(folder, &["add", "staged.txt"]).await;
        std::fs::write(folder.join("loose.txt"), "loose").unwrap();
        let seen = async || {
            let index = std::fs::read(folder.join(".git/index")).unwrap();
            (index, git(folder, &["count-objects", "-v"]).await)
        };
        let before = seen().await;
        // As in a hook, whose variables are about something else.
        let mut environment = environment();
        environment.insert("GIT_DIR".into(), "/nowhere".into());
        assert!(state(folder, &environment).await.is_some());
        assert_eq!(seen().await, before);
    }
}
