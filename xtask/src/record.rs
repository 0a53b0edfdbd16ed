//! `cargo xtask record-fixtures`: real CLIs run through the scenarios, what they wrote kept.

pub mod capture;
pub mod keeper;
pub mod secrets;

use anyhow::{Result, bail};
use clap::Args;

use crate::flag_table;
use crate::installed_cli::{self, Installation};
use crate::record::keeper::{Keeper, Mode};
use crate::versions::Manifest;

/// What to record and what to do with it.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Record this version: a number, or `native` or `javascript` for the newest of a kind
    #[arg(long = "version", value_name = "VERSION")]
    versions: Vec<String>,
    /// Record this scenario
    #[arg(long = "scenario", value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// Compare with what is on file, write nothing, fail on a difference
    #[arg(long)]
    check: bool,
}

/// Records, or checks the recordings.
///
/// # Errors
/// When a version cannot be installed or run, and in a check when anything differs.
pub fn run(options: &Options) -> Result<()> {
    crate::machine::runtime()?.block_on(record(options))
}

async fn record(options: &Options) -> Result<()> {
    let manifest = Manifest::read()?;
    let mode = if options.check {
        Mode::Check
    } else {
        Mode::Write
    };
    let mut keeper = Keeper::new(&fixtures::recording::recorded_folder(), mode);
    for version in manifest.select(&options.versions)? {
        match installed_cli::install(version).await? {
            Installation::Unavailable(reason) => {
                crate::say(format!("{}: skipped: {reason}", version.number));
            }
            Installation::Ready(cli) => {
                let table = flag_table::probe(&cli).await?;
                keeper.keep(&format!("{}/flags.txt", version.number), table.as_bytes())?;
            }
        }
    }
    for difference in keeper.differences() {
        crate::say(difference);
    }
    if options.check && !keeper.differences().is_empty() {
        bail!("{} files differ", keeper.differences().len());
    }
    Ok(())
}
