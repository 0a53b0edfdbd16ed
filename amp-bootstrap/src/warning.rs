//! What the user should know though the installation succeeded.

use serde::Serialize;

/// Something the user should know about a successful installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "warning")]
#[non_exhaustive]
pub enum Warning {
    /// Nobody could say which version is the newest, so the newest installed one is used.
    NewestUnknown {
        /// Why nobody could.
        reason: String,
    },
    /// What was in the store had been changed and was replaced.
    Replaced {
        /// How it had been changed.
        reason: String,
    },
    /// A source did not answer, so another one was used.
    FellBack {
        /// The source that did not answer.
        from: String,
        /// Why.
        reason: String,
    },
    /// Executable and digest came over an unencrypted connection, so anybody between could have
    /// changed both; a pinned key or a second publisher would tell.
    NotEncrypted {
        /// The publisher.
        source: String,
    },
    /// The registry signs, but lists no keys to check that with.
    SignatureNotChecked {
        /// The registry.
        source: String,
    },
    /// The registry has no provenance of the version, though it names attestations of it, as mirrors
    /// do, or has proved how later ones were built.
    ProvenanceNotServed {
        /// The registry.
        source: String,
    },
    /// The publisher has taken its newest version back; the one that is now the newest is older.
    MovedBack {
        /// What was the newest when last asked.
        from: String,
        /// What is now.
        to: String,
    },
    /// The second publisher did not answer, so there was no comparison.
    NotCrossChecked {
        /// Why.
        reason: String,
    },
}
