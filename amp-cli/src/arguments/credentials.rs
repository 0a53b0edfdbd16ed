//! `ampctl credentials` and `ampctl login`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum CredentialsCommand {
    /// Show which key would be used and where other keys were found
    Status,
    /// Store a key for the service, from a hidden prompt or standard input
    Set {
        /// Ask the service whether the key works, and store it only then
        #[arg(long)]
        check: bool,
    },
    /// Remove the stored key of the service
    Clear,
}

#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The code is asked for on a terminal, or read as one line from standard input. \
    Amp keeps the key where `ampctl credentials set` would."
)]
pub(crate) struct LoginArguments {
    /// Give up after this long [default: 5m]
    #[arg(long, value_name = "DURATION")]
    pub(crate) timeout: Option<humantime::Duration>,

    /// Log in with this Amp executable
    #[arg(long, value_name = "PATH")]
    pub(crate) amp: Option<PathBuf>,
}
