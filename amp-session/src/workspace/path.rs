//! Paths inside a work tree, as Git writes them: bytes, with slashes, quoted where they are odd.

use std::fmt;
use std::path::{Path, PathBuf};

use super::platform;

/// The path of a file from the root of its work tree.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RepositoryPath(Vec<u8>);

impl RepositoryPath {
    /// Reads a path as Git writes it without `-z`: in double quotes where it holds odd bytes.
    ///
    /// Returns `None` for what Git would not write.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let Some(quoted) = text.strip_prefix(b"\"") else {
            return Some(Self(text.to_vec()));
        };
        let mut bytes = Vec::with_capacity(quoted.len());
        let mut rest = quoted.strip_suffix(b"\"")?.iter().copied();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'"' => return None,
                b'\\' => unescape(&mut rest)?,
                byte => byte,
            });
        }
        Some(Self(bytes))
    }

    /// Returns the path in double quotes, as Git reads it wherever it reads one path a line.
    pub(super) fn quoted(&self) -> String {
        quoted(&self.0)
    }

    /// Returns the path of a file of this name in a folder of the root.
    pub(super) fn inside(&self, folder: &str) -> Self {
        Self([folder.as_bytes(), b"/", &self.0].concat())
    }

    /// Returns the path from this folder of the root; `None` when it is not in it.
    pub(super) fn out_of(&self, folder: &str) -> Option<Self> {
        let rest = self.0.strip_prefix(folder.as_bytes())?;
        Some(Self(rest.strip_prefix(b"/")?.to_vec()))
    }

    /// Returns where the file is, below the root of the work tree.
    pub(super) fn below(&self, root: &Path) -> PathBuf {
        root.join(platform::path(&self.0))
    }

    /// Returns the folders that the file is in, outermost first, without the root.
    pub(super) fn folders(&self) -> impl Iterator<Item = Self> + '_ {
        let is_slash = |(_, byte): &(usize, &u8)| **byte == b'/';
        let slashes = self.0.iter().enumerate().filter(is_slash);
        slashes.map(|(at, _)| Self(self.0[..at].to_vec()))
    }

    /// Tells whether it is named by an entry of a list in which a folder, with all that is in it,
    /// ends with a slash.
    pub(super) fn is_in(&self, entry: &Self) -> bool {
        match entry.0.last() {
            Some(b'/') => self.0.starts_with(&entry.0),
            _ => self == entry,
        }
    }

    /// Returns the same path with a slash at its end, as a folder of a list.
    pub(super) fn with_slash(&self) -> Self {
        Self([&self.0[..], b"/"].concat())
    }

    /// Returns the same path without the slash at its end, if it has one.
    pub(super) fn as_folder(&self) -> Option<Self> {
        Some(Self(self.0.strip_suffix(b"/")?.to_vec()))
    }
}

impl fmt::Display for RepositoryPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for RepositoryPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.quoted())
    }
}

/// Returns bytes in double quotes, with escapes for all that is not printable ASCII.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 2);
    text.push('"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => text.push(char::from(*byte)),
            odd => text.push_str(&format!("\\{odd:03o}")),
        }
    }
    text.push('"');
    text
}

/// Reads what stands behind a backslash.
fn unescape(rest: &mut impl Iterator<Item = u8>) -> Option<u8> {
    Some(match rest.next()? {
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 11,
        b'f' => 12,
        b'r' => b'\r',
        plain @ (b'"' | b'\\') => plain,
        first @ b'0'..=b'3' => {
            let mut digit = || rest.next().filter(|byte| matches!(byte, b'0'..=b'7'));
            let (second, third) = (digit()?, digit()?);
            (first - b'0') << 6 | (second - b'0') << 3 | (third - b'0')
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_read_as_git_writes_them() {
        let read = |text: &str| RepositoryPath::parse(text.as_bytes()).map(|path| path.0);
        assert_eq!(read("src/main.rs").unwrap(), b"src/main.rs");
        assert_eq!(read(r#""a\tb\303\244\"""#).unwrap(), "a\tbä\"".as_bytes());
        assert_eq!(read(r#""a"#), None);
        assert_eq!(read(r#""a\9""#), None);
        assert_eq!(read(r#""a"b""#), None);
    }

    #[test]
    fn a_folder_of_a_list_stands_for_all_that_is_in_it() {
        let path = |text: &str| RepositoryPath(text.as_bytes().to_vec());
        assert!(path("target/a/b").is_in(&path("target/")));
        assert!(!path("targets/a").is_in(&path("target/")));
        assert!(!path("target/a").is_in(&path("target")));
        assert!(path("a.o").is_in(&path("a.o")));
        let folders: Vec<_> = path("a/b/c").folders().collect();
        assert_eq!(folders, [path("a"), path("a/b")]);
    }

    proptest! {
        #[test]
        fn any_path_is_read_back_as_it_was(bytes: Vec<u8>) {
            let path = RepositoryPath(bytes);
            prop_assert_eq!(RepositoryPath::parse(path.quoted().as_bytes()), Some(path));
        }
    }
}
