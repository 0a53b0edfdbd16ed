//! The one thread that never ends: it starts shims, and buries what was abandoned.
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

use crate::Error;
use crate::containment::Tree;

/// How long an abandoned tree is swept before it is left to init.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often abandoned trees are swept.
const INTERVAL: Duration = Duration::from_millis(5);

enum Request {
    #[cfg(target_os = "linux")]
    Run(Box<dyn FnOnce() + Send>),
    Bury(Box<dyn Tree>),
    /// Answered when no grave is open any more.
    Settle(Sender<()>),
}

/// Runs `work` on the keeper's thread and returns its result.
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
    let gone = || Error::io("start the keeper thread")(io::ErrorKind::BrokenPipe.into());
    keeper()?.send(Request::Run(work)).map_err(|_| gone())?;
    receiver.await.map_err(|_| gone())
}

/// Takes over a tree that nobody waits for any more, and sweeps it until it is empty.
pub(crate) fn bury(tree: Box<dyn Tree>) {
    if let Ok(keeper) = keeper() {
        // The keeper outlives every sender.
        let _ = keeper.send(Request::Bury(tree));
    }
}

/// Waits until every process whose [`Process`](crate::Process) was dropped is gone with its tree.
///
/// Dropping kills, but must not wait: what was killed may be seen dying for some milliseconds more. A
/// program that is about to exit calls this to leave nothing behind that anybody could see. It
/// blocks, for ten seconds at most, and returns at once when nothing was ever dropped. A
/// [`Process`](crate::Process) that is still held is not waited for.
pub fn settle() {
    let Some(keeper) = KEEPER.get() else { return };
    let until = Instant::now() + PATIENCE;
    // The first round may find a start under way whose result nobody takes; the second finds its
    // tree.
    for _ in 0..2 {
        let (sender, settled) = channel();
        if keeper.send(Request::Settle(sender)).is_err() {
            return;
        }
        let _ = settled.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

static KEEPER: OnceLock<Sender<Request>> = OnceLock::new();

/// Returns the way to the keeper, started at first use.
fn keeper() -> Result<&'static Sender<Request>, Error> {
    if let Some(keeper) = KEEPER.get() {
        return Ok(keeper);
    }
    let (sender, receiver) = channel();
    std::thread::Builder::new()
        .name("amp-process-keeper".to_owned())
        .spawn(move || keep(&receiver))
        .map_err(Error::io("start the keeper thread"))?;
    // Of two that race here one is kept; the other's thread ends when its sender is dropped.
    Ok(KEEPER.get_or_init(|| sender))
}

/// The keeper's life.
fn keep(requests: &Receiver<Request>) {
    let mut graves: Vec<(Box<dyn Tree>, Instant)> = Vec::new();
    let mut waiting: Vec<Sender<()>> = Vec::new();
    loop {
        let request = if graves.is_empty() {
            requests.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            requests.recv_timeout(INTERVAL)
        };
        match request {
            #[cfg(target_os = "linux")]
            Ok(Request::Run(work)) => work(),
            Ok(Request::Bury(tree)) => graves.push((tree, Instant::now() + PATIENCE)),
            Ok(Request::Settle(sender)) => waiting.push(sender),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        graves.retain_mut(|(tree, until)| !tree.sweep().empty && Instant::now() < *until);
        if graves.is_empty() {
            for sender in waiting.drain(..) {
                // Whoever asked may have lost patience.
                let _ = sender.send(());
            }
        }
    }
}
