//! Records that cannot be read, above all those of a later release: told by every command that
//! looks at all of them.

use std::io::{self, Write};

use amp_session::{Error, SessionId};
use serde::Serialize;

/// A record that is left out, and why.
#[derive(Serialize)]
pub(super) struct LeftOut {
    id: SessionId,
    reason: String,
}

impl LeftOut {
    /// Takes what the ledger could not read.
    pub(super) fn of(unreadable: Vec<(SessionId, Error)>) -> Vec<Self> {
        let one = |(id, error): (_, Error)| {
            let cause = std::error::Error::source(&error);
            let reason = cause.map_or_else(|| error.to_string(), ToString::to_string);
            Self { id, reason }
        };
        unreadable.into_iter().map(one).collect()
    }
}

/// Tells a person which records are left out.
pub(super) fn tell(left_out: &[LeftOut], mut to: impl Write) -> io::Result<()> {
    for LeftOut { id, reason } in left_out {
        writeln!(to, "session {id} is left out: {reason}")?;
    }
    Ok(())
}
