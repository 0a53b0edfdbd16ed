//! The flags that older documentation gives Amp and that no recorded build takes.

/// What was documented, and what the CLI has in its place.
const NEVER_REAL: [(&str, &str); 6] = [
    ("--print", "--execute"),
    ("-p", "--execute"),
    ("--output-format", "--stream-json"),
    ("--dangerously-skip-permissions", "--dangerously-allow-all"),
    ("--continue", "threads continue ID"),
    ("--resume", "threads continue ID"),
];

/// Returns what to say of a flag that was documented and never real, with the real one.
///
/// `--output-format` is there from September 2026 on, hidden, and takes no `stream-json`.
pub(crate) fn never_real(flag: &str) -> Option<String> {
    let (_, real) = NEVER_REAL.iter().find(|(name, _)| *name == flag)?;
    Some(format!(
        "{flag} stands in older documentation and does this in no Amp CLI: it is `{real}`"
    ))
}
