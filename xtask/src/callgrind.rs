//! Valgrind's tool that tells which functions a program calls, and how many instructions it takes.

use std::ffi::OsString;
use std::path::Path;

use amp_process::ProcessSpec;
use anyhow::{Context, Result};

use crate::machine;

/// Returns valgrind with a file to write to; the program and its arguments follow.
///
/// # Errors
/// When it is not on the path.
pub(crate) fn callgrind(output: &Path) -> Result<ProcessSpec> {
    let valgrind = machine::find_program("valgrind").context("no valgrind on the path")?;
    let mut option = OsString::from("--callgrind-out-file=");
    option.push(output);
    Ok(ProcessSpec::new(valgrind)
        .with_arguments(["--tool=callgrind", "--demangle=no"])
        .with_argument(option)
        .with_environment(machine::environment()))
}
