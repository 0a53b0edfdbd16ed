//! The benchmarks of the crates, each a program that tells its rows as lines of JSON.

use anyhow::{Context, Result, ensure};
use fixtures::benchmark::Row;

use crate::workspace_cargo::cargo;

/// Builds `ampctl` for release.
///
/// # Errors
/// When it does not build.
pub(super) fn build_ampctl() -> Result<()> {
    cargo(&["build", "--locked", "--release", "--package", "amp-cli"]).map(drop)
}

/// Runs a benchmark of a crate and returns what it measured.
///
/// # Errors
/// When it does not build, fails, measures nothing, or writes what is no row.
pub(super) fn rows(package: &str, bench: &str) -> Result<Vec<Row>> {
    let which = ["--package", package, "--bench", bench, "--", "--json"];
    let written = cargo(&[&["bench", "--locked", "--quiet"], &which[..]].concat())?;
    rows_in(&written, &format!("{bench} of {package}"))
}

/// Returns the rows that a program wrote, one a line.
///
/// # Errors
/// When there are none, or a line is no row.
pub(super) fn rows_in(written: &str, program: &str) -> Result<Vec<Row>> {
    let rows: Result<Vec<Row>, _> = written.lines().map(serde_json::from_str).collect();
    let rows = rows.with_context(|| format!("{program} writes what is no row"))?;
    ensure!(!rows.is_empty(), "{program} measured nothing");
    Ok(rows)
}
