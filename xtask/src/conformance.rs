//! `cargo xtask conformance`: real CLIs driven through `amp-session` against the stand-in.
//!
//! The recordings say what the CLIs write; this says whether our own driver makes the right thing
//! of it, for every version at once. The cases and what to expect of them are data:
//! `fixtures/conformance.toml`.

mod case;
mod drive;
mod threads;

use anyhow::Result;
use clap::Args;

pub use case::{Case, Cases, Question, Service};
pub use drive::drive;

use crate::installed_cli::InstalledCli;
use crate::trial::{self, Trial};
use crate::versions::Version;

/// What to drive and how to print it.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(flatten)]
    trial: trial::Options,
    /// Run this case
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<String>,
}

impl Trial for Case {
    fn name(&self) -> &str {
        &self.name
    }

    fn expected(&self, version: &Version) -> Result<String> {
        Ok(Self::expected(self, version)?.to_owned())
    }

    async fn attempt(&self, cli: &InstalledCli) -> Result<String> {
        drive(self, cli).await
    }
}

/// Drives every case with every version and prints expected and got.
///
/// # Errors
/// When a version cannot be installed or run, and when an outcome is not the expected one.
pub fn run(options: &Options) -> Result<()> {
    trial::run(&options.trial, &Cases::read()?.select(&options.cases)?)
}
