//! Things tried with real CLIs that should end in a known way: run, printed and judged.

mod table;

use anyhow::{Result, bail};
use clap::Args;
use futures::{StreamExt, TryStreamExt};

pub use table::Row;

use crate::installed_cli::{self, InstalledCli};
use crate::versions::{Manifest, Version};

/// Which versions to try and how to print what became of it.
#[derive(Debug, Clone, Args)]
// Flattened into the options of a command, which have the same name.
#[group(skip)]
pub struct Options {
    /// Try this version: a number, or `native` or `javascript` for the newest of a kind
    #[arg(long = "version", value_name = "VERSION")]
    versions: Vec<String>,
    /// Print the rows as JSON
    #[arg(long)]
    json: bool,
}

/// Which of many cases to try.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Named {
    /// Try the cases whose names hold this text
    #[arg(long = "case", value_name = "TEXT")]
    case: Option<String>,
}

impl Named {
    /// Returns those of the cases that are to be tried.
    pub(crate) fn of<T: Trial>(&self, mut cases: Vec<T>) -> Vec<T> {
        if let Some(text) = &self.case {
            cases.retain(|case| case.name().contains(text.as_str()));
        }
        cases
    }
}

/// Something that is tried with every version.
pub(crate) trait Trial {
    /// Returns its name, for a row.
    fn name(&self) -> &str;

    /// Returns how it should end with a version.
    ///
    /// # Errors
    /// When nobody said.
    fn expected(&self, version: &Version) -> Result<String>;

    /// Tries it with a CLI and says how it ended.
    ///
    /// # Errors
    /// When it could not be tried.
    fn attempt(&self, cli: &InstalledCli) -> impl Future<Output = Result<String>>;
}

/// Returns the versions that are chosen.
///
/// # Errors
/// When one of them is not known.
pub(crate) fn versions(options: &Options) -> Result<Vec<Version>> {
    let manifest = Manifest::read()?;
    let versions = manifest.select(&options.versions)?;
    Ok(versions.into_iter().cloned().collect())
}

/// Tries everything with every version and prints expected and got.
///
/// # Errors
/// When a version cannot be installed or run, when nothing was tried, and when a trial does not end
/// as it should.
pub(crate) fn run(options: &Options, trials: &[impl Trial]) -> Result<()> {
    let manifest = Manifest::read()?;
    let versions = manifest.select(&options.versions)?;
    let rows = crate::machine::runtime()?.block_on(all_rows(&versions, trials))?;
    crate::say(if options.json {
        serde_json::to_string_pretty(&rows)?
    } else {
        table::render(&rows)
    });
    judge(&rows)
}

/// Fails when a trial did not end as expected, and when there was none at all.
///
/// # Errors
/// As said.
pub fn judge(rows: &[Row]) -> Result<()> {
    if rows.is_empty() {
        bail!("no version could be run, so nothing was tried");
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

async fn all_rows(versions: &[&Version], trials: &[impl Trial]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (version, cli) in installed_cli::ready(versions).await? {
        rows.extend(rows_of(version, &cli, trials).await?);
    }
    Ok(rows)
}

/// Tries everything with one version, several at once.
async fn rows_of(version: &Version, cli: &InstalledCli, trials: &[impl Trial]) -> Result<Vec<Row>> {
    futures::stream::iter(trials)
        .map(|trial| async move {
            let expected = trial.expected(version)?;
            let mut got = trial.attempt(cli).await?;
            if got != expected {
                // A deadline that passed under load says nothing; a second one says enough.
                got = trial.attempt(cli).await?;
            }
            anyhow::Ok(Row {
                version: version.number.clone(),
                case: trial.name().to_owned(),
                conforms: got == expected,
                expected,
                got,
            })
        })
        .buffered(crate::machine::parallelism())
        .try_collect()
        .await
}
