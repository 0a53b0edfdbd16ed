//! Picks the containment for a run, and starts the program in it.

use std::time::Duration;

use super::group::GroupTree;
use super::{Containment, ContainmentKind, ContainmentStatus, StartFailure, TreeGuard, ways};
use crate::platform::Launch;
use crate::{Error, ErrorKind, ProcessSpec};

/// How long a containment may take to start the program.
const START: Duration = Duration::from_secs(20);

/// A way to start a program.
#[derive(Debug, Clone)]
pub(crate) enum Way {
    /// By itself, in a process group of its own.
    Group,
    /// Below a shim.
    #[cfg(target_os = "linux")]
    Shim(super::shim::ShimCommand),
}

/// Starts a program within the containment that it asks for.
pub(crate) async fn launch(launch: Launch) -> Result<TreeGuard, Error> {
    let kinds = match launch.spec.containment {
        Containment::Require(kind) => vec![kind],
        Containment::Auto => ways::LADDER.to_vec(),
    };
    let mut refusal = None;
    for kind in kinds {
        let started = match ways::find(kind, &launch.spec).await {
            Ok(way) => start(way, &launch).await,
            Err(error) => Err(error),
        };
        match started {
            // The next rung may do; that it was taken is told by the exit.
            Err(error) if error.kind() == ErrorKind::ContainmentUnavailable => {
                refusal = Some(error);
            }
            started => return started,
        }
    }
    Err(refusal
        .unwrap_or_else(|| Error::unavailable(ContainmentKind::Group, "this platform has none")))
}

/// Starts the program in one way, and waits until it runs.
async fn start(way: Way, launch: &Launch) -> Result<TreeGuard, Error> {
    let again = launch.try_clone().map_err(Error::io("share the pipes"))?;
    let kind = way.kind();
    let mut tree = match way {
        Way::Group => TreeGuard::new(GroupTree::new(again.spawn()?)),
        #[cfg(target_os = "linux")]
        Way::Shim(command) => {
            // Bubblewrap asks for a parent-death signal, which belongs to the starting thread.
            let work = move || super::shim::ShimTree::start(&command, &again).map(TreeGuard::new);
            crate::keeper::run(work).await??
        }
    };
    let started = std::future::poll_fn(|context| tree.poll_started(context));
    match tokio::time::timeout(START, started).await {
        Ok(Ok(())) => Ok(tree),
        Ok(Err(StartFailure::Program(source))) => {
            let exists = launch.program.exists();
            Err(Error::spawn(launch.spec.program.clone(), exists, source))
        }
        Ok(Err(StartFailure::Containment(reason))) => Err(Error::unavailable(kind, reason)),
        Err(_) => Err(Error::unavailable(kind, "the shim does not answer")),
    }
}

impl Way {
    fn kind(&self) -> ContainmentKind {
        match self {
            Self::Group => ContainmentKind::Group,
            #[cfg(target_os = "linux")]
            Self::Shim(command) => command.kind,
        }
    }
}

impl ProcessSpec {
    /// Finds out which containments this program could have, strongest first, and why not others.
    ///
    /// The first look at the namespace starts a shim in one; the answer is remembered.
    pub async fn probe_containment(&self) -> Vec<ContainmentStatus> {
        let mut found = Vec::new();
        for kind in ways::LADDER {
            let unavailable = ways::find(*kind, self).await.err().map(Error::into_reason);
            found.push(ContainmentStatus {
                kind: *kind,
                unavailable,
            });
        }
        found
    }
}
