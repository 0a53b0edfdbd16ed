//! Machine-readable output: one JSON object on one line.

use std::io::Write;

use serde::Serialize;

/// Writes a document and a line feed.
///
/// # Errors
/// Fails when the output was closed.
pub(crate) fn write(document: &impl Serialize, mut to: impl Write) -> std::io::Result<()> {
    serde_json::to_writer(&mut to, document)?;
    writeln!(to)
}
