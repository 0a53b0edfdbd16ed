//! The kinds of containment: which one a run asks for, and which one it has.

use std::fmt;

/// Which containment a run shall have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Containment {
    /// The strongest that works here.
    #[default]
    Auto,
    /// This one, or the run is refused.
    Require(ContainmentKind),
}

/// The kinds of containment, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ContainmentKind {
    /// The program's process group, and the descendants that are still connected to it.
    ///
    /// Missed are descendants in a group of their own whose parents are gone, such as daemons. When
    /// the host itself is killed, everything is missed.
    Group,
    /// The host's executable, started again as a shim between host and program. It adopts every
    /// orphan of the tree, and ends the tree when the host is gone.
    Shim,
    /// A PID namespace, made by the shim or, where the kernel lets only that, by bubblewrap: the
    /// kernel ends the tree together with its first process, a shim, which ends with the host.
    ///
    /// Processes outside cannot be seen or signalled from within, and nothing within gains
    /// privileges by setuid.
    Namespace,
    /// A Windows job object that ends the tree when its last handle is closed.
    Job,
}

/// One containment, and whether it works here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContainmentStatus {
    /// Which one.
    pub kind: ContainmentKind,
    /// Why it does not work here; `None` when it does.
    pub unavailable: Option<String>,
}

impl ContainmentKind {
    /// Returns the name, such as `group`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Shim => "shim",
            Self::Namespace => "namespace",
            Self::Job => "job",
        }
    }
}

impl fmt::Display for ContainmentKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
