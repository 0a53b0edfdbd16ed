//! What a program may reach, as a value.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::host_rule::HostRule;

/// What a program may do with a file or a folder and everything below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// It is not there: a folder is empty, a file cannot be read.
    Hidden,
    /// It can be read and executed.
    Readable,
    /// It can be changed.
    Writable,
    /// A private folder is in its place: empty, writable, and gone when the program is.
    Private,
}

/// What a program may reach; everything else is out of its sight.
///
/// A new policy shows the programs of the system ([`SYSTEM_FOLDERS`](Self::SYSTEM_FOLDERS)) and
/// private folders for temporary files; no host, no variable. Of two rules about files, the one
/// with the longer path counts, so what lies below a folder can have more rights or fewer than the
/// folder. A later rule replaces an earlier one about the same path.
///
/// ```
/// use amp_process::sandbox::{Access, Policy};
///
/// let policy = Policy::new()
///     .with_files("/home/me/project", Access::Writable)
///     .with_files("/home/me/project/.git/hooks", Access::Readable)
///     .with_host("example.com".parse()?);
/// let access = |path: &str| policy.access(path.as_ref());
/// assert_eq!(access("/home/me/project/src"), Access::Writable);
/// assert_eq!(access("/home/me/project/.git/hooks/pre-commit"), Access::Readable);
/// assert_eq!(access("/home/me/.ssh"), Access::Hidden);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub(super) files: BTreeMap<PathBuf, Access>,
    pub(super) names: BTreeSet<PathBuf>,
    pub(super) network: Network,
    pub(super) variables: Variables,
    pub(super) limits: Limits,
    pub(super) withheld: BTreeSet<OsString>,
    pub(super) substitutes: BTreeMap<PathBuf, PathBuf>,
    pub(super) unix_sockets: bool,
    pub(super) private_bytes: u64,
}

/// Which services a program may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Network {
    /// Everything that the host can reach.
    Open,
    /// These services alone, through a proxy outside the sandbox.
    Hosts {
        /// The services.
        rules: Vec<HostRule>,
        /// Whether programs that ignore `HTTPS_PROXY` are served as well: the names of the rules
        /// lead to a forwarder, which goes by the name in the TLS handshake.
        transparent: bool,
    },
}

/// Which environment variables a program sees.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Variables {
    /// All that it is given.
    All,
    /// Those with one of these names; a name that ends in `*` stands for all that begin like it.
    Named(BTreeSet<OsString>),
}

/// How much a program may use. Each limit is for one process of its tree, but that of processes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Processes and threads at a time, in the whole tree. The kernel does not count those of root.
    pub processes: Option<u64>,
    /// Bytes of address space.
    pub memory_bytes: Option<u64>,
    /// Bytes of the longest file that can be written.
    pub file_bytes: Option<u64>,
    /// Open files.
    pub open_files: Option<u64>,
    /// Seconds of processor time.
    pub cpu_seconds: Option<u64>,
}

/// Files of the system that hold secrets where a program may read the rest of the folder.
const SYSTEM_SECRETS: &[&str] = &[
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/krb5.keytab",
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/ssh",
    "/etc/ssl/private",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/wireguard",
];

/// Where programs keep temporary files, and where the services of the system have their sockets.
const PRIVATE_FOLDERS: &[&str] = &["/run", "/tmp", "/var/tmp"];

/// The size of each private folder, which is memory: 1 GiB.
const PRIVATE_BYTES: u64 = 1 << 30;

impl Policy {
    /// Where the system keeps programs and what they need; readable by default, but for secrets.
    pub const SYSTEM_FOLDERS: &[&str] = &[
        "/bin",
        "/etc",
        "/gnu/store",
        "/lib",
        "/lib32",
        "/lib64",
        "/libx32",
        "/nix/store",
        "/opt",
        "/sbin",
        "/usr",
    ];

    /// Returns a policy that shows the programs of the system and nothing else.
    #[must_use]
    pub fn new() -> Self {
        let readable = Self::SYSTEM_FOLDERS
            .iter()
            .map(|path| (*path, Access::Readable));
        let hidden = SYSTEM_SECRETS.iter().map(|path| (*path, Access::Hidden));
        let private = PRIVATE_FOLDERS.iter().map(|path| (*path, Access::Private));
        let files = readable.chain(hidden).chain(private);
        Self {
            files: files.map(|(path, access)| (path.into(), access)).collect(),
            names: BTreeSet::new(),
            network: Network::Hosts {
                rules: Vec::new(),
                transparent: false,
            },
            variables: Variables::Named(BTreeSet::new()),
            limits: Limits::default(),
            withheld: BTreeSet::new(),
            substitutes: BTreeMap::new(),
            unix_sockets: false,
            private_bytes: PRIVATE_BYTES,
        }
    }

    /// Returns this policy with a rule about a file or a folder, by its absolute path.
    ///
    /// What is not there when the program starts is no rule, unless it shall be writable: then the
    /// start is refused. A rule by a path with symbolic links is about what it leads to, which has
    /// this path in the sandbox too.
    #[must_use]
    pub fn with_files(mut self, path: impl Into<PathBuf>, access: Access) -> Self {
        self.files.insert(path.into(), access);
        self
    }

    /// Returns this policy with the symbolic links on the way to an absolute path, so that what
    /// other rules show can be found by this name as well.
    #[must_use]
    pub fn with_name(mut self, path: impl Into<PathBuf>) -> Self {
        self.names.insert(path.into());
        self
    }

    /// Returns this policy with one more service.
    ///
    /// With [`Network::Open`] it changes nothing.
    #[must_use]
    pub fn with_host(mut self, rule: HostRule) -> Self {
        if let Network::Hosts { rules, .. } = &mut self.network
            && !rules.contains(&rule)
        {
            rules.push(rule);
        }
        self
    }

    /// Returns this policy with another network.
    #[must_use]
    pub fn with_network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Returns this policy with one more variable; see [`Variables::Named`].
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<OsString>) -> Self {
        if let Variables::Named(names) = &mut self.variables {
            names.insert(name.into());
        }
        self
    }

    /// Returns this policy with other variables.
    #[must_use]
    pub fn with_variables(mut self, variables: Variables) -> Self {
        self.variables = variables;
        self
    }

    /// Returns this policy with a variable that the program has, if it is allowed, and the shells
    /// below it (`/bin/sh`, `/bin/bash`) and what they start have not.
    ///
    /// They cannot read it from the program's memory or `/proc` either. Other programs that it
    /// starts by itself have the variable as ever. It takes Landlock and namespaces;
    /// [`Layer::WithheldVariables`](super::Layer::WithheldVariables) tells whether they are there.
    #[must_use]
    pub fn with_withheld_variable(mut self, name: impl Into<OsString>) -> Self {
        self.withheld.insert(name.into());
        self
    }

    /// Returns this policy with another file, by its path outside, in the place of one, which
    /// cannot be changed then; without namespaces there is what a rule about the path says.
    #[must_use]
    pub fn with_substitute(
        mut self,
        path: impl Into<PathBuf>,
        substitute: impl Into<PathBuf>,
    ) -> Self {
        self.substitutes.insert(path.into(), substitute.into());
        self
    }

    /// Returns this policy with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Returns this policy with Unix sockets, which a program cannot make otherwise.
    ///
    /// Pairs of connected sockets, as programs use them between parent and child, always work.
    #[must_use]
    pub fn with_unix_sockets(mut self) -> Self {
        self.unix_sockets = true;
        self
    }

    /// Returns this policy with another size of each private folder, in bytes of memory.
    #[must_use]
    pub fn with_private_bytes(mut self, bytes: u64) -> Self {
        self.private_bytes = bytes;
        self
    }

    /// Returns what the rules say about a path, which is taken as it is: links are not followed.
    #[must_use]
    pub fn access(&self, path: &Path) -> Access {
        let rule = path
            .ancestors()
            .find_map(|ancestor| self.files.get(ancestor));
        rule.copied().unwrap_or(Access::Hidden)
    }

    /// Returns the rules about files, parents before what lies below them.
    pub fn files(&self) -> impl Iterator<Item = (&Path, Access)> {
        self.files
            .iter()
            .map(|(path, access)| (path.as_path(), *access))
    }

    /// Returns which services can be reached.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Returns which variables are seen.
    #[must_use]
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// Returns how much may be used.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Returns whether a program that connects to this host and port is served.
    #[must_use]
    pub fn allows_host(&self, host: &str, port: u16) -> bool {
        match &self.network {
            Network::Open => true,
            Network::Hosts { rules, .. } => rules.iter().any(|rule| rule.covers(host, port)),
        }
    }

    /// Returns the first path that no rule can be about: a relative one, or one with `.` or `..`.
    #[cfg(target_os = "linux")]
    pub(super) fn invalid_path(&self) -> Option<&Path> {
        use std::path::Component;

        let invalid = |path: &Path| {
            let plain = |part| matches!(part, Component::RootDir | Component::Normal(_));
            !path.is_absolute() || !path.components().all(plain)
        };
        self.files
            .keys()
            .map(PathBuf::as_path)
            .find(|path| invalid(path))
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

impl Variables {
    /// Returns whether a variable of this name is seen.
    #[must_use]
    pub fn allows(&self, name: &OsStr) -> bool {
        let Self::Named(names) = self else {
            return true;
        };
        let bytes = name.as_encoded_bytes();
        names.contains(name)
            || names.iter().any(|allowed| {
                let prefix = allowed.as_encoded_bytes().strip_suffix(b"*");
                prefix.is_some_and(|prefix| bytes.starts_with(prefix))
            })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Access, Policy};

    #[test]
    fn the_longest_path_counts() {
        let policy = Policy::new()
            .with_files("/w", Access::Writable)
            .with_files("/w/a", Access::Hidden)
            .with_files("/w/a/b", Access::Readable);
        let access = |path: &str| policy.access(Path::new(path));
        assert_eq!(access("/w/x"), Access::Writable);
        assert_eq!(access("/w/a"), Access::Hidden);
        assert_eq!(access("/w/ab"), Access::Writable);
        assert_eq!(access("/w/a/b/c"), Access::Readable);
        assert_eq!(access("/elsewhere"), Access::Hidden);
        assert_eq!(access("/etc/shadow"), Access::Hidden);
        assert_eq!(access("/etc/passwd"), Access::Readable);
    }

    #[test]
    fn a_variable_is_seen_by_its_name_or_its_beginning() {
        let policy = Policy::new().with_variable("PATH").with_variable("LC_*");
        let allows = |name: &str| policy.variables().allows(name.as_ref());
        assert!(allows("PATH") && allows("LC_ALL") && allows("LC_"));
        assert!(!allows("PATH2") && !allows("LC") && !allows("SECRET"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_path_that_is_not_plain_is_found() {
        for path in ["relative", "/a/../b", "/a/..", ""] {
            let policy = Policy::new().with_files(path, Access::Readable);
            assert_eq!(policy.invalid_path(), Some(Path::new(path)), "{path}");
        }
        assert_eq!(Policy::new().invalid_path(), None);
    }
}
