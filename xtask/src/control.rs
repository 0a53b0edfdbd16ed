//! `cargo xtask control`: what a run promises to keep an agent from, tried with real CLIs.
//!
//! Each case puts something into a project or a home that would undo the promise. It is tried
//! twice: by hand, with the CLI started as a careless driver would, which shows whether the case is
//! an attack on this build at all; then through `amp-session`. A family of cases is a file beside:
//! it gives a list of `Case`s, and `cases` names it.

#[cfg(target_os = "linux")]
mod approval;
#[cfg(target_os = "linux")]
pub mod cost;
#[cfg(target_os = "linux")]
mod editor;
#[cfg(target_os = "linux")]
pub mod face;
#[cfg(target_os = "linux")]
pub mod forge;
mod key;
#[cfg(target_os = "linux")]
pub mod killed_host;
mod place;
mod rules;
#[cfg(target_os = "linux")]
mod sandbox;
#[cfg(target_os = "linux")]
pub mod start_cost;
#[cfg(target_os = "linux")]
mod tls;
#[cfg(target_os = "linux")]
mod undo;

use anyhow::Result;
use clap::Args;
use futures::future::BoxFuture;

use crate::installed_cli::InstalledCli;
use crate::trial::{self, Trial};
use crate::versions::{Packaging, Version};

/// What to try and how to print it.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(flatten)]
    trial: trial::Options,
    #[command(flatten)]
    named: trial::Named,
}

/// One promise and what would undo it.
struct Case {
    name: String,
    /// How it should end with a build of this packaging.
    expected: Box<dyn Fn(Packaging) -> String + Send + Sync>,
    /// Tries it with a build and says how it ended.
    attempt: Box<dyn Fn(InstalledCli) -> BoxFuture<'static, Result<String>> + Send + Sync>,
}

impl Trial for Case {
    fn name(&self) -> &str {
        &self.name
    }

    fn expected(&self, version: &Version) -> Result<String> {
        Ok((self.expected)(version.packaging))
    }

    fn attempt(&self, cli: &InstalledCli) -> impl Future<Output = Result<String>> {
        (self.attempt)(cli.clone())
    }
}

fn cases() -> Vec<Case> {
    let cases = rules::cases().into_iter().chain(key::cases());
    #[cfg(target_os = "linux")]
    let cases = cases.chain(sandbox::cases()).chain(approval::cases());
    #[cfg(target_os = "linux")]
    let cases = cases
        .chain(killed_host::cases())
        .chain(face::cases())
        .chain(editor::cases())
        .chain(undo::cases());
    cases.collect()
}

/// Tries every case with every version and prints expected and got.
///
/// # Errors
/// When a version cannot be installed or run, when nothing was tried, and when a case does not end
/// as it should.
pub fn run(options: &Options) -> Result<()> {
    trial::run(&options.trial, &options.named.of(cases()))
}
