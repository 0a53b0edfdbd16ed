//! What a turn yields.

use crate::approval::{Asked, Decided};
use crate::outcome::Outcome;
use crate::policy::caps::CapUse;
use crate::sandbox::Denial;
use crate::turn_line::TurnLine;

/// An item of a turn.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every item is a line, which is handed on and not kept"
)]
pub enum TurnItem {
    /// The CLI wrote a line.
    Line(TurnLine),
    /// The CLI wrote a line on standard error, here without secrets and terminal escapes. Of more than
    /// 64 KiB that wait to be taken the oldest are missing; [`Outcome::stderr`] has the beginning and the
    /// end of all.
    StandardError(String),
    /// Somebody is asked about a tool call, or about a change of what decides about calls.
    Question(Box<Asked>),
    /// It was decided about a call: after its question, or where a rule that was remembered makes
    /// one needless.
    Answer(Box<Decided>),
    /// The sandbox denied something for the first time.
    Denial(Denial),
    /// Four fifths of what the turn may use are used.
    Cap(CapUse),
    /// The turn has ended; there are no more items.
    End(Box<Outcome>),
}
