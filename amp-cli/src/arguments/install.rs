//! `ampctl install`, `mirror`, `versions`, `which`, `uninstall` and `gc`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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

    /// The SHA-256 that the executable must have
    #[arg(long, value_name = "HEX")]
    pub(crate) sha256: Option<String>,

    /// Write version and sum into `ampctl.lock`, which runs in this project obey
    #[arg(long)]
    pub(crate) lock: bool,

    /// Have runs use this version, by your own configuration file
    #[arg(long = "use", conflicts_with = "lock")]
    pub(crate) use_it: bool,

    #[command(flatten)]
    pub(crate) trust: TrustArguments,
}

// What a source must satisfy.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TrustArguments {
    /// The key that must have signed it: minisign's, or the one of an npm registry
    #[arg(long, value_name = "KEY")]
    pub(crate) pin_key: Option<String>,

    /// A second source that must announce the same executable; not `npm`
    #[arg(long, value_name = "SOURCE")]
    pub(crate) cross_check: Option<String>,

    /// Ask this host over plain HTTP, where anybody between can change what is sent
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_http: Vec<String>,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum MirrorCommand {
    /// Write a mirror into a folder, for machines without a network
    ///
    /// `ampctl install --source DIR` installs from it. What is not in the store is fetched and
    /// checked first.
    Export(MirrorExportArguments),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct MirrorExportArguments {
    /// The folder; versions are added to what it holds
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,

    /// The version: `latest`, or one such as `0.0.1790142911-g7618fb` [default: latest]
    #[arg(value_name = "VERSION")]
    pub(crate) version: Option<String>,

    /// A platform such as `linux-arm64`; may be given several times [default: this machine's]
    #[arg(long = "platform", value_name = "PLATFORM")]
    pub(crate) platforms: Vec<String>,

    /// Use what is in the store only
    #[arg(long)]
    pub(crate) offline: bool,

    /// Where to get it: `npm`, `bucket`, a mirror's URL or a folder
    #[arg(long = "source", value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,

    #[command(flatten)]
    pub(crate) trust: TrustArguments,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct VersionsArguments {
    /// Check the files against their recorded sums
    #[arg(long)]
    pub(crate) verify: bool,

    /// List what the sources announce instead
    #[arg(long, conflicts_with = "verify")]
    pub(crate) available: bool,
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
