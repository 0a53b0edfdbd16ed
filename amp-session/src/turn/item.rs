//! What a turn yields.

use crate::outcome::Outcome;
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
    /// The turn has ended; there are no more items.
    End(Box<Outcome>),
}
