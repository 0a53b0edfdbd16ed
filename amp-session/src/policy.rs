//! What a run does by itself when it is asked to.

#[cfg(feature = "schema")]
mod answer;
mod caps;
mod check;
#[cfg(feature = "schema")]
mod json_in_text;
#[cfg(feature = "schema")]
mod schema;

#[cfg(feature = "schema")]
pub use answer::{AfterAnswer, Answers};
pub(crate) use caps::CapWatch;
pub use caps::{Cap, CapUse, Caps};
pub use check::{AfterCheck, Attempts, Check, CheckReport};
#[cfg(feature = "schema")]
pub use schema::{Misfit, Schema};
