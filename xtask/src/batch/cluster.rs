//! `cargo xtask cluster`: a batch on a Slurm of its own, one of whose two nodes is drained, and the
//! manifest for Kubernetes held to its published schema.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use super::{Engine, Tried, kubernetes, try_engines};

/// What to try them with.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(flatten)]
    tried: Tried,
}

/// Tries both.
///
/// # Errors
/// When one of them does not do what is promised, or is not here and has to be.
pub fn run(options: &Options) -> Result<()> {
    kubernetes::run(&options.tried)?;
    try_engines(&[Engine::Slurm], &options.tried, Path::new("python3"))
}
