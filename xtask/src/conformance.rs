//! `cargo xtask conformance`: real CLIs driven through `amp-session` against the stand-in.
//!
//! The recordings say what the CLIs write; this says whether our own driver makes the right thing
//! of it, for every version at once. The cases and what to expect of them are data:
//! `fixtures/conformance.toml`.

mod case;
mod drive;
mod table;

use anyhow::{Result, bail};
use clap::Args;
use futures::{StreamExt, TryStreamExt};

pub use case::{Case, Cases, Service};
pub use drive::drive;
pub use table::Row;
pub(crate) use table::render;

use crate::installed_cli::{self, InstalledCli};
use crate::versions::{Manifest, Version};

/// What to drive and how to print it.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Drive this version: a number, or `native` or `javascript` for the newest of a kind
    #[arg(long = "version", value_name = "VERSION")]
    versions: Vec<String>,
    /// Run this case
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<String>,
    /// Print the rows as JSON
    #[arg(long)]
    json: bool,
}

/// Drives every case with every version and prints expected and got.
///
/// # Errors
/// When a version cannot be installed or run, and when an outcome is not the expected one.
pub fn run(options: &Options) -> Result<()> {
    let manifest = Manifest::read()?;
    let versions = manifest.select(&options.versions)?;
    let cases = Cases::read()?.select(&options.cases)?;
    let rows = crate::machine::runtime()?.block_on(all_rows(&versions, &cases))?;
    crate::say(if options.json {
        serde_json::to_string_pretty(&rows)?
    } else {
        render(&rows)
    });
    judge(&rows)
}

/// Fails when an outcome is not the expected one, and when there is none at all.
///
/// # Errors
/// As said.
pub fn judge(rows: &[Row]) -> Result<()> {
    if rows.is_empty() {
        bail!("no version could be run, so nothing was compared");
    }
    let wrong = rows.iter().filter(|row| !row.conforms).count();
    if wrong > 0 {
        bail!(
            "{wrong} of {} outcomes are not the expected ones",
            rows.len()
        );
    }
    Ok(())
}

async fn all_rows(versions: &[&Version], cases: &[Case]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (version, cli) in installed_cli::ready(versions).await? {
        rows.extend(rows_of(version, &cli, cases).await?);
    }
    Ok(rows)
}

/// Drives every case with one version, several at once.
async fn rows_of(version: &Version, cli: &InstalledCli, cases: &[Case]) -> Result<Vec<Row>> {
    futures::stream::iter(cases)
        .map(|case| async move {
            let expected = case.expected(version)?.to_owned();
            let mut got = drive(case, cli).await?;
            if got != expected {
                // A deadline that passed under load says nothing; a second one says enough.
                got = drive(case, cli).await?;
            }
            anyhow::Ok(Row {
                version: version.number.clone(),
                case: case.name.clone(),
                conforms: got == expected,
                expected,
                got,
            })
        })
        .buffered(crate::machine::parallelism())
        .try_collect()
        .await
}
