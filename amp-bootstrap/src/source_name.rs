//! How the sources that need no address are written.

/// Amp's own bucket.
pub(crate) const BUCKET: &str = "bucket";

/// The registry that npm's configuration names.
pub(crate) const NPM: &str = "npm";
