//! The rows of the table of failures in `docs/unattended.md`, each tried or tested by name.

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    Limit,
    Cut,
    CutAfterCall,
    AfterTool,
    Start,
    StartCalledBadKey,
    Opening,
    Reconnecting,
    CreditsOrKey,
    StoredNot,
    Other,
}

#[cfg(test)]
mod tests;
