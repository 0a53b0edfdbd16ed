//! Tool calls that were not carried out.
//!
//! The stream has no field for it: a refusal is known by the first words of the result's text,
//! and since July 2026 `is_error` is often `false`.

use crate::content::ToolResultBlock;

/// A tool call that was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejection<'result> {
    /// Who stopped it.
    pub kind: RejectionKind,
    /// The reason given.
    pub reason: &'result str,
}

/// Who stopped a tool call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionKind {
    /// A permission rule or a delegate, builds through May 2026.
    User,
    /// A permission rule, a delegate or a plugin, builds since July 2026.
    Plugin,
    /// A rule with a message or a delegate with one, builds since July 2026; a plugin that
    /// failed looks the same.
    PluginError,
    /// The run was cancelled while the tool ran.
    Cancelled,
}

/// The words a refusal begins with.
const BEGINNINGS: [(&str, RejectionKind); 4] = [
    ("Tool execution rejected by user: ", RejectionKind::User),
    ("Tool rejected by plugin: ", RejectionKind::Plugin),
    ("Plugin error: ", RejectionKind::PluginError),
    ("Tool execution cancelled: ", RejectionKind::Cancelled),
];

impl ToolResultBlock {
    /// Returns why the call was not carried out, if the text says so.
    ///
    /// Through May 2026 a rule's own message replaces the whole text, so such a refusal cannot
    /// be told from a tool that failed.
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection<'_>> {
        let text = self.text()?;
        BEGINNINGS.iter().find_map(|(beginning, kind)| {
            let reason = text.strip_prefix(beginning)?.trim_end();
            Some(Rejection {
                kind: *kind,
                reason,
            })
        })
    }

    /// Returns why a rule, a program or a person did not let the call run, if the text says so.
    #[must_use]
    pub fn refusal(&self) -> Option<Rejection<'_>> {
        self.rejection()
            .filter(|rejection| rejection.kind != RejectionKind::Cancelled)
    }
}
