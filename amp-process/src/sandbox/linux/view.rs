//! The files that a program sees, and the namespaces around it: a value that becomes arguments of
//! bubblewrap, or travels as arguments to the shim.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::mount::Mount;

/// The argument that begins a view; a confinement stands behind [`END`].
pub(crate) const BEGIN: &str = "__view";
const END: &str = "--";

/// The devices of the host that every view has.
pub(crate) const DEVICES: [&str; 6] = ["full", "null", "random", "tty", "urandom", "zero"];

/// Everything that decides a view. Beside it there are always `/dev`, `/proc` and namespaces of its
/// own for everything but the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) mounts: Vec<Mount>,
    /// The size of each private folder in bytes.
    pub(crate) private_bytes: u64,
    /// Whether there is no network but what the shim opens.
    pub(crate) own_network: bool,
    /// Whether the file of host names comes as standard output.
    pub(crate) own_host_names: bool,
    /// Whether the kernel takes us for root, who may change its settings.
    pub(crate) root: bool,
    /// The folder to start in.
    pub(crate) directory: PathBuf,
}

impl View {
    /// Returns a view of these mounts.
    pub(super) fn new(mounts: Vec<Mount>, private_bytes: u64, directory: &Path) -> Self {
        Self {
            mounts,
            private_bytes,
            own_network: false,
            own_host_names: false,
            root: false,
            directory: directory.to_owned(),
        }
    }

    /// Returns the arguments, from [`BEGIN`] to what separates them from the confinement.
    pub(crate) fn encode(&self) -> Vec<OsString> {
        let size = self.private_bytes.to_string();
        let mut arguments: Vec<OsString> = vec![BEGIN.into()];
        let mut add = |name: &str, values: &[&OsStr]| {
            arguments.push(name.into());
            arguments.extend(values.iter().map(Into::into));
        };
        add("--in", &[self.directory.as_os_str(), size.as_ref()]);
        for (name, holds) in [
            ("--own-network", self.own_network),
            ("--own-host-names", self.own_host_names),
            ("--root", self.root),
        ] {
            if holds {
                add(name, &[]);
            }
        }
        for mount in &self.mounts {
            match mount {
                Mount::Link(text, path) => add("--link", &[text.as_os_str(), path.as_os_str()]),
                Mount::Readable(path) => add("--readable", &[path.as_os_str()]),
                Mount::Writable(path) => add("--writable", &[path.as_os_str()]),
                Mount::Substitute(from, path) => {
                    add("--substitute", &[from.as_os_str(), path.as_os_str()]);
                }
                Mount::Private(path) => add("--private", &[path.as_os_str()]),
                Mount::EmptyFolder(path) => add("--empty", &[path.as_os_str()]),
                Mount::Unreadable(path) => add("--unreadable", &[path.as_os_str()]),
            }
        }
        arguments.push(END.into());
        arguments
    }

    /// Reads what follows [`BEGIN`], and leaves what follows the view; `None` when it is not what
    /// [`encode`](Self::encode) writes.
    pub(crate) fn decode(arguments: &mut impl Iterator<Item = OsString>) -> Option<Self> {
        if arguments.next()? != "--in" {
            return None;
        }
        let directory = PathBuf::from(arguments.next()?);
        let private_bytes = arguments.next()?.to_str()?.parse().ok()?;
        let mut view = Self::new(Vec::new(), private_bytes, &directory);
        loop {
            let name = arguments.next()?;
            let mut path = || arguments.next().map(PathBuf::from);
            view.mounts.push(match name.to_str()? {
                END => return Some(view),
                "--own-network" => {
                    view.own_network = true;
                    continue;
                }
                "--own-host-names" => {
                    view.own_host_names = true;
                    continue;
                }
                "--root" => {
                    view.root = true;
                    continue;
                }
                "--link" => Mount::Link(path()?, path()?),
                "--readable" => Mount::Readable(path()?),
                "--writable" => Mount::Writable(path()?),
                "--substitute" => Mount::Substitute(path()?, path()?),
                "--private" => Mount::Private(path()?),
                "--empty" => Mount::EmptyFolder(path()?),
                "--unreadable" => Mount::Unreadable(path()?),
                _ => return None,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    use std::path::PathBuf;

    use super::{Mount, View};

    fn full() -> View {
        let odd = PathBuf::from(OsString::from_vec(b"/a\n--\xff".to_vec()));
        View {
            own_network: true,
            own_host_names: true,
            root: true,
            ..View::new(
                vec![
                    Mount::Link("usr/bin".into(), "/bin".into()),
                    Mount::Readable("/etc".into()),
                    Mount::Unreadable("/etc/shadow".into()),
                    Mount::EmptyFolder("/etc/ssh".into()),
                    Mount::Private("--".into()),
                    Mount::Writable(odd.clone()),
                    Mount::Substitute("/run/none".into(), odd.clone()),
                ],
                u64::MAX,
                &odd,
            )
        }
    }

    #[test]
    fn a_view_arrives_as_it_was() {
        for view in [full(), View::new(Vec::new(), 0, "/".as_ref())] {
            let rest: [OsString; 2] = ["__confine".into(), "--".into()];
            let mut arguments = view.encode().into_iter().skip(1).chain(rest.clone());
            assert_eq!(View::decode(&mut arguments), Some(view));
            assert!(arguments.eq(rest));
        }
    }

    #[test]
    fn what_was_cut_short_is_refused() {
        let arguments = full().encode();
        for end in 1..arguments.len() - 1 {
            let mut cut = arguments[1..end].iter().cloned();
            assert_eq!(View::decode(&mut cut), None, "{end}");
        }
    }
}
