//! What a run does by itself when it is asked to.

mod caps;
mod check;

pub(crate) use caps::CapWatch;
pub use caps::{Cap, CapUse, Caps};
pub use check::{AfterCheck, Attempts, Check, CheckReport};
