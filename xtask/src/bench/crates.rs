//! The benchmarks of the crates, each a program that tells its rows as lines of JSON.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fixtures::benchmark::Row;

use crate::{command, machine};

/// The longest time to build and run one.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Builds `ampctl` for release.
///
/// # Errors
/// When it does not build.
pub(super) fn build_ampctl() -> Result<()> {
    cargo(&["build", "--locked", "--release", "--package", "amp-cli"]).map(drop)
}

/// Builds an example of a crate for release and returns its path.
///
/// # Errors
/// When it does not build.
pub(super) fn build_example(package: &str, example: &str) -> Result<PathBuf> {
    let which = ["--package", package, "--example", example];
    cargo(&[&["build", "--locked", "--release"], &which[..]].concat())?;
    let built = crate::workspace_root().join("target/release/examples");
    Ok(built.join(example))
}

/// Runs a benchmark of a crate and returns what it measured.
///
/// # Errors
/// When it does not build, fails, measures nothing, or writes what is no row.
pub(super) fn rows(package: &str, bench: &str) -> Result<Vec<Row>> {
    let which = ["--package", package, "--bench", bench, "--", "--json"];
    let written = cargo(&[&["bench", "--locked", "--quiet"], &which[..]].concat())?;
    let lines = written.lines().map(serde_json::from_str);
    let rows: Result<Vec<Row>, _> = lines.collect();
    let rows = rows.with_context(|| format!("{bench} of {package} writes what is no row"))?;
    ensure!(!rows.is_empty(), "{bench} of {package} measured nothing");
    Ok(rows)
}

fn cargo(arguments: &[&str]) -> Result<String> {
    let program = machine::find_program("cargo").context("no cargo on the path")?;
    let spec = amp_process::ProcessSpec::new(program)
        .with_arguments(arguments)
        .with_environment(machine::environment())
        .with_working_directory(crate::workspace_root());
    machine::runtime()?.block_on(command::output(spec, LIMIT))
}
