//! `--schema`: the file with the JSON Schema that the answer is to fit.

use std::path::Path;

use amp_session::Schema;

use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::named_file;

/// Reads a schema.
///
/// # Errors
/// When it cannot be read, is too large, no JSON or no valid schema, or refers to something else.
pub(super) fn read(path: &Path, context: &Context) -> Result<Schema, Failure> {
    let unusable = || {
        let name = path.display();
        Failure::new(ExitCode::Usage, format!("schema {name} cannot be used")).hint(
            "a schema looks like this: {\"type\": \"object\", \"properties\": {\"count\": \
             {\"type\": \"integer\"}}, \"required\": [\"count\"]}",
        )
    };
    let bytes = named_file::read(&context.resolve(path), Schema::LARGEST as u64)
        .map_err(|error| unusable().caused_by(&error))?;
    let text = String::from_utf8(bytes).map_err(|error| unusable().caused_by(&error))?;
    Schema::parse(&text).map_err(|error| unusable().caused_by(&error))
}
