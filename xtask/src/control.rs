//! `cargo xtask control`: what a run promises to keep an agent from, tried with real CLIs.
//!
//! Each case puts something into a project or a home that would undo the promise. It is tried
//! twice: by hand, with the CLI started as a careless driver would, which shows whether the case is
//! an attack on this build at all; then through `amp-session`. A family of cases is a file beside:
//! it gives a list of `Case`s, and `cases` names it.

#[cfg(target_os = "linux")]
mod approval;
mod key;
mod place;
mod rules;
#[cfg(target_os = "linux")]
mod sandbox;
#[cfg(target_os = "linux")]
mod tls;

use anyhow::Result;
use clap::Args;
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt};

use crate::conformance::{Row, judge, render};
use crate::installed_cli::{self, InstalledCli};
use crate::versions::{Manifest, Packaging, Version};

/// What to try and how to print it.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Try this version: a number, or `native` or `javascript` for the newest of a kind
    #[arg(long = "version", value_name = "VERSION")]
    versions: Vec<String>,
    /// Try the cases whose names hold this text
    #[arg(long = "case", value_name = "TEXT")]
    case: Option<String>,
    /// Print the rows as JSON
    #[arg(long)]
    json: bool,
}

/// One promise and what would undo it.
struct Case {
    name: &'static str,
    /// How it should end with a build of this packaging.
    expected: Box<dyn Fn(Packaging) -> String + Send + Sync>,
    /// Tries it with a build and says how it ended.
    attempt: Box<dyn Fn(InstalledCli) -> BoxFuture<'static, Result<String>> + Send + Sync>,
}

fn cases() -> Vec<Case> {
    let cases = rules::cases().into_iter().chain(key::cases());
    #[cfg(target_os = "linux")]
    let cases = cases.chain(sandbox::cases()).chain(approval::cases());
    cases.collect()
}

/// Tries every case with every version and prints expected and got.
///
/// # Errors
/// When a version cannot be installed or run, when nothing was tried, and when a case does not end
/// as it should.
pub fn run(options: &Options) -> Result<()> {
    let manifest = Manifest::read()?;
    let versions = manifest.select(&options.versions)?;
    let mut cases = cases();
    if let Some(text) = &options.case {
        cases.retain(|case| case.name.contains(text.as_str()));
    }
    let rows = crate::machine::runtime()?.block_on(all_rows(&versions, &cases))?;
    crate::say(if options.json {
        serde_json::to_string_pretty(&rows)?
    } else {
        render(&rows)
    });
    judge(&rows)
}

async fn all_rows(versions: &[&Version], cases: &[Case]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (version, cli) in installed_cli::ready(versions).await? {
        rows.extend(rows_of(version, &cli, cases).await?);
    }
    Ok(rows)
}

/// Tries every case with one version, several at once.
async fn rows_of(version: &Version, cli: &InstalledCli, cases: &[Case]) -> Result<Vec<Row>> {
    futures::stream::iter(cases)
        .map(|case| async move {
            let expected = (case.expected)(version.packaging);
            let mut got = (case.attempt)(cli.clone()).await?;
            if got != expected {
                // A deadline that passed under load says nothing; a second one says enough.
                got = (case.attempt)(cli.clone()).await?;
            }
            anyhow::Ok(Row {
                version: version.number.clone(),
                case: case.name.to_owned(),
                conforms: got == expected,
                expected,
                got,
            })
        })
        .buffered(crate::machine::parallelism())
        .try_collect()
        .await
}
