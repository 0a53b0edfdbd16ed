//! Runs a turn to its outcome: shows its lines and obeys the user's signals.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use amp_session::{Outcome, Turn};

use crate::context::{Listener, Signal, UserRequest};
use crate::failure::Failure;
use crate::view::View;

/// How often moving things move.
const TICK: Duration = Duration::from_millis(100);

/// Waits until a turn has begun.
///
/// No turn has begun, so a signal drops the work, and with it every process that it has started.
///
/// # Errors
/// Fails when the work does, or on a signal.
pub(crate) async fn begin<T>(
    work: impl Future<Output = Result<T, Failure>>,
    view: &mut View,
    signals: &mut Listener,
) -> Result<T, Failure> {
    let mut work = pin!(work);
    let mut ticks = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            signal = signals.next() => return Err(Failure::interrupted(signal)),
            result = &mut work => return result,
            _ = ticks.tick() => view.tick(),
        }
    }
}

/// How a turn was left.
pub(crate) enum Driven {
    /// It came to its end, perhaps because it was asked to stop.
    Ended {
        outcome: Box<Outcome>,
        /// The first signal that came.
        signal: Option<Signal>,
        /// Why the rest of it was not shown.
        write_error: Option<io::Error>,
    },
    /// It was killed on the second signal, without an outcome.
    Killed,
}

/// Shows every line of a turn until it ends.
///
/// The first signal asks the agent to stop and waits for what it still says; the second kills its
/// whole process tree. When the output was closed, the agent is stopped as well.
pub(crate) async fn drive(mut turn: Turn, view: &mut View, signals: &mut Listener) -> Driven {
    let mut first_signal = None;
    let mut write_error = None;
    let mut ticks = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            request = signals.next_request() => match request {
                UserRequest::Suspension => suspend(&mut turn, signals),
                UserRequest::Stop(signal) => {
                    if first_signal.replace(signal).is_some() {
                        // Its end has a deadline; leaving earlier could leave processes behind.
                        turn.kill().await;
                        return Driven::Killed;
                    }
                    let name = signal.name();
                    view.announce(&format!("{name}: stopping the agent; once more kills it"));
                    turn.cancel();
                }
            },
            line = turn.next_line() => {
                let Some(line) = line else { break };
                if write_error.is_none()
                    && let Err(error) = view.line(line.bytes(), line.decoded())
                {
                    // When time is up for the reader, it is for the turn, which sees it by itself.
                    if error.kind() != io::ErrorKind::TimedOut {
                        turn.cancel();
                    }
                    write_error = Some(error);
                }
            }
            _ = ticks.tick() => view.tick(),
        }
    }
    // The turn has ended: processes that still run are being killed, within a deadline.
    let outcome = Box::new(turn.finish().await);
    Driven::Ended {
        outcome,
        signal: first_signal,
        write_error,
    }
}

/// Suspends the agent and this process, until this process is continued.
fn suspend(turn: &mut Turn, signals: &Listener) {
    // An agent that cannot be signalled is about to end, or to be told to.
    #[cfg(unix)]
    let _ = turn.pause();
    signals.suspend();
    #[cfg(unix)]
    let _ = turn.resume();
    #[cfg(windows)]
    let _ = turn;
}
