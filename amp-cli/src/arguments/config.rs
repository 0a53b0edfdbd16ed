//! `ampctl config`.

use clap::Subcommand;

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show every setting and where its value comes from
    Show,
}
