//! The file with the permission rules of one run; whether they hold is for the session to say.

use std::path::Path;

use serde_json::Value;

use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::named_file;

/// What a file of rules holds.
pub(crate) const EXAMPLE: &str = r#"a list looks like this: [{"tool": "Bash", "action": "ask"}]"#;

/// The longest file of rules that is read, in bytes.
pub(crate) const LONGEST: u64 = 4 << 20;

/// Reads a JSON list of rules.
///
/// # Errors
/// When it cannot be read or is no JSON list.
pub(crate) fn read(path: &Path, context: &Context) -> Result<Value, Failure> {
    let path = context.resolve(path);
    let name = path.display();
    let bytes = named_file::read(&path, LONGEST).map_err(|error| {
        Failure::new(
            ExitCode::Usage,
            format!("permission rules {name} could not be read"),
        )
        .caused_by(&error)
        .hint(EXAMPLE)
    })?;
    let rules: Vec<Value> = serde_json::from_slice(&bytes).map_err(|error| {
        Failure::new(
            ExitCode::Refused,
            format!("permission rules {name} are not a list of rules"),
        )
        .caused_by(&error)
        .hint(EXAMPLE)
    })?;
    Ok(Value::Array(rules))
}
