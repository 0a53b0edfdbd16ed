//! Picks the containment for a run, and starts the program in it.

use std::time::Duration;

use super::group::GroupTree;
use super::guard::TreeGuard;
use super::kind::{Containment, ContainmentKind, ContainmentStatus};
use super::strategy::{self, Strategy};
use super::tree::StartFailure;
use crate::error::{Error, ErrorKind};
use crate::platform::Launch;
use crate::spec::ProcessSpec;

/// How long a containment may take to start the program.
const START: Duration = Duration::from_secs(20);

/// How long to wait, in milliseconds, before each new try to start a program whose file is open for writing.
///
/// Whoever has just written it has closed it, but a process that was started at the same moment
/// holds every open file of its parent until it executes its own program.
const BUSY_PAUSES: [u64; 7] = [10, 20, 40, 80, 160, 320, 640];

/// Starts a program within the containment that it asks for.
pub(crate) async fn launch(launch: Launch) -> Result<TreeGuard, Error> {
    if launch.spec.sandbox.is_some() {
        return launch_in_sandbox(launch).await;
    }
    let kinds = match launch.spec.containment {
        Containment::Require(kind) => vec![kind],
        Containment::Auto => strategy::KINDS.to_vec(),
    };
    let mut refusal = None;
    for kind in kinds {
        match find_and_start(kind, &launch).await {
            // The next one may do; that it was taken is told by the exit.
            Err(error) if error.kind() == ErrorKind::ContainmentUnavailable => {
                refusal = Some(error);
            }
            started => return started,
        }
    }
    Err(refusal
        .unwrap_or_else(|| Error::unavailable(ContainmentKind::Group, "this platform has none")))
}

/// Starts the program in this containment.
///
/// Nothing is tried out before: the program does not run unless the containment holds, and a trial
/// would take as long as the start.
async fn find_and_start(kind: ContainmentKind, launch: &Launch) -> Result<TreeGuard, Error> {
    for strategy in strategy::find(kind, &launch.spec)? {
        match start(strategy.clone(), launch).await {
            Err(Error::Containment { reason, .. }) => {
                strategy::remember_refusal(&strategy, &reason);
            }
            started => return started,
        }
    }
    // Why each of them fails is known by now.
    let refusal = strategy::find(kind, &launch.spec).err();
    Err(refusal.unwrap_or_else(|| Error::unavailable(kind, "it was refused")))
}

/// Starts the program in the sandbox that it asks for.
#[cfg(target_os = "linux")]
async fn launch_in_sandbox(mut launch: Launch) -> Result<TreeGuard, Error> {
    let prepared = crate::sandbox::linux::backend::prepare(&mut launch).await?;
    let strategy = Strategy::Shim(prepared.command().clone());
    let mut tree = match start(strategy, &launch).await {
        Err(error) if error.kind() == ErrorKind::ContainmentUnavailable => {
            return Err(Error::sandbox(error.into_reason(), Vec::new()));
        }
        started => started?,
    };
    let listeners = match tree.get() {
        Some(tree) => tree.take_listeners(),
        None => Default::default(),
    };
    tree.confine(prepared.serve(listeners)?);
    Ok(tree)
}

/// Refuses to start the program without the sandbox that it asks for.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unused_async, reason = "it waits where there is a sandbox")]
async fn launch_in_sandbox(_: Launch) -> Result<TreeGuard, Error> {
    Err(crate::sandbox::elsewhere::unsupported())
}

/// Starts the program by one strategy, and waits until it runs; tries again while its file is busy.
async fn start(strategy: Strategy, launch: &Launch) -> Result<TreeGuard, Error> {
    for pause in BUSY_PAUSES.map(Duration::from_millis) {
        match start_once(strategy.clone(), launch).await {
            Err(error) if error.is_busy() => tokio::time::sleep(pause).await,
            started => return started,
        }
    }
    start_once(strategy, launch).await
}

async fn start_once(strategy: Strategy, launch: &Launch) -> Result<TreeGuard, Error> {
    let again = launch.try_clone().map_err(Error::io("share the pipes"))?;
    let kind = strategy.kind();
    let mut tree = match strategy {
        Strategy::Group => TreeGuard::new(GroupTree::new(again.spawn()?)),
        #[cfg(target_os = "linux")]
        Strategy::Shim(command) => {
            // Whoever makes a namespace asks for a parent-death signal, which belongs to the starting
            // thread.
            let work = move || super::shim::ShimTree::start(&command, &again).map(TreeGuard::new);
            crate::reaper::run(work).await??
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

impl ProcessSpec {
    /// Finds out which containments this program could have, strongest first, and why not others.
    ///
    /// The first look at the namespace starts a shim in one; the answer is remembered.
    pub async fn probe_containment(&self) -> Vec<ContainmentStatus> {
        let mut found = Vec::new();
        for kind in strategy::KINDS {
            let unavailable = strategy::try_out(*kind, self).await;
            let unavailable = unavailable.err().map(Error::into_reason);
            found.push(ContainmentStatus {
                kind: *kind,
                unavailable,
            });
        }
        found
    }
}
