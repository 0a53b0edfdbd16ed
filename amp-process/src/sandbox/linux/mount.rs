//! From rules about files to the mounts that enforce them, in order.

use std::path::{Path, PathBuf};

use super::entry::{Entry, Kind};
use crate::sandbox::policy::Access;

/// One step in making the view of files that a program has; later ones cover earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mount {
    /// A link with this text.
    Link(PathBuf, PathBuf),
    /// The file or folder as it is outside, for reading.
    Readable(PathBuf),
    /// The file or folder as it is outside.
    Writable(PathBuf),
    /// Another file in the place of one, for reading: first it, then the place.
    Substitute(PathBuf, PathBuf),
    /// A private folder.
    Private(PathBuf),
    /// An empty folder that stays so.
    EmptyFolder(PathBuf),
    /// A file that cannot be read.
    Unreadable(PathBuf),
}

/// Returns the mounts for entries, which are sorted by path.
pub(super) fn mounts(entries: &[Entry]) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for entry in entries {
        let around = nearest(entries, &entry.path);
        let surrounding = around.map_or(Access::Hidden, Entry::access);
        // A folder with a mount in it can be renamed, mount and all, and another put in its place,
        // unless it is a mount itself.
        let guard: Option<fn(PathBuf) -> Mount> = match surrounding {
            Access::Writable if entry.access() != Access::Writable => Some(Mount::Writable),
            Access::Private if entry.access() != Access::Hidden => Some(Mount::Private),
            _ => None,
        };
        if let (Some(around), Some(guard)) = (around, guard) {
            let between = entry.path.ancestors().skip(1);
            let between: Vec<&Path> = between.take_while(|path| *path != around.path).collect();
            for folder in between.into_iter().rev() {
                let guard = guard(folder.to_owned());
                if !mounts.contains(&guard) {
                    mounts.push(guard);
                }
            }
        }
        let path = entry.path.clone();
        mounts.push(match &entry.kind {
            Kind::Link(text) => Mount::Link(text.clone(), path),
            Kind::Folder(Access::Readable) | Kind::File(Access::Readable) => Mount::Readable(path),
            Kind::Folder(Access::Writable) | Kind::File(Access::Writable) => Mount::Writable(path),
            Kind::Folder(Access::Private) | Kind::File(Access::Private) => Mount::Private(path),
            // What lies in nothing visible is hidden already.
            _ if matches!(surrounding, Access::Hidden | Access::Private) => continue,
            Kind::Folder(Access::Hidden) => Mount::EmptyFolder(path),
            Kind::File(Access::Hidden) => Mount::Unreadable(path),
        });
    }
    mounts
}

/// Returns the entry about the nearest folder around `path`.
fn nearest<'a>(entries: &'a [Entry], path: &Path) -> Option<&'a Entry> {
    path.ancestors()
        .skip(1)
        .find_map(|ancestor| entries.iter().find(|entry| entry.path == ancestor))
}

#[cfg(test)]
mod tests {
    use super::{Access, Entry, Kind, Mount, mounts};

    fn folder(path: &str, access: Access) -> Entry {
        Entry {
            path: path.into(),
            kind: Kind::Folder(access),
            identity: None,
        }
    }

    fn file(path: &str, access: Access) -> Entry {
        Entry {
            path: path.into(),
            kind: Kind::File(access),
            identity: None,
        }
    }

    #[test]
    fn a_folder_around_something_protected_is_kept_from_being_renamed() {
        let entries = [
            folder("/w", Access::Writable),
            file("/w/a/b/config", Access::Readable),
            folder("/w/a/b/hooks", Access::Readable),
        ];
        let expected = [
            Mount::Writable("/w".into()),
            Mount::Writable("/w/a".into()),
            Mount::Writable("/w/a/b".into()),
            Mount::Readable("/w/a/b/config".into()),
            Mount::Readable("/w/a/b/hooks".into()),
        ];
        assert_eq!(mounts(&entries), expected);
    }

    #[test]
    fn a_private_folder_on_the_way_to_something_visible_is_kept_from_being_renamed() {
        let entries = [
            folder("/home", Access::Private),
            folder("/home/code/keys", Access::Hidden),
            folder("/home/code/project", Access::Writable),
            file("/home/code/tool", Access::Readable),
        ];
        let expected = [
            Mount::Private("/home".into()),
            Mount::Private("/home/code".into()),
            Mount::Writable("/home/code/project".into()),
            Mount::Readable("/home/code/tool".into()),
        ];
        assert_eq!(mounts(&entries), expected);
    }

    #[test]
    fn what_is_out_of_sight_needs_no_cover() {
        let entries = [
            folder("/etc", Access::Readable),
            file("/etc/shadow", Access::Hidden),
            folder("/etc/ssh", Access::Hidden),
            folder("/home", Access::Private),
            folder("/home/keys", Access::Hidden),
            folder("/srv", Access::Hidden),
        ];
        let expected = [
            Mount::Readable("/etc".into()),
            Mount::Unreadable("/etc/shadow".into()),
            Mount::EmptyFolder("/etc/ssh".into()),
            Mount::Private("/home".into()),
        ];
        assert_eq!(mounts(&entries), expected);
    }
}
