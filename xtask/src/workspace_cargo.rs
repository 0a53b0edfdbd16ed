//! Cargo, run in this workspace.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::{command, machine};

/// The longest time to build and to run something.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Builds an example of a crate for release and returns its path.
///
/// # Errors
/// When it does not build.
pub(crate) fn build_example(package: &str, example: &str) -> Result<PathBuf> {
    let which = ["--package", package, "--example", example];
    cargo(&[&["build", "--locked", "--release"], &which[..]].concat())?;
    let built = crate::workspace_root().join("target/release/examples");
    Ok(built.join(example))
}

/// Runs cargo in the workspace and returns what it writes.
///
/// # Errors
/// When it is not there, or fails.
pub(crate) fn cargo(arguments: &[&str]) -> Result<String> {
    let program = machine::find_program("cargo").context("no cargo on the path")?;
    let spec = amp_process::ProcessSpec::new(program)
        .with_arguments(arguments)
        .with_environment(machine::environment())
        .with_working_directory(crate::workspace_root());
    machine::runtime()?.block_on(command::output(spec, LIMIT))
}
