//! Which `ampctl` a benchmark measures.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

/// The `ampctl` to measure.
#[derive(Debug, Clone, Args)]
pub struct BuiltAmpctl {
    /// Measure this `ampctl` [default: target/release/ampctl]
    #[arg(long, value_name = "PATH")]
    ampctl: Option<PathBuf>,
}

impl BuiltAmpctl {
    /// Returns its path, without links.
    ///
    /// # Errors
    /// When it is not there.
    pub fn path(&self) -> Result<PathBuf> {
        let built = || crate::workspace_root().join("target/release/ampctl");
        let ampctl = self.ampctl.clone().unwrap_or_else(built);
        ampctl.canonicalize().with_context(|| {
            let path = ampctl.display();
            format!("{path} is not there; `cargo build --release -p amp-cli` makes one")
        })
    }
}
