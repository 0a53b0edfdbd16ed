//! Which containments there are on a Unix other than Linux: the group.

use super::ContainmentKind;
use super::launch::Way;
use crate::{Error, ProcessSpec};

/// Every containment of this platform, strongest first.
pub(crate) const LADDER: &[ContainmentKind] = &[ContainmentKind::Group];

/// Returns how to start the program in this containment, or why that cannot be.
#[expect(clippy::unused_async, reason = "Linux waits here")]
pub(crate) async fn find(kind: ContainmentKind, _: &ProcessSpec) -> Result<Way, Error> {
    match kind {
        ContainmentKind::Group => Ok(Way::Group),
        _ => Err(Error::unavailable(kind, "it needs Linux")),
    }
}
