//! What shows within a sandbox that the view is the one that was asked for.
//!
//! `PATH` may lead to a wrapper of bubblewrap that leaves options out, and a system may give less
//! than it says. So the shim looks around before it starts the program.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::StatVfsMountFlags;

use super::entry::{Entry, Identity};
use super::mount::Mount;
use super::view::View;
use crate::sandbox::policy::Access;

/// Where a process finds its namespaces.
const NAMESPACES: &str = "/proc/self/ns";
/// Those that a sandbox always has for itself.
const OWN: [&str; 5] = ["user", "mnt", "pid", "ipc", "uts"];
const NETWORK: &str = "net";

/// One thing that has to be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// At this path is what the host has there.
    Same(PathBuf, Identity),
    /// At this path is not what the host has there.
    Other(PathBuf, Identity),
    /// What is mounted here cannot be changed.
    ReadOnly(PathBuf),
    /// No address and no route leads anywhere but to the sandbox itself.
    NoNetwork,
}

impl Evidence {
    /// Looks whether it is so; the error says what is.
    pub(crate) fn check(&self) -> Result<(), String> {
        let held = match self {
            Self::Same(path, identity) => Identity::of(path).is_ok_and(|found| found == *identity),
            // What cannot be seen is not what the host has.
            Self::Other(path, identity) => Identity::of(path).ok() != Some(*identity),
            Self::ReadOnly(path) => rustix::fs::statvfs(path)
                .is_ok_and(|mount| mount.f_flag.contains(StatVfsMountFlags::RDONLY)),
            Self::NoNetwork => has_no_network().unwrap_or(false),
        };
        match held {
            true => Ok(()),
            false => Err(self.contrary()),
        }
    }

    /// Says that it is not so.
    fn contrary(&self) -> String {
        match self {
            Self::Same(path, _) => {
                format!("something else has taken the place of {}", path.display())
            }
            Self::Other(path, _) => match path.strip_prefix(NAMESPACES) {
                Ok(kind) => format!("the {} namespace is the host's", kind.display()),
                Err(_) => format!("{} is the host's", path.display()),
            },
            Self::ReadOnly(path) => format!("{} can be changed", path.display()),
            Self::NoNetwork => "the network is not empty".to_owned(),
        }
    }
}

/// Returns the host's namespaces, each by the path that leads to a process's own.
pub(super) fn namespaces(own_network: bool) -> io::Result<Vec<Evidence>> {
    let kinds = OWN.into_iter().chain(own_network.then_some(NETWORK));
    kinds
        .map(|kind| {
            let path = Path::new(NAMESPACES).join(kind);
            Identity::of(&path).map(|identity| Evidence::Other(path, identity))
        })
        .chain(own_network.then_some(Ok(Evidence::NoNetwork)))
        .collect()
}

/// Returns what shows that these rules are kept by this view, if there is one.
pub(super) fn of_files(entries: &[Entry], view: Option<&View>) -> Vec<Evidence> {
    let known = entries.iter().filter_map(|entry| {
        let path = entry.path.clone();
        let identity = entry.identity?;
        match entry.access() {
            Access::Readable | Access::Writable => Some(Evidence::Same(path, identity)),
            Access::Private | Access::Hidden => view.map(|_| Evidence::Other(path, identity)),
        }
    });
    known.chain(view.into_iter().flat_map(of_mounts)).collect()
}

fn of_mounts(view: &View) -> impl Iterator<Item = Evidence> {
    let read_only = view.mounts.iter().filter_map(|mount| match mount {
        Mount::Readable(path) | Mount::Unreadable(path) | Mount::EmptyFolder(path) => {
            Some(path.as_path())
        }
        Mount::Substitute(_, path) => Some(path.as_path()),
        Mount::Link(..) | Mount::Writable(_) | Mount::Private(_) => None,
    });
    let of_root = view.root.then_some(Path::new("/proc"));
    let read_only = read_only.chain([Path::new("/")]).chain(of_root);
    read_only.map(|path| Evidence::ReadOnly(path.to_owned()))
}

/// Returns whether every address and every route is one of the loopback interface.
fn has_no_network() -> io::Result<bool> {
    const LOOPBACK: &str = "lo";
    let routes = std::fs::read_to_string("/proc/self/net/route")?;
    let is_loopback = |line: &str, word: Option<&str>| line.is_empty() || word == Some(LOOPBACK);
    let mut routes = routes.lines().skip(1);
    if !routes.all(|line| is_loopback(line, line.split_whitespace().next())) {
        return Ok(false);
    }
    match std::fs::read_to_string("/proc/self/net/if_inet6") {
        Ok(addresses) => {
            let mut addresses = addresses.lines();
            Ok(addresses.all(|line| is_loopback(line, line.split_whitespace().last())))
        }
        // A kernel without IPv6.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::{Evidence, Identity, namespaces};

    fn identity(path: &str) -> Identity {
        Identity::of(path.as_ref()).unwrap()
    }

    #[test]
    fn the_hosts_own_namespaces_are_no_sandbox() {
        for own in namespaces(false).unwrap() {
            let said = own.check().unwrap_err();
            assert!(said.ends_with("namespace is the host's"), "{said}");
        }
        let network = namespaces(true).unwrap();
        assert_eq!(network.last(), Some(&Evidence::NoNetwork));
        assert_eq!(network.len(), namespaces(false).unwrap().len() + 2);
    }

    #[test]
    fn what_is_as_outside_or_is_not_is_told_apart() {
        let here = identity("/usr");
        let same = Evidence::Same("/usr".into(), here);
        let other = Evidence::Other("/usr".into(), here);
        assert_eq!(same.check(), Ok(()));
        assert_eq!(other.check().unwrap_err(), "/usr is the host's");
        let elsewhere = identity("/proc");
        assert_eq!(Evidence::Other("/usr".into(), elsewhere).check(), Ok(()));
        assert!(Evidence::Same("/usr".into(), elsewhere).check().is_err());
        assert!(Evidence::Same("/not/there".into(), here).check().is_err());
    }

    #[test]
    fn a_folder_that_can_be_changed_is_not_read_only() {
        let folder = tempfile::tempdir().unwrap();
        let evidence = Evidence::ReadOnly(folder.path().to_owned());
        assert!(evidence.check().unwrap_err().ends_with("can be changed"));
    }
}
