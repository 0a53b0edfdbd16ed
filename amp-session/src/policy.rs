//! What a run does by itself when it is asked to.

#[cfg(feature = "schema")]
mod answer;
pub(crate) mod caps;
mod check;
#[cfg(feature = "schema")]
mod json_in_text;
pub(crate) mod retry;
#[cfg(feature = "schema")]
mod schema;

#[cfg(feature = "schema")]
pub use answer::{AfterAnswer, Answers};
pub use caps::{Cap, CapUse, Caps};
pub use check::{AfterCheck, Attempts, Check, CheckReport};
pub use retry::note::{How, RetryNote};
pub use retry::report::Attempt;
pub use retry::{AfterTurn, Pause, Retries, Retry};
#[cfg(feature = "schema")]
pub use schema::{Misfit, Schema};
