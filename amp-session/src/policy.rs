//! What a run does by itself when it is asked to. Each policy decides from what was seen of a turn;
//! it starts nothing and waits for nothing.

mod caps;

pub(crate) use caps::CapWatch;
pub use caps::{Cap, CapUse, Caps};
