//! The one thread that never ends: it starts shims, and reaps what was abandoned.
//!
//! A parent-death signal fires when the *thread* that started the child exits, and worker threads
//! of a runtime come and go. So whatever asks for one is started here. A tree whose owner was
//! dropped is swept here until it is empty, because a destructor must not wait and its runtime may
//! be gone.

#[cfg(target_os = "linux")]
use std::io;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use tokio::sync::oneshot;

use crate::containment::tree::Tree;
use crate::error::Error;

/// How long an abandoned tree is swept before it is left to init.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often abandoned trees are swept.
const INTERVAL: Duration = Duration::from_millis(5);

enum Request {
    #[cfg(target_os = "linux")]
    Run(Box<dyn FnOnce() + Send>),
    Reap(Box<dyn Tree>),
    /// Answered when no abandoned tree is left.
    Settle(Sender<()>),
}

/// Runs `work` on the reaper's thread and returns its result.
///
/// When the caller is gone before the result arrives, the result is dropped, so it must clean up
/// after itself.
#[cfg(target_os = "linux")]
pub(crate) async fn run<R, F>(work: F) -> Result<R, Error>
where
    R: Send + 'static,
    F: FnOnce() -> R + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let work = Box::new(move || {
        let _ = sender.send(work());
    });
    let gone = || Error::io("start the reaper thread")(io::ErrorKind::BrokenPipe.into());
    reaper()?.send(Request::Run(work)).map_err(|_| gone())?;
    receiver.await.map_err(|_| gone())
}

/// Takes over a tree that nobody waits for any more, and sweeps it until it is empty.
pub(crate) fn reap(tree: Box<dyn Tree>) {
    if let Ok(reaper) = reaper() {
        // The reaper outlives every sender.
        let _ = reaper.send(Request::Reap(tree));
    }
}

/// Waits until every process whose [`Process`](crate::Process) was dropped is gone with its tree.
///
/// Dropping kills, but must not wait: what was killed may be seen dying for some milliseconds more. A
/// program that is about to exit calls this to leave nothing behind that anybody could see. It
/// blocks, for ten seconds at most, and returns at once when nothing was ever dropped. A
/// [`Process`](crate::Process) that is still held is not waited for.
pub fn settle() {
    let Some(reaper) = REAPER.get() else { return };
    let until = Instant::now() + TIMEOUT;
    // The first round may find a start under way whose result nobody takes; the second finds its
    // tree.
    for _ in 0..2 {
        let (sender, settled) = channel();
        if reaper.send(Request::Settle(sender)).is_err() {
            return;
        }
        let _ = settled.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

static REAPER: OnceLock<Sender<Request>> = OnceLock::new();

/// Returns the way to the reaper, started at first use.
fn reaper() -> Result<&'static Sender<Request>, Error> {
    if let Some(reaper) = REAPER.get() {
        return Ok(reaper);
    }
    let (sender, receiver) = channel();
    std::thread::Builder::new()
        .name("amp-process-reaper".to_owned())
        .spawn(move || run_reaper(&receiver))
        .map_err(Error::io("start the reaper thread"))?;
    // Of two that race here one is kept; the other's thread ends when its sender is dropped.
    Ok(REAPER.get_or_init(|| sender))
}

/// The reaper's life.
fn run_reaper(requests: &Receiver<Request>) {
    let mut abandoned: Vec<(Box<dyn Tree>, Instant)> = Vec::new();
    let mut waiting: Vec<Sender<()>> = Vec::new();
    loop {
        let request = if abandoned.is_empty() {
            requests.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            requests.recv_timeout(INTERVAL)
        };
        match request {
            #[cfg(target_os = "linux")]
            Ok(Request::Run(work)) => work(),
            Ok(Request::Reap(tree)) => abandoned.push((tree, Instant::now() + TIMEOUT)),
            Ok(Request::Settle(sender)) => waiting.push(sender),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        abandoned.retain_mut(|(tree, until)| !tree.sweep().empty && Instant::now() < *until);
        if abandoned.is_empty() {
            for sender in waiting.drain(..) {
                // Whoever asked may not wait any more.
                let _ = sender.send(());
            }
        }
    }
}
