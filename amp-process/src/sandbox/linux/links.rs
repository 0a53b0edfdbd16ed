//! The symbolic links on the way to a path.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// As many links as the kernel follows on one way.
const MOST_LINKS: usize = 40;

/// Returns the links that are followed on the way to an absolute path, with what each holds.
///
/// A way that leads nowhere, or in a circle, ends where it does.
pub(super) fn on_the_way(path: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut found = Vec::new();
    let mut at = PathBuf::from("/");
    let mut ahead: Vec<OsString> = backwards(path);
    while let Some(name) = ahead.pop() {
        if name == ".." {
            at.pop();
            continue;
        }
        let next = at.join(&name);
        let Ok(text) = next.read_link() else {
            at = next;
            continue;
        };
        if found.len() == MOST_LINKS {
            break;
        }
        if text.is_absolute() {
            at = PathBuf::from("/");
        }
        ahead.extend(backwards(&text));
        found.push((next, text));
    }
    found
}

/// Returns an absolute path without links, as far as it is there.
pub(super) fn resolved(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(found), ..) => found,
        (Err(_), Some(around), Some(name)) => resolved(around).join(name),
        (Err(_), ..) => path.to_owned(),
    }
}

/// Returns the names in a path, the last one first.
fn backwards(path: &Path) -> Vec<OsString> {
    let names = path.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::{on_the_way, resolved};

    #[test]
    fn each_link_is_found_where_it_really_is() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("real/inner")).unwrap();
        fs::create_dir(root.join("beside")).unwrap();
        fs::write(root.join("real/tool"), "").unwrap();
        symlink(root.join("real/inner"), root.join("folder")).unwrap();
        symlink("../tool", root.join("real/inner/up")).unwrap();
        symlink("circle", root.join("circle")).unwrap();
        let found = |path: &str| -> Vec<String> {
            let found = on_the_way(&root.join(path)).into_iter();
            let below = |(path, _): (std::path::PathBuf, _)| {
                path.strip_prefix(&root).unwrap().display().to_string()
            };
            found.map(below).collect()
        };
        assert_eq!(found("folder/up"), ["folder", "real/inner/up"]);
        assert_eq!(found("beside/../folder/../tool"), ["folder"]);
        assert!(found("real/tool").is_empty() && found("nothing/there").is_empty());
        assert_eq!(found("circle").len(), 40);
    }
    #[test]
    fn a_path_that_is_not_there_is_resolved_as_far_as_it_goes() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        fs::create_dir(root.join("real")).unwrap();
        symlink("real", root.join("link")).unwrap();
        assert_eq!(resolved(&root.join("link/a/b")), root.join("real/a/b"));
        assert_eq!(resolved(&root.join("link")), root.join("real"));
    }
}
