//! `ampctl install`, `versions`, `which`, `uninstall` and `gc`.

use std::path::PathBuf;

use clap::Args;

#[derive(Clone, Debug, Args)]
pub(crate) struct InstallArguments {
    /// The version: `latest`, or one such as `0.0.1790142911-g7618fb` [default: latest]
    #[arg(value_name = "VERSION")]
    pub(crate) version: Option<String>,

    /// Where to get it: `npm`, `bucket`, a mirror's URL or a folder
    ///
    /// May be given several times; the next one is tried only when the one before cannot be
    /// reached, never when a check failed.
    #[arg(long = "source", value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,

    /// Use what is in the store only
    #[arg(long)]
    pub(crate) offline: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct VersionsArguments {
    /// Check the files against their recorded sums
    #[arg(long)]
    pub(crate) verify: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct WhichArguments {
    /// Look at this Amp executable
    #[arg(long, value_name = "PATH")]
    pub(crate) amp: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct UninstallArguments {
    /// The versions to remove
    #[arg(value_name = "VERSION", required_unless_present = "all")]
    pub(crate) versions: Vec<String>,

    /// Remove every installed version
    #[arg(long, conflicts_with = "versions")]
    pub(crate) all: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct GcArguments {
    /// Keep this many of the newest versions
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    pub(crate) keep: usize,

    /// Only say what would be removed
    #[arg(long)]
    pub(crate) dry_run: bool,
}
