//! The rules about files, held against the files that are there.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::links;
use crate::sandbox::policy::{Access, Policy};

/// A rule about a file or folder that exists, by its path without links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    /// What was found there: to notice when something else takes its place, or that it is still seen
    /// where it should not be.
    pub(super) identity: Option<Identity>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A folder, with what may be done in it.
    Folder(Access),
    /// A file, with what may be done with it.
    File(Access),
    /// A symbolic link, such as `/bin`, and what it holds.
    Link(PathBuf),
}

/// Device and number of a file, which no other has as long as it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) number: u64,
}

impl Identity {
    /// Returns the identity of what is at `path` now.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        std::fs::metadata(path).map(|metadata| Self {
            device: metadata.dev(),
            number: metadata.ino(),
        })
    }
}

impl Entry {
    /// Returns what may be done; a link can be read.
    pub(super) fn access(&self) -> Access {
        match self.kind {
            Kind::Folder(access) | Kind::File(access) => access,
            Kind::Link(_) => Access::Readable,
        }
    }
}

/// Finds what the rules of a policy are about, sorted by path; or says why one cannot be kept.
pub(super) fn resolve(policy: &Policy) -> Result<Vec<Entry>, String> {
    if let Some(path) = policy.invalid_path() {
        return Err(format!("{} is not a plain absolute path", path.display()));
    }
    let mut entries = Vec::new();
    for (path, access) in policy.files() {
        entries.extend(find(policy, path, access)?);
    }
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    for pair in entries.windows(2) {
        if pair[0].path == pair[1].path && pair[0].access() != pair[1].access() {
            let path = pair[0].path.display();
            return Err(format!("two rules are about {path}, by different names"));
        }
    }
    entries.dedup_by(|one, other| one.path == other.path);
    let links = missing_links(policy, &entries);
    entries.extend(links);
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    entries.dedup_by(|one, other| one.path == other.path);
    Ok(entries)
}

/// Finds the links by which visible things are named, as far as they are out of sight themselves.
fn missing_links(policy: &Policy, entries: &[Entry]) -> Vec<Entry> {
    let visible = policy
        .files()
        .filter(|(_, access)| *access != Access::Hidden);
    let named = visible.map(|(path, _)| path);
    let named = named.chain(policy.names.iter().map(PathBuf::as_path));
    named
        .flat_map(links::on_the_way)
        .filter(|(path, _)| matches!(access(entries, path), Access::Hidden | Access::Private))
        .map(|(path, text)| Entry {
            path,
            kind: Kind::Link(text),
            identity: None,
        })
        .collect()
}

fn find(policy: &Policy, path: &Path, access: Access) -> Result<Option<Entry>, String> {
    let shown = path.display();
    let is_link = path
        .symlink_metadata()
        .is_ok_and(|found| found.is_symlink());
    let is_system = Policy::SYSTEM_FOLDERS
        .iter()
        .any(|folder| path == Path::new(folder));
    if is_link && is_system {
        let target = std::fs::read_link(path).map_err(|error| format!("{shown}: {error}"))?;
        return Ok(Some(Entry {
            path: path.to_owned(),
            kind: Kind::Link(target),
            identity: None,
        }));
    }
    let parent = path.parent().map(|parent| policy.access(parent));
    if is_link && parent == Some(Access::Writable) && access != Access::Writable {
        return Err(format!(
            "{shown} is a symbolic link, which cannot be kept from being replaced"
        ));
    }
    let canonical = match path.canonicalize() {
        Ok(canonical) => canonical,
        Err(error) if access == Access::Writable => {
            return Err(format!("{shown} cannot be used: {error}"));
        }
        // A private folder needs no original, as long as nothing real is around it.
        Err(_) if access == Access::Private && parent == Some(Access::Hidden) => {
            return Ok(Some(Entry {
                path: links::resolved(path),
                kind: Kind::Folder(access),
                identity: None,
            }));
        }
        Err(_) => return Ok(None),
    };
    let metadata = canonical
        .metadata()
        .map_err(|error| format!("{shown} cannot be used: {error}"))?;
    // What belongs to others and cannot be read is hidden already.
    let readable = rustix::fs::access(&canonical, rustix::fs::Access::READ_OK).is_ok();
    let ours = metadata.uid() == rustix::process::geteuid().as_raw();
    if access == Access::Hidden && !readable && !ours {
        return Ok(None);
    }
    let kind = match metadata.is_dir() {
        true => Kind::Folder(access),
        false if access == Access::Private => {
            return Err(format!(
                "{shown} is no folder, so it cannot be a private one"
            ));
        }
        false => Kind::File(access),
    };
    Ok(Some(Entry {
        identity: (!is_system).then(|| Identity {
            device: metadata.dev(),
            number: metadata.ino(),
        }),
        path: canonical,
        kind,
    }))
}

/// Returns what the entries say about a path without links.
pub(super) fn access(entries: &[Entry], path: &Path) -> Access {
    let rule = path
        .ancestors()
        .find_map(|ancestor| entries.iter().find(|entry| entry.path == ancestor));
    rule.map_or(Access::Hidden, Entry::access)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::{Access, Kind, Policy, access, resolve};

    /// The rules about a test's own folder, which the private `/tmp` would hide.
    fn entries_below(policy: &Policy, root: &std::path::Path) -> Vec<(String, Access)> {
        let entries = resolve(policy).unwrap();
        let below = entries.iter().filter_map(|entry| {
            let path = entry.path.strip_prefix(root).ok()?;
            Some((path.display().to_string(), entry.access()))
        });
        below.collect()
    }

    #[test]
    fn what_is_not_there_is_no_rule_unless_it_shall_be_writable() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let policy = Policy::new()
            .with_files(root.join("a"), Access::Readable)
            .with_files(root.join("b"), Access::Hidden);
        assert_eq!(entries_below(&policy, &root), []);
        let policy = policy.with_files(root.join("c"), Access::Writable);
        let refusal = resolve(&policy).unwrap_err();
        assert!(
            refusal.contains("c cannot be used: No such file"),
            "{refusal}"
        );
    }

    #[test]
    fn a_rule_is_about_what_a_link_leads_to() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("real")).unwrap();
        symlink("real", root.join("link")).unwrap();
        let policy = Policy::new().with_files(root.join("link"), Access::Readable);
        let expected = [("link", Access::Readable), ("real", Access::Readable)];
        let expected = expected.map(|(path, access)| (path.to_owned(), access));
        assert_eq!(entries_below(&policy, &root), expected);
        let both = policy.with_files(root.join("real"), Access::Hidden);
        assert!(resolve(&both).unwrap_err().contains("two rules are about"));
    }

    #[test]
    fn a_link_that_can_be_seen_anyway_needs_no_entry() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        std::fs::write(root.join("real"), "").unwrap();
        symlink("real", root.join("link")).unwrap();
        let named = Policy::new().with_name(root.join("link"));
        let alone = [("link".to_owned(), Access::Readable)];
        assert_eq!(entries_below(&named, &root), alone);
        let seen = named.with_files(&root, Access::Writable);
        let folder = [(String::new(), Access::Writable)];
        assert_eq!(entries_below(&seen, &root), folder);
    }

    #[test]
    fn a_link_in_a_writable_folder_cannot_be_protected() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        symlink("elsewhere", root.join("link")).unwrap();
        let policy = Policy::new()
            .with_files(&root, Access::Writable)
            .with_files(root.join("link"), Access::Readable);
        assert!(resolve(&policy).unwrap_err().contains("is a symbolic link"));
    }

    #[test]
    fn links_of_the_system_stay_links() {
        let entries = resolve(&Policy::new()).unwrap();
        for entry in &entries {
            let is_link = entry.path.is_symlink();
            assert_eq!(matches!(entry.kind, Kind::Link(_)), is_link, "{entry:?}");
        }
        assert_eq!(access(&entries, "/usr/bin".as_ref()), Access::Readable);
        assert_eq!(access(&entries, "/root/.ssh".as_ref()), Access::Hidden);
    }
}
