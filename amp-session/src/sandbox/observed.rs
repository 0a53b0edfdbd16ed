//! Files that a tool could not reach, by what it said.
//!
//! The kernel tells nobody that a path was not there or could not be written. But programs say so,
//! and name the path: when it is there outside the sandbox, the sandbox is why.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use amp_process::sandbox::{Access, Policy};

use super::report::DenialKind;

/// The most of one answer that is looked at, in bytes.
const LOOKED_AT: usize = 256 * 1024;

/// What programs say when a path is not there or must not be used.
const NOT_THERE: [&str; 3] = [
    "no such file or directory",
    "permission denied",
    "not found",
];
/// What they say when it cannot be changed.
const NOT_WRITABLE: [&str; 2] = ["read-only file system", "permission denied"];

/// Returns the paths that an answer says could not be reached because of the policy.
pub(super) fn denied(
    answer: &str,
    policy: &Policy,
    home: Option<&Path>,
) -> BTreeSet<(PathBuf, Denied)> {
    let mut found = BTreeSet::new();
    let mut end = answer.len().min(LOOKED_AT);
    while !answer.is_char_boundary(end) {
        end -= 1;
    }
    // In every recording the answer is JSON in a string, with line breaks written out.
    let lines = answer[..end].split("\\n").flat_map(str::lines);
    for line in lines {
        let lower = line.to_ascii_lowercase();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
        let (not_there, not_writable) = (says(&NOT_THERE), says(&NOT_WRITABLE));
        if !not_there && !not_writable {
            continue;
        }
        for path in paths(line, home) {
            match policy.access(&path) {
                Access::Hidden | Access::Private if not_there && exists(&path) => {
                    found.insert((path, Denied::Read));
                }
                Access::Readable if not_writable => {
                    found.insert((path, Denied::Write));
                }
                _ => {}
            }
        }
    }
    found
}

/// What was denied about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Denied {
    Read,
    Write,
}

impl From<Denied> for DenialKind {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Read => Self::Read,
            Denied::Write => Self::Write,
        }
    }
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Returns the absolute paths, and those below the home folder, that a line names.
fn paths<'a>(line: &'a str, home: Option<&'a Path>) -> impl Iterator<Item = PathBuf> + 'a {
    let separators =
        |character: char| character.is_whitespace() || "\"'`:;,()[]{}<>=\\".contains(character);
    line.split(separators)
        .filter_map(move |word| match word.strip_prefix("~/") {
            Some(rest) => Some(home?.join(rest)),
            None => word.starts_with('/').then(|| PathBuf::from(word)),
        })
        .filter(|path| path.parent().is_some())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Access, Denied, Policy, denied};

    #[test]
    fn a_file_that_is_there_outside_was_hidden_by_the_sandbox() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        fs::create_dir(home.join(".ssh")).unwrap();
        fs::write(home.join(".ssh/id_rsa"), "").unwrap();
        let policy = Policy::new().with_files(&home, Access::Private);
        let key = home.join(".ssh/id_rsa");
        let shown = key.display();
        for answer in [
            format!("cat: {shown}: No such file or directory"),
            format!("{{\"output\":\"cat: {shown}: No such file or directory\\n\",\"exitCode\":1}}"),
            format!("Error: ENOENT: no such file or directory, open '{shown}'"),
            format!("[Errno 2] No such file or directory: '{shown}'"),
            "cat: ~/.ssh/id_rsa: No such file or directory".to_owned(),
        ] {
            let found = denied(&answer, &policy, Some(&home));
            let expected = [(key.clone(), Denied::Read)];
            assert!(found.into_iter().eq(expected), "{answer}");
        }
    }

    #[test]
    fn a_file_that_is_nowhere_was_not_hidden() {
        let policy = Policy::new().with_files("/home", Access::Private);
        let answer = "cat: /home/me/nothing-there-at-all: No such file or directory";
        assert!(denied(answer, &policy, None).is_empty());
        assert!(denied("everything is fine in /etc/shadow", &policy, None).is_empty());
    }

    #[test]
    fn a_file_that_can_only_be_read_was_kept_from_being_changed() {
        let policy = Policy::new();
        let answer = "touch: cannot touch '/usr/bin/x': Read-only file system";
        let found = denied(answer, &policy, None);
        let expected = (Path::new("/usr/bin/x").to_owned(), Denied::Write);
        assert!(found.contains(&expected));
    }
}
