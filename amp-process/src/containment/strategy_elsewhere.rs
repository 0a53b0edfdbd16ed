//! Which containments there are on a Unix other than Linux: the group.

use super::kind::ContainmentKind;
use crate::error::Error;
use crate::spec::ProcessSpec;

/// How to start a program in its containment.
#[derive(Debug, Clone)]
pub(crate) enum Strategy {
    /// By itself, in a process group of its own.
    Group,
}

impl Strategy {
    /// Returns the containment that it leads to.
    #[expect(clippy::unused_self, reason = "Linux has more than one")]
    pub(crate) fn kind(&self) -> ContainmentKind {
        ContainmentKind::Group
    }
}

/// Every containment of this platform, strongest first.
pub(crate) const KINDS: &[ContainmentKind] = &[ContainmentKind::Group];

/// Returns the ways to start the program in this containment, or why there is none.
pub(crate) fn find(kind: ContainmentKind, _: &ProcessSpec) -> Result<Vec<Strategy>, Error> {
    match kind {
        ContainmentKind::Group => Ok(vec![Strategy::Group]),
        _ => Err(Error::unavailable(kind, "it needs Linux")),
    }
}

/// Returns why the program cannot be started in this containment.
#[expect(clippy::unused_async, reason = "Linux waits here")]
pub(crate) async fn try_out(kind: ContainmentKind, spec: &ProcessSpec) -> Result<(), Error> {
    find(kind, spec).map(drop)
}

/// Does nothing: a group is not refused.
pub(crate) fn remember_refusal(_: &Strategy, _: &str) {}
