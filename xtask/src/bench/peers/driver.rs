//! The drivers that are compared.

/// A driver of the agent, behind a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Driver {
    /// Our loop without a session.
    Loop,
    /// A turn of our library.
    Session,
    /// Our program, without a record.
    Run,
    /// Our program.
    RecordedRun,
    /// The Rust library `amp-sdk`.
    RustSdk,
    /// The Rust library `claude-codes`.
    ClaudeCodes,
    /// The official Python library.
    PythonSdk,
    /// The official TypeScript library.
    TypeScriptSdk,
}

impl Driver {
    /// Returns whether it is ours.
    pub(super) fn is_ours(self) -> bool {
        matches!(
            self,
            Self::Loop | Self::Session | Self::Run | Self::RecordedRun
        )
    }

    /// Returns whether its program tells what it was handed; ours prints answers.
    pub(super) fn tells(self) -> bool {
        !matches!(self, Self::Run | Self::RecordedRun)
    }

    /// Returns what it is called in a table, with its version.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Loop => "our loop",
            Self::Session => "our library",
            Self::Run => "ampctl run --no-record",
            Self::RecordedRun => "ampctl run",
            Self::RustSdk => "amp-sdk 0.1.0 (Rust)",
            Self::ClaudeCodes => "claude-codes 2.1.316 (Rust)",
            Self::PythonSdk => "amp-sdk 0.1.20260918210324 (Python)",
            Self::TypeScriptSdk => "@sourcegraph/amp-sdk 0.1.0-20260126 (TypeScript)",
        }
    }
}
