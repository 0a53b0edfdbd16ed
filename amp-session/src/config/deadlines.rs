//! How long a turn may take.

use std::time::Duration;

use amp_process::Deadlines;

/// How long an Amp may take to its first line.
///
/// The slowest measured start took eight seconds, and a service that accepts connections without
/// answering keeps every build silent for ever.
const STARTUP: Duration = Duration::from_secs(2 * 60);

/// How long an agent may be silent: a single command of it may take long.
const IDLE: Duration = Duration::from_secs(60 * 60);

/// How long the process may take to exit once it has written its result; every measured build was
/// gone 60 ms after it, with the service on the same machine.
const DRAIN: Duration = Duration::from_secs(3);

/// Returns the deadlines of a session that asks for no others: two minutes to the first line, an
/// hour of silence, three seconds for the process to exit after its result.
///
/// The whole turn has no limit, for an agent may work for days.
#[must_use]
pub fn default_deadlines() -> Deadlines {
    Deadlines::default()
        .with_startup(Some(STARTUP))
        .with_idle(Some(IDLE))
        .with_drain(DRAIN)
}

/// Returns the [default deadlines](default_deadlines) with five minutes for the whole turn, as
/// documented for drivers of Amp: for turns that are known to be short.
#[must_use]
pub fn five_minute_deadlines() -> Deadlines {
    default_deadlines().with_total(Some(Duration::from_secs(5 * 60)))
}

/// Returns deadlines that never end a turn that is still running.
#[must_use]
pub fn no_deadlines() -> Deadlines {
    default_deadlines().with_startup(None).with_idle(None)
}
