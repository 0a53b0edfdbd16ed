//! The answer alone, for a pipe or a file.

use std::io::{self, Write};

use amp_session::Outcome;
use serde_json::Value;

use crate::context::Output;
use crate::json;

/// Writes the final text when the turn is over.
///
/// # Errors
/// Fails when the output was closed.
pub(crate) fn write_final_text(outcome: &Outcome, output: &mut Output) -> io::Result<()> {
    if let Some(text) = outcome.text.as_deref().filter(|text| !text.is_empty()) {
        output.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            output.write_all(b"\n")?;
        }
    }
    output.flush()
}

/// Writes the value that a schema asked for, on a line of its own.
///
/// # Errors
/// Fails when the output was closed.
pub(super) fn write_answer(answer: &Value, output: &mut Output) -> io::Result<()> {
    json::write(answer, &mut *output)?;
    output.flush()
}
