//! Options every command takes.

use std::path::PathBuf;

use clap::Args;

use crate::style::ColorChoice;

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArguments {
    /// Write one JSON object instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Write results and errors only
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Say more about what is done and why
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,

    /// When to use colours: auto, always or never [default: auto]
    #[arg(long, global = true, value_name = "WHEN", hide_possible_values = true)]
    pub(crate) color: Option<ColorChoice>,

    /// Draw no progress bars, spinners or status line
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,

    /// Read defaults from this file instead of the user's
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}
