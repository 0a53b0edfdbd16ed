//! What the upkeep commands promise.

mod difference;
mod fingerprint;
mod versions;
