//! `ampctl credentials`.

use clap::Subcommand;

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum CredentialsCommand {
    /// Show which key would be used and where other keys were found
    Status,
    /// Store a key for the service, from a hidden prompt or standard input
    Set,
    /// Remove the stored key of the service
    Clear,
}
